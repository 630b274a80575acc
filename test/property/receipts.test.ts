/** Whatever is done to a file of receipts, no unit counts that was not signed for, and none counts twice. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encode } from '../../coordinator-free-node/protocol/codec.js'
import type { BlobHash, JobId, PeerId } from '../../coordinator-free-node/protocol/ids.js'
import type { ReceiptStatement } from '../../coordinator-free-node/protocol/receipt.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import { createMail } from '../../coordinator-free-node/shell/mail.js'
import { checkReceipts, lineOfReceipt } from '../../coordinator-free-node/shell/receipt-file.js'

const stewards = [0, 1].map(() => {
  const { signer } = loadIdentity(createIdentity())
  return { peer: signer.self, mail: createMail(signer) }
})
const host = loadIdentity(createIdentity()).signer.self

function lineOf(by: number, change: Partial<ReceiptStatement> = {}): string {
  const steward = stewards[by] as (typeof stewards)[number]
  const statement: ReceiptStatement = {
    version: 1,
    steward: steward.peer,
    host,
    job: 'a1'.repeat(32) as JobId,
    taskName: 'test',
    taskHash: 'b2'.repeat(32) as BlobHash,
    period: 1,
    serial: 1,
    accepted: 10,
    creditMs: 12.5,
    fuel: 1e9,
    issuedUtcMs: 1_900_000_000_000,
    ...change,
  }
  return lineOfReceipt(steward.mail.seal('receipt', encode(statement)))
}

const signed = lineOf(0)

describe('a file of receipts', () => {
  test('with any character changed, left out or added counts nothing of that line', () => {
    expect(checkReceipts(signed).refused).toEqual([])
    const anyChange = fc.record({
      at: fc.nat({ max: signed.length - 1 }),
      removed: fc.nat({ max: 2 }),
      added: fc.string({ maxLength: 2, unit: 'binary' }),
    })
    fc.assert(
      fc.property(anyChange, ({ at, removed, added }) => {
        const changed = signed.slice(0, at) + added + signed.slice(at + removed)
        fc.pre(!changed.split('\n').includes(signed))
        const { receipts, refused } = checkReceipts(changed)
        expect(receipts).toEqual([])
        expect(refused.length).toBeGreaterThan(0)
      }),
      { numRuns: 2_000 },
    )
  })

  test('with any bit of what is signed changed, or of the signature, counts nothing', () => {
    const { body, signature, ...rest } = JSON.parse(signed)
    for (const field of ['body', 'signature'] as const) {
      const bytes = Buffer.from(field === 'body' ? body : signature, 'base64')
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const changed = Buffer.from(bytes)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        const { manyhands, signer } = rest
        const base64 = changed.toString('base64')
        const line =
          field === 'body'
            ? { manyhands, signer, body: base64, signature }
            : { manyhands, signer, body, signature: base64 }
        expect(checkReceipts(JSON.stringify(line)).receipts).toEqual([])
      }
    }
  })

  test('counts a piece of work once, in whatever order and however often it is there', () => {
    const anyReceipt = fc.record({
      by: fc.nat({ max: 1 }),
      period: fc.integer({ min: 1, max: 2 }),
      serial: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(anyReceipt, { maxLength: 12 }), (choices) => {
        const lines = choices.map(({ by, period, serial }) =>
          lineOf(by, { period, serial, accepted: 10 * serial }),
        )
        const { receipts, refused } = checkReceipts(lines.join('\n'))
        const latest = new Map<string, number>()
        for (const { by, period, serial } of choices) {
          const key = `${by}/${period}`
          latest.set(key, Math.max(latest.get(key) ?? 0, serial))
        }
        const units = [...latest.values()].reduce((sum, serial) => sum + 10 * serial, 0)
        expect(receipts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(units)
        if (choices.length > 0) expect(receipts.length + refused.length).toBe(choices.length)
      }),
    )
  })

  test('says of every wrong line which it is and why, and counts the others', () => {
    const [first, second] = stewards.map(({ peer }) => peer) as [PeerId, PeerId]
    const stolen = signed.replace(first, second)
    const text = [
      signed,
      stolen,
      'nonsense',
      signed,
      lineOf(1, { steward: first }),
      lineOfReceipt(
        (stewards[0] as (typeof stewards)[number]).mail.seal('receipt', Uint8Array.of(1)),
      ),
      lineOf(1),
      '',
    ].join('\n')
    const { receipts, refused } = checkReceipts(text)
    expect(receipts.map(({ line }) => line)).toEqual([1, 7])
    expect(refused.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6])
    const reasons = refused.map(({ reason }) => reason)
    expect(reasons[0]).toContain(`is not signed by ${second}`)
    expect(reasons[1]).toContain('not in the form')
    expect(reasons[2]).toContain('line 1 is about the same work')
    expect(reasons[3]).toContain('somebody else than its steward')
    expect(reasons[4]).toContain('not as a receipt')
  })

  test('without a receipt in it is refused', () => {
    expect(checkReceipts('').refused).toHaveLength(1)
  })
})
