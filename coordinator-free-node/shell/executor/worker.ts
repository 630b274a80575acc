/** A thread of the executor: runs chunks unit by unit, and says which one it is at. */
import { createHash } from 'node:crypto'
import { setPriority } from 'node:os'
import workerpool from 'workerpool'
import { builtinKernels } from '../../../tasks/builtin.js'
import { limits } from '../../protocol/limits.js'
import { resultKinds, type UnitResult } from '../../protocol/outcome.js'
import { type Chunk, type FromWorker, packResults } from './chunk.js'
import { loadJsEngine } from './js-engine.js'
import { createJsRuntime, type JsRuntime } from './js-runtime.js'
import type { KernelOutcome, UnitObserver } from './kernel-outcome.js'
import type { Prepared } from './prepare-task.js'
import { seededStream } from './seeded-stream.js'
import { runWasm } from './wasm-runtime.js'

/** Results wait at most this long for company. */
const emitEveryMs = 5
/** And never beyond this. */
const emitBytesMax = limits.batchBytesMax

let jsRuntime: JsRuntime | undefined

/** Other work on the machine goes first: this thread takes what is left. */
function yieldToOthers(): void {
  try {
    setPriority(0, 19)
  } catch {
    // Not allowed here; the units run all the same.
  }
}

/** @param progress  one Int32: index of the unit that runs, for the watchdog */
async function runChunk(chunk: Chunk, task: Prepared, progress: SharedArrayBuffer): Promise<void> {
  if (task.tier === 'js') jsRuntime ??= createJsRuntime(await loadJsEngine())
  const at = new Int32Array(progress)
  const results: UnitResult[] = []
  let bytes = 0
  let emittedMs = performance.now()
  const flush = () => {
    if (results.length === 0) return
    say({ type: 'results', results: packResults(results) })
    results.length = 0
    bytes = 0
  }
  let offset = 0
  for (const [index, unit] of chunk.units.entries()) {
    Atomics.store(at, 0, index)
    const end = offset + (chunk.inputBytes[index] ?? 0)
    const input = chunk.inputs.subarray(offset, end)
    offset = end
    const startMs = performance.now()
    const outcome = await runUnit(chunk, task, unit, input)
    const nowMs = performance.now()
    if (outcome.kind === 'abort') {
      const { reason, message } = outcome
      say({ type: 'abort', unit, reason, message })
      continue
    }
    const { kind, output, fuel } = outcome
    const digest = digestOf(resultKinds.indexOf(kind), output)
    results.push({ unit, kind, output, digest, spentMs: nowMs - startMs, fuel })
    bytes += output.length
    if (nowMs - emittedMs < emitEveryMs && bytes < emitBytesMax) continue
    flush()
    emittedMs = nowMs
  }
  flush()
}

function runUnit(
  chunk: Chunk,
  task: Prepared,
  unit: number,
  input: Uint8Array,
): KernelOutcome | Promise<KernelOutcome> {
  const { params, inputsKind } = chunk
  const random = seededStream(chunk.seed, unit)
  const observer = chunk.isObserved ? observerOf(unit) : undefined
  switch (task.tier) {
    case 'wasm': {
      const { module, usesWasi, fuelMax } = task
      return runWasm({ module, usesWasi, input, params, random, fuelMax, observer })
    }
    case 'js': {
      const { source, memoryBytesMax, fuelMax } = task
      const outputBytesMax = limits.unitOutputBytesMax
      const inputs = inputsKind
      const limited = { memoryBytesMax, outputBytesMax, fuelMax }
      const request = { source, inputs, input, params, random, ...limited, observer }
      return jsRuntime?.run(request) ?? abort('crash', 'the JavaScript engine did not load')
    }
    case 'builtin':
      return runBuiltin(task.name, chunk, input, random)
    case 'native':
      return abort('unavailable', 'native tasks are off')
    case 'faulty':
      return { kind: 'trap', output: new TextEncoder().encode(task.fault), fuel: 0 }
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
): KernelOutcome {
  const kernel = Object.hasOwn(builtinKernels, name) ? builtinKernels[name] : undefined
  if (kernel === undefined)
    return abort('unavailable', `this node has no built-in kernel "${name.slice(0, 80)}"`)
  const range = inputsKind === 'range' ? rangeOf(input) : undefined
  try {
    const { hit, output } = kernel({ input, params, range, random })
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

/** The same digest as protocol/outcome gives, by the faster hash of Node. */
function digestOf(kind: number, output: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(Uint8Array.of(kind)).update(output).digest())
}

function say(message: FromWorker): void {
  workerpool.workerEmit(message)
}

yieldToOthers()
workerpool.worker({ runChunk })
