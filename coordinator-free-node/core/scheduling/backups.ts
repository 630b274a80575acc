/**
 * Backup copies: near the end, when hosts would idle, units that are late, or that a slow host will be late with, go to
 * an idle host as well. The first result counts; a second one is a vote like any other.
 */
import type { UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { expectedUnitMs } from './pace.js'
import type { JobHost, Lease, Schedule } from './schedule.js'

/** Below it a copy costs more than the wait. */
export const backUpAfterMs = 500

/** A copy is worth it when it should end so much sooner than what it stands in for. */
const worthFactor = 1.5

/**
 * Units for an idle host to compute as well: of the latest expected finisher first.
 *
 * @param count  most units
 */
export function unitsToBackUp(
  schedule: Schedule,
  host: JobHost,
  nowMs: number,
  count: number,
): UnitIndex[] {
  const unitMs = expectedUnitMs(schedule, host)
  if (unitMs === undefined) return []
  const { backups } = schedule
  if (nowMs >= backups.validUntilMs) lookOver(schedule, nowMs)
  const units: UnitIndex[] = []
  for (const id of backups.queue) {
    const lease = schedule.leases.get(id)
    if (lease === undefined) continue
    if (waitMs(lease, nowMs) < worthFactor * unitMs) break
    if (lease.host === host.peer) continue
    for (const unit of lease.remaining) {
      if (units.length >= Math.min(count, host.slots)) return units.sort((a, b) => a - b)
      if (canBackUp(schedule, host, unit, nowMs, unitMs)) units.push(unit)
    }
  }
  return units.sort((a, b) => a - b)
}

/** Orders the leases by how long they are still expected to take. */
function lookOver(schedule: Schedule, nowMs: number): void {
  const { backups, leases } = schedule
  const waits = [...leases.values()].map((lease) => ({ id: lease.lease, ms: waitMs(lease, nowMs) }))
  backups.queue = waits.sort((a, b) => b.ms - a.ms).map(({ id }) => id)
  backups.validUntilMs = nowMs + Math.max(50, leases.size / 100)
}

/**
 * Time that a lease is expected to take from now. One that is overdue is the more doubtful the longer it is: it is taken
 * to need as long again as it is late.
 */
function waitMs({ expectedMs, leaseMs, deadlineMs }: Lease, nowMs: number): number {
  if (nowMs <= expectedMs) return expectedMs - nowMs
  // Its host has not been heard of since the last renewal.
  const silentMs = Math.max(0, nowMs - (deadlineMs - leaseMs))
  return nowMs - expectedMs < backUpAfterMs ? 0 : Math.max(nowMs - expectedMs, silentMs)
}

function canBackUp(
  schedule: Schedule,
  host: JobHost,
  unit: UnitIndex,
  nowMs: number,
  unitMs: number,
): boolean {
  const open = schedule.open.get(unit)
  if (open === undefined || open.wanted > 0 || open.tried.includes(host.peer)) return false
  if (open.leases.length > limits.backupCopiesMax) return false
  return open.leases.every((id) => {
    const lease = schedule.leases.get(id)
    return lease === undefined || waitMs(lease, nowMs) >= worthFactor * unitMs
  })
}
