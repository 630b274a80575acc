/** From here on every module of this process goes through the guard on its way in; they do not notice. */
import { guardExports, guardModule } from '../../dist/coordinator-free-node/guard/guard.js'

const fuelMax = 2n ** 62n

/** What was guarded, and what it took. */
export const guarded = { modules: [], fuel: () => fuelMax * BigInt(counters.length) - sum() }
const counters = []

function sum() {
  return counters.reduce((total, { value }) => total + value, 0n)
}

export function guardEverything() {
  const { Module, Instance, compile, instantiate } = WebAssembly
  const bytesOf = (source) =>
    ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source)
  const guard = (source) => {
    const bytes = bytesOf(source)
    const { module } = guardModule(bytes, {
      memoryBytesMax: 2 ** 32 - 65_536,
      imports: 'any',
      exports: 'all',
    })
    guarded.modules.push({ before: bytes.length, after: module.length })
    return module
  }
  const start = (instance) => {
    const fuel = instance.exports[guardExports.fuel]
    if (fuel === undefined) return instance
    fuel.value = fuelMax
    counters.push(fuel)
    instance.exports[guardExports.start]?.()
    return withFreshStack(instance)
  }

  WebAssembly.Module = class extends Module {
    constructor(source) {
      super(guard(source))
    }
  }
  for (const name of ['imports', 'exports', 'customSections'])
    WebAssembly.Module[name] = (module, ...more) => Module[name](module, ...more)
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports)
      // biome-ignore lint/correctness/noConstructorReturn: exports of an instance cannot be replaced
      return start(this)
    }
  }
  WebAssembly.compile = async (source) => compile(guard(source))
  WebAssembly.instantiate = async (source, imports) => {
    if (source instanceof Module) return start(await instantiate(source, imports))
    const { module, instance } = await instantiate(guard(source), imports)
    return { module, instance: start(instance) }
  }
  const bodyOf = async (response) => (await response).arrayBuffer()
  WebAssembly.compileStreaming = async (response) => WebAssembly.compile(await bodyOf(response))
  WebAssembly.instantiateStreaming = async (response, imports) =>
    WebAssembly.instantiate(await bodyOf(response), imports)
}

/**
 * A kernel is called once. Libraries are called again and again, and whoever calls has to give the call stack back,
 * which the guard's functions leave to their callers.
 */
function withFreshStack(instance) {
  const stack = instance.exports[guardExports.stack]
  const slots = stack.value
  let nesting = 0
  const exports = Object.fromEntries(
    Object.entries(instance.exports).map(([name, value]) => {
      if (typeof value !== 'function') return [name, value]
      const call = (...values) => {
        if (nesting === 0) stack.value = slots
        nesting++
        try {
          return value(...values)
        } finally {
          nesting--
        }
      }
      return [name, call]
    }),
  )
  return Object.create(WebAssembly.Instance.prototype, { exports: { value: exports } })
}
