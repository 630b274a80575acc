import { describe, expect, test } from '@jest/globals'
import {
  durationSchema,
  parseBytes,
  parseDurationMs,
  sizeSchema,
} from '../../../../coordinator-free-node/shell/volunteer/quantities.js'

describe('sizes', () => {
  test.each([
    ['512 MiB', 512 * 1024 ** 2],
    ['2GB', 2e9],
    ['1.5 KiB', 1536],
    ['4096', 4096],
    ['10 b', 10],
    [' 1 gib ', 1024 ** 3],
  ])('%j', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })
  test.each(['', 'MiB', '-1 MiB', '1 MiBs', '1 2', '1e3', 'lots'])('%j is none', (text) => {
    expect(parseBytes(text)).toBeUndefined()
  })
  test('a schema takes text and bytes within its bounds, and says what it expects', () => {
    const schema = sizeSchema('1 MiB', '1 GiB')
    expect(schema.parse('2 MiB')).toBe(2 * 1024 ** 2)
    expect(schema.parse(1024 ** 3)).toBe(1024 ** 3)
    for (const wrong of ['1 KiB', '2 GiB', 5, 'x'])
      expect(schema.safeParse(wrong).error?.issues[0]?.message).toContain('from 1 MiB to 1 GiB')
  })
})

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['10 min', 600_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1 h 30 min', 5_400_000],
    ['0.5 d', 43_200_000],
    ['250 ms', 250],
  ])('%j', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })
  test.each(['', '10', 'min', '10 parsecs', '1h x', '-1h'])('%j is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined()
  })
  test('a schema names its bounds', () => {
    const schema = durationSchema('10 s', '1 h')
    expect(schema.parse('1 min')).toBe(60_000)
    expect(schema.safeParse('5 s').error?.issues[0]?.message).toContain('from 10 s to 1 h')
  })
})
