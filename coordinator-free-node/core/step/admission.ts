/**
 * Whom this node deals with, and whose work it does. Every ground for keeping somebody out is asked here, so that the
 * socket, the connection and each step of the core give one answer: a further ground belongs into `denialOfMeeting`.
 */
import type { PeerId } from '../../protocol/ids.js'
import { type IpAddress, ipOfMultiaddr } from '../../protocol/subnet.js'
import { type JobFacts, refusalOf } from '../hosting/policy.js'
import { subnetOfIp } from '../kit/subnets.js'
import { bannedUntilMs, type Conduct, subnetBannedUntilMs } from '../membership/conduct.js'
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
  { gate, conduct, neighbours, members, self }: NodeState,
  peer: PeerId,
  nowMs: number,
): Denial | undefined {
  if (peer === self) return undefined
  if (isRevoked(members, peer)) return outOfGrid('its membership of the grid was revoked')
  if (isExpired(members, peer, nowMs)) return outOfGrid('its membership of the grid has expired')
  const denied = denialOfPeer(gate, peer, nowMs)
  if (denied !== undefined) return denied
  const untilMs = bannedUntilMs(conduct, peer, nowMs)
  if (untilMs !== undefined) return banned('peer', untilMs)
  const subnet = neighbours.neighbours.get(peer)?.subnet
  return subnet === undefined ? undefined : banOfSubnet(conduct, subnet, nowMs)
}

function outOfGrid(reason: string): Denial {
  return { reason, source: 'grid', note: undefined, untilMs: undefined }
}

function banOfSubnet(conduct: Conduct, subnet: string, nowMs: number): Denial | undefined {
  const untilMs = subnetBannedUntilMs(conduct, subnet, nowMs)
  return untilMs === undefined ? undefined : banned('address', untilMs)
}

/** It begins with "this node does" for those who tell why a dial failed: see dial-reason.ts. */
function banned(what: 'peer' | 'address', untilMs: number): Denial {
  const reason = `this node does not deal with that ${what} for a while: it misbehaved`
  return { reason, source: 'conduct', note: undefined, untilMs }
}

/** Why nobody is met at a multiaddr. A name says nothing: what it stands for is judged once it is looked up. */
export function denialOfPlace(
  state: NodeState,
  multiaddr: string,
  nowMs: number,
): Denial | undefined {
  const ip = ipOfMultiaddr(multiaddr)
  return ip && denialOfIp(state, ip, nowMs)
}

/** Why nobody is met at an internet address. */
export function denialOfIp(
  { gate, conduct }: NodeState,
  ip: IpAddress,
  nowMs: number,
): Denial | undefined {
  const denied = denialOfAddress(gate, ip, nowMs)
  if (denied !== undefined || conduct.subnets.size === 0) return denied
  const subnet = subnetOfIp(ip)
  return subnet === undefined ? undefined : banOfSubnet(conduct, subnet, nowMs)
}

export function admittedPlaces(
  state: NodeState,
  addresses: readonly string[],
  nowMs: number,
): readonly string[] {
  if (state.gate.sources.size + state.conduct.subnets.size === 0) return addresses
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
