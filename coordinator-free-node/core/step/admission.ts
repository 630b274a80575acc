/**
 * Whom this node deals with, and whose work it does. Every ground for keeping somebody out is asked here, so that the
 * socket, the connection and each step of the core give one answer: a further ground belongs into `denialOfMeeting`.
 */
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import { ipOfMultiaddr } from '../../protocol/subnet.js'
import {
  type Denial,
  denialOfAddress,
  denialOfOwner,
  denialOfPeer,
  denialOfTask,
} from '../membership/gate.js'
import type { NodeState } from '../state.js'

/** Why a peer is not dialled, connected, remembered, introduced, heard or given leases; undefined: it may be. */
export function denialOfMeeting(
  { gate, self }: NodeState,
  peer: PeerId,
  nowMs: number,
): Denial | undefined {
  return peer === self ? undefined : denialOfPeer(gate, peer, nowMs)
}

/** Why nobody is met at a multiaddr. A name says nothing: what it stands for is judged once it is looked up. */
export function denialOfPlace(
  { gate }: NodeState,
  multiaddr: string,
  nowMs: number,
): Denial | undefined {
  const ip = ipOfMultiaddr(multiaddr)
  return ip && denialOfAddress(gate, ip, nowMs)
}

export function admittedPlaces(
  state: NodeState,
  addresses: readonly string[],
  nowMs: number,
): readonly string[] {
  if (state.gate.sources.size === 0) return addresses
  return addresses.filter((address) => denialOfPlace(state, address, nowMs) === undefined)
}

/** Why work is not done for somebody else; the lists of owners and tasks do not bind the node's own user. */
export function denialOfWork(
  { gate }: NodeState,
  { requester, taskHash }: { requester: PeerId; taskHash: BlobHash },
  nowMs: number,
): Denial | undefined {
  return denialOfOwner(gate, requester, nowMs) ?? denialOfTask(gate, taskHash, nowMs)
}
