/** A peer behaved too badly for too long: nothing of it is kept, and it is met again when its ban is over. */
import type { PeerId } from '../../protocol/ids.js'
import { dropAdvert } from '../membership/adverts.js'
import { denialOfMeeting } from './admission.js'
import { dropHostedJob } from './host.js'
import { onNeighbourLeft } from './membership.js'
import { emit, type Turn } from './turn.js'

/** Sends away whoever was banned in this turn, and those of a subnet that was. */
export function enforceBans(turn: Turn): void {
  const { state, nowMs } = turn
  const banned = new Set<PeerId>(state.conduct.fresh.splice(0))
  for (const peer of state.neighbours.neighbours.keys())
    if (denialOfMeeting(state, peer, nowMs) !== undefined) banned.add(peer)
  for (const [job, { body }] of state.adverts.adverts)
    if (banned.has(body.steward)) dropAdvert(state.adverts, job)
  for (const job of [...state.hosting.jobs.values()])
    if (banned.has(job.steward)) dropHostedJob(turn, job.job)
  for (const peer of banned) onNeighbourLeft(turn, peer)
  emit(turn, { type: 'turn-away', peers: [...banned] })
}
