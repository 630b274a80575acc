/**
 * Runs one unit of a `wasm` kernel on a fresh instance: one written for the grid (it exports `run`), or a plain WASI
 * command (`_start`). What kernels may import and how they are guarded is documented in docs/tasks.md.
 */
import { gridModule, wasiModule } from '../../../tasks/host-functions.js'
import { limits } from '../../protocol/limits.js'
import type { Claim } from './claim.js'
import { type FuelCounter, gridFunctions, KernelFault, KernelHost } from './kernel-host.js'
import {
  boundedObserver,
  type KernelOutcome,
  outOfFuel,
  trap,
  type UnitObserver,
} from './kernel-outcome.js'
import { CommandExit, WasiCommand } from './wasi.js'

export interface WasmRequest {
  module: WebAssembly.Module
  /** @default true */
  usesWasi?: boolean
  input: Uint8Array
  params: Uint8Array
  /** Calls `check` on it instead of `run`: a hit is right, done is wrong. */
  claim?: Claim | undefined
  random(bytes: Uint8Array): void
  /** @default limits.unitOutputBytesMax */
  outputBytesMax?: number | undefined
  /** @default limits.unitFuelMax */
  fuelMax?: number | undefined
  observer?: UnitObserver | undefined
}

/** What the guard exports of a module; an unguarded one has none of it and is metered at its host calls alone. */
interface GuardedExports {
  'guard:fuel'?: WebAssembly.Global
  'guard:stack'?: WebAssembly.Global
  'guard:start'?: () => void
}

type KernelExports = GuardedExports & {
  memory: WebAssembly.Memory
  run?: () => unknown
  check?: () => unknown
  _start?: () => unknown
}

/** What the guard's stack says when the host had no memory to give, although the module's own limit allowed more. */
const hostWithoutMemory = -(2 ** 31)

/** Traps by the engine's words for them: the words differ between versions, the outcome may not. */
const traps: readonly [RegExp, string][] = [
  [/unreachable/, 'unreachable'],
  [/memory access out of bounds|data segment/, 'memory access out of bounds'],
  [/divide by zero|remainder by zero/, 'division by zero'],
  [/divide result unrepresentable/, 'integer overflow'],
  [/float unrepresentable/, 'invalid conversion to integer'],
  [
    /table (index|access).*out of bounds|element segment|table initializer/,
    'table access out of bounds',
  ],
  [/signature mismatch|null function|indirect call/, 'indirect call of the wrong type'],
]

export function runWasm(request: WasmRequest): KernelOutcome {
  const { module, input, params, claim, random, outputBytesMax } = request
  const { fuelMax = limits.unitFuelMax } = request
  const observer = request.observer && boundedObserver(request.observer)
  const host = new KernelHost({ input, params, claim, random, outputBytesMax }, observer)
  const command = request.usesWasi === false ? undefined : new WasiCommand(host)
  let fuel: FuelCounter = { value: BigInt(fuelMax) }
  let exports: KernelExports | undefined
  let end: { status: unknown } | { thrown: unknown }
  try {
    const imports = { [gridModule]: gridFunctions(host), [wasiModule]: command?.functions ?? {} }
    exports = new WebAssembly.Instance(module, imports).exports as unknown as KernelExports
    fuel = exports['guard:fuel'] ?? fuel
    fuel.value = BigInt(fuelMax)
    host.open(exports.memory, fuel)
    begin(exports)
    end = { status: claim === undefined ? start(exports) : check(exports) }
  } catch (thrown) {
    end = { thrown }
  }
  observer?.memory(host.memoryBytes)
  if (fuel.value < 0n) return trap(outOfFuel, fuelMax)
  const used = fuelMax - Number(fuel.value)
  const fault = 'thrown' in end ? faultOf(end.thrown, exports) : verdictOf(end.status)
  if (fault === 0 || fault === 1)
    return { kind: fault === 1 ? 'hit' : 'done', output: host.output.bytes, fuel: used }
  if (typeof fault === 'object') return fault
  // What a program wrote to stderr before it died says more than how it died.
  const words = command?.lastWords ?? ''
  return trap(words === '' ? fault : `${fault}\n${words}`, used)
}

/** The start function, and the whole call stack again for what comes after it: callees do not give it back. */
function begin({ 'guard:start': startFunction, 'guard:stack': stack }: KernelExports): void {
  if (startFunction === undefined) return
  const slots: unknown = stack?.value
  startFunction()
  if (stack !== undefined) stack.value = slots
}

/** @returns 0 or 1 when the unit is done */
function start({ run, _start }: KernelExports): unknown {
  if (run !== undefined) return run()
  _start?.()
  return 0
}

/** @returns 1 when the claimed result is right, 0 when it is wrong */
function check({ check }: KernelExports): unknown {
  if (check === undefined) throw new KernelFault('the module exports no function "check" () -> i32')
  return check()
}

/** What a kernel died of, in the grid's words; 0 when it has ended well; an outcome when the host is to blame. */
type Fault = string | 0 | 1 | Extract<KernelOutcome, { kind: 'abort' }>

function verdictOf(status: unknown): Fault {
  return status === 0 || status === 1 ? status : `run returned ${String(status)}`
}

function faultOf(thrown: unknown, exports: KernelExports | undefined): Fault {
  if (thrown instanceof CommandExit) return thrown.code === 0 ? 0 : `exit code ${thrown.code}`
  if (thrown instanceof KernelFault) return thrown.message
  const message = thrown instanceof Error ? thrown.message : ''
  const depth: unknown = exports?.['guard:stack']?.value
  if (thrown instanceof WebAssembly.RuntimeError) {
    if (depth === hostWithoutMemory)
      return abort('memory', 'this host has less memory than the task allows')
    if (typeof depth === 'number' && depth < 0) return 'call stack exhausted'
    return traps.find(([pattern]) => pattern.test(message))?.[1] ?? 'trap'
  }
  // Out of stack or of the host's memory: says something about this machine, so it is no vote.
  if (thrown instanceof RangeError) return abort('memory', message)
  // What passes between module and host was of a type that does not convert, on any host.
  if (thrown instanceof TypeError || thrown instanceof WebAssembly.LinkError)
    return 'run or an import of the module has the wrong type'
  // All that is thrown on our side is an Error: this is an exception of the module's own.
  if (!(thrown instanceof Error)) return 'uncaught exception'
  return abort('crash', message)
}

function abort(reason: 'memory' | 'crash', message: string): Extract<Fault, object> {
  return { kind: 'abort', reason, message }
}
