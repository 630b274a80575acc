/** What follows from memberships: roles, revocations that spread, ends. */
import { describe, expect, test } from '@jest/globals'
import type { MemberRecord } from '../../../coordinator-free-node/core/kit/records.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { LoneNode, peer, self } from './lone-node.js'

const authority = peer(90)
const invitation = peer(91)

function memberOf(who: PeerId, change: Partial<MemberRecord> = {}): MemberRecord {
  return {
    peer: who,
    roles: ['submit', 'host'],
    lineage: [who],
    through: undefined,
    expiresMs: 1e12,
    seenMs: 0,
    chain: Uint8Array.of(1),
    ...change,
  }
}

function meet(node: LoneNode, record: MemberRecord, memberMs?: number) {
  const provisional = memberMs === undefined ? undefined : { memberMs, through: invitation }
  node.event({ type: 'member-seen', record, provisional })
  return node.event({ type: 'neighbour-joined', peer: record.peer, addresses: [] })
}

const grid = (roles: ('submit' | 'host' | 'invite')[] = ['submit', 'host', 'invite']) =>
  new LoneNode({ donates: false, belonging: { authority, roles, lineage: [self] } })

const revocationOf = (revoked: PeerId, signer = authority) => ({
  revoked,
  signer,
  packed: { body: new Uint8Array(), signer, signature: new Uint8Array(64) },
})

describe('members of a private grid', () => {
  test('that came by an invitation are confirmed by a member who may invite', () => {
    const came = memberOf(peer(1), { lineage: [invitation, peer(1)], through: invitation })
    expect(meet(grid(), came, 5_000)).toContainEqual(
      expect.objectContaining({ type: 'confirm-member', peer: peer(1), memberMs: 5_000 }),
    )
    const effects = meet(grid(['submit', 'host']), came, 5_000)
    expect(effects.some(({ type }) => type === 'confirm-member')).toBe(false)
  })

  test('hear of revocations once, go with those who let them in, and stay out', () => {
    const node = grid()
    meet(node, memberOf(peer(1)))
    meet(node, memberOf(peer(2), { lineage: [peer(1), peer(2)] }))
    meet(node, memberOf(peer(3)))
    const revoked = [revocationOf(peer(1))]
    const effects = node.hear(peer(3), { type: 'revocations', revoked })
    const told = effects.filter(
      (effect) => effect.type === 'send-message' && effect.message.type === 'revocations',
    )
    expect(told.map((effect) => 'to' in effect && effect.to)).toEqual([peer(1), peer(2)])
    expect(effects).toContainEqual(
      expect.objectContaining({ type: 'turn-away', peers: [peer(1), peer(2)] }),
    )
    expect(node.hear(peer(3), { type: 'revocations', revoked })).toEqual([])
    expect(meet(node, memberOf(peer(2), { lineage: [peer(1), peer(2)] }))).toContainEqual(
      expect.objectContaining({ type: 'turn-away', peers: [peer(2)] }),
    )
  })

  test('are told at their arrival who is out', () => {
    const node = grid()
    node.event({ type: 'revocation-issued', record: revocationOf(peer(1)) })
    expect(meet(node, memberOf(peer(2)))).toContainEqual(
      expect.objectContaining({
        type: 'send-message',
        message: { type: 'revocations', revoked: [revocationOf(peer(1))] },
      }),
    )
  })

  test('go when their membership ends', () => {
    const node = grid()
    meet(node, memberOf(peer(1), { expiresMs: node.nowMs + 5_000 }))
    expect(node.state.neighbours.neighbours.size).toBe(1)
    node.pass(10_000)
    expect(node.state.neighbours.neighbours.size).toBe(0)
  })
})
