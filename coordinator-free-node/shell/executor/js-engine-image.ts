/**
 * The JavaScript engine as it stands just before a unit, the prelude evaluated: started once a thread. Each unit begins
 * with a copy of what that start has written, in a fresh instance or in one that is put back into that state. Starting
 * anew would give the same bytes (a test holds both to it), and takes ten times as long.
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

/** Ready for one unit. Never disposed of: whatever is left of it goes with its memory, and a broken one would abort. */
export interface Engine {
  runtime: QuickJSRuntime
  context: QuickJSContext
  prelude: Record<PreludeFunction, QuickJSHandle>
}

export interface EngineImage {
  /** @param memory  fresh, of `enginePages` at first */
  instantiate(memory: WebAssembly.Memory): Promise<EngineInstance>
}

export interface EngineInstance {
  /**
   * The engine as the image has it, whatever ran here before: a unit may have changed any built-in. Not after one that
   * grew the memory, or that threw out of the instance: what such a one left is not known.
   */
  begin(): Engine
}

/**
 * What an engine starts with, in pages of 64 KiB. It was linked to start with 256, of which it fills 84: and the larger
 * the memories that units leave behind, the more often the host collects its garbage, which took half of a unit's time.
 */
export const enginePages = 88

/** Stack of QuickJS's own; below the stack of the WebAssembly instance that it lives in. */
const stackBytesMax = 128 * 1024

/**
 * The engine writes its static data, its stack, which grows down from 5,333,088, and above that its heap. From here on
 * it may have written: with QuickJS's own limit its stack ends 200 KB above.
 */
const stackFloor = 76 * 65_536

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
    async instantiate(memory) {
      const instance = await instantiate(module, memory)
      let isFresh = true
      return {
        begin() {
          const bytes = new Uint8Array(memory.buffer)
          if (!isFresh) clearBetween(pieces, bytes)
          for (const { at, contents } of pieces) bytes.set(contents, at)
          isFresh = false
          return findEngine(instance, places)
        },
      }
    },
  }
}

interface Piece {
  at: number
  contents: Uint8Array
}

/** @param pieces  ascending */
function clearBetween(pieces: readonly Piece[], bytes: Uint8Array): void {
  let from = stackFloor
  for (const { at, contents } of pieces) {
    if (at > from) bytes.fill(0, from, at)
    from = Math.max(from, at + contents.length)
  }
  bytes.fill(0, from)
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

/** Neighbouring blocks in one piece; ascending. */
function copyBlocks({ buffer }: WebAssembly.Memory, blocks: ReadonlySet<number>): Piece[] {
  const pieces: { at: number; end: number }[] = []
  for (const at of [...blocks].sort((a, b) => a - b)) {
    const last = pieces.at(-1)
    if (last?.end === at) last.end += blockBytes
    else pieces.push({ at, end: at + blockBytes })
  }
  return pieces.map(({ at, end }) => ({ at, contents: new Uint8Array(buffer.slice(at, end)) }))
}
