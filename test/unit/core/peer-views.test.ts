import { describe, expect, test } from '@jest/globals'
import { bookMisdeed } from '../../../coordinator-free-node/core/membership/conduct.js'
import {
  conductSummary,
  contentionView,
  favoursView,
  peerViews,
} from '../../../coordinator-free-node/core/peer-views.js'
import type { JobId } from '../../../coordinator-free-node/protocol/ids.js'
import { LoneNode, manifest, peer } from './lone-node.js'
import { receiptOf } from './made-receipt.js'

/** A host that several peers want something of. */
function wanted(balances: readonly number[]): LoneNode {
  const node = new LoneNode({ donates: true })
  balances.forEach((balanceMs, n) => {
    const steward = peer(n)
    const record = { receivedMs: balanceMs, givenMs: 10, lentMs: 0, bookedMs: 0 }
    node.state.ledger.set(steward, { peer: steward, balanceMs, ...record })
    node.event({ type: 'neighbour-joined', peer: steward, addresses: [] })
    const id = n.toString(16).padStart(64, '0') as JobId
    const { taskHash } = manifest()
    const body = {
      ...{ job: id, steward, addresses: [], serial: 1, ttlMs: 30_000, closed: false, name: 'test' },
      ...{ requester: steward, taskHash, tier: 'builtin' as const, unitMemoryBytesMax: 65_536 },
    }
    node.hear(steward, { type: 'advert', body, sealed: undefined, hops: 0 })
    node.event({ type: 'job-fetched', job: id, manifest: manifest({ requester: steward }) })
  })
  return node
}

describe('shares of this node', () => {
  test('are shown in proportion to what is owed, with a small part for those who are owed nothing', () => {
    const node = wanted([3_000, 1_000, 0])
    node.pass(10)
    const shares = contentionView(node.state, node.nowMs)
    expect(shares.map((contender) => contender.peer)).toEqual([peer(0), peer(1), peer(2)])
    const [first, second, last] = shares.map(({ share }) => share) as [number, number, number]
    expect(first / second).toBeCloseTo(3)
    expect(last).toBeGreaterThan(0)
    expect(last).toBeLessThanOrEqual(0.05)
    expect(first + second + last).toBeCloseTo(1)
    const views = peerViews(node.state, node.nowMs)
    expect(views.find((view) => view.peer === peer(1))?.share).toBe(second)
  })

  test('are no matter where only one peer wants anything', () => {
    const node = wanted([3_000])
    node.pass(10)
    expect(contentionView(node.state, node.nowMs)).toEqual([])
    expect(peerViews(node.state, node.nowMs)[0]?.share).toBeUndefined()
  })
})

describe('favours and receipts', () => {
  test('are summed over all peers, the largest debts named', () => {
    const node = wanted([1, 2, 3, 4, 5, 6, 0])
    const { owed, ...sums } = favoursView(node.state)
    expect(sums).toMatchObject({ receivedMs: 21, givenMs: 70, owedMs: 21, owedPeers: 6 })
    expect(owed.map(({ balanceMs }) => balanceMs)).toEqual([6, 5, 4, 3, 2])
  })

  test('of a peer count what it signed for', () => {
    const node = wanted([0, 0])
    node.hear(peer(1), receiptOf({ accepted: 3, serial: 7 }))
    node.hear(peer(1), receiptOf({ accepted: 9, serial: 8 }))
    node.hear(peer(1), receiptOf({ accepted: 1, period: 9 }))
    const views = peerViews(node.state, node.nowMs)
    expect(views.find((view) => view.peer === peer(1))?.receipts).toEqual({
      receipts: 2,
      accepted: 10,
    })
  })

  test('of a banned peer say why it is refused, and for how long', () => {
    const node = wanted([0])
    const belief = { accepted: 1, checked: 0, audited: 0, refuted: 1 }
    const bannedUntilMs = node.nowMs + 500
    node.state.standing.set(peer(0), { peer: peer(0), ...belief, bannedUntilMs })
    expect(peerViews(node.state, node.nowMs)[0]?.refusals).toEqual([
      { reason: 'gave a wrong result', endsInMs: 500 },
    ])
  })
})

describe('peers that misbehave', () => {
  test('are listed with what they did, until when, and whether they are slowed', () => {
    const node = wanted([0, 0, 0])
    const { conduct } = node.state
    bookMisdeed(conduct, { peer: peer(1), subnet: undefined }, 'flooding', node.nowMs, 10)
    const stranger = peer(9)
    bookMisdeed(conduct, { peer: stranger, subnet: undefined }, 'malformed', node.nowMs)
    const views = peerViews(node.state, node.nowMs)
    expect(views.find((view) => view.peer === peer(0))).toMatchObject({ slowed: false })
    expect(views.find((view) => view.peer === peer(1))).toMatchObject({ slowed: true })
    expect(views.find((view) => view.peer === stranger)).toMatchObject({
      connected: false,
      slowed: false,
      refusals: [{ reason: 'sent bytes that are no message', endsInMs: 60_000 }],
    })
    expect(conductSummary(node.state, node.nowMs)).toMatchObject({
      ...{ bannedNow: 1, slowedNow: 1, bans: 1, subnetBans: 0 },
      misdeeds: { flooding: 10, malformed: 1, oversized: 0 },
    })
    node.pass(300_000)
    expect(peerViews(node.state, node.nowMs).some((view) => view.peer === stranger)).toBe(false)
  })
})
