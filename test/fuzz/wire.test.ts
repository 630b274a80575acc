/** A short piece of `npm run fuzz:wire`, and every seed that ever failed. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { checkSeed, isLive, makeWorld } from './wire-checks.mjs'
// @ts-expect-error: the same
import { LiveNode } from './wire-live.mjs'
// @ts-expect-error: the same
import { makePersons } from './wire-persons.mjs'

const world = makeWorld(await makePersons())
const file = new URL('./wire-seeds.json', import.meta.url)
const kept: number[] = JSON.parse(readFileSync(file, 'utf8'))

describe('what travels', () => {
  test('is still refused for every seed that failed once', () => {
    for (const seed of kept)
      expect({ seed, ...checkSeed(seed, world) }).not.toHaveProperty('broken')
  })

  test('is refused, and the core stays whole, for two thousand more', () => {
    for (let seed = 1_000_000; seed < 1_002_000; seed++)
      if (!isLive(seed)) expect({ seed, ...checkSeed(seed, world) }).not.toHaveProperty('broken')
  })

  test('leaves a real node alive and serving', async () => {
    const live = await LiveNode.start()
    try {
      for (let seed = 1_000_049; seed < 1_002_500; seed += 50)
        expect({ seed, broken: await live.run(seed) }).toEqual({ seed, broken: undefined })
      await live.check()
    } finally {
      await live.stop()
    }
  })
})
