import { describe, expect, test } from '@jest/globals'
import {
  countOf,
  formatBytes,
  formatClock,
  formatCount,
  formatDurationMs,
  formatRate,
  percentOf,
} from '../../../coordinator-free-node/cli/format.js'

describe('durations', () => {
  test.each([
    [undefined, '-'],
    [Number.POSITIVE_INFINITY, '-'],
    [-5, '0 ms'],
    [0, '0 ms'],
    [340, '340 ms'],
    [999.6, '1.0 s'],
    [4_250, '4.2 s'],
    [9_999, '9.9 s'],
    [59_999, '59 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min'],
    [273_600_000, '3 d 04 h'],
  ])('%p ms reads %p', (ms, text) => {
    expect(formatDurationMs(ms)).toBe(text)
  })
})

describe('the time of day', () => {
  const now = new Date(2030, 0, 7, 22, 15)
  test.each([
    [new Date(2030, 0, 7, 23, 5), '23:05'],
    [new Date(2030, 0, 8, 7, 0), '07:00'],
    [new Date(2030, 0, 8, 22, 0), 'Tue 22:00'],
    [new Date(2030, 0, 12, 9, 0), 'Sat 09:00'],
    [new Date(2030, 1, 3, 9, 0), '2030-02-03 09:00'],
  ])('%p reads %p', (at, text) => {
    expect(formatClock(at, now)).toBe(text)
  })
})

describe('numbers', () => {
  test('thousands are set apart', () => {
    expect([0, 999, 1000, 1234567, 12345678].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '1,234,567',
      '12,345,678',
    ])
  })
  test('an unknown count is a dash', () => {
    expect(formatCount(undefined)).toBe('-')
  })
  test('bytes take the unit that keeps them short', () => {
    expect([0, 1023, 1536, 3 * 2 ** 30].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '3.0 GiB',
    ])
  })
  test('rates keep the digits that matter', () => {
    expect([0.254, 3.14, 1250, undefined].map(formatRate)).toEqual([
      '0.25/s',
      '3.1/s',
      '1,250/s',
      '-',
    ])
  })
  test('one is singular', () => {
    expect([0, 1, 2].map((n) => countOf(n, 'unit'))).toEqual(['0 units', '1 unit', '2 units'])
  })
})

describe('percent', () => {
  test('100 means all: 999 of 1000 is 99', () => {
    expect(percentOf(999, 1000)).toBe(99)
  })
  test('of nothing at all, everything is done', () => {
    expect(percentOf(0, 0)).toBe(100)
  })
  test('an unknown whole has none', () => {
    expect(percentOf(5, undefined)).toBeUndefined()
  })
})
