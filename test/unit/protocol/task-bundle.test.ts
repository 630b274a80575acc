import { describe, expect, test } from '@jest/globals'
import {
  packBundle,
  taskDescriptorSchema,
  unpackBundle,
} from '../../../coordinator-free-node/protocol/task-bundle.js'

const descriptor = {
  name: 'sum',
  tier: 'wasm' as const,
  unitMsMax: 1000,
  unitMemoryBytesMax: 65_536,
}
const code = Uint8Array.of(1, 2, 3)

describe('a task bundle', () => {
  test('travels with its limit of fuel, or without', () => {
    for (const one of [descriptor, { ...descriptor, unitFuelMax: 1e9 }]) {
      const bundle = { descriptor: one, code }
      expect(unpackBundle(packBundle(bundle).bytes)).toEqual(bundle)
    }
  })

  test('has another name on the grid with another limit: its verdicts may differ', () => {
    const names = [undefined, 1e9, 2e9].map((unitFuelMax) => {
      const limited = unitFuelMax === undefined ? descriptor : { ...descriptor, unitFuelMax }
      return packBundle({ descriptor: limited, code }).hash
    })
    expect(new Set(names).size).toBe(3)
  })

  test('limits fuel to whole numbers that are exact', () => {
    const isValid = (unitFuelMax: unknown) =>
      taskDescriptorSchema.safeParse({ ...descriptor, unitFuelMax }).success
    expect([1000, 1e13, 2 ** 53 - 1].every(isValid)).toBe(true)
    expect([999, 2 ** 53, 1000.5, -1, Number.NaN, '1000', null].some(isValid)).toBe(false)
  })
})
