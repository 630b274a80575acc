/** What a person sees of other peers: who helped whom, who is refused, and who is served in which proportion. */
import type {
  ConductSummary,
  ContenderView,
  FavoursView,
  NodeStatus,
  PeerView,
} from '../protocol/gateway-api.js'
import type { PeerId } from '../protocol/ids.js'
import { misdeedWords } from '../protocol/misdeeds.js'
import { isResting } from './hosting/hosting.js'
import { takesPlace, waitsForPlace } from './hosting/turns.js'
import { bannedPeers, bannedUntilMs, isThrottled, viewConduct } from './membership/conduct.js'
import { denialOfPeer } from './membership/gate.js'
import { balanceOf } from './reciprocity/ledger.js'
import { receiptsFrom } from './reciprocity/receipts.js'
import { trustOf } from './reciprocity/strangers.js'
import type { NodeState } from './state.js'
import { isBanned } from './verification/standing.js'

/** Names cost nothing: of those sent away for misbehaviour only so many are listed. */
const misbehavedShownMax = 100

/** Everyone this node knows something of: neighbours first, then those with a history. */
export function peerViews(state: NodeState, nowMs: number): PeerView[] {
  const peers = new Set<PeerId>([
    ...state.neighbours.neighbours.keys(),
    ...state.ledger.keys(),
    ...state.standing.keys(),
    ...[...bannedPeers(state.conduct, nowMs)].slice(-misbehavedShownMax).map(({ peer }) => peer),
  ])
  const contention = contentionView(state, nowMs)
  return [...peers].map((peer) => {
    const neighbour = state.neighbours.neighbours.get(peer)
    const favours = state.ledger.get(peer)
    const belief = state.standing.get(peer)
    return {
      peer,
      connected: neighbour !== undefined,
      addresses: neighbour?.addresses ?? state.neighbours.known.get(peer)?.addresses ?? [],
      agent: neighbour?.agent,
      donates: neighbour?.donates,
      receivedMs: favours?.receivedMs ?? 0,
      givenMs: favours?.givenMs ?? 0,
      balanceMs: favours?.balanceMs ?? 0,
      accepted: belief?.accepted ?? 0,
      refuted: belief?.refuted ?? 0,
      checked: belief?.checked ?? 0,
      audited: belief?.audited ?? 0,
      banned: isBanned(state.standing, peer, nowMs),
      bannedForMs: isBanned(state.standing, peer, nowMs)
        ? (belief?.bannedUntilMs ?? 0) - nowMs
        : undefined,
      slowed: isThrottled(state.conduct, peer, nowMs),
      refusals: refusalsOfPeer(state, peer, nowMs),
      share: contention.find((contender) => contender.peer === peer)?.share,
      receipts: receiptsFrom(state.receipts, peer),
    }
  })
}

function refusalsOfPeer(state: NodeState, peer: PeerId, nowMs: number): PeerView['refusals'] {
  const refusals: PeerView['refusals'][number][] = []
  if (isBanned(state.standing, peer, nowMs)) {
    const endsInMs = (state.standing.get(peer)?.bannedUntilMs ?? 0) - nowMs
    refusals.push({ reason: 'gave a wrong result', endsInMs })
  }
  const untilMs = bannedUntilMs(state.conduct, peer, nowMs)
  const last = state.conduct.peers.get(peer)?.last
  if (untilMs !== undefined && last !== undefined)
    refusals.push({ reason: misdeedWords[last], endsInMs: untilMs - nowMs })
  const denial = denialOfPeer(state.gate, peer, nowMs)
  if (denial !== undefined) {
    const { source, note, untilMs } = denial
    const reason = `${denial.reason} (${source}${note === undefined ? '' : `: ${note}`})`
    refusals.push({ reason, endsInMs: untilMs === undefined ? undefined : untilMs - nowMs })
  }
  return refusals
}

/** Balances in words are short: the largest few. */
const owedShownMax = 5
/** Peers whose favours a status lists: all of a small grid, and those that matter of a large one. */
const favoursShownMax = 100

export function favoursView({ ledger, strangers, config }: NodeState): FavoursView {
  const sums = { receivedMs: 0, givenMs: 0, owedMs: 0, owedPeers: 0 }
  const owed: { peer: PeerId; balanceMs: number }[] = []
  for (const { peer, receivedMs, givenMs, balanceMs } of ledger.values()) {
    sums.receivedMs += receivedMs
    sums.givenMs += givenMs
    if (balanceMs <= 0) continue
    sums.owedMs += balanceMs
    sums.owedPeers++
    owed.push({ peer, balanceMs })
  }
  owed.sort((a, b) => b.balanceMs - a.balanceMs)
  const shareOf = (ms: number, all: number) => (all === 0 ? 0 : ms / all)
  const peers = [...ledger.values()]
    .sort((a, b) => b.givenMs + b.receivedMs - a.givenMs - a.receivedMs)
    .slice(0, favoursShownMax)
    .map(({ peer, givenMs, receivedMs, balanceMs }) => ({
      peer,
      givenMs,
      givenShare: shareOf(givenMs, sums.givenMs),
      receivedMs,
      receivedShare: shareOf(receivedMs, sums.receivedMs),
      balanceMs,
    }))
  const newcomerShare = config.newcomerShare * trustOf(strangers)
  return { ...sums, owed: owed.slice(0, owedShownMax), peers, newcomerShare }
}

/** What peers did wrong since the start, and what came of it. */
export function conductSummary({ conduct }: NodeState, nowMs: number): ConductSummary {
  const { bannedNow, throttledNow, bans, subnetBans, misdeeds } = viewConduct(conduct, nowMs)
  return { bannedNow, slowedNow: throttledNow, bans, subnetBans, misdeeds }
}

export function receiptCount({ receipts }: NodeState): NodeStatus['receipts'] {
  let accepted = 0
  for (const steward of receipts.held.keys()) accepted += receiptsFrom(receipts, steward).accepted
  return { receipts: receipts.size, accepted, stewards: receipts.held.size }
}

/** Who shares this node's threads now, the largest share first; empty unless several want them. */
export function contentionView(state: NodeState, nowMs: number): ContenderView[] {
  const { hosting, order, ledger, self } = state
  const wanting = new Set<PeerId>()
  for (const job of hosting.jobs.values())
    if (!isResting(hosting, job, self) && (takesPlace(job, nowMs) || waitsForPlace(job, nowMs)))
      wanting.add(job.steward)
  const places = order.places.filter(({ peer }) => peer !== self && wanting.has(peer))
  if (places.length < 2) return []
  return places
    .map(({ peer, isFavoured, share }) => ({
      peer,
      // Those without a balance have one part among them.
      share: isFavoured ? share : share * order.newcomerPart,
      balanceMs: balanceOf(ledger, peer),
      givenMs: ledger.get(peer)?.givenMs ?? 0,
    }))
    .sort((a, b) => b.share - a.share || (a.peer < b.peer ? -1 : 1))
}
