import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  isWithin,
  msToChange,
  type WeekWindow,
  weekMs,
} from '../../../../coordinator-free-node/core/hosting/hours.js'
import { parseHours } from '../../../../coordinator-free-node/shell/volunteer/hours.js'

const hourMs = 3_600_000
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const at = (day: string, hours: number) => (days.indexOf(day) * 24 + hours) * hourMs
const windowsOf = (...texts: string[]): WeekWindow[] =>
  texts.flatMap((text) => {
    const parsed = parseHours(text)
    if (typeof parsed === 'string') throw new Error(parsed)
    return parsed
  })

describe('hours of the week', () => {
  test.each([
    // windows, moment, open, hours to the next change
    [['22:00-07:00'], at('mon', 21), false, 1],
    [['22:00-07:00'], at('mon', 22), true, 9],
    [['22:00-07:00'], at('tue', 3), true, 4],
    [['22:00-07:00'], at('tue', 7), false, 15],
    // over the end of the week
    [['22:00-07:00'], at('sun', 23), true, 8],
    [['22:00-07:00'], at('mon', 0), true, 7],
    [['sun 22:00-07:00'], at('mon', 6), true, 1],
    [['sun 22:00-07:00'], at('mon', 22), false, 144],
    [['fri 22:00-07:00'], at('sat', 6.5), true, 0.5],
    [['fri 22:00-07:00'], at('fri', 6.5), false, 15.5],
    // several windows, touching and apart
    [['09:00-12:00', '12:00-15:00'], at('wed', 11), true, 4],
    [['mon-fri 09:00-12:00', 'sat,sun 00:00-24:00'], at('fri', 13), false, 11],
    [['mon-fri 09:00-12:00', 'sat,sun 00:00-24:00'], at('sat', 13), true, 35],
    [['mon-fri 09:00-12:00', 'sat,sun 00:00-24:00'], at('mon', 0), false, 9],
    [['fri-mon 00:00-24:00'], at('sun', 12), true, 36],
    // the day that has both ends of a window
    [['08:00-07:59'], at('thu', 7.99), false, 0.01],
  ] as const)('%j at %d ms: %s, changes in %d hours', (texts, moment, open, hours) => {
    const windows = windowsOf(...texts)
    expect(isWithin(windows, moment)).toBe(open)
    expect((msToChange(windows, moment) ?? Number.NaN) / hourMs).toBeCloseTo(hours, 6)
  })

  test.each([[['00:00-24:00']], [['mon-thu 00:00-24:00', 'fri,sat,sun 00:00-24:00']], [[]]])(
    '%j never change',
    (texts: string[]) => {
      expect(msToChange(windowsOf(...texts), at('wed', 12))).toBeUndefined()
    },
  )

  const window = fc
    .record({ startMs: fc.nat(weekMs - 1), lengthMs: fc.integer({ min: 1, max: weekMs }) })
    .map(({ startMs, lengthMs }): WeekWindow => ({ startMs, endMs: startMs + lengthMs }))

  test('any windows stay as they are until the change, and differ at it', () => {
    fc.assert(
      fc.property(
        fc.array(window, { maxLength: 6 }),
        fc.nat(weekMs - 1),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (windows, moment, share) => {
          const open = isWithin(windows, moment)
          const aheadMs = msToChange(windows, moment)
          const meanwhileMs = Math.floor((aheadMs ?? weekMs) * share)
          expect(isWithin(windows, moment + meanwhileMs)).toBe(open)
          if (aheadMs === undefined) return
          expect(aheadMs).toBeGreaterThan(0)
          expect(isWithin(windows, moment + aheadMs)).toBe(!open)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('a week later everything is the same', () => {
    fc.assert(
      fc.property(fc.array(window, { maxLength: 6 }), fc.nat(weekMs - 1), (windows, moment) => {
        expect(isWithin(windows, moment + weekMs)).toBe(isWithin(windows, moment))
      }),
    )
  })
})
