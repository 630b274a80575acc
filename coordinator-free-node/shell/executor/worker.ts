/** A thread of the executor: runs chunks unit by unit, and says which one it is at. */
import { setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'
import workerpool from 'workerpool'
import { builtinChecks, builtinKernels } from '../../../tasks/builtin.js'
import { limits } from '../../protocol/limits.js'
import { resultKinds, type UnitResult } from '../../protocol/outcome.js'
import { digestOutput } from '../output-digest.js'
import { type Chunk, type FromWorker, packResults, unpackBytes } from './chunk.js'
import { ChunkSigns } from './chunk-signs.js'
import { type Claim, unpackClaim } from './claim.js'
import { loadJsEngine } from './js-engine.js'
import { createJsRuntime, type JsRuntime } from './js-runtime.js'
import { type KernelOutcome, trap, type UnitObserver } from './kernel-outcome.js'
import type { Prepared } from './prepare-task.js'
import { seededStream } from './seeded-stream.js'
import { runWasm } from './wasm-runtime.js'
import { WorkShare } from './work-share.js'

/**
 * Results wait at most this long for company, most for the end of their chunk: so much finished work can be stuck behind
 * a unit that takes long. Each message wakes two processes on cores that compute.
 */
const emitEveryMs = 200
/** And never beyond this. */
const emitBytesMax = limits.batchBytesMax
/** What may wait to leave the process before the thread waits, too: a few results of the greatest length. */
const unsentKibMax = (4 * limits.unitOutputBytesMax) / 1024

/** What a thread is told when it is started. */
export interface WorkerSettings {
  /** Part of its time that it works, 0.01 to 1. */
  cpuShare: number
}

const share = new WorkShare((workerData as WorkerSettings).cpuShare)

let jsRuntime: JsRuntime | undefined

/** Other work on the machine goes first: this thread takes what is left. */
function yieldToOthers(): void {
  try {
    setPriority(0, 19)
  } catch {
    // Not allowed here; the units run all the same.
  }
}

export interface ChunkWork {
  chunk: Chunk
  /** Inputs that travelled by themselves. */
  parcels: Uint8Array[]
  task: Prepared
  /** @see ChunkSigns */
  signs: SharedArrayBuffer
  unitBytesMax: number
}

async function runChunk(work: ChunkWork): Promise<void> {
  const { chunk, task } = work
  if (task.tier === 'js') jsRuntime ??= createJsRuntime(await loadJsEngine())
  const signs = new ChunkSigns(work.signs)
  const inputs = unpackBytes(chunk.inputs, chunk.inputBytes, work.parcels)
  const results: UnitResult[] = []
  let bytes = 0
  let emittedMs = performance.now()
  const flush = () => {
    if (results.length === 0) return
    const packed = packResults(results)
    // Counted before they are gone.
    signs.give(packed.parcels)
    say({ type: 'results', ...packed }, transferable(packed.parcels, chunk))
    signs.awaitSent(unsentKibMax)
    results.length = 0
    bytes = 0
  }
  for (const [index, unit] of chunk.units.entries()) {
    if (signs.isCancelled) break
    signs.begin(index)
    const startMs = performance.now()
    const running = runUnit(work, unit, inputs[index] ?? new Uint8Array())
    // Of most tiers it is there at once: to await it costs as much as an empty unit.
    const outcome = running instanceof Promise ? await running : running
    const workedMs = performance.now() - startMs
    signs.end()
    if (outcome.kind === 'abort') {
      const { reason, message } = outcome
      say({ type: 'abort', unit, reason, message })
    } else {
      const { kind, output, fuel } = outcome
      const digest = digestOutput(resultKinds.indexOf(kind), output)
      results.push({ unit, kind, output, digest, spentMs: share.occupiedMs(workedMs), fuel })
      bytes += output.length
    }
    const restMs = share.restAfter(workedMs)
    const isEarly = performance.now() - emittedMs < emitEveryMs && bytes < emitBytesMax
    // A hit may be all that somebody waits for.
    if (isEarly && outcome.kind !== 'hit' && restMs === 0) continue
    flush()
    if (restMs > 0) signs.rest(restMs)
    emittedMs = performance.now()
  }
  flush()
}

/** Memory that nothing here needs any more: it goes to the process's loop as it is. */
function transferable(parcels: readonly Uint8Array[], chunk: Chunk): ArrayBuffer[] {
  const kept: unknown[] = [chunk.inputs.buffer, chunk.params.buffer]
  const buffers = new Set(parcels.map(({ buffer }) => buffer))
  return [...buffers].filter(
    (buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer && !kept.includes(buffer),
  )
}

function runUnit(
  { chunk, task, unitBytesMax: outputBytesMax }: ChunkWork,
  unit: number,
  input: Uint8Array,
): KernelOutcome | Promise<KernelOutcome> {
  const { params, inputsKind } = chunk
  const random = seededStream(chunk.seed, unit)
  if (chunk.use === 'check') return checkUnit(chunk, task, unpackClaim(input), random)
  const observer = chunk.isObserved ? observerOf(unit) : undefined
  switch (task.tier) {
    case 'wasm': {
      const { module, usesWasi, fuelMax } = task
      const limited = { outputBytesMax, fuelMax }
      return runWasm({ module, usesWasi, input, params, random, ...limited, observer })
    }
    case 'js': {
      const { source, memoryBytesMax, fuelMax } = task
      const inputs = inputsKind
      const limited = { memoryBytesMax, outputBytesMax, fuelMax }
      const request = { source, inputs, input, params, random, ...limited, observer }
      return jsRuntime?.run(request) ?? abort('crash', 'the JavaScript engine did not load')
    }
    case 'builtin':
      return runBuiltin(task.name, chunk, input, random, outputBytesMax)
    case 'native':
      return abort('unavailable', 'native tasks are off')
    case 'faulty':
      return { kind: 'trap', output: new TextEncoder().encode(task.fault), fuel: 0 }
  }
}

/** A hit when the task's own `check` passes what a host claims of the unit. */
function checkUnit(
  { params, inputsKind: inputs }: Chunk,
  task: Prepared,
  claim: Claim,
  random: (bytes: Uint8Array) => void,
): KernelOutcome | Promise<KernelOutcome> {
  switch (task.tier) {
    case 'wasm': {
      const { module, usesWasi, fuelMax } = task
      const { input } = claim
      return runWasm({ module, usesWasi, input, params, random, fuelMax, claim })
    }
    case 'js': {
      const { source, memoryBytesMax, fuelMax } = task
      const limited = { memoryBytesMax, outputBytesMax: limits.unitOutputBytesMax, fuelMax }
      const request = { source, inputs, input: claim.input, params, random, ...limited }
      return (
        jsRuntime?.verify({ ...request, claim }) ??
        abort('crash', 'the JavaScript engine did not load')
      )
    }
    case 'builtin':
      return checkBuiltin(task.name, claim, params)
    case 'native':
      return trap('native tasks have no check', 0)
    case 'faulty':
      return trap(task.fault, 0)
  }
}

function checkBuiltin(name: string, claim: Claim, params: Uint8Array): KernelOutcome {
  const check = Object.hasOwn(builtinChecks, name) ? builtinChecks[name] : undefined
  if (check === undefined) return trap(`the built-in kernel "${name.slice(0, 80)}" has no check`, 0)
  const { kind, input, output } = claim
  try {
    const passes = check({ input, params, hit: kind === 'hit', output })
    return { kind: passes ? 'hit' : 'done', output: new Uint8Array(), fuel: 0 }
  } catch (error) {
    return abort('crash', String(error))
  }
}

function observerOf(unit: number): UnitObserver {
  return {
    log: (log) => say({ type: 'observed', unit, log }),
    progress: (progress) => say({ type: 'observed', unit, progress }),
    memory: (memoryBytes) => say({ type: 'observed', unit, memoryBytes }),
  }
}

function runBuiltin(
  name: string,
  { params, inputsKind }: Chunk,
  input: Uint8Array,
  random: (bytes: Uint8Array) => void,
  outputBytesMax: number,
): KernelOutcome {
  const kernel = Object.hasOwn(builtinKernels, name) ? builtinKernels[name] : undefined
  if (kernel === undefined)
    return abort('unavailable', `this node has no built-in kernel "${name.slice(0, 80)}"`)
  const range = inputsKind === 'range' ? rangeOf(input) : undefined
  try {
    const { hit, output } = kernel({ input, params, range, random })
    if (output.length > outputBytesMax)
      return trap(`the result has more than ${outputBytesMax} bytes`, 0)
    return { kind: hit ? 'hit' : 'done', output, fuel: 0 }
  } catch (error) {
    return abort('crash', String(error))
  }
}

function rangeOf(input: Uint8Array): { start: number; end: number } {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  return { start: Number(view.getBigInt64(0, true)), end: Number(view.getBigInt64(8, true)) }
}

function abort(reason: 'crash' | 'unavailable', message: string): KernelOutcome {
  return { kind: 'abort', reason, message }
}

function say(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  workerpool.workerEmit(transfer.length > 0 ? new workerpool.Transfer(message, transfer) : message)
}

yieldToOthers()
workerpool.worker({ runChunk })
