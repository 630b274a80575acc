/**
 * Who is around: neighbours with their hello, and a bounded book of peers once seen, from which a node that has
 * too few neighbours dials.
 *
 * State owned here: `NeighbourState`. Stories: discovered -> known -> dialled -> neighbour -> known again.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { type Allowance, createAllowance, take } from '../kit/allowance.js'
import { type Random, sample } from '../kit/random.js'
import type { PeerRecord } from '../kit/records.js'
import { publicSubnetOf, subnetOf } from '../kit/subnets.js'
import {
  countIn,
  countOut,
  createCounts,
  hasRoom,
  type SubnetCounts,
  surplusIn,
} from './diversity.js'

export interface Neighbour {
  addresses: readonly string[]
  /** Of its public address, if it has one. */
  subnet: string | undefined
  /** How many peers it introduced. */
  introduced: number
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
  /** Where it was met, or else where it is said to be. */
  subnet: string | undefined
  /** The neighbour on whose word alone this is. */
  saidBy: PeerId | undefined
  /** What the journal has of it, and since when. */
  saved: { addresses: readonly string[]; atMs: number } | undefined
}

export interface NeighbourState {
  neighbours: Map<PeerId, Neighbour>
  known: Map<PeerId, KnownPeer>
  /** Known peers that were never met: the first to go, whoever names any number of them. */
  readonly heardOf: Set<PeerId>
  /** Of `neighbours` and of `known`. */
  readonly seats: SubnetCounts<PeerId>
  readonly places: SubnetCounts<PeerId>
  /** Where neighbours were met, also of those who have left: a vote stays its subnet's. The oldest goes first. */
  readonly metIn: Map<PeerId, string>
  /** Machines in one public subnet are not taken for one person's. */
  readonly sameSubnet: boolean
  /** Dials to acquaintances. */
  readonly dials: Allowance
}

/** Back-off of dials by acquaintance; the overlay has its own for lost neighbours. */
/** A peer that comes and goes is written down once in so long, unless it moved. */
const saveEveryMs = 600_000
/** Dials of a peer that is known by somebody's word only. */
const saidDialsMax = 3
const dialBackOffMs = { first: 5_000, most: 600_000 }

/** Of one subnet, that this node dials by itself: a quarter of those that it wants. */
const dialledPerSubnetMax = limits.neighboursWanted / 4

export function createNeighbours(sameSubnet = false): NeighbourState {
  return {
    neighbours: new Map(),
    known: new Map(),
    heardOf: new Set(),
    seats: createCounts(),
    places: createCounts(),
    metIn: new Map(),
    sameSubnet,
    dials: createAllowance(limits.strangerDials),
  }
}

/** Whether a peer that connected from a place may stay; undefined: nothing says where that is. */
export function hasSeat(state: NeighbourState, peer: PeerId, place: string | undefined): boolean {
  if (state.neighbours.has(peer) || place === undefined || state.sameSubnet) return true
  return hasRoom(state.seats, subnetOf(place), limits.neighboursPerSubnetMax)
}

/**
 * @param met  it is or was a neighbour; others are only said to exist
 * @returns the peer that fell out of the book, if any: of its own subnet, or one never met, or the oldest
 */
export function rememberPeer(
  state: NeighbourState,
  peer: PeerId,
  addresses: readonly string[],
  nowMs: number,
  met: boolean,
): PeerId | undefined {
  const { known, heardOf, places } = state
  const before = known.get(peer)
  // What strangers say of a peer that was met does not count: it said so itself.
  if (before !== undefined && !met && !heardOf.has(peer)) return undefined
  const seat = state.seats.of.get(peer)
  const subnet = seat ?? (state.sameSubnet ? undefined : publicSubnetOf(addresses))
  known.delete(peer)
  known.set(peer, {
    addresses:
      addresses.length > 0 ? addresses.slice(0, limits.addressesMax) : (before?.addresses ?? []),
    seenMs: nowMs,
    dialAfterMs: before?.dialAfterMs ?? 0,
    failures: before?.failures ?? 0,
    subnet: subnet ?? before?.subnet,
    saidBy: undefined,
    saved: before?.saved,
  })
  heardOf.delete(peer)
  if (!met) heardOf.add(peer)
  countIn(places, peer, known.get(peer)?.subnet)
  const { knownPerSubnetMax, knownPeersMax } = limits
  const surplus = surplusIn(places, places.of.get(peer), knownPerSubnetMax)
  const leaving =
    surplus ??
    (known.size > knownPeersMax
      ? (heardOf.values().next().value ?? known.keys().next().value)
      : undefined)
  if (leaving !== undefined) forgetPeer(state, leaving)
  return leaving
}

export function forgetPeer({ known, heardOf, places }: NeighbourState, peer: PeerId): void {
  known.delete(peer)
  heardOf.delete(peer)
  countOut(places, peer)
}

/**
 * Takes a neighbour's word for where somebody is.
 *
 * @returns the peer that fell out of the book, if any; `false` when it told more than a neighbour may
 */
export function hearOfPeer(
  state: NeighbourState,
  from: PeerId,
  peer: PeerId,
  addresses: readonly string[],
  nowMs: number,
): PeerId | undefined | false {
  const teller = state.neighbours.get(from)
  if (teller === undefined) return undefined
  if (teller.introduced >= limits.introducedPeersMax) return false
  teller.introduced++
  const isNew = !state.known.has(peer)
  const forgotten = rememberPeer(state, peer, addresses, nowMs, false)
  const known = state.known.get(peer)
  if (known !== undefined && isNew) known.saidBy = from
  return forgotten
}

export function restorePeers(state: NeighbourState, records: readonly PeerRecord[]): void {
  for (const { peer, addresses, seenMs } of [...records].sort((a, b) => a.seenMs - b.seenMs)) {
    rememberPeer(state, peer, addresses, seenMs, true)
    const known = state.known.get(peer)
    if (known !== undefined) known.saved = { addresses, atMs: seenMs }
  }
}

/** @returns what to write down of a peer; undefined when the journal has that, or had something lately */
export function recordToSave(
  state: NeighbourState,
  peer: PeerId,
  nowMs: number,
): PeerRecord | undefined {
  const known = state.known.get(peer)
  if (known === undefined || known.addresses.length === 0) return undefined
  const { addresses, seenMs, saved } = known
  const isSame = saved?.addresses.join() === addresses.join()
  if (saved !== undefined && isSame && nowMs - saved.atMs < saveEveryMs) return undefined
  known.saved = { addresses, atMs: nowMs }
  return { peer, addresses, seenMs }
}

/** @param place  where its connection comes from: its addresses are what it says of itself */
export function neighbourJoined(
  state: NeighbourState,
  peer: PeerId,
  addresses: readonly string[],
  place: string | undefined,
  nowMs: number,
): PeerId | undefined {
  const said = place === undefined ? publicSubnetOf(addresses) : subnetOf(place)
  const subnet = state.sameSubnet ? undefined : said
  const nothingSaid = { introduced: 0, agent: undefined, donates: undefined }
  state.neighbours.set(peer, { addresses, subnet, ...nothingSaid })
  countIn(state.seats, peer, subnet)
  noteMeeting(state.metIn, peer, subnet)
  const forgotten = rememberPeer(state, peer, addresses, nowMs, true)
  const known = state.known.get(peer)
  if (known !== undefined) {
    known.failures = 0
    known.dialAfterMs = 0
    known.saidBy = undefined
  }
  return forgotten
}

function noteMeeting(metIn: Map<PeerId, string>, peer: PeerId, subnet: string | undefined): void {
  metIn.delete(peer)
  if (subnet === undefined) return
  metIn.set(peer, subnet)
  const oldest = metIn.size > limits.placesRememberedMax ? metIn.keys().next().value : undefined
  if (oldest !== undefined) metIn.delete(oldest)
}

export function neighbourLeft(state: NeighbourState, peer: PeerId): boolean {
  countOut(state.seats, peer)
  return state.neighbours.delete(peer)
}

/** @returns the neighbour on whose word it was dialled for the first time */
export function dialFailed(state: NeighbourState, peer: PeerId, nowMs: number): PeerId | undefined {
  const known = state.known.get(peer)
  if (known === undefined) return undefined
  known.failures++
  const { saidBy } = known
  // Nobody else said so: it was never there.
  if (saidBy !== undefined && known.failures >= saidDialsMax) forgetPeer(state, peer)
  known.dialAfterMs =
    nowMs + Math.min(dialBackOffMs.most, dialBackOffMs.first * 2 ** (known.failures - 1))
  return known.failures === 1 ? saidBy : undefined
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
      known.dialAfterMs <= nowMs &&
      hasRoom(state.seats, known.subnet, dialledPerSubnetMax),
  )
  const wanted = Math.min(lacking, 3, candidates.length)
  const count = take(state.dials, limits.strangerDials, nowMs, wanted)
  return sample(random, candidates, count).map(([peer, known]) => {
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
export function clusterOf({ neighbours, metIn, known }: NeighbourState, peer: PeerId): string {
  const neighbour = neighbours.get(peer)
  if (neighbour !== undefined) return neighbour.subnet ?? peer
  return metIn.get(peer) ?? known.get(peer)?.subnet ?? peer
}
