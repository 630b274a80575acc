/** A private grid: members show who they are, hear who is out, and are confirmed by those who may invite. */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { EventOf } from '../event.js'
import type { RevocationRecord } from '../kit/records.js'
import { listRevocations, type Members, rememberMember } from '../membership/members.js'
import { emit, journal, send, type Turn, wakeAt } from './turn.js'

/** Who comes again and again is written once in so long: the record changes by its date alone. */
const rewriteMs = 3_600_000

/** A peer showed its membership, and it holds: it may be a neighbour in a moment. */
export function onMemberSeen(turn: Turn, { record, provisional }: EventOf<'member-seen'>): void {
  const { members } = turn.state
  const before = members.known.get(record.peer)
  const forgotten = rememberMember(members, record)
  if (provisional === undefined) members.provisional.delete(record.peer)
  else members.provisional.set(record.peer, provisional)
  const isSame = before !== undefined && isEqual(before.chain, record.chain)
  if (!isSame || before.seenMs + rewriteMs < record.seenMs)
    journal(turn, [{ type: 'member', record }])
  if (forgotten === undefined) return
  members.provisional.delete(forgotten)
  journal(turn, [{ type: 'member-forgotten', peer: forgotten }])
}

/** A new neighbour hears who is out; and one that certified itself gets a certificate that lasts. */
export function greetMember(turn: Turn, peer: PeerId): void {
  const { members } = turn.state
  if (members.authority === undefined) return
  tellRevocations(turn, peer, listRevocations(members))
  const provisional = members.provisional.get(peer)
  if (provisional !== undefined && mayConfirm(members, peer))
    emit(turn, { type: 'confirm-member', peer, ...provisional })
  wakeAt(turn, 'membership', members.known.get(peer)?.expiresMs ?? Number.POSITIVE_INFINITY)
}

/** Nobody gives what he does not have: who lacks one of its roles leaves it to others. */
function mayConfirm({ own, known }: Members, peer: PeerId): boolean {
  const theirs = known.get(peer)?.roles
  if (own === undefined || theirs === undefined || !own.roles.includes('invite')) return false
  return theirs.every((role) => own.roles.includes(role))
}

export function tellRevocations(
  turn: Turn,
  peer: PeerId,
  revoked: readonly RevocationRecord[],
): void {
  const most = limits.revocationsPerMessageMax
  for (let i = 0; i < revoked.length; i += most)
    send(turn, peer, { type: 'revocations', revoked: revoked.slice(i, i + most) })
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
