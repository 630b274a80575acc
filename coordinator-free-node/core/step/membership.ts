/** Neighbours come and go; adverts are judged once and passed on. */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { EventOf } from '../event.js'
import {
  acceptAdvert,
  expireAdverts,
  forgetAdvertiser,
  hearAdvert,
  mayTell,
} from '../membership/adverts.js'
import {
  hasSeat,
  hearOfPeer,
  introductionsFor,
  neighbourJoined,
  neighbourLeft,
  peersToDial,
  recordToSave,
  rememberPeer,
} from '../membership/neighbours.js'
import type { CoreMessageOf } from '../messages.js'
import { admittedPlaces, denialOfMeeting } from './admission.js'
import { blame } from './blame.js'
import { considerAdvert, hostLost, hostRejoined, withdrawAdvert } from './host.js'
import { stewardLostHost } from './leasing.js'
import { greetMember } from './members.js'
import { issueMissedReceipts } from './receipts.js'
import { emit, journal, send, type Turn, wakeAt } from './turn.js'

/** What a node calls itself in its hello. */
const agent = 'manyhands/0.1.0'

/** Acquaintances are dialled and adverts expired this often. */
const membershipEveryMs = 2_000

/** Adverts that a new neighbour is told at once; it hears of the rest when they are renewed. */
const advertsAtJoinMax = 100

export function onNeighbourJoined(
  turn: Turn,
  { peer, addresses, place }: EventOf<'neighbour-joined'>,
): void {
  const { state, nowMs } = turn
  if (denialOfMeeting(state, peer, nowMs) !== undefined) {
    emit(turn, { type: 'turn-away', peers: [peer] })
    return
  }
  if (!hasSeat(state.neighbours, peer, place)) {
    const reason = `it has ${limits.neighboursPerSubnetMax} neighbours of that subnet, no more are taken`
    emit(turn, { type: 'disconnect', peer, reason })
    return
  }
  const forgotten = neighbourJoined(state.neighbours, peer, addresses, place, nowMs)
  savePeer(turn, peer)
  if (forgotten !== undefined) journal(turn, [{ type: 'peer-forgotten', peer: forgotten }])
  send(turn, peer, {
    type: 'hello',
    version: 1,
    agent,
    donates: state.config.donates && !state.hosting.draining,
    addresses: state.addresses.slice(0, limits.addressesMax),
  })
  const peers = introductionsFor(state.neighbours, peer, state.random)
  if (peers.length > 0) send(turn, peer, { type: 'introduce', peers })
  const recent = [...state.adverts.adverts.values()].slice(-advertsAtJoinMax)
  for (const { body, sealed, hops } of recent)
    if (
      !body.closed &&
      body.steward !== peer &&
      hops < limits.advertHopsMax &&
      mayTell(state.adverts, peer, nowMs)
    )
      send(turn, peer, { type: 'advert', body, sealed, hops: sealed === undefined ? 0 : hops + 1 })
  greetMember(turn, peer)
  hostRejoined(turn, peer)
  issueMissedReceipts(turn, peer)
}

export function onNeighbourLeft(turn: Turn, peer: PeerId): void {
  if (!neighbourLeft(turn.state.neighbours, peer)) return
  turn.state.loneSinceMs = turn.nowMs
  forgetAdvertiser(turn.state.adverts, peer)
  stewardLostHost(turn, peer)
  hostLost(turn, peer)
}

export function onHello(turn: Turn, from: PeerId, hello: CoreMessageOf<'hello'>): void {
  const neighbour = turn.state.neighbours.neighbours.get(from)
  if (neighbour === undefined) return
  if (neighbour.agent !== undefined) {
    // Honest nodes greet once.
    blame(turn, from, 'stale-message')
    return
  }
  neighbour.agent = hello.agent
  neighbour.donates = hello.donates
  if (hello.addresses.length === 0) return
  neighbour.addresses = hello.addresses
  const admitted = admittedPlaces(turn.state, hello.addresses, turn.nowMs)
  rememberPeer(turn.state.neighbours, from, admitted, turn.nowMs, true)
  savePeer(turn, from)
}

/** @param from  the neighbour that says so; undefined: the directory or the local network */
export function onPeersHeardOf(
  turn: Turn,
  from: PeerId | undefined,
  peers: readonly { peer: PeerId; addresses: readonly string[] }[],
): void {
  const { state, nowMs } = turn
  for (const { peer, addresses } of peers) {
    if (peer === state.self || state.neighbours.neighbours.has(peer)) continue
    if (denialOfMeeting(state, peer, nowMs) !== undefined) continue
    const admitted = admittedPlaces(state, addresses, nowMs)
    if (admitted.length < addresses.length && admitted.length === 0) continue
    const forgotten =
      from === undefined
        ? rememberPeer(state.neighbours, peer, admitted, nowMs, false)
        : hearOfPeer(state.neighbours, from, peer, admitted, nowMs)
    if (forgotten === false && from !== undefined) blame(turn, from, 'stale-message')
    else if (forgotten) journal(turn, [{ type: 'peer-forgotten', peer: forgotten }])
  }
  dialSome(turn)
}

function dialSome(turn: Turn): void {
  const { state, nowMs } = turn
  for (const { peer, addresses } of peersToDial(state.neighbours, state.self, state.random, nowMs))
    emit(turn, { type: 'dial', peer, addresses, job: undefined })
}

export function onAdvert(turn: Turn, from: PeerId, message: CoreMessageOf<'advert'>): void {
  const { state, nowMs } = turn
  const { body, sealed, hops } = message
  if (body.steward === state.self) return
  // Neither served nor passed on: whoever is denied does not use this node as a mouthpiece.
  if (denialOfMeeting(state, body.steward, nowMs) !== undefined) return
  const hearing = hearAdvert(state.adverts, from, nowMs)
  if (hearing === 'excess') blame(turn, from, 'advert-excess')
  if (hearing !== 'yes') return
  const expiresMs = nowMs + Math.min(body.ttlMs, limits.advertTtlMsMax)
  if (!acceptAdvert(state.adverts, { body, sealed, hops, from, expiresMs })) return
  wakeAt(turn, 'membership', expiresMs)
  if (hops + 1 < limits.advertHopsMax)
    for (const peer of state.neighbours.neighbours.keys())
      if (peer !== from && peer !== body.steward && mayTell(state.adverts, peer, nowMs))
        send(turn, peer, { type: 'advert', body, sealed, hops: hops + 1 })
  considerAdvert(turn, body)
}

export function membershipTick(turn: Turn): void {
  const { state, nowMs } = turn
  const { expired, nextMs } = expireAdverts(state.adverts, nowMs)
  for (const { body } of expired) if (body.steward !== state.self) withdrawAdvert(turn, body.job)
  dialSome(turn)
  wakeAt(turn, 'membership', Math.min(nextMs, nowMs + membershipEveryMs))
}

function savePeer(turn: Turn, peer: PeerId): void {
  const record = recordToSave(turn.state.neighbours, peer, turn.nowMs)
  if (record !== undefined) journal(turn, [{ type: 'peer', record }])
}
