/**
 * What this node believes of each host, from units whose verdict it saw. Local: never sent to anyone.
 *
 * Plain rule: one refuted vote bans a host for a while, since honest hosts give the same bits.
 */
import type { PeerId } from '../../protocol/ids.js'
import type { StandingRecord } from '../kit/records.js'

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

/** @returns whether the host was in good standing until now */
export function refute(standing: Standing, peer: PeerId, nowMs: number, banMs: number): boolean {
  const record = standingOf(standing, peer)
  const fresh = record.bannedUntilMs <= nowMs
  record.refuted++
  record.bannedUntilMs = nowMs + banMs
  return fresh
}
