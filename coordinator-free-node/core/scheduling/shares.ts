/**
 * Fair shares of the checking. Hosts that answer fastest ask most often: without shares a few liars that compute nothing
 * would give most first results and soon confirm each other's.
 */
import type { JobHost, Schedule } from './schedule.js'

/** Nobody confirms more than so many times what each host does on average, and these. */
const shareFactor = 1.5
const shareAtFirst = 8

/**
 * Copies of others' units that a host may have now.
 *
 * @param idle  it has waited for a while: then one for each time that hosts usually take for a unit
 */
export function copiesAllowed(
  schedule: Schedule,
  host: JobHost,
  nowMs: number,
  idle: boolean,
): number {
  const mean = schedule.confirmed / Math.max(1, schedule.serving.size)
  const share = Math.floor(shareFactor * mean + shareAtFirst - host.confirmed)
  const isDue = idle && nowMs - host.confirmedMs >= schedule.survey.usualMs
  return Math.max(isDue ? 1 : 0, share)
}

export function noteConfirmed(
  schedule: Schedule,
  host: JobHost,
  units: number,
  nowMs: number,
): void {
  if (units === 0) return
  host.confirmed += units
  host.confirmedMs = nowMs
  schedule.confirmed += units
}

/** Results of a stranger that nobody has judged yet, and more with each unit on which it was checked. */
const unsettledAtFirst = 16
const unsettledPerCheck = 2

/** Fresh units that a host may have now, so that it cannot swamp those who must check it. */
export function freshAllowed(schedule: Schedule, host: JobHost, checked: number): number {
  let leased = 0
  for (const id of host.leases) leased += schedule.leases.get(id)?.remaining.size ?? 0
  const unsettled = host.executed + leased - host.accepted - host.rejected
  return Math.max(0, unsettledAtFirst + unsettledPerCheck * checked - unsettled)
}
