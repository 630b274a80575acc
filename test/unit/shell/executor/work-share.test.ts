import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { WorkShare } from '../../../../coordinator-free-node/shell/executor/work-share.js'

describe('the share of its time that a thread works', () => {
  test('is all of it when nothing else is wished', () => {
    const share = new WorkShare(1)
    expect([1, 100, 10_000].map((ms) => share.restAfter(ms))).toEqual([0, 0, 0])
    expect(share.occupiedMs(7)).toBe(7)
  })

  test('is kept by rests as long as the work, at a half', () => {
    const share = new WorkShare(0.5)
    expect(share.restAfter(40)).toBe(40)
    expect(share.occupiedMs(40)).toBe(80)
  })

  test('is kept over many short units, with a rest now and then', () => {
    const share = new WorkShare(0.25)
    const rests = Array.from({ length: 100 }, () => share.restAfter(0.1))
    expect(rests.filter((ms) => ms > 0).every((ms) => ms >= 5)).toBe(true)
    expect(rests.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(25)
  })

  test('never makes a thread rest longer than ten seconds at once', () => {
    expect(new WorkShare(0.01).restAfter(3_600_000)).toBe(10_000)
  })

  test('owes at most one short rest, whatever the units', () => {
    const ms = fc.double({ min: 0, max: 50, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 1 }),
        fc.integer({ min: 10, max: 99 }),
        (units, percent) => {
          const share = new WorkShare(percent / 100)
          const worked = units.reduce((sum, unit) => sum + unit, 0)
          const rested = units.reduce((sum, unit) => sum + share.restAfter(unit), 0)
          const due = worked * (100 / percent - 1)
          expect(rested).toBeLessThanOrEqual(due + 1e-6)
          expect(rested).toBeGreaterThan(due - 5 - 1e-6)
        },
      ),
    )
  })
})
