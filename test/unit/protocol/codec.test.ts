import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { z } from 'zod'
import { decode, encode } from '../../../coordinator-free-node/protocol/codec.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'

const anything = z.unknown()
const read = (bytes: Uint8Array) => decode(bytes, anything, 'a message')
const fault = (words: string) =>
  expect.objectContaining({
    code: 'MH_BAD_MESSAGE',
    blame: 'remote',
    message: expect.stringContaining(words),
  })
/** An array of 32-bit length, or a map (0xdf). */
const headOf = (count: number, token = 0xdd) => {
  const head = Buffer.alloc(5)
  head[0] = token
  head.writeUInt32BE(count, 1)
  return head
}

describe('the codec', () => {
  test('gives back plain values as they were', () => {
    const text = fc.string({ unit: 'binary' })
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        fc.double({ noNaN: true }),
        fc.maxSafeInteger(),
        text,
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('any'), { maxLength: 20 }),
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          tie('any'),
          { maxKeys: 20 },
        ),
      ),
    })).any
    fc.assert(
      fc.property(value, (any) => {
        expect(JSON.stringify(read(encode(any)))).toBe(JSON.stringify(any))
      }),
    )
  })

  test('fields that are undefined travel', () => {
    expect(read(encode({ a: undefined, b: 1 }))).toEqual({ a: undefined, b: 1 })
  })

  const packr = new Packr({ moreTypes: true, structuredClone: true })
  const strange: [string, () => Uint8Array][] = [
    ['a date', () => packr.pack(new Date(0))],
    ['an error', () => packr.pack(new Error('boo'))],
    ['a regular expression', () => packr.pack(/a/)],
    ['a set', () => packr.pack(new Set([1]))],
    ['a record', () => new Packr({ useRecords: true }).pack({ hello: 1 })],
    ['the byte that is never used', () => Uint8Array.of(0xc1)],
  ]
  test.each(strange)('refuses %s', (_what, bytes) => {
    expect(() => read(new Uint8Array(bytes()))).toThrow(fault('an extension'))
  })

  // Each was taken apart into a hundred times its bytes before it was refused.
  const bombs: [string, string, Uint8Array][] = [
    ['a million empty maps', 'values', Buffer.concat([headOf(1e6), Buffer.alloc(1e6, 0x80)])],
    ['a million numbers', 'values', Buffer.concat([headOf(1e6), Buffer.alloc(1e6)])],
    ['a list that is only announced', 'cut off', headOf(2 ** 32 - 1)],
    ['a map that is only announced', 'cut off', headOf(2 ** 32 - 1, 0xdf)],
    ['lists in lists', 'deeply', Buffer.alloc(1e6, 0x91)],
    [
      'something behind its end',
      'follows',
      Buffer.concat([encode(new Uint8Array(1e6)), headOf(0)]),
    ],
    ['keys that are no texts', 'key', Uint8Array.of(0x81, 1, 1)],
    ['half a number', 'cut off', Uint8Array.of(0xcb, 1)],
    ['nothing', 'cut off', new Uint8Array()],
  ]
  test.each(bombs)('refuses %s before anything is made of it', (_what, words, bytes) => {
    expect(() => read(bytes)).toThrow(fault(words))
  })

  test('shows little of what a stranger wrote, and no control characters', () => {
    const bytes = encode({ [`\u001b[2J${'x'.repeat(100_000)}`]: 1 })
    try {
      decode(bytes, z.strictObject({}), 'a message')
      throw new Error('it was taken')
    } catch (error) {
      const { message } = error as Error
      expect(message.length).toBeLessThanOrEqual(limits.textCharsMax)
      expect(message).toContain('Unrecognized key')
      expect(message).not.toContain('\u001b')
    }
  })

  test('arbitrary bytes give a value or a fault of the remote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          read(bytes)
        } catch (error) {
          expect(error).toMatchObject({ name: 'GridError', blame: 'remote' })
        }
      }),
    )
  })
})
