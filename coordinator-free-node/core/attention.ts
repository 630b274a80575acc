/**
 * How much of a neighbour's mail this node reads, 0 to 1 of what it may read of one. Whoever worked for this node, or
 * had it work, is read in full. Strangers have so much between them that a crowd of them is no more than a few, and
 * honest ones among them are soon strangers no longer. Who misbehaves has a tenth.
 */
import type { PeerId } from '../protocol/ids.js'
import { isThrottled } from './membership/conduct.js'
import type { NodeState } from './state.js'

const throttledShare = 0.1
/** The least that a stranger has: 25 messages and 3 MiB a second. */
const leastShare = 0.05
/** Strangers who are read in full when there are no more of them. */
const strangersInFull = 2

/** Neighbours with whom this node never exchanged work. */
export function countStrangers({ neighbours, ledger }: NodeState): number {
  let strangers = 0
  for (const peer of neighbours.neighbours.keys()) if (!ledger.has(peer)) strangers++
  return strangers
}

/** @param strangers  as counted a moment ago */
export function attentionTo(
  { conduct, ledger }: NodeState,
  peer: PeerId,
  strangers: number,
  nowMs: number,
): number {
  if (isThrottled(conduct, peer, nowMs)) return throttledShare
  return ledger.has(peer) ? 1 : Math.min(1, Math.max(leastShare, strangersInFull / strangers))
}
