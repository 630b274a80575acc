/**
 * Leases: units go out, come back with a vote, or are lost.
 *
 * Story of a unit: cut (wanted) -> leased -> voted or lost; lost units are wanted again. It is closed when its result
 * is canonical.
 */
import type { LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import { toRuns, type UnitRun, unitsOf } from '../../protocol/unit-runs.js'
import { assert } from '../kit/assert.js'
import { minus, none, plus } from '../kit/short-list.js'
import type { JobHost, Lease, OpenUnit, Schedule } from './schedule.js'
import { addWant } from './wants.js'

/** Opens units that were never cut for a host, and asks for `copies` less that one. */
export function openUnits(schedule: Schedule, run: UnitRun, host: PeerId, copies: number): void {
  const tried = [host]
  for (const unit of unitsOf([run])) {
    assert(!schedule.open.has(unit), `unit ${unit} is cut twice`)
    schedule.open.set(unit, openUnit(tried, copies - 1))
  }
  schedule.wanted += (copies - 1) * run[1]
  if (copies > 1) addWant(schedule, { runs: [run], copies: copies - 1 }, [host], [])
}

function openUnit(tried: readonly PeerId[], wanted: number): OpenUnit {
  const [failures, expiries, drawn] = [0, 0, undefined]
  return { tried, leases: none, granted: none, wanted, failures, expiries, drawn }
}

/** Opens a unit again that was canonical; nobody in `tried` gets it. */
export function reopenUnit(schedule: Schedule, unit: UnitIndex, tried: readonly PeerId[]): void {
  assert(!schedule.open.has(unit), `unit ${unit} is opened twice`)
  schedule.open.set(unit, openUnit(tried, 0))
}

export interface LeaseTerms {
  lease: LeaseId
  nowMs: number
  leaseMs: number
  hardMs: number
  expectedMs: number
}

/** Books units to a host; they must be open. */
export function grantLease(
  schedule: Schedule,
  host: JobHost,
  units: readonly UnitIndex[],
  terms: LeaseTerms,
): Lease {
  const lease: Lease = {
    lease: terms.lease,
    host: host.peer,
    runs: toRuns(units),
    remaining: new Set(units),
    grantedMs: terms.nowMs,
    leaseMs: terms.leaseMs,
    deadlineMs: terms.nowMs + terms.leaseMs,
    hardDeadlineMs: terms.nowMs + terms.hardMs,
    spentMs: 0,
    expectedMs: terms.expectedMs,
  }
  // Most of its units are in no other: those share the list.
  const alone = [lease.lease]
  const withThis = (leases: readonly LeaseId[]) =>
    leases.length === 0 ? alone : plus(leases, lease.lease)
  for (const unit of units) {
    const open = schedule.open.get(unit)
    assert(open !== undefined, `unit ${unit} is leased but not open`)
    if (!open.tried.includes(host.peer)) open.tried = plus(open.tried, host.peer)
    open.leases = withThis(open.leases)
    open.granted = withThis(open.granted)
  }
  schedule.leases.set(lease.lease, lease)
  schedule.unsettled.set(lease.lease, units.length)
  host.leases.add(lease.lease)
  host.busyUntilMs = terms.expectedMs
  return lease
}

/** A unit got its canonical result: nobody needs to compute it any more. */
export interface ClosedUnit {
  /** Leases whose last unit this was: the journal may forget them. */
  settled: LeaseId[]
  /** Leases that have nothing left to do, though their hosts do not know it. */
  idle: Lease[]
}

export function closeUnit(schedule: Schedule, unit: UnitIndex): ClosedUnit {
  const closed: ClosedUnit = { settled: [], idle: [] }
  const open = schedule.open.get(unit)
  assert(open !== undefined, `unit ${unit} is closed twice`)
  schedule.open.delete(unit)
  schedule.wanted -= open.wanted
  for (const id of open.leases) {
    const lease = schedule.leases.get(id)
    if (lease === undefined) continue
    lease.remaining.delete(unit)
    if (lease.remaining.size === 0) closed.idle.push(lease)
  }
  for (const id of open.granted) {
    const left = (schedule.unsettled.get(id) ?? 0) - 1
    if (left > 0) schedule.unsettled.set(id, left)
    else if (schedule.unsettled.delete(id)) closed.settled.push(id)
  }
  return closed
}

/** Takes one unit out of a lease, because it was voted on, lost or closed. */
export function leaveLease(schedule: Schedule, lease: Lease, unit: UnitIndex): void {
  if (!lease.remaining.delete(unit)) return
  const open = schedule.open.get(unit)
  if (open !== undefined) open.leases = minus(open.leases, lease.lease)
}

/** Units of a lease come back without a result; the host may be asked again unless avoided. */
export function loseUnits(
  schedule: Schedule,
  lease: Lease,
  units: readonly UnitIndex[],
): UnitIndex[] {
  const lost: UnitIndex[] = []
  for (const unit of units) {
    if (!lease.remaining.has(unit)) continue
    leaveLease(schedule, lease, unit)
    const open = schedule.open.get(unit)
    if (open === undefined) continue
    open.tried = minus(open.tried, lease.host)
    lost.push(unit)
  }
  return lost
}

/** Ended leases whose late votes are still welcome: a few for each of hundreds of hosts. */
const formerLeasesMax = 1_024

/** Ends a lease before its units were all voted on; late votes stay welcome for a while. */
export function endLease(schedule: Schedule, lease: Lease): void {
  schedule.leases.delete(lease.lease)
  schedule.hosts.get(lease.host)?.leases.delete(lease.lease)
  schedule.former.set(lease.lease, { host: lease.host, runs: lease.runs })
  if (schedule.former.size <= formerLeasesMax) return
  const oldest = schedule.former.keys().next().value
  if (oldest !== undefined) schedule.former.delete(oldest)
}

export function renewLease(lease: Lease, nowMs: number): void {
  lease.deadlineMs = Math.min(nowMs + lease.leaseMs, lease.hardDeadlineMs)
}
