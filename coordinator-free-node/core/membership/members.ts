/**
 * Members of a private grid as far as this node has met them, and who is revoked. Signatures and chains were checked
 * before anything comes here.
 *
 * State owned here: `Members`. In an open grid it stays empty, and everybody may do everything.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Role } from '../../protocol/membership.js'
import type { MemberRecord, RevocationRecord } from '../kit/records.js'

export interface Members {
  /** The grid's key; undefined in an open grid. */
  readonly authority: PeerId | undefined
  /** This node's own place, undefined in an open grid. */
  readonly own: { roles: readonly Role[]; lineage: readonly PeerId[] } | undefined
  /** The last seen last. */
  readonly known: Map<PeerId, MemberRecord>
  /** By whom: anybody's word counts on those below him alone. */
  readonly revoked: Map<PeerId, Map<PeerId, RevocationRecord>>
  /** Those that certified themselves by an invitation, and want a member's certificate. */
  readonly provisional: Map<PeerId, Provisional>
}

export interface Provisional {
  /** How long its membership lasts from its confirmation. */
  memberMs: number
  /** The invitation. */
  through: PeerId
}

/** Whose word the grid is, and this node's place in it. */
export interface Belonging {
  authority: PeerId
  roles: readonly Role[]
  lineage: readonly PeerId[]
}

export function createMembers(belonging?: Belonging): Members {
  return {
    authority: belonging?.authority,
    own: belonging && { roles: belonging.roles, lineage: belonging.lineage },
    known: new Map(),
    revoked: new Map(),
    provisional: new Map(),
  }
}

/** @returns the member that fell out of a full table */
export function rememberMember({ known }: Members, record: MemberRecord): PeerId | undefined {
  known.delete(record.peer)
  known.set(record.peer, record)
  if (known.size <= limits.membersMax) return undefined
  const oldest = known.keys().next().value
  if (oldest !== undefined) known.delete(oldest)
  return oldest
}

/** Members who may not invite cannot fill the table, and those who may leave the grid's key its part. */
const signersShare = 0.75

/** @returns false when nothing new follows from it, or there is no room */
export function learnRevocation(members: Members, record: RevocationRecord): boolean {
  const { revoked, authority } = members
  if (authority === undefined) return false
  const { signer } = record
  const said = revoked.get(record.revoked)
  if (said?.has(signer) || said?.has(authority)) return false
  const most = signer === authority ? 1 : signersShare
  if (countRevocations(members) >= most * limits.revocationsMax) return false
  // The key's word holds everywhere: what others said of the same member adds nothing.
  if (said === undefined || signer === authority)
    revoked.set(record.revoked, new Map([[signer, record]]))
  else said.set(signer, record)
  return true
}

export function countRevocations({ revoked }: Members): number {
  let count = 0
  for (const said of revoked.values()) count += said.size
  return count
}

export function listRevocations({ revoked }: Members): RevocationRecord[] {
  return [...revoked.values()].flatMap((said) => [...said.values()])
}

/**
 * Who of a lineage is revoked, by the grid's key or by somebody above it: with an inviter go all whom he let in.
 *
 * Why above it in this very lineage: who may invite can certify anybody, and then show a lineage in which he stands
 * above him. His word ends that lineage, and no other.
 */
export function revokedIn(
  { revoked, authority }: Members,
  lineage: readonly PeerId[],
): PeerId | undefined {
  if (authority === undefined || revoked.size === 0) return undefined
  return lineage.find((subject, at) => {
    const said = revoked.get(subject)
    if (said === undefined) return false
    return said.has(authority) || lineage.slice(0, at).some((signer) => said.has(signer))
  })
}

export function isRevoked(members: Members, peer: PeerId): boolean {
  const lineage = members.known.get(peer)?.lineage ?? [peer]
  return revokedIn(members, lineage) !== undefined
}

export function isExpired({ known }: Members, peer: PeerId, nowMs: number): boolean {
  const record = known.get(peer)
  return record !== undefined && record.expiresMs <= nowMs
}

/** Whether a peer may do something; everybody may in an open grid, and who is not known yet. */
export function mayDo(members: Members, peer: PeerId, role: Role): boolean {
  return members.known.get(peer)?.roles.includes(role) ?? true
}

/** When the next member that is known stops being one, event clock. */
export function nextExpiryMs({ known }: Members, peers: Iterable<PeerId>): number {
  let next = Number.POSITIVE_INFINITY
  for (const peer of peers) next = Math.min(next, known.get(peer)?.expiresMs ?? next)
  return next
}
