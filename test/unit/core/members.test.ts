/** A private grid as the core sees it: who is out goes at once and everywhere, and roles hold. */
import { describe, expect, test } from '@jest/globals'
import type { CoreConfig } from '../../../coordinator-free-node/core/config.js'
import type {
  MemberRecord,
  RevocationRecord,
} from '../../../coordinator-free-node/core/kit/records.js'
import {
  countRevocations,
  createMembers,
  learnRevocation,
  revokedIn,
} from '../../../coordinator-free-node/core/membership/members.js'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import type { Role } from '../../../coordinator-free-node/protocol/membership.js'
import { job, LoneNode, manifest, peer, self } from './lone-node.js'

const authority = '12D3KooWgridkey' as PeerId
const founder = '12D3KooWfounder' as PeerId
const inviter = peer(1)
const guest = peer(2)
const other = peer(3)

const revocation = (revoked: PeerId, signer: PeerId = authority): RevocationRecord => ({
  revoked,
  signer,
  packed: { body: new Uint8Array(), signer, signature: new Uint8Array(64) },
})

class Private extends LoneNode {
  constructor(config: Partial<CoreConfig> = {}, roles: readonly Role[] = ['submit', 'host']) {
    const belonging = { authority, roles, lineage: [founder, self] }
    super({ donates: false, belonging, ...config })
  }

  see(who: PeerId, change: Partial<MemberRecord> = {}, provisional = false) {
    const record = {
      peer: who,
      roles: ['submit', 'host'] as const,
      lineage: [who],
      through: undefined,
      expiresMs: this.nowMs + 1e9,
      seenMs: this.nowMs,
      chain: Uint8Array.of(1),
      ...change,
    }
    this.event({
      type: 'member-seen',
      record,
      provisional: provisional ? { memberMs: 1e6, through: peer(77) } : undefined,
    })
  }

  join(who: PeerId, change: Partial<MemberRecord> = {}, provisional = false) {
    this.see(who, change, provisional)
    this.event({ type: 'neighbour-joined', peer: who, addresses: [] })
  }

  of<Type extends string>(type: Type) {
    return this.effects.filter((effect) => effect.type === type)
  }

  journalled(type: string) {
    return this.effects.flatMap((effect) =>
      effect.type === 'journal' ? effect.records.filter((record) => record.type === type) : [],
    )
  }

  get neighbours() {
    return [...this.state.neighbours.neighbours.keys()]
  }
}

const hears = (...revoked: RevocationRecord[]): CoreMessage => ({ type: 'revocations', revoked })

describe('a revocation', () => {
  test('sends the member away, and everybody whom it let in', () => {
    const node = new Private()
    node.join(inviter)
    node.join(guest, { lineage: [inviter, peer(77), guest] })
    node.join(other)
    node.hear(other, hears(revocation(inviter)))
    expect(node.neighbours).toEqual([other])
    expect(node.of('turn-away')).toContainEqual(
      expect.objectContaining({ peers: [inviter, guest] }),
    )
  })

  test('is kept, and passed on once, to all but its teller', () => {
    const node = new Private()
    for (const who of [inviter, guest, other]) node.join(who)
    node.hear(inviter, hears(revocation(guest)))
    node.hear(other, hears(revocation(guest)))
    expect(node.journalled('revocation')).toHaveLength(1)
    expect(node.sent('revocations', other)).toHaveLength(1)
    expect(node.sent('revocations', inviter)).toHaveLength(0)
    // The revoked hears why nobody talks to it any more.
    expect(node.sent('revocations', guest)).toHaveLength(1)
  })

  test('is told to everybody who joins later, in messages of a bounded size', () => {
    const node = new Private()
    const count = limits.revocationsPerMessageMax + 1
    for (let n = 0; n < count; n++)
      node.event({ type: 'revocation-issued', record: revocation(peer(100 + n)) })
    node.join(other)
    const told = node.sent('revocations', other)
    expect(told.map(({ revoked }) => revoked.length)).toEqual([limits.revocationsPerMessageMax, 1])
  })

  test('heard in an earlier life holds at the next start', () => {
    const node = new Private()
    node.event({
      type: 'started',
      addresses: [],
      leaseBase: 2,
      jobs: [],
      ledger: [],
      standing: [],
      peers: [],
      receipts: [],
      members: [],
      revoked: [revocation(guest)],
      pausedUntilUtcMs: undefined,
    })
    node.event({ type: 'peer-discovered', peer: guest, addresses: ['/ip4/203.0.113.5/tcp/1/ws'] })
    expect(node.of('dial')).toHaveLength(0)
    expect(revokedIn(node.state.members, [guest])).toBe(guest)
  })

  test('of this node is said to its user', () => {
    const node = new Private()
    node.join(other)
    node.hear(other, hears(revocation(founder)))
    expect(node.of('notice')).toMatchObject([{ level: 'warning' }])
    expect(node.of('notice')[0]).toHaveProperty('text', expect.stringMatching(/was revoked/))
  })

  test('gives the leases of the revoked to others', () => {
    const node = new Private()
    const quorum = { rule: 'quorum', quorum: 1 } as const
    node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance: quorum }) })
    node.see(guest)
    node.want(guest)
    expect(node.sent('lease', guest)).not.toHaveLength(0)
    node.join(other)
    node.hear(other, hears(revocation(guest)))
    node.want(other)
    expect(node.sent('lease', other)).not.toHaveLength(0)
    for (const { host } of node.stewarded.schedule.leases.values()) expect(host).toBe(other)
  })

  test('says nothing in an open grid', () => {
    const members = createMembers()
    expect(learnRevocation(members, revocation(guest))).toBe(false)
    expect(revokedIn(members, [guest])).toBeUndefined()
  })
})

describe('the word of a member', () => {
  const lineages = { below: [inviter, guest], beside: [other, guest], above: [guest, inviter] }

  test('counts on those below him alone, whatever lineage he shows', () => {
    const node = new Private()
    node.join(other)
    node.join(guest, { lineage: lineages.beside })
    node.hear(other, hears(revocation(guest, inviter), revocation(founder, inviter)))
    expect(node.neighbours).toEqual([other, guest])
    expect(node.of('notice')).toEqual([])
    const { members } = node.state
    expect(revokedIn(members, lineages.below)).toBe(guest)
    expect(revokedIn(members, lineages.above)).toBeUndefined()
    expect(revokedIn(members, [guest])).toBeUndefined()
  })

  test('does not take the place of the word of somebody who stands above', () => {
    const node = new Private()
    node.join(guest, { lineage: lineages.beside })
    node.hear(guest, hears(revocation(guest, inviter)))
    node.hear(guest, hears(revocation(guest, other)))
    expect(node.neighbours).toEqual([])
    expect(node.journalled('revocation')).toHaveLength(2)
  })

  test("gives way to the word of the grid's key, which counts everywhere", () => {
    const members = createMembers({ authority, roles: ['host'], lineage: [self] })
    learnRevocation(members, revocation(guest, inviter))
    expect(learnRevocation(members, revocation(guest))).toBe(true)
    expect(learnRevocation(members, revocation(guest, other))).toBe(false)
    expect(countRevocations(members)).toBe(1)
    for (const lineage of [...Object.values(lineages), [guest]])
      expect(revokedIn(members, lineage)).toBe(guest)
  })

  test('fills no more than its part of the table', () => {
    const members = createMembers({ authority, roles: ['host'], lineage: [self] })
    for (let n = 0; n < limits.revocationsMax; n++)
      learnRevocation(members, revocation(peer(n), inviter))
    const filled = countRevocations(members)
    expect(filled).toBe(0.75 * limits.revocationsMax)
    expect(learnRevocation(members, revocation(peer(9_999), other))).toBe(false)
    expect(learnRevocation(members, revocation(peer(9_999)))).toBe(true)
  })
})

describe('a membership', () => {
  test('that ends sends its member away in that moment', () => {
    const node = new Private()
    node.join(guest, { expiresMs: node.nowMs + 5_000 })
    node.join(other)
    node.pass(4_999)
    expect(node.neighbours).toEqual([guest, other])
    node.pass(1)
    expect(node.neighbours).toEqual([other])
  })

  test('is written once, and not at every visit', () => {
    const node = new Private()
    for (let visit = 0; visit < 5; visit++) {
      node.join(guest)
      node.event({ type: 'neighbour-left', peer: guest })
    }
    expect(node.journalled('member')).toHaveLength(1)
    node.join(guest, { chain: Uint8Array.of(2) })
    expect(node.journalled('member')).toHaveLength(2)
  })

  test('of the one seen longest ago is forgotten when there are too many', () => {
    const node = new Private()
    for (let n = 0; n <= limits.membersMax; n++) node.see(peer(n))
    expect(node.state.members.known.size).toBe(limits.membersMax)
    expect(node.journalled('member-forgotten')).toEqual([
      { type: 'member-forgotten', peer: peer(0) },
    ])
  })

  test('by an invitation is confirmed by a member that may invite and has all its roles', () => {
    const confirmations = (roles: readonly Role[]) => {
      const node = new Private({}, roles)
      node.join(guest, {}, true)
      return node.of('confirm-member')
    }
    expect(confirmations(['submit', 'host', 'invite'])).toMatchObject([
      { peer: guest, memberMs: 1e6, through: peer(77) },
    ])
    expect(confirmations(['submit', 'host'])).toEqual([])
    expect(confirmations(['host', 'invite'])).toEqual([])
  })
})

describe('a role', () => {
  test('"host" is needed to be given units', () => {
    const node = new Private()
    node.event({ type: 'job-submitted', job, manifest: manifest() })
    node.see(guest, { roles: ['submit'] })
    node.want(guest)
    expect(node.sent('lease', guest)).toEqual([])
    expect(node.sent('decline', guest)).toMatchObject([
      { reason: 'this member may not work for others in this grid' },
    ])
    node.see(other, { roles: ['host'] })
    node.want(other)
    expect(node.sent('lease', other)).not.toHaveLength(0)
  })

  const advert = (steward: PeerId, requester: PeerId): CoreMessage => ({
    type: 'advert',
    body: {
      job,
      steward,
      addresses: [],
      serial: 1,
      ttlMs: 45_000,
      closed: false,
      name: 'somebody',
      requester,
      taskHash: manifest().taskHash,
      tier: 'builtin',
      unitMemoryBytesMax: 65_536,
    },
    sealed: { body: new Uint8Array(), signer: steward, signature: new Uint8Array(64) },
    hops: 0,
  })
  const refused = {
    verdict: 'refused',
    reason: 'its requester may not submit jobs to this grid',
  }

  test('"submit" is needed to be served', () => {
    const node = new Private({ donates: true })
    node.join(guest, { roles: ['host'] })
    node.hear(guest, advert(guest, guest))
    expect(node.sent('answer', guest)).toMatchObject([refused])
  })

  test('"submit" is needed by the steward, too: a name that nobody knows lends it none', () => {
    const node = new Private({ donates: true })
    node.join(guest, { roles: ['host'] })
    node.hear(guest, advert(guest, peer(55)))
    expect(node.sent('answer', guest)).toMatchObject([refused])
  })

  test('"submit" is enough to be served', () => {
    const node = new Private({ donates: true })
    node.join(guest, { roles: ['submit'] })
    node.hear(guest, advert(guest, guest))
    expect(node.sent('answer', guest)).not.toContainEqual(expect.objectContaining(refused))
    expect(node.of('fetch-job')).toHaveLength(1)
  })
})
