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

/** Three of each family: most ways of ending. */
const families = [...new Set(units.map(({ family }) => family))]
const chosen = families.flatMap((name) => {
  const all = units.filter(({ family }) => family === name)
  return [0.2, 0.5, 0.8].flatMap((share) => all[Math.floor(share * all.length)] ?? [])
})

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
