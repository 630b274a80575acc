/**
 * JavaScript kernels in QuickJS, itself compiled to WebAssembly: slow, but the same bits everywhere, killable at any
 * instruction, and without a way out. A unit gets the engine as it was started, byte for byte.
 */
import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core'
import { limits } from '../../protocol/limits.js'
import type { Claim } from './claim.js'
import {
  type Engine,
  type EngineImage,
  type EngineInstance,
  enginePages,
  takeImage,
} from './js-engine-image.js'
import { kernelFile } from './js-prelude.js'
import { type KernelOutcome, outOfFuel, trap, type UnitObserver } from './kernel-outcome.js'
import { placeOf } from './kernel-place.js'

export interface JsRequest {
  source: string
  inputs: 'range' | 'list'
  input: Uint8Array
  params: Uint8Array
  /** Fills from the unit's seeded stream. */
  random(bytes: Uint8Array): void
  memoryBytesMax: number
  outputBytesMax: number
  /** @default limits.unitFuelMax */
  fuelMax?: number | undefined
  observer?: UnitObserver | undefined
  /** Only for `verify`. */
  claim?: Claim | undefined
}

/** A result that a host claims of a unit. */
export interface JsCheckRequest extends JsRequest {
  claim: Claim
}

export interface JsRuntime {
  /** Never throws: whatever happens is an outcome. */
  run(request: JsRequest): Promise<KernelOutcome>
  /** Lets the kernel's `check` judge a claimed result: a hit when it is right. */
  verify(request: JsCheckRequest): Promise<KernelOutcome>
  /** Evaluates the source without calling what it gives: `done` when that is a function. */
  check(request: JsRequest): Promise<KernelOutcome>
}

/** @param wasmModule  the engine, from `compileEngine` */
export function createJsRuntime(wasmModule: WebAssembly.Module): JsRuntime {
  let image: EngineImage | undefined
  let kept: Seat | undefined
  const freshSeat = async ({ source, memoryBytesMax }: JsRequest): Promise<Seat> => {
    image ??= await takeImage(wasmModule)
    const memory = memoryOf(memoryBytesMax)
    const instance = await image.instantiate(memory.memory)
    return { source, memoryBytesMax, instance, memory }
  }
  const run = async (request: JsRequest, use: Use) => {
    try {
      const isKept =
        kept?.source === request.source && kept.memoryBytesMax === request.memoryBytesMax
      const seat = isKept && kept !== undefined ? kept : await freshSeat(request)
      // Until it is known how this unit ends.
      kept = undefined
      const outcome = runIn(seat.instance.begin(), seat.memory, request, use)
      const hasGrown = seat.memory.memory.buffer.byteLength > enginePages * pageBytes
      if ((outcome.kind === 'done' || outcome.kind === 'hit') && !hasGrown) kept = seat
      return outcome
    } catch (error) {
      return hostFault(error)
    }
  }
  return {
    run: (request) => run(request, 'call'),
    verify: (request) => run(request, 'verify'),
    check: (request) => run(request, 'expect'),
  }
}

/**
 * An instance of the engine and its memory, for units of one kernel: memories are slow to make, and the garbage
 * collector has to run for every dozen of them. A kernel's units have no secrets from each other; another kernel, and
 * any unit that did not end well, takes a seat of its own.
 */
interface Seat {
  source: string
  memoryBytesMax: number
  instance: EngineInstance
  memory: EngineMemory
}

const pageBytes = 65_536
/** The most that the engine can address: 2 GiB. */
const enginePagesMax = 32_768
/** Room in the engine's own limit for its built-ins and the prelude: not the kernel's doing. */
const engineHeapBytes = 512 * 1024

/**
 * Memory with a hard end, which is what limits a unit: the engine's own limit refuses single large requests, but in
 * this build it does not add up what is held. The eighth is because the engine grows its memory by a twentieth at
 * least, and gives up when that is too much.
 */
function memoryOf(bytesMax: number): EngineMemory {
  const unitPages = Math.ceil((bytesMax + bytesMax / 8) / pageBytes)
  const maximum = Math.min(enginePages + unitPages, enginePagesMax)
  const memory = new WebAssembly.Memory({ initial: enginePages, maximum })
  let failed = false
  const grow = memory.grow.bind(memory)
  memory.grow = (pages) => {
    const before = memory.buffer.byteLength / pageBytes
    try {
      return grow(pages)
    } catch (error) {
      failed ||= before + pages <= maximum
      throw error
    }
  }
  return { memory, hasFailed: () => failed }
}

interface EngineMemory {
  memory: WebAssembly.Memory
  /** Whether it did not grow although its maximum allowed it: another host's would have. */
  hasFailed(): boolean
}

/**
 * The engine asks every 10,000 calls and turns of loops whether to go on. What lies between two questions takes about
 * as long as so many simple instructions; the base is what an instance and the prelude take.
 */
const fuelPerPoll = 1_000_000
const fuelBase = 1_000_000

function runIn(
  engine: Engine,
  { memory, hasFailed }: EngineMemory,
  request: JsRequest,
  use: Use,
): KernelOutcome {
  const { fuelMax = limits.unitFuelMax, observer } = request
  let fuel = fuelBase
  const isOut = () => fuel > fuelMax
  if (isOut()) return trap(outOfFuel, fuelMax)
  const poll = () => {
    fuel += fuelPerPoll
    return isOut()
  }
  const outcome = runKernel({ ...engine, memory, poll }, request, use)
  observer?.memory(memory.buffer.byteLength)
  // The kernel may have caught it, so its result says nothing.
  if (hasFailed()) return hostWithoutMemory
  if (isOut()) return trap(outOfFuel, fuelMax)
  return outcome.kind === 'abort' ? outcome : { ...outcome, fuel }
}

const hostWithoutMemory: KernelOutcome = {
  kind: 'abort',
  reason: 'memory',
  message: 'this host has less memory than the task allows',
}

interface Sandbox extends Engine {
  memory: WebAssembly.Memory
  /** Burns fuel. @returns whether the engine has to stop */
  poll(): boolean
}

/** What becomes of the kernel, by the function of the prelude that does it. */
type Use = 'call' | 'expect' | 'verify'

function runKernel(sandbox: Sandbox, request: JsRequest, use: Use): KernelOutcome {
  const { runtime, context, prelude } = sandbox
  const { inputs, input, memoryBytesMax, outputBytesMax } = request
  if (inputs === 'range' && input.length !== 16) return crash('a range is not 16 bytes')
  const seed = seeds(request).map((word) => context.newNumber(word))
  context.unwrapResult(context.callFunction(prelude.seed, context.undefined, ...seed))
  const unit = use === 'expect' ? [] : unitArguments(context, request)
  if (request.claim !== undefined) unit.push(...claimArguments(context, request.claim))

  // Only from here: what the engine needs for itself is no fault of the kernel's.
  runtime.setInterruptHandler(sandbox.poll)
  runtime.setMemoryLimit(engineHeapBytes + memoryBytesMax)
  const kernel = context.evalCode(request.source, kernelFile, script)
  const result =
    kernel.error === undefined
      ? context.callFunction(prelude[use], context.undefined, kernel.value, ...unit)
      : kernel
  if (result.error === undefined) return outcomeOf(context.getString(result.value), outputBytesMax)
  return faultOf(sandbox, result.error, request)
}

/** Not as a module, whatever its first word is. */
const script = { type: 'global' } as const

function seeds({ random }: JsRequest): number[] {
  const bytes = new Uint8Array(16)
  random(bytes)
  const view = new DataView(bytes.buffer)
  // The generator must not start from zero.
  return [0, 4, 8, 12].map((at) => view.getUint32(at, true) | (at === 12 ? 1 : 0))
}

/** range, start, end, input, params: as the prelude's `call` takes them after the kernel. */
function unitArguments(
  context: QuickJSContext,
  { inputs, input, params }: JsRequest,
): QuickJSHandle[] {
  const text = (bytes: Uint8Array) => context.newString(new TextDecoder().decode(bytes))
  const none = context.newString('')
  if (inputs === 'list') {
    const zero = context.newNumber(0)
    return [context.false, zero, zero, text(input), text(params)]
  }
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const start = context.newNumber(Number(view.getBigInt64(0, true)))
  const end = context.newNumber(Number(view.getBigInt64(8, true)))
  return [context.true, start, end, none, text(params)]
}

/** hit, value: as the prelude's `verify` takes them last. */
function claimArguments(context: QuickJSContext, { kind, output }: Claim): QuickJSHandle[] {
  const value = context.newString(new TextDecoder().decode(output))
  return [kind === 'hit' ? context.true : context.false, value]
}

/** What the kernel threw, as every host sees it; out of memory says something about the limit, not the result. */
function faultOf(
  { runtime, context, memory, prelude }: Sandbox,
  thrown: QuickJSHandle,
  { source, memoryBytesMax }: JsRequest,
): KernelOutcome {
  const tooLarge = 'the unit used more memory than its task allows'
  const outOfMemory: KernelOutcome = { kind: 'abort', reason: 'memory', message: tooLarge }
  // With its heap quite full the engine has no room for an error and throws null. Below 6 MiB the memory's size
  // cannot tell that from a kernel's own null, and an abort is the safer reading: it is no vote.
  const isFull = memory.buffer.byteLength >= memoryBytesMax
  if (isFull && context.typeof(thrown) === 'object' && context.eq(thrown, context.null))
    return outOfMemory
  runtime.setMemoryLimit(-1)
  const description = context.callFunction(prelude.describe, context.undefined, thrown)
  if (description.error !== undefined) {
    return isFull ? outOfMemory : trap('threw an object that cannot be read', 0)
  }
  const [name, message, stack] = JSON.parse(context.getString(description.value)) as string[]
  if (message === undefined) return trap(String(name), 0)
  if (name === 'InternalError' && message === 'out of memory') return outOfMemory
  const words = name === 'ReferenceError' ? explainMissing(message) : message
  return trap(`${name}: ${words}`, 0, placeOf(source, stack ?? ''))
}

/** What authors look for, and why a unit does not have it. */
const missing: readonly [names: string, why: string][] = [
  ['Date performance Temporal', 'units have no clock'],
  ['Intl', 'units have no locale'],
  ['console print alert', 'nobody would see it; return what you want to know'],
  ['setTimeout setInterval setImmediate queueMicrotask', 'kernels are synchronous'],
  ['fetch XMLHttpRequest WebSocket', 'units have no network'],
  ['process require module exports Buffer', 'units do not run in Node'],
  ['crypto', 'hosts have to agree; Math.random() is seeded'],
  ['WeakRef FinalizationRegistry', 'hosts have to agree on what is collected when'],
  ['SharedArrayBuffer Atomics Worker', 'units have one thread'],
  ['WebAssembly', 'make it a task of tier wasm'],
]

function explainMissing(message: string): string {
  const name = /^'(\w+)' is not defined$/.exec(message)?.[1]
  const why = missing.find(([names]) => name !== undefined && names.split(' ').includes(name))?.[1]
  return why === undefined ? message : `${name} is not available: ${why}`
}

function outcomeOf(text: string, outputBytesMax: number): KernelOutcome {
  const rest = text.slice(1)
  if (text.startsWith('!')) return trap(JSON.parse(rest) as string, 0)
  const output = new TextEncoder().encode(rest)
  if (output.length > outputBytesMax)
    return trap(`the result has ${output.length} bytes, at most ${outputBytesMax} are allowed`, 0)
  return { kind: text.startsWith('1') ? 'hit' : 'done', output, fuel: 0 }
}

function crash(message: string): KernelOutcome {
  return { kind: 'abort', reason: 'crash', message }
}

/** The engine itself gave up: says something about this host or the moment. */
function hostFault(error: unknown): KernelOutcome {
  const message = error instanceof Error ? error.message : String(error)
  const isMemory = /call stack|out of memory|could not allocate|\bOOM\b/i.test(message)
  return { kind: 'abort', reason: isMemory ? 'memory' : 'crash', message }
}
