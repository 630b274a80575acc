import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import {
  bitsAskedFor,
  epochAt,
  isCurrent,
  packStamp,
  stampInput,
  stampRefusal,
  unpackStamp,
  zeroBitsOf,
} from '../../../coordinator-free-node/protocol/stamp.js'

const nonce = fc.uint8Array({ minLength: 8, maxLength: 8 })
const epoch = fc.nat(2 ** 31)

describe('a stamp', () => {
  test('arrives as it was sent', () => {
    fc.assert(
      fc.property(epoch, nonce, (at, bytes) => {
        expect(unpackStamp(packStamp({ epoch: at, nonce: bytes }))).toEqual({
          epoch: at,
          nonce: bytes,
        })
      }),
    )
  })

  test('is nothing else than its twelve bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(unpackStamp(bytes) !== undefined).toBe(bytes.length === 12)
      }),
    )
  })

  test('is bound to its peer and its time', () => {
    const stamp = { epoch: 700, nonce: new Uint8Array(8) }
    const inputs = [
      stampInput('12D3KooWa' as PeerId, stamp),
      stampInput('12D3KooWb' as PeerId, stamp),
      stampInput('12D3KooWa' as PeerId, { ...stamp, epoch: 701 }),
    ].map((bytes) => Buffer.from(bytes).toString('hex'))
    expect(new Set(inputs).size).toBe(3)
  })

  test('counts in its own stretch of time and those beside it', () => {
    const dayMs = 86_400_000
    const now = 28 * dayMs * 700
    const stamp = { epoch: epochAt(now), nonce: new Uint8Array(8) }
    expect(isCurrent(stamp, now + 55 * dayMs)).toBe(true)
    expect(isCurrent(stamp, now - 27 * dayMs)).toBe(true)
    expect(isCurrent(stamp, now + 56 * dayMs)).toBe(false)
    expect(isCurrent(stamp, now - 29 * dayMs)).toBe(false)
  })

  test.each([
    [[0x80], 0],
    [[0x01], 7],
    [[0, 0x40], 9],
    [[0, 0, 0x00], 24],
    [[], 0],
  ])('whose digest is %j is worth %i bits', (digest, bits) => {
    expect(zeroBitsOf(Uint8Array.from(digest))).toBe(bits)
  })

  test('that is lacking is asked for in words that a node understands', () => {
    expect(bitsAskedFor(`it refused: ${stampRefusal(6)}`)).toBe(6)
    expect(bitsAskedFor('this grid is private')).toBeUndefined()
  })
})
