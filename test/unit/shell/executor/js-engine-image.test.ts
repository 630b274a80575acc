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

describe('an image of the engine', () => {
  test('wakes to the same bytes whatever ran in the engines before', async () => {
    stopClock()
    const image = await takeImage(module)
    const first = freshMemory()
    const { context } = await image.wake(first)
    const asWoken = Buffer.from(first.buffer.slice(0))
    const spoil = 'Array.prototype.map = 1; Math.sin = 2; globalThis.left = "x".repeat(1e5)'
    context.unwrapResult(context.evalCode(spoil))
    expect(asWoken.equals(Buffer.from(first.buffer))).toBe(false)
    const second = freshMemory()
    await image.wake(second)
    expect(asWoken.equals(Buffer.from(second.buffer))).toBe(true)
  })

  test('is the same on every thread', async () => {
    stopClock()
    const [one, other] = [freshMemory(), freshMemory()]
    await (await takeImage(module)).wake(one)
    await (await takeImage(module)).wake(other)
    expect(Buffer.from(one.buffer).equals(Buffer.from(other.buffer))).toBe(true)
  })

  test('gives engines that do not share what they hold', async () => {
    const image = await takeImage(module)
    const [one, other] = [await image.wake(freshMemory()), await image.wake(freshMemory())]
    one.context.unwrapResult(one.context.evalCode('globalThis.mine = 1'))
    const seen = other.context.unwrapResult(other.context.evalCode('typeof mine'))
    expect(other.context.getString(seen)).toBe('undefined')
  })
})

test('no other module is taken for the engine', async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  await expect(compileEngine(empty)).rejects.toThrow('not the JavaScript engine')
})
