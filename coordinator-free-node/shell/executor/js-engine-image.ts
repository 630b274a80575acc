/**
 * The JavaScript engine as it stands just before a unit, the prelude evaluated: started once a thread. Each unit gets a
 * fresh instance with a fresh memory, and in it a copy of what that start has written. Starting anew would give the
 * same bytes, and takes five times as long.
 */
import releaseSync from '@jitl/quickjs-wasmfile-release-sync'
import {
  DefaultIntrinsics,
  type EmscriptenModuleLoader,
  type JSContextPointer,
  type JSRuntimePointer,
  type JSValueConstPointer,
  type QuickJSContext,
  type QuickJSEmscriptenModule,
  type QuickJSFFI,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  QuickJSWASMModule,
  StaticLifetime,
} from 'quickjs-emscripten-core'
import { type PreludeFunction, preludeFunctions, preludeSource } from './js-prelude.js'

/** Ready for a unit. Never disposed of: the whole instance goes with the unit, and a broken one would abort. */
export interface Engine {
  runtime: QuickJSRuntime
  context: QuickJSContext
  prelude: Record<PreludeFunction, QuickJSHandle>
}

export interface EngineImage {
  /** @param memory  fresh, of `enginePages` at first */
  wake(memory: WebAssembly.Memory): Promise<Engine>
}

/**
 * What an engine starts with, in pages of 64 KiB. It was linked to start with 256, of which it fills 84: and the larger
 * the memories that units leave behind, the more often the host collects its garbage, which took half of a unit's time.
 */
export const enginePages = 88

/** Stack of QuickJS's own; below the stack of the WebAssembly instance that it lives in. */
const stackBytesMax = 128 * 1024

/** Import `a.a`, a memory with a minimum of 256 pages and a maximum of 32,768. */
const memoryImport = [0x01, 0x61, 0x01, 0x61, 0x02, 0x01, 0x80, 0x02, 0x80, 0x80, 0x02]
const minimumAt = 6

/** @param bytes  `@jitl/quickjs-wasmfile-release-sync/wasm`; of this version alone, which package.json pins */
export async function compileEngine(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const module = bytes.slice()
  const at = module.findIndex((_, i) => memoryImport.every((byte, j) => module[i + j] === byte))
  if (at < 0) throw new Error('this is not the JavaScript engine that units need')
  module.set([0x80 | (enginePages & 0x7f), enginePages >> 7], at + minimumAt)
  return WebAssembly.compile(module)
}

/** @param module  from `compileEngine` */
export async function takeImage(module: WebAssembly.Module): Promise<EngineImage> {
  const memory = new WebAssembly.Memory({ initial: enginePages, maximum: enginePages })
  const instance = await instantiate(module, memory)
  // An instance writes its data first: what the engine has made zero since, a copy has to make zero, too.
  const blocks = new Set(writtenBlocks(memory))
  const places = start(instance)
  for (const block of writtenBlocks(memory)) blocks.add(block)
  const pieces = copyBlocks(memory, blocks)
  return {
    async wake(memory) {
      const instance = await instantiate(module, memory)
      const bytes = new Uint8Array(memory.buffer)
      for (const { at, contents } of pieces) bytes.set(contents, at)
      return findEngine(instance, places)
    },
  }
}

/** An instance of the engine's module, and the functions to speak to it. */
interface Instance {
  module: QuickJSEmscriptenModule
  ffi: QuickJSFFI
}

const variant = releaseSync as unknown as QuickJSSyncVariant
let imported: Promise<
  [EmscriptenModuleLoader<QuickJSEmscriptenModule>, new (_: QuickJSEmscriptenModule) => QuickJSFFI]
>

async function instantiate(
  wasmModule: WebAssembly.Module,
  wasmMemory: WebAssembly.Memory,
): Promise<Instance> {
  imported ??= Promise.all([
    variant.importModuleLoader() as Promise<EmscriptenModuleLoader<QuickJSEmscriptenModule>>,
    variant.importFFI(),
  ])
  const [load, Ffi] = await imported
  // Given the module instead, the loader loses a failed instantiation: its promise never settles.
  const module = await load({
    wasmMemory,
    instantiateWasm(imports, onSuccess) {
      const instance = new WebAssembly.Instance(wasmModule, imports)
      onSuccess(instance)
      return instance.exports
    },
  })
  module.type = 'sync'
  return { module, ffi: new Ffi(module) }
}

/** Where in the engine's memory things are. */
interface Places {
  runtime: JSRuntimePointer
  context: JSContextPointer
  prelude: [name: PreludeFunction, place: QuickJSHandle['value']][]
}

function start({ module, ffi }: Instance): Places {
  const places: Partial<Places> = {}
  const { QTS_NewRuntime: newRuntime, QTS_NewContext: newContext } = ffi
  ffi.QTS_NewRuntime = () => (places.runtime = newRuntime())
  ffi.QTS_NewContext = (...args) => (places.context = newContext(...args))
  const runtime = new QuickJSWASMModule(module, ffi).newRuntime()
  runtime.setMaxStackSize(stackBytesMax)
  const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } })
  const prelude = context.unwrapResult(
    context.evalCode(preludeSource, 'prelude.js', { type: 'global' }),
  )
  places.prelude = preludeFunctions.map((name) => [name, context.getProp(prelude, name).value])
  return places as Places
}

function findEngine({ module, ffi }: Instance, places: Places): Engine {
  ffi.QTS_NewRuntime = () => places.runtime
  const runtime = new QuickJSWASMModule(module, ffi).newRuntime()
  const context = runtime.newContext({ contextPointer: places.context })
  const handles = places.prelude.map(([name, place]) => [
    name,
    new StaticLifetime(place as JSValueConstPointer),
  ])
  return { runtime, context, prelude: Object.fromEntries(handles) as Engine['prelude'] }
}

const blockBytes = 4096

/** Places of those blocks of a memory that are not all zero, ascending. */
function writtenBlocks({ buffer }: WebAssembly.Memory): number[] {
  const words = new Int32Array(buffer)
  const blocks: number[] = []
  for (let at = 0; at < words.length; at += blockBytes / 4)
    if (words.subarray(at, at + blockBytes / 4).some((word) => word !== 0)) blocks.push(4 * at)
  return blocks
}

function copyBlocks(
  { buffer }: WebAssembly.Memory,
  blocks: ReadonlySet<number>,
): { at: number; contents: Uint8Array }[] {
  const pieces: { at: number; end: number }[] = []
  for (const at of [...blocks].sort((a, b) => a - b)) {
    const last = pieces.at(-1)
    if (last?.end === at) last.end += blockBytes
    else pieces.push({ at, end: at + blockBytes })
  }
  return pieces.map(({ at, end }) => ({ at, contents: new Uint8Array(buffer.slice(at, end)) }))
}
