import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  addClaim,
  emptyTally,
  isDisputed,
  mergeTallies,
  type Tally,
  verdictByAnchor,
  verdictByQuorum,
  votesIn,
  votesMissing,
} from '../../coordinator-free-node/core/verification/tally.js'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'

const peer = (n: number) => `12D3KooWhost${n + 1}` as PeerId
const claims = fc.array(
  fc.record({ host: fc.integer({ min: 0, max: 8 }), value: fc.integer({ min: 0, max: 2 }) }),
  { maxLength: 14 },
)
type Claims = { host: number; value: number }[]

function tallyOf(given: Claims): Tally {
  const tally = emptyTally()
  for (const { host, value } of given)
    addClaim(tally, peer(host), `digest${value}`, 'done', Uint8Array.of(value))
  return tally
}

/** What must not depend on the order of merging. */
function verdictText(tally: Tally): string {
  const verdict = verdictByQuorum(tally, 2)
  return JSON.stringify([
    verdict?.digest,
    [...(verdict?.agreed ?? [])].sort(),
    [...(verdict?.refuted ?? [])].sort(),
    votesIn(tally),
    votesMissing(tally, 3),
  ])
}

describe('tally', () => {
  test('merging is commutative, associative and idempotent for every verdict', () => {
    fc.assert(
      fc.property(claims, claims, claims, (a, b, c) => {
        const [x, y, z] = [tallyOf(a), tallyOf(b), tallyOf(c)]
        expect(verdictText(mergeTallies(x, y))).toBe(verdictText(mergeTallies(y, x)))
        expect(verdictText(mergeTallies(mergeTallies(x, y), z))).toBe(
          verdictText(mergeTallies(x, mergeTallies(y, z))),
        )
        expect(verdictText(mergeTallies(x, x))).toBe(verdictText(x))
      }),
    )
  })

  test('a host that contradicts itself counts for nobody and is refuted', () => {
    const tally = tallyOf([
      { host: 1, value: 0 },
      { host: 1, value: 1 },
      { host: 2, value: 0 },
    ])
    expect(verdictByQuorum(tally, 2)).toBeUndefined()
    addClaim(tally, peer(3), 'digest0', 'done', Uint8Array.of(0))
    expect(verdictByQuorum(tally, 2)?.refuted).toEqual([peer(1)])
  })

  test('a dispute is settled by the third', () => {
    const tally = tallyOf([
      { host: 1, value: 0 },
      { host: 2, value: 1 },
    ])
    expect(isDisputed(tally)).toBe(true)
    expect(votesMissing(tally, 2)).toBe(1)
    addClaim(tally, peer(3), 'digest1', 'done', Uint8Array.of(1))
    const verdict = verdictByQuorum(tally, 2)
    expect(verdict?.digest).toBe('digest1')
    expect(verdict?.refuted).toEqual([peer(1)])
  })

  test("the requester's own result decides only where it has one", () => {
    const tally = tallyOf([
      { host: 1, value: 0 },
      { host: 2, value: 1 },
    ])
    expect(verdictByAnchor(tally, peer(3))).toBeUndefined()
    expect(verdictByAnchor(tally, peer(2))?.digest).toBe('digest1')
  })
})
