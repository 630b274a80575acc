import { describe, expect, test } from '@jest/globals'
import { localWeekMs, parseHours } from '../../../../coordinator-free-node/shell/volunteer/hours.js'

const hourMs = 3_600_000
/** Begin and end in hours since Monday. */
const inHours = (text: string) => {
  const parsed = parseHours(text)
  return typeof parsed === 'string'
    ? parsed
    : parsed.map(({ startMs, endMs }) => [startMs / hourMs, endMs / hourMs])
}

describe('hours as text', () => {
  test.each([
    ['mon 09:00-17:30', [[9, 17.5]]],
    ['sun 22:00-07:00', [[166, 175]]],
    [
      'sat,mon 0:00-24:00',
      [
        [0, 24],
        [120, 144],
      ],
    ],
    [
      'Sat - Mon 10:00-11:00',
      [
        [10, 11],
        [130, 131],
        [154, 155],
      ],
    ],
    ['monday 10:00-11:00', [[10, 11]]],
    ['wed-wed 10:00-00:00', [[58, 72]]],
  ])('%j', (text, windows) => {
    expect(inHours(text)).toEqual(windows)
  })
  test('without weekdays they are of every day', () => {
    expect(inHours('22:00-07:00')).toHaveLength(7)
  })
  test.each([
    ['', 'expected hours'],
    ['22-7', 'expected hours'],
    ['22:00', 'expected hours'],
    ['24:00-07:00', 'expected hours'],
    ['10:60-11:00', 'expected hours'],
    ['24:01-07:00', 'expected hours'],
    ['10:00-10:00', '00:00-24:00'],
    ['someday 10:00-11:00', '"someday" is no weekday'],
    ['mon-wed-fri 10:00-11:00', 'is no weekday'],
    ['mon, 10:00-11:00', 'is no weekday'],
  ])('%j is refused: %s', (text, words) => {
    expect(parseHours(text)).toEqual(expect.stringContaining(words))
  })
})

test('the local week begins on Monday at midnight', () => {
  expect(localWeekMs(new Date(2030, 0, 7))).toBe(0)
  expect(localWeekMs(new Date(2030, 0, 6, 23, 59, 59, 999))).toBe(7 * 24 * hourMs - 1)
  expect(localWeekMs(new Date(2030, 0, 9, 13, 30))).toBe((48 + 13.5) * hourMs)
})
