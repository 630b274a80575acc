/** Memberships with real keys: who belongs, for how long, and who can put whom out. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import {
  formatInvitation,
  parseInvitation,
} from '../../../coordinator-free-node/protocol/invitation.js'
import type { Role } from '../../../coordinator-free-node/protocol/membership.js'
import {
  acceptInvitation,
  foundGrid,
  type GridPapers,
} from '../../../coordinator-free-node/shell/grid/grid-papers.js'
import { PrivateGrid } from '../../../coordinator-free-node/shell/grid/private-grid.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'

const dayMs = 86_400_000
const newcomer = () => loadIdentity(createIdentity())
const founder = newcomer()
const papers = foundGrid('lab', founder)
const lab = new PrivateGrid(papers, founder)

function invite(
  grid: PrivateGrid,
  change: Partial<{ roles: Role[]; forMs: number; memberMs: number; peer: PeerId }> = {},
) {
  return grid.invite({
    roles: change.roles ?? ['submit', 'host'],
    forMs: change.forMs ?? 7 * dayMs,
    memberMs: change.memberMs ?? 365 * dayMs,
    peer: change.peer,
    addresses: [
      '/ip4/192.0.2.1/tcp/4001/ws/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo',
    ],
  })
}

/** A member by an invitation, confirmed by who invited it, by another member, or by nobody yet. */
function join(
  grid: PrivateGrid,
  change: Parameters<typeof invite>[1] = {},
  confirmer: PrivateGrid | 'nobody' = grid,
) {
  const identity = newcomer()
  const { text, invitation, chain } = invite(grid, change)
  const own: GridPapers = acceptInvitation(parseInvitation(text), identity)
  const member = new PrivateGrid(own, identity)
  const { self } = identity.signer
  const seen = grid.examine(self, member.shown, Date.now())
  if ('fault' in seen || seen.provisional === undefined) throw new Error('not provisional')
  const { record, provisional } = seen
  if (confirmer !== 'nobody')
    member.adopt(confirmer.confirm(record, provisional, Date.now()) as Uint8Array, Date.now())
  return { member, self, invitation, invitationChain: chain, identity }
}

describe('a private grid', () => {
  test('takes in who was invited, for as long as the invitation says, and longer once confirmed', () => {
    const before = join(lab, { forMs: dayMs }, 'nobody')
    expect(before.member.roles).toEqual(['submit', 'host'])
    expect(before.member.expiresUtcMs).toBeLessThanOrEqual(Date.now() + dayMs)
    const { member, self } = join(lab, { forMs: dayMs })
    expect(member.expiresUtcMs).toBeGreaterThan(Date.now() + 300 * dayMs)
    expect(lab.examine(self, member.shown, Date.now())).toMatchObject({ provisional: undefined })
    expect(lab.examine(self, before.member.shown, Date.now() + 2 * dayMs)).toEqual({
      fault: expect.stringContaining('invitation has expired'),
    })
  })

  test('lets members with that role invite others, with no wider roles, four times over', () => {
    let grid = lab
    for (let depth = 0; depth < 4; depth++) {
      const { member, self } = join(grid, { roles: ['host', 'invite'] })
      expect(lab.examine(self, member.shown, Date.now())).toHaveProperty('record')
      expect(() => invite(member, { roles: ['submit'] })).toThrow('may not give the role submit')
      grid = member
    }
    const { member } = join(lab)
    expect(() => invite(member)).toThrow('may not invite others')
  })

  test.each([
    ['nothing', () => undefined, 'this grid is private'],
    ['the chain of another', () => join(lab).member.shown, 'of another node'],
    [
      'a chain of another grid',
      () => new PrivateGrid(foundGrid('lab', founder), founder).shown,
      'of another grid',
    ],
  ])('refuses who shows %s', (_, shown, fault) => {
    const { self } = newcomer().signer
    expect(lab.examine(self, shown(), Date.now())).toEqual({
      fault: expect.stringContaining(fault),
    })
  })

  test('binds an invitation to one peer where it is told to', () => {
    const friend = newcomer()
    const { text } = invite(lab, { peer: friend.signer.self })
    expect(acceptInvitation(parseInvitation(text), friend).name).toBe('lab')
    expect(() => acceptInvitation(parseInvitation(text), newcomer())).toThrow('for somebody else')
  })

  test('no byte of a chain can be changed', () => {
    const { member, self } = join(lab, { roles: ['host', 'invite'] })
    const shown = member.shown
    fc.assert(
      fc.property(fc.nat(shown.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = new Uint8Array(shown)
        changed[at] = (changed[at] ?? 0) ^ by
        try {
          return 'fault' in lab.examine(self, changed, Date.now())
        } catch (error) {
          return (error as { blame?: string }).blame === 'remote'
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is left by those whom the founder, or who invited them, revokes, and by nobody else’s word', () => {
    const inviter = join(lab, { roles: ['submit', 'host', 'invite'] })
    const invited = join(inviter.member)
    const other = join(lab, { roles: ['host', 'invite'] })
    expect(lab.revoke(invited.self, undefined)).toMatchObject({ revoked: invited.self })
    const byInviter = inviter.member.revoke(invited.self, invited.member.shown)
    expect(lab.examineRevocation(byInviter.packed)).toMatchObject({ revoked: invited.self })
    expect(() => other.member.revoke(invited.self, invited.member.shown)).toThrow(
      'cannot be revoked',
    )
    expect(() => invited.member.revoke(inviter.self, inviter.member.shown)).toThrow('cannot be')
    const forged = { ...byInviter.packed, signer: other.self }
    expect(lab.examineRevocation(forged)).toHaveProperty('fault')
  })

  test('keeps those who let a member in above it, whoever confirmed it', () => {
    const everything: Role[] = ['submit', 'host', 'invite']
    const inviter = join(lab, { roles: everything })
    const other = join(lab, { roles: everything })
    for (const confirmer of [lab, other.member, inviter.member]) {
      const { member, self, invitation } = join(inviter.member, {}, confirmer)
      const seen = lab.examine(self, member.shown, Date.now())
      if ('fault' in seen) throw new Error(seen.fault)
      expect(seen.provisional).toBeUndefined()
      expect(seen.record.through).toBe(invitation)
      expect(seen.record.lineage.slice(-2)).toEqual([inviter.self, self])
      for (const revoked of [self, invitation])
        expect(
          lab.examineRevocation(inviter.member.revoke(revoked, member.shown).packed),
        ).toMatchObject({ revoked })
    }
  })

  test('takes the key of an invitation for nobody, though it was certified', () => {
    const friend = newcomer().signer.self
    const { text, invitation } = invite(lab, { peer: friend })
    const { chain } = parseInvitation(text)
    expect(lab.examine(invitation, chain, Date.now())).toHaveProperty('fault')
  })

  test('does not let a confirmation take roles away, or shorten the membership', () => {
    const { member, self } = join(lab, {}, 'nobody')
    const narrow = join(lab, { roles: ['host', 'invite'] })
    const seen = narrow.member.examine(self, member.shown, Date.now())
    if ('fault' in seen) throw new Error(seen.fault)
    const provisional = { memberMs: 365 * dayMs, through: self }
    const chain = narrow.member.confirm(seen.record, provisional, Date.now())
    expect(member.adopt(chain as Uint8Array, Date.now())).toBeUndefined()
    const short = lab.confirm(seen.record, { ...provisional, memberMs: dayMs }, Date.now())
    expect(member.adopt(short as Uint8Array, Date.now())).toBeUndefined()
    expect(member.roles).toEqual(['submit', 'host'])
  })

  test('an invitation can be revoked by who made it, before anybody came', () => {
    const inviter = join(lab, { roles: ['host', 'invite'] })
    const { invitation, chain } = invite(inviter.member, { roles: ['host'] })
    const record = inviter.member.revoke(invitation, chain)
    expect(lab.examineRevocation(record.packed)).toMatchObject({ revoked: invitation })
  })
})

describe('an invitation as text', () => {
  test('fits a line of five hundred characters, and comes back as it was', () => {
    const { text } = invite(lab)
    expect(text.length).toBeLessThan(500)
    expect(formatInvitation(parseInvitation(`  ${text.slice(0, 50)}\n${text.slice(50)} `))).toBe(
      text,
    )
  })

  test('with any character changed is refused in words', () => {
    const { text } = invite(lab)
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom('A', '7', '-', '_', '%', ''),
        (at, by) => {
          const changed = text.slice(0, at) + by + text.slice(at + 1)
          if (changed === text) return
          expect(() => parseInvitation(changed)).toThrow('this is no invitation to a grid')
        },
      ),
      { numRuns: 300 },
    )
  })
})
