import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  availabilityOf,
  type Circumstances,
  type DonationRules,
  type MachineReading,
  readingMsMax,
} from '../../../../coordinator-free-node/core/hosting/availability.js'

const hourMs = 3_600_000
const utcMs = Date.UTC(2030, 0, 7, 12)
/** Monday noon, nothing else measured. */
const noon: MachineReading = {
  utcMs,
  weekMs: 12 * hourMs,
  onBattery: undefined,
  inputIdleMs: undefined,
  othersCpuShare: undefined,
}
const always: DonationRules = { windows: [], idle: undefined, neverOnBattery: false }
const nights: DonationRules = {
  ...always,
  windows: [{ startMs: 22 * hourMs, endMs: 31 * hourMs }],
}
const idle: DonationRules = { ...always, idle: { afterMs: 600_000, othersCpuShareMax: 0.25 } }

const judge = (change: Partial<Circumstances>) =>
  availabilityOf({
    rules: always,
    reading: noon,
    readAtMs: 1_000,
    pausedUntilUtcMs: undefined,
    nowMs: 1_000,
    ...change,
  })
const rests = (reason: string, untilMs?: number) => ({ donating: false, reason, untilMs })
const donates = { donating: true, reason: undefined, untilMs: undefined }

describe('availability', () => {
  test('without rules a node donates, measured or not', () => {
    expect(judge({})).toEqual(donates)
    expect(judge({ reading: undefined })).toEqual(donates)
    expect(judge({ nowMs: 1e9 })).toEqual(donates)
  })

  test('a pause ends by the wall clock, also when the machine slept meanwhile', () => {
    const pausedUntilUtcMs = utcMs + hourMs
    expect(judge({ pausedUntilUtcMs })).toEqual(rests('paused', 1_000 + hourMs))
    const woken = { ...noon, utcMs: utcMs + 2 * hourMs }
    expect(judge({ pausedUntilUtcMs, reading: woken, nowMs: 6_000, readAtMs: 6_000 })).toEqual(
      donates,
    )
    expect(judge({ pausedUntilUtcMs, nowMs: 1_000 + hourMs })).toEqual(donates)
  })

  test('a pause without end has none, and comes before every other reason', () => {
    const pausedUntilUtcMs = Number.POSITIVE_INFINITY
    expect(judge({ pausedUntilUtcMs, rules: nights })).toEqual(rests('paused'))
    expect(judge({ pausedUntilUtcMs, reading: undefined })).toEqual(rests('paused'))
  })

  test('hours go on between readings', () => {
    expect(judge({ rules: nights })).toEqual(rests('hours', 1_000 + 10 * hourMs))
    const evening = { ...noon, weekMs: 22 * hourMs - 5_000 }
    expect(judge({ rules: nights, reading: evening, nowMs: 5_999 })).toMatchObject({
      donating: false,
    })
    expect(judge({ rules: nights, reading: evening, nowMs: 6_000 })).toEqual({
      ...donates,
      untilMs: 6_000 + 9 * hourMs,
    })
  })

  test('a local clock that jumps, as for summer time, counts from the next reading on', () => {
    const before = { ...noon, weekMs: 21.5 * hourMs }
    const after = { ...before, weekMs: before.weekMs + hourMs }
    expect(judge({ rules: nights, reading: before })).toMatchObject({ reason: 'hours' })
    expect(judge({ rules: nights, reading: after })).toMatchObject({ donating: true })
    const back = { ...after, weekMs: after.weekMs - hourMs }
    expect(judge({ rules: nights, reading: back })).toEqual(rests('hours', 1_000 + hourMs / 2))
  })

  test.each([
    ['on battery', { onBattery: true }, rests('battery')],
    ['on mains', { onBattery: false }, donates],
    ['of a machine that does not say', { onBattery: undefined }, rests('unmeasured')],
  ])('never on battery, %s', (_, reading, expected) => {
    const rules = { ...always, neverOnBattery: true }
    expect(judge({ rules, reading: { ...noon, ...reading } })).toEqual(expected)
  })

  test.each([
    [0, 0, rests('input', 601_000)],
    [599_999, 0, rests('input', 1_001)],
    [600_000, 0.25, donates],
    [600_000, 0.26, rests('load')],
    [undefined, 0, rests('unmeasured')],
    [600_000, undefined, rests('unmeasured')],
  ])('idle for %d ms with others at %d', (inputIdleMs, othersCpuShare, expected) => {
    expect(judge({ rules: idle, reading: { ...noon, inputIdleMs, othersCpuShare } })).toEqual(
      expected,
    )
  })

  test('what a person did since the last reading is not guessed', () => {
    const reading = { ...noon, inputIdleMs: 590_000, othersCpuShare: 0 }
    expect(judge({ rules: idle, reading, nowMs: 100_000 })).toMatchObject({ reason: 'input' })
  })

  test('readings that stay away end what they allowed', () => {
    const rules = { ...always, neverOnBattery: true }
    const reading = { ...noon, onBattery: false }
    expect(judge({ rules, reading, nowMs: 999 + readingMsMax })).toEqual(donates)
    expect(judge({ rules, reading, nowMs: 1_000 + readingMsMax })).toEqual(rests('unmeasured'))
  })

  test('whatever is measured, it is one verdict with a reason, and never ends in the past', () => {
    const maybe = (max: number) =>
      fc.option(fc.double({ min: 0, max, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(
        fc.record({
          hours: fc.boolean(),
          idle: fc.boolean(),
          neverOnBattery: fc.boolean(),
          onBattery: fc.option(fc.boolean(), { nil: undefined }),
          inputIdleMs: maybe(1e6),
          othersCpuShare: maybe(1),
          weekMs: fc.nat(7 * 24 * hourMs - 1),
          pauseMs: maybe(1e6),
          laterMs: fc.nat(readingMsMax - 1),
        }),
        (given) => {
          const rules = {
            windows: given.hours ? nights.windows : [],
            idle: given.idle ? idle.idle : undefined,
            neverOnBattery: given.neverOnBattery,
          }
          const { onBattery, inputIdleMs, othersCpuShare, weekMs, pauseMs } = given
          const verdict = judge({
            rules,
            reading: { utcMs, weekMs, onBattery, inputIdleMs, othersCpuShare },
            pausedUntilUtcMs: pauseMs === undefined ? undefined : utcMs + pauseMs,
            nowMs: 1_000 + given.laterMs,
          })
          expect(verdict.reason === undefined).toBe(verdict.donating)
          if (verdict.donating && given.neverOnBattery) expect(onBattery).toBe(false)
          if (verdict.donating && given.idle) expect(inputIdleMs).toBeGreaterThanOrEqual(600_000)
          if (verdict.untilMs !== undefined && verdict.reason !== 'input')
            expect(verdict.untilMs).toBeGreaterThan(1_000 + given.laterMs)
        },
      ),
    )
  })
})
