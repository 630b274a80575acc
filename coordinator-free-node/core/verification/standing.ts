/**
 * What this node believes of each host, from units that were checked: by an independent host, or by its own CPU. Local:
 * never sent to anyone, the host least of all. Unchecked work earns nothing.
 *
 * One refuted vote bans a host for a while, since honest hosts give the same bits; it comes back as a stranger.
 */
import type { PeerId } from '../../protocol/ids.js'
import type { StandingRecord } from '../kit/records.js'
import { doubtAfter } from './credibility.js'

export type Standing = Map<PeerId, StandingRecord>

export function standingOf(standing: Standing, peer: PeerId): StandingRecord {
  let record = standing.get(peer)
  if (record === undefined) {
    record = { peer, accepted: 0, checked: 0, audited: 0, refuted: 0, bannedUntilMs: 0 }
    standing.set(peer, record)
  }
  return record
}

export function isBanned(standing: Standing, peer: PeerId, nowMs: number): boolean {
  return (standing.get(peer)?.bannedUntilMs ?? 0) > nowMs
}

/** Probability that the host's next vote is wrong. */
export function doubtOf(standing: Standing, peer: PeerId, faultShare: number): number {
  return doubtAfter(standing.get(peer)?.checked ?? 0, faultShare)
}

/** Checked units after which a host may be believed alone, where a job tolerates the usual error. */
const knownAfter = 1_000

/** Whether hosts like this one were believed alone before it was caught. */
export function isBetrayal({ accepted, refuted, checked }: StandingRecord): boolean {
  return refuted > 0 && Math.max(checked, accepted) >= knownAfter
}

/** Bans a host, which starts from nothing when it comes back. */
export function refute(standing: Standing, peer: PeerId, nowMs: number, banMs: number): void {
  const record = standingOf(standing, peer)
  record.refuted++
  record.checked = 0
  record.audited = 0
  record.bannedUntilMs = nowMs + banMs
}
