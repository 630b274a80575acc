/** Runs one unit of a `wasm` kernel on a fresh instance. The grid's imports are documented in docs/tasks.md. */
import { gridImports, gridModule } from '../../../tasks/host-functions.js'
import { limits } from '../../protocol/limits.js'
import { OutputBuffer } from './output-buffer.js'

export interface WasmRequest {
  module: WebAssembly.Module
  input: Uint8Array
  params: Uint8Array
  random(bytes: Uint8Array): void
}

export type KernelOutcome =
  | { kind: 'done' | 'hit' | 'trap'; output: Uint8Array; fuel: number }
  | { kind: 'abort'; reason: 'memory' | 'crash' | 'unavailable'; message: string }

/** A fault of the kernel that every host sees alike. */
class KernelFault extends Error {}

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

const trap = (text: string): KernelOutcome => ({
  kind: 'trap',
  output: new TextEncoder().encode(text),
  fuel: 0,
})

/** Why a module cannot be run by any host; undefined when it can. */
export function moduleFault(module: WebAssembly.Module): string | undefined {
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
    if (from !== gridModule || kind !== 'function' || !Object.hasOwn(gridImports, name))
      return `the module imports ${from}.${name}, which the grid does not offer`
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]))
  if (exported.get('memory') !== 'memory') return 'the module does not export its memory'
  if (exported.get('run') !== 'function') return 'the module does not export a function "run"'
  return undefined
}

export function runWasm(request: WasmRequest): KernelOutcome {
  const output = new OutputBuffer()
  let memory: WebAssembly.Memory | undefined
  /** A view of the kernel's memory; made anew each time, because growth detaches the old one. */
  const view = (pointer: number, length: number): Uint8Array => {
    const at = pointer >>> 0
    const size = length >>> 0
    if (memory === undefined) throw new KernelFault('a grid function was called while starting')
    if (at + size > memory.buffer.byteLength) throw new KernelFault('memory access out of bounds')
    return new Uint8Array(memory.buffer, at, size)
  }
  const grid = {
    input_size: () => request.input.length,
    input_read: (pointer: number) => view(pointer, request.input.length).set(request.input),
    params_size: () => request.params.length,
    params_read: (pointer: number) => view(pointer, request.params.length).set(request.params),
    output_write: (pointer: number, length: number) => {
      const piece = view(pointer, length)
      if (output.length + piece.length > limits.unitOutputBytesMax)
        throw new KernelFault(`the result has more than ${limits.unitOutputBytesMax} bytes`)
      output.append(piece)
    },
    random: (pointer: number, length: number) => request.random(view(pointer, length)),
    log: () => {},
    progress: () => {},
  }
  try {
    const instance = new WebAssembly.Instance(request.module, { grid })
    const { run, memory: exported } = instance.exports
    memory = exported as WebAssembly.Memory
    const status: unknown = (run as () => unknown)()
    if (status !== 0 && status !== 1) return trap(`run returned ${String(status)}`)
    return { kind: status === 1 ? 'hit' : 'done', output: output.bytes, fuel: 0 }
  } catch (error) {
    return outcomeOf(error)
  }
}

function outcomeOf(error: unknown): KernelOutcome {
  if (error instanceof KernelFault) return trap(error.message)
  const message = error instanceof Error ? error.message : ''
  if (error instanceof WebAssembly.RuntimeError)
    return trap(traps.find(([pattern]) => pattern.test(message))?.[1] ?? 'trap')
  // Out of stack or of the host's memory: says something about this machine, so it is no vote.
  if (error instanceof RangeError) return { kind: 'abort', reason: 'memory', message }
  // What passes between module and host was of a type that does not convert, on any host.
  if (error instanceof TypeError || error instanceof WebAssembly.LinkError)
    return trap('run or an import of the module has the wrong type')
  // All that is thrown on our side is an Error: this is an exception of the module's own.
  if (!(error instanceof Error)) return trap('uncaught exception')
  return { kind: 'abort', reason: 'crash', message }
}
