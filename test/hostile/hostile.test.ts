/** A piece of `npm run hostile`: some units of every family, beside honest ones. */
import { describe, expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { corpus } from './corpus/index.mjs'
// @ts-expect-error: the same
import { runHostile } from './hostility.mjs'

interface Unit {
  name: string
  family: string
}

const units: Unit[] = corpus

/** Every fifteenth: all families, and most ways of ending. */
const chosen = units.filter((_, i) => i % 15 === 0)

describe('hostile units', () => {
  test('are eighty at least, of every family, and no two of one name', () => {
    expect(units.length).toBeGreaterThan(80)
    expect(new Set(units.map(({ family, name }) => `${family} ${name}`)).size).toBe(units.length)
  })

  test('end as they should, and their neighbours do not notice', async () => {
    const { reports, deaths, honest, leftOver } = await runHostile(chosen)
    expect(reports.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([])
    expect(deaths).toEqual([])
    expect(honest.wrong).toEqual([])
    expect(honest.units).toBeGreaterThan(0)
    expect(leftOver).toEqual([])
  }, 120_000)
})
