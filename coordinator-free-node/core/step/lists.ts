/**
 * The operator's lists change while the node runs: what they say holds at once. Peers that may not be here go, with
 * their leases to others and their jobs given up; hosted jobs are judged anew; what is remembered of the denied is not.
 */
import type { PeerId } from '../../protocol/ids.js'
import type { EventOf } from '../event.js'
import { dropAdvert } from '../membership/adverts.js'
import { nextAllowanceEndMs, setSource } from '../membership/gate.js'
import { forgetPeer } from '../membership/neighbours.js'
import { admittedPlaces, denialOfMeeting } from './admission.js'
import { considerAdvert, dropHostedJob, refusal, refuseHosted } from './host.js'
import { onNeighbourLeft } from './membership.js'
import { serveNext } from './service.js'
import { emit, journal, type Turn, wakeAt } from './turn.js'

export function onListsChanged(turn: Turn, event: EventOf<'lists-changed'>): void {
  setSource(turn.state.gate, event.source, event.list)
  enforceLists(turn)
}

/** Also at the start of a life, over what earlier ones remembered. */
export function enforceLists(turn: Turn): void {
  const { state, nowMs } = turn
  forgetDenied(turn)
  turnAway(turn)
  reviewHosted(turn)
  state.gateReviewMs = nextAllowanceEndMs(state.gate, nowMs)
  if (state.gateReviewMs < Number.POSITIVE_INFINITY) wakeAt(turn, 'membership', state.gateReviewMs)
}

/** An allowance has ended: who was here by it goes. */
export function listsTick(turn: Turn): void {
  if (turn.state.gateReviewMs <= turn.nowMs) enforceLists(turn)
  else wakeAt(turn, 'membership', turn.state.gateReviewMs)
}

function forgetDenied(turn: Turn): void {
  const { state, nowMs } = turn
  const { known } = state.neighbours
  const forgotten: PeerId[] = []
  for (const [peer, record] of known) {
    const addresses = admittedPlaces(state, record.addresses, nowMs)
    const isNowhere = addresses.length === 0 && record.addresses.length > 0
    if (isNowhere || denialOfMeeting(state, peer, nowMs) !== undefined) forgotten.push(peer)
    else record.addresses = addresses
  }
  for (const peer of forgotten) forgetPeer(state.neighbours, peer)
  journal(
    turn,
    forgotten.map((peer) => ({ type: 'peer-forgotten', peer })),
  )
  for (const [job, { body }] of state.adverts.adverts)
    if (denialOfMeeting(state, body.steward, nowMs) !== undefined) dropAdvert(state.adverts, job)
}

/** The overlay hangs up on the same peers, and on those at addresses that the core does not see. */
export function turnAway(turn: Turn): void {
  const { state, nowMs } = turn
  const peers = [...state.neighbours.neighbours.keys()].filter(
    (peer) => denialOfMeeting(state, peer, nowMs) !== undefined,
  )
  for (const peer of peers) onNeighbourLeft(turn, peer)
  emit(turn, { type: 'turn-away', peers })
}

function reviewHosted(turn: Turn): void {
  const { state, nowMs } = turn
  for (const job of [...state.hosting.jobs.values()]) {
    if (denialOfMeeting(state, job.steward, nowMs) !== undefined) {
      dropHostedJob(turn, job.job)
      continue
    }
    if (job.phase === 'refused') {
      considerAdvert(turn, job.advert)
      continue
    }
    const reason = refusal(turn, job.advert, job.manifest)
    if (reason !== undefined) refuseHosted(turn, job, reason)
  }
  serveNext(turn)
}
