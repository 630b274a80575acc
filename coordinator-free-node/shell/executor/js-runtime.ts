/**
 * JavaScript kernels in QuickJS, itself compiled to WebAssembly: slow, but the same bits everywhere, killable at any
 * instruction, and without a way out. A fresh instance a unit, because a broken one cannot be mended.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import releaseSync from '@jitl/quickjs-wasmfile-release-sync'
import {
  DefaultIntrinsics,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core'
import { kernelFile, preludeSource } from './js-prelude.js'
import type { KernelOutcome } from './wasm-runtime.js'

export interface JsRequest {
  source: string
  inputs: 'range' | 'list'
  input: Uint8Array
  params: Uint8Array
  /** Fills from the unit's seeded stream. */
  random(bytes: Uint8Array): void
  memoryBytesMax: number
  outputBytesMax: number
}

export interface JsRuntime {
  /** Never throws: whatever happens is an outcome. */
  run(request: JsRequest): Promise<KernelOutcome>
}

/** Stack of QuickJS's own; below the stack of the WebAssembly instance that it lives in. */
const stackBytesMax = 128 * 1024

/** Loads the engine once; instances are made of it for each unit. */
export async function createJsRuntime(): Promise<JsRuntime> {
  const file = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
  const wasmModule = await WebAssembly.compile(await readFile(file))
  return {
    async run(request) {
      try {
        const wasmMemory = memoryOf(request.memoryBytesMax)
        const variant = newVariant(releaseSync as unknown as QuickJSSyncVariant, {
          wasmModule,
          wasmMemory,
        })
        const engine = await newQuickJSWASMModuleFromVariant(variant)
        return runIn(engine, request)
      } catch (error) {
        return hostFault(error)
      }
    },
  }
}

const pageBytes = 65_536
/** What the engine was linked to start with. */
const enginePages = 256

/** Memory with a hard end: the engine's own limit does not count the buffers of typed arrays. */
function memoryOf(bytesMax: number): WebAssembly.Memory {
  const maximum = enginePages + Math.ceil(bytesMax / pageBytes)
  return new WebAssembly.Memory({ initial: enginePages, maximum })
}

type Engine = Awaited<ReturnType<typeof newQuickJSWASMModuleFromVariant>>

function runIn(engine: Engine, request: JsRequest): KernelOutcome {
  let fuel = 0
  const runtime = engine.newRuntime()
  runtime.setMemoryLimit(request.memoryBytesMax)
  runtime.setMaxStackSize(stackBytesMax)
  runtime.setInterruptHandler(() => {
    fuel++
    return false
  })
  const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } })
  // Nothing is disposed of: the whole instance goes with the unit, and disposing of a broken one aborts.
  const outcome = callKernel(context, request)
  return outcome.kind === 'abort' ? outcome : { ...outcome, fuel }
}

function callKernel(context: QuickJSContext, request: JsRequest): KernelOutcome {
  const prelude = evaluate(context, preludeSource, 'prelude.js')
  if ('fault' in prelude) return prelude.fault
  const call = invoke(
    context,
    prelude.value,
    seeds(request).map((seed) => context.newNumber(seed)),
  )
  if ('fault' in call) return call.fault
  const kernel = evaluate(context, request.source, kernelFile)
  if ('fault' in kernel) return kernel.fault
  const result = invoke(context, call.value, [kernel.value, ...unitArguments(context, request)])
  if ('fault' in result) return result.fault
  return outcomeOf(context.getString(result.value), request.outputBytesMax)
}

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

type Step = { value: QuickJSHandle } | { fault: KernelOutcome }

function evaluate(context: QuickJSContext, source: string, file: string): Step {
  return stepOf(context, context.evalCode(source, file))
}

function invoke(context: QuickJSContext, callee: QuickJSHandle, values: QuickJSHandle[]): Step {
  return stepOf(context, context.callFunction(callee, context.undefined, ...values))
}

function stepOf(context: QuickJSContext, result: ReturnType<QuickJSContext['evalCode']>): Step {
  return result.error === undefined
    ? { value: result.value }
    : { fault: thrown(context.dump(result.error)) }
}

/** What the kernel threw, as every host sees it; out of memory says something about the limit, not the result. */
function thrown(error: unknown): KernelOutcome {
  if (typeof error !== 'object' || error === null) return trap(`threw ${String(error)}`)
  const { name, message, stack } = error as { name?: unknown; message?: unknown; stack?: unknown }
  if (name === 'InternalError' && message === 'out of memory')
    return { kind: 'abort', reason: 'memory', message: 'used more memory than its limit' }
  const line = new RegExp(`${kernelFile.replace('.', '\\.')}:(\\d+)`).exec(String(stack ?? ''))?.[1]
  const where = line === undefined ? '' : `\n    at line ${line}`
  return trap(`${String(name ?? 'Error')}: ${String(message ?? '')}${where}`)
}

function outcomeOf(text: string, outputBytesMax: number): KernelOutcome {
  const [flag] = text
  const rest = text.slice(1)
  if (flag === '!') return trap(rest)
  const output = new TextEncoder().encode(rest)
  if (output.length > outputBytesMax)
    return trap(`the result has ${output.length} bytes, at most ${outputBytesMax} are allowed`)
  return { kind: flag === '1' ? 'hit' : 'done', output, fuel: 0 }
}

function trap(text: string): KernelOutcome {
  return { kind: 'trap', output: new TextEncoder().encode(text), fuel: 0 }
}

/** The engine itself gave up: says something about this host or the moment. */
function hostFault(error: unknown): KernelOutcome {
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'abort', reason: error instanceof RangeError ? 'memory' : 'crash', message }
}
