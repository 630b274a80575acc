/**
 * Backup copies: near the end, when hosts would idle, units that are late, or that a slow host will be late with, go to
 * an idle host as well. The first result counts; a second one is a vote like any other.
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { expectedUnitMs } from './pace.js'
import type { JobHost, Lease, Schedule } from './schedule.js'

/** Below it a copy costs more than the wait. */
export const backUpAfterMs = 500

/**
 * A copy is worth it when what it stands in for should take so many times as long. A first one is worth it sooner: the
 * only host that has a unit may leave.
 */
const worthFactor = { first: 0.7, further: 1 }

/**
 * Matches idle hosts with units in flight: the fastest host gets the unit that is expected last.
 *
 * @param idle  hosts with nothing to do
 * @returns units by host
 */
export function planBackups(
  schedule: Schedule,
  idle: Iterable<PeerId>,
  nowMs: number,
): Map<JobHost, UnitIndex[]> {
  const plan = new Map<JobHost, UnitIndex[]>()
  const hosts = fastestFirst(schedule, idle)
  if (hosts.length === 0) return plan
  let candidates = latestFirst(schedule, nowMs)
  for (const { host, unitMs } of hosts) {
    const units: UnitIndex[] = []
    const passed: Candidate[] = []
    while (units.length < host.slots) {
      const candidate = candidates.pop()
      if (candidate === undefined) break
      if (candidate.waitMs < worthFactor.first * unitMs) {
        // Too soon for this host, and so for all slower ones.
        candidates = []
        break
      }
      if (canBackUp(schedule, host, candidate.unit, nowMs, unitMs)) units.push(candidate.unit)
      else passed.push(candidate)
      if (passed.length > passedOverMax) break
    }
    // In the order they had: the next host may be able to take them.
    candidates.push(...passed.reverse())
    if (units.length > 0)
      plan.set(
        host,
        units.sort((a, b) => a - b),
      )
    if (candidates.length === 0) break
  }
  return plan
}

/** Units that one host is tried with in vain: those at the end of the list are hardly later than these. */
const passedOverMax = 32

interface Candidate {
  unit: UnitIndex
  waitMs: number
}

function fastestFirst(schedule: Schedule, idle: Iterable<PeerId>) {
  const hosts: { host: JobHost; unitMs: number }[] = []
  for (const peer of idle) {
    const host = schedule.hosts.get(peer)
    const unitMs = host === undefined ? undefined : expectedUnitMs(schedule, host)
    if (host !== undefined && unitMs !== undefined) hosts.push({ host, unitMs })
  }
  return hosts.sort((a, b) => a.unitMs - b.unitMs)
}

/** Units that are not backed up enough, the one expected last at the end. */
function latestFirst(schedule: Schedule, nowMs: number): Candidate[] {
  const waits = new Map<UnitIndex, number>()
  for (const lease of schedule.leases.values()) {
    const waitMs = expectedWaitMs(lease, nowMs)
    if (waitMs <= 0) continue
    for (const unit of lease.remaining) {
      const open = schedule.open.get(unit)
      const isFull = open === undefined || open.leases.length > limits.backupCopiesMax
      // Of a unit in several leases the one that ends first counts, once.
      if (!isFull && open.wanted === 0)
        waits.set(unit, Math.min(waitMs, waits.get(unit) ?? Number.POSITIVE_INFINITY))
    }
  }
  const candidates = [...waits].map(([unit, waitMs]) => ({ unit, waitMs }))
  return candidates.sort((a, b) => a.waitMs - b.waitMs)
}

/**
 * Time that a lease is expected to take from now. One that is overdue is the more doubtful the longer it is: it is taken
 * to need as long again as it is late.
 */
function expectedWaitMs({ expectedMs, leaseMs, deadlineMs }: Lease, nowMs: number): number {
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
  if (open === undefined || open.tried.includes(host.peer)) return false
  if (open.leases.length > limits.backupCopiesMax) return false
  const factor = open.leases.length > 1 ? worthFactor.further : worthFactor.first
  return open.leases.every((id) => {
    const lease = schedule.leases.get(id)
    return lease === undefined || expectedWaitMs(lease, nowMs) >= factor * unitMs
  })
}
