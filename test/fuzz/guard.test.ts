/** A short piece of `npm run fuzz:guard`, and every seed that ever failed. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { checkSeed } from './guard-checks.mjs'
// @ts-expect-error: the same
import { realModules } from './real-modules.mjs'

const real = realModules()
const kept: number[] = JSON.parse(readFileSync(new URL('./seeds.json', import.meta.url), 'utf8'))

describe('the guard', () => {
  test.each(kept)('still holds for seed %i, which failed once', (seed) => {
    expect(checkSeed(seed, real).broken).toBeUndefined()
  })

  test('holds for two thousand more', () => {
    for (let seed = 1_000_000; seed < 1_002_000; seed++)
      expect({ seed, broken: checkSeed(seed, real).broken }).toEqual({ seed, broken: undefined })
  })
})
