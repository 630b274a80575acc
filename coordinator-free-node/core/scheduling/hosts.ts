/** The hosts of one job, as its steward sees them. */
import type { PeerId } from '../../protocol/ids.js'
import { assert } from '../kit/assert.js'
import type { JobHost, Schedule } from './schedule.js'

/** The record of a host that was just heard from; a new or returned one changes who may serve. */
export function hostOf(schedule: Schedule, peer: PeerId, nowMs: number): JobHost {
  let host = schedule.hosts.get(peer)
  if (host === undefined) {
    host = {
      peer,
      connected: true,
      away: false,
      slots: 1,
      pace: { unitMs: undefined, recentMs: [] },
      stretch: 1,
      freeMs: 0,
      busyUntilMs: 0,
      confirmed: 0,
      confirmedMs: 0,
      executed: 0,
      accepted: 0,
      rejected: 0,
      aborted: 0,
      spentMs: 0,
      claimed: { units: 0, fuel: 0, spentMs: 0 },
      paidUnits: 0,
      paidMs: 0,
      silent: 0,
      silentMs: 0,
      recalledMs: Number.NEGATIVE_INFINITY,
      refused: undefined,
      leases: new Set(),
    }
    schedule.hosts.set(peer, host)
    schedule.serving.add(peer)
    schedule.hostsChangedMs = nowMs
  }
  if (!host.connected) {
    host.connected = true
    schedule.hostsChangedMs = nowMs
    noteServing(schedule, host)
  }
  return host
}

/** The record of a host heard from earlier, which may have left since. */
export function hostHeardOf(schedule: Schedule, peer: PeerId): JobHost {
  const host = schedule.hosts.get(peer)
  assert(host !== undefined, `${peer} voted and has no record`)
  return host
}

/**
 * A host comes or goes of its own will, its connection aside. That does not count as a change of hosts: one that came
 * and went every second could hold up for ever what waits until they are settled.
 */
export function setAway(schedule: Schedule, host: JobHost, away: boolean): void {
  host.away = away
  noteServing(schedule, host)
}

export function disconnect(schedule: Schedule, host: JobHost): void {
  host.connected = false
  noteServing(schedule, host)
}

/** It gets nothing more, for good. */
export function refuseHost(schedule: Schedule, host: JobHost, ground: string): void {
  host.refused ??= ground
  noteServing(schedule, host)
}

export function canServe(host: JobHost): boolean {
  return host.connected && !host.away && host.refused === undefined
}

function noteServing({ serving, parked, busy }: Schedule, host: JobHost): void {
  if (canServe(host)) serving.add(host.peer)
  else {
    serving.delete(host.peer)
    parked.delete(host.peer)
    busy.delete(host.peer)
  }
}

/**
 * Whether a host should be given its next lease now: it has none, or will be through with those it has within the time
 * that hides a round trip. What is queued with one host cannot be done by another: one that nobody knows yet, or that is
 * late, gets nothing ahead.
 */
export function isDue(
  { leases, busyUntilMs, pace }: JobHost,
  nowMs: number,
  aheadMs: number,
): boolean {
  if (leases.size === 0) return true
  return pace.unitMs !== undefined && Math.abs(busyUntilMs - nowMs) <= aheadMs
}

/** Hosts that asked ahead of time and are due now wait for work like the others. */
export function parkDue(schedule: Schedule, nowMs: number, aheadMs: number): void {
  for (const peer of schedule.busy) parkIfDue(schedule, peer, nowMs, aheadMs)
}

export function parkIfDue(schedule: Schedule, peer: PeerId, nowMs: number, aheadMs: number): void {
  const host = schedule.hosts.get(peer)
  if (host === undefined || !schedule.busy.has(peer) || !isDue(host, nowMs, aheadMs)) return
  schedule.busy.delete(peer)
  schedule.parked.add(peer)
}

/** Whether somebody could still be given a copy of a unit that `tried` have. */
export function hasOtherHost({ serving }: Schedule, tried: readonly PeerId[]): boolean {
  if (serving.size > tried.length) return true
  for (const peer of serving) if (!tried.includes(peer)) return true
  return false
}
