/**
 * Who is around: neighbours with their hello, and a bounded book of peers once seen, from which a node that has
 * too few neighbours dials.
 *
 * State owned here: `NeighbourState`. Stories: discovered -> known -> dialled -> neighbour -> known again.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { type Random, sample } from '../kit/random.js'
import type { PeerRecord } from '../kit/records.js'
import { publicSubnetOf } from '../kit/subnets.js'

export interface Neighbour {
  addresses: readonly string[]
  /** Of its public address, if it has one. */
  subnet: string | undefined
  /** From its hello; undefined until that came. */
  agent: string | undefined
  donates: boolean | undefined
}

interface KnownPeer {
  addresses: readonly string[]
  seenMs: number
  /** Not dialled again before this; grows with each failure. */
  dialAfterMs: number
  failures: number
}

export interface NeighbourState {
  neighbours: Map<PeerId, Neighbour>
  known: Map<PeerId, KnownPeer>
}

/** Back-off of dials by acquaintance; the overlay has its own for lost neighbours. */
const dialBackOffMs = { first: 5_000, most: 600_000 }

export function createNeighbours(): NeighbourState {
  return { neighbours: new Map(), known: new Map() }
}

/** @returns the peer that fell out of a full book, if any */
export function rememberPeer(
  state: NeighbourState,
  peer: PeerId,
  addresses: readonly string[],
  nowMs: number,
): PeerId | undefined {
  const before = state.known.get(peer)
  state.known.delete(peer)
  state.known.set(peer, {
    addresses:
      addresses.length > 0 ? addresses.slice(0, limits.addressesMax) : (before?.addresses ?? []),
    seenMs: nowMs,
    dialAfterMs: before?.dialAfterMs ?? 0,
    failures: before?.failures ?? 0,
  })
  if (state.known.size <= limits.knownPeersMax) return undefined
  const oldest = state.known.keys().next().value
  if (oldest !== undefined) state.known.delete(oldest)
  return oldest
}

export function restorePeers(state: NeighbourState, records: readonly PeerRecord[]): void {
  for (const { peer, addresses, seenMs } of [...records].sort((a, b) => a.seenMs - b.seenMs))
    rememberPeer(state, peer, addresses, seenMs)
}

export function neighbourJoined(
  state: NeighbourState,
  peer: PeerId,
  addresses: readonly string[],
  nowMs: number,
): PeerId | undefined {
  const subnet = publicSubnetOf(addresses)
  state.neighbours.set(peer, { addresses, subnet, agent: undefined, donates: undefined })
  const forgotten = rememberPeer(state, peer, addresses, nowMs)
  const known = state.known.get(peer)
  if (known !== undefined) {
    known.failures = 0
    known.dialAfterMs = 0
  }
  return forgotten
}

export function neighbourLeft(state: NeighbourState, peer: PeerId): boolean {
  return state.neighbours.delete(peer)
}

export function dialFailed(state: NeighbourState, peer: PeerId, nowMs: number): void {
  const known = state.known.get(peer)
  if (known === undefined) return
  known.failures++
  known.dialAfterMs =
    nowMs + Math.min(dialBackOffMs.most, dialBackOffMs.first * 2 ** (known.failures - 1))
}

/** A few acquaintances to dial when neighbours are too few; marks them as being dialled. */
export function peersToDial(
  state: NeighbourState,
  self: PeerId,
  random: Random,
  nowMs: number,
): { peer: PeerId; addresses: readonly string[] }[] {
  const lacking = limits.neighboursWanted - state.neighbours.size
  if (lacking <= 0) return []
  const candidates = [...state.known].filter(
    ([peer, known]) =>
      peer !== self &&
      !state.neighbours.has(peer) &&
      known.addresses.length > 0 &&
      known.dialAfterMs <= nowMs,
  )
  return sample(random, candidates, Math.min(lacking, 3)).map(([peer, known]) => {
    known.dialAfterMs = nowMs + dialBackOffMs.first
    return { peer, addresses: known.addresses }
  })
}

/** Neighbours to tell a new one about, so that meshes grow from one address. */
export function introductionsFor(
  state: NeighbourState,
  newcomer: PeerId,
  random: Random,
): { peer: PeerId; addresses: string[] }[] {
  const others = [...state.neighbours].filter(
    ([peer, neighbour]) => peer !== newcomer && neighbour.addresses.length > 0,
  )
  return sample(random, others, limits.introductionPeersMax).map(([peer, { addresses }]) => ({
    peer,
    addresses: addresses.slice(0, limits.addressesMax),
  }))
}

/**
 * Peers that may be one person's: those of one public subnet, one of whom could speak through all the others.
 *
 * @returns the same text for peers of one suspected cluster; a peer by itself is its own
 */
export function clusterOf({ neighbours, known }: NeighbourState, peer: PeerId): string {
  const neighbour = neighbours.get(peer)
  if (neighbour !== undefined) return neighbour.subnet ?? peer
  return publicSubnetOf(known.get(peer)?.addresses ?? []) ?? peer
}
