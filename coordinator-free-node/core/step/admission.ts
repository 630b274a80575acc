/**
 * Whom this node deals with, and whose work it does. Every ground for keeping somebody out is asked here, so that the
 * socket, the connection and each step of the core give one answer: a further ground belongs into `denialOfMeeting`.
 */
import type { PeerId } from '../../protocol/ids.js'
import { ipOfMultiaddr } from '../../protocol/subnet.js'
import { type JobFacts, refusalOf } from '../hosting/policy.js'
import {
  type Denial,
  denialOfAddress,
  denialOfOwner,
  denialOfPeer,
  denialOfTask,
} from '../membership/gate.js'
import { isExpired, isRevoked, mayDo } from '../membership/members.js'
import type { NodeState } from '../state.js'

/** Why a peer is not dialled, connected, remembered, introduced, heard or given leases; undefined: it may be. */
export function denialOfMeeting(
  { gate, members, self }: NodeState,
  peer: PeerId,
  nowMs: number,
): Denial | undefined {
  if (peer === self) return undefined
  if (isRevoked(members, peer)) return outOfGrid('its membership of the grid was revoked')
  if (isExpired(members, peer, nowMs)) return outOfGrid('its membership of the grid has expired')
  return denialOfPeer(gate, peer, nowMs)
}

function outOfGrid(reason: string): Denial {
  return { reason, source: 'grid', note: undefined, untilMs: undefined }
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

/**
 * Why a job's units are not run here: by what the machine has, and by its operator's lists.
 *
 * @param isOwn  whether the node's own user asks: the lists of owners and tasks are about others
 */
export function refusalOfWork(
  { config, hosting, gate, members }: NodeState,
  facts: JobFacts,
  { steward, isOwn }: { steward: PeerId; isOwn: boolean },
  nowMs: number,
): string | undefined {
  const means = { ...config, draining: hosting.draining }
  const refused = refusalOf(facts, isOwn, means, config.policy)
  if (refused !== undefined || isOwn) return refused
  const { requester, taskHash } = facts
  // Its steward as well: it could sign in the name of somebody whom nobody has met.
  if (![requester, steward].every((peer) => mayDo(members, peer, 'submit')))
    return 'its requester may not submit jobs to this grid'
  return (denialOfOwner(gate, requester, nowMs) ?? denialOfTask(gate, taskHash, nowMs))?.reason
}
