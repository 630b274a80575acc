import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { loadJsEngine } from '../../../../coordinator-free-node/shell/executor/js-engine.js'
import {
  compileEngine,
  enginePages,
  takeImage,
} from '../../../../coordinator-free-node/shell/executor/js-engine-image.js'

let module: WebAssembly.Module
beforeAll(async () => {
  module = await loadJsEngine()
})

// The engine seeds its own Math.random by the clock; the prelude's replaces it before a unit can see it.
function stopClock() {
  jest.spyOn(Date, 'now').mockReturnValue(1_000)
}
afterEach(() => {
  jest.restoreAllMocks()
})

function freshMemory() {
  return new WebAssembly.Memory({ initial: enginePages, maximum: 2 * enginePages })
}

async function beginIn(memory: WebAssembly.Memory) {
  const instance = await (await takeImage(module)).instantiate(memory)
  return { instance, engine: instance.begin() }
}

/** What units leave behind, each in another part of the engine. */
const spoiling = [
  'Array.prototype.map = 1; Math.sin = 2; delete globalThis.JSON',
  'globalThis.left = "x".repeat(1e5)',
  'globalThis.left = []; for (let i = 0; i < 500; i++) left.push({ ["key" + i]: Symbol(i) })',
  'const deep = (n) => n ? deep(n - 1) + 1 : 0; try { deep(1e6) } catch {}',
  'JSON.stringify(JSON.parse("[".repeat(900) + "]".repeat(900)))',
  '/(a+)+b/.exec("a".repeat(18)); /\\p{L}+/u.exec("grün"); "ß".normalize("NFD")',
  '[..."the quick brown fox"].sort((a, b) => a.localeCompare(b)).reverse()',
  'Object.defineProperty(Object.prototype, "x", { get() { return 1 } })',
  'for (let i = 0; i < 1e5; i++);',
  'new Uint8Array(2e5).fill(7)',
  'Promise.resolve().then(() => 1)',
]

describe('an image of the engine', () => {
  test.each(spoiling)('gives the same bytes after %s', async (source) => {
    stopClock()
    const memory = freshMemory()
    const { instance, engine } = await beginIn(memory)
    const { buffer } = memory
    const asBegun = Buffer.from(buffer.slice(0))
    engine.context.unwrapResult(engine.context.evalCode(source))
    expect(asBegun.equals(Buffer.from(buffer))).toBe(false)
    instance.begin()
    expect(memory.buffer).toBe(buffer)
    expect(asBegun.equals(Buffer.from(buffer))).toBe(true)
  })

  test('is the same on every thread', async () => {
    stopClock()
    const [one, other] = [freshMemory(), freshMemory()]
    await beginIn(one)
    await beginIn(other)
    expect(Buffer.from(one.buffer).equals(Buffer.from(other.buffer))).toBe(true)
  })

  test('gives instances that do not share what they hold', async () => {
    const image = await takeImage(module)
    const one = (await image.instantiate(freshMemory())).begin().context
    const other = (await image.instantiate(freshMemory())).begin().context
    one.unwrapResult(one.evalCode('globalThis.mine = 1'))
    expect(other.getString(other.unwrapResult(other.evalCode('typeof mine')))).toBe('undefined')
  })
})

test('no other module is taken for the engine', async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  await expect(compileEngine(empty)).rejects.toThrow('not the JavaScript engine')
})
