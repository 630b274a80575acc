import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  capMemory,
  ModuleFault,
} from '../../../../coordinator-free-node/shell/executor/memory-cap.js'
import { wasmModule } from '../../../integration/wasm-modules.js'

const page = 65_536
/** `run` grows the memory by what it is told and returns the old size in pages, or -1. */
const growing = (pages: number) => wasmModule([0x41, ...leb(pages), 0x40, 0x00])

function leb(value: number): number[] {
  return value < 64 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >> 7)]
}

async function grow(module: Uint8Array): Promise<number> {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(module))
  return (instance.exports.run as () => number)()
}

describe('memory cap', () => {
  test('lets a module grow up to the cap and no further', async () => {
    expect(await grow(capMemory(growing(9), 10 * page))).toBe(1)
    expect(await grow(capMemory(growing(10), 10 * page))).toBe(-1)
  })

  test('refuses a module that begins above it', () => {
    expect(() => capMemory(growing(1), page / 2)).toThrow(ModuleFault)
  })

  test('gives a valid module, or says why not, for any damaged one', () => {
    const whole = growing(3)
    fc.assert(
      fc.property(
        fc.nat({ max: whole.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: whole.length }),
        (at, byte, length) => {
          const damaged = whole.slice(0, Math.max(8, length))
          if (at < damaged.length) damaged[at] = byte
          const valid = WebAssembly.validate(damaged)
          try {
            const capped = capMemory(damaged, 10 * page)
            if (valid) expect(WebAssembly.validate(new Uint8Array(capped))).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(ModuleFault)
          }
        },
      ),
    )
  })
})
