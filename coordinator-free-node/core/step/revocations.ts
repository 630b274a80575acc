/** Members of a private grid whose time is over, by the word of somebody above them or by the clock. */
import type { PeerId } from '../../protocol/ids.js'
import type { RevocationRecord } from '../kit/records.js'
import { isExpired, learnRevocation, nextExpiryMs, revokedIn } from '../membership/members.js'
import { turnAway } from './lists.js'
import { tellRevocations } from './members.js'
import { emit, journal, type Turn, wakeAt } from './turn.js'

/** Heard from a neighbour, or said by this node's own user; passed on once. */
export function onRevocations(
  turn: Turn,
  from: PeerId,
  revoked: readonly RevocationRecord[],
): void {
  const { state } = turn
  const { members } = state
  const fresh = revoked.filter((record) => learnRevocation(members, record))
  if (fresh.length === 0) return
  journal(
    turn,
    fresh.map((record) => ({ type: 'revocation', record })),
  )
  for (const peer of state.neighbours.neighbours.keys())
    if (peer !== from) tellRevocations(turn, peer, fresh)
  const own = members.own && revokedIn(members, members.own.lineage)
  if (own !== undefined)
    emit(turn, {
      type: 'notice',
      level: 'warning',
      text: "this node's membership of its grid was revoked: no member talks to it any more",
      job: undefined,
    })
  // After they were told: who is out hears that it is.
  turnAway(turn)
}

/** Those whose membership has ended go. */
export function membersTick(turn: Turn): void {
  const { state, nowMs } = turn
  const { members, neighbours } = state
  if (members.authority === undefined) return
  const here = [...neighbours.neighbours.keys()]
  if (here.some((peer) => isExpired(members, peer, nowMs))) turnAway(turn)
  wakeAt(
    turn,
    'membership',
    Math.max(nowMs + 1, nextExpiryMs(members, neighbours.neighbours.keys())),
  )
}
