import { expect, test } from '@jest/globals'
import {
  nextSecretFraction,
  nextSecretUint32,
  secretRandom,
} from '../../../../coordinator-free-node/core/kit/secret-random.js'

test('the same key gives the same choices, another key others', () => {
  const draw = (key: number) => {
    const random = secretRandom(Uint8Array.of(key))
    return Array.from({ length: 20 }, () => nextSecretUint32(random))
  }
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  expect(new Set(draw(1)).size).toBe(20)
})

test('fractions are spread evenly', () => {
  const random = secretRandom(new Uint8Array(32))
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 20_000; i++) {
    const at = Math.floor(nextSecretFraction(random) * 10)
    tenths[at] = (tenths[at] ?? 0) + 1
  }
  // Five standard deviations of a tenth of 20,000.
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(212)
})
