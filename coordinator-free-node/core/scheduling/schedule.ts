/**
 * Who computes what: open units, the copies that are wanted, the leases that are out, the hosts of one job.
 *
 * Story of a unit: cut (wanted) -> leased -> voted or lost; lost units are wanted again. It is closed when its result
 * is canonical. Copies are wanted in batches, so that a lease of thousands of units costs one entry.
 */
import type { LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { toRuns, type UnitRun, unitsOf } from '../../protocol/unit-runs.js'
import { assert } from '../kit/assert.js'

export interface OpenUnit {
  /** Hosts that hold a replica or have voted: none of them gets another. */
  tried: PeerId[]
  /** Leases that cover it now. */
  leases: LeaseId[]
  /** Every lease that ever covered it: the journal keeps those until the unit is canonical. */
  granted: LeaseId[]
  /** Copies asked for and not leased yet. */
  wanted: number
  /** Executions that ended without a result. */
  failures: number
  /** A lone vote was drawn for a check; undefined before the draw. */
  drawn: boolean | undefined
}

/** Copies of some units, to go to anyone but `holders`, and to `avoid` only when nobody else is there. */
export interface Want {
  runs: readonly UnitRun[]
  copies: number
  holders: readonly PeerId[]
  avoid: readonly PeerId[]
}

export interface Lease {
  readonly lease: LeaseId
  readonly host: PeerId
  readonly runs: readonly UnitRun[]
  /** Neither voted on nor lost. */
  readonly remaining: Set<UnitIndex>
  readonly grantedMs: number
  readonly leaseMs: number
  deadlineMs: number
  /** No renewal reaches beyond it: a host that renews for ever but never votes loses its units. */
  readonly hardDeadlineMs: number
}

/** A host of one job, as the steward sees it. */
export interface JobHost {
  readonly peer: PeerId
  connected: boolean
  /** It said that it takes no more of this job; asking for work again is how it comes back. */
  away: boolean
  slots: number
  /** Thread-milliseconds a unit, smoothed; undefined before its first vote. */
  unitMs: number | undefined
  executed: number
  accepted: number
  rejected: number
  aborted: number
  spentMs: number
  refused: string | undefined
  readonly leases: Set<LeaseId>
}

export interface Schedule {
  readonly open: Map<UnitIndex, OpenUnit>
  wants: Want[]
  readonly leases: Map<LeaseId, Lease>
  /** Leases that ended early, newest last, whose late votes are still welcome. */
  readonly former: Map<LeaseId, { host: PeerId; runs: readonly UnitRun[] }>
  /** Hosts that asked and got nothing yet, longest wait first. */
  readonly parked: Map<PeerId, { slots: number }>
  readonly hosts: Map<PeerId, JobHost>
  /** When the set of hosts that may serve last changed. */
  hostsChangedMs: number
  /** Thread-milliseconds a unit over all hosts, smoothed. */
  unitMs: number | undefined
  /** Leases in the journal, with the number of their units that are not canonical yet. */
  readonly unsettled: Map<LeaseId, number>
}

const formerLeasesMax = 1_024

export function createSchedule(nowMs: number): Schedule {
  return {
    open: new Map(),
    wants: [],
    leases: new Map(),
    former: new Map(),
    parked: new Map(),
    hosts: new Map(),
    hostsChangedMs: nowMs,
    unitMs: undefined,
    unsettled: new Map(),
  }
}

/** The record of a host that was just heard from; a new or returned one changes who may serve. */
export function hostOf(schedule: Schedule, peer: PeerId, nowMs: number): JobHost {
  let host = schedule.hosts.get(peer)
  if (host === undefined) {
    host = {
      peer,
      connected: true,
      away: false,
      slots: 1,
      unitMs: undefined,
      executed: 0,
      accepted: 0,
      rejected: 0,
      aborted: 0,
      spentMs: 0,
      refused: undefined,
      leases: new Set(),
    }
    schedule.hosts.set(peer, host)
    schedule.hostsChangedMs = nowMs
  }
  if (!host.connected) {
    host.connected = true
    schedule.hostsChangedMs = nowMs
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
  if (away) schedule.parked.delete(host.peer)
}

export function canServe(host: JobHost): boolean {
  return host.connected && !host.away && host.refused === undefined
}

/** Whether somebody could still be given a copy of a unit that `tried` have. */
export function hasOtherHost(schedule: Schedule, tried: readonly PeerId[]): boolean {
  for (const host of schedule.hosts.values())
    if (canServe(host) && !tried.includes(host.peer)) return true
  return false
}

/** Opens units that were never cut and asks for their copies. */
export function openUnits(schedule: Schedule, run: UnitRun, copies: number): void {
  for (const unit of unitsOf([run])) {
    assert(!schedule.open.has(unit), `unit ${unit} is cut twice`)
    schedule.open.set(unit, {
      tried: [],
      leases: [],
      granted: [],
      wanted: copies,
      failures: 0,
      drawn: undefined,
    })
  }
  schedule.wants.push({ runs: [run], copies, holders: [], avoid: [] })
}

/** Opens a unit again that was canonical; nobody in `tried` gets it. */
export function reopenUnit(schedule: Schedule, unit: UnitIndex, tried: readonly PeerId[]): void {
  assert(!schedule.open.has(unit), `unit ${unit} is opened twice`)
  const open = { tried: [...tried], leases: [], granted: [], wanted: 0, failures: 0 }
  schedule.open.set(unit, { ...open, drawn: undefined })
}

/** Asks for further copies of open units, batching those with the same holders. */
export function wantCopies(
  schedule: Schedule,
  units: Iterable<{ unit: UnitIndex; copies: number }>,
  avoid: readonly PeerId[] = [],
): void {
  const batches = new Map<string, { units: UnitIndex[]; copies: number; holders: PeerId[] }>()
  for (const { unit, copies } of units) {
    const open = schedule.open.get(unit)
    if (open === undefined || copies <= 0) continue
    open.wanted += copies
    const key = `${copies} ${open.tried.join(' ')}`
    const batch = batches.get(key)
    if (batch === undefined) batches.set(key, { units: [unit], copies, holders: [...open.tried] })
    else batch.units.push(unit)
  }
  // In front: these units were opened first, and readers wait for them.
  const wants = [...batches.values()].map(({ units, copies, holders }) => ({
    runs: toRuns(units.sort((a, b) => a - b)),
    copies,
    holders,
    avoid,
  }))
  schedule.wants.unshift(...wants)
}

/** Removes and returns up to `count` wanted units that `host` may compute, oldest wants first. */
export function takeWanted(schedule: Schedule, host: PeerId, count: number): UnitIndex[] {
  const taken: UnitIndex[] = []
  const left: Want[] = []
  for (const want of schedule.wants) {
    const unsuited =
      want.holders.includes(host) ||
      (want.avoid.includes(host) && hasOtherHost(schedule, [...want.holders, ...want.avoid]))
    if (taken.length >= count || unsuited) {
      left.push(want)
      continue
    }
    const { mine, rest } = splitWant(schedule, want, host, count - taken.length)
    for (const unit of mine) {
      const open = schedule.open.get(unit)
      assert(open !== undefined, `unit ${unit} is taken but not open`)
      open.wanted--
      // At once, so that another want for the same unit passes this host by.
      open.tried.push(host)
    }
    taken.push(...mine)
    if (want.copies > 1 && mine.length > 0)
      left.push({
        ...want,
        runs: toRuns(mine),
        copies: want.copies - 1,
        holders: [...want.holders, host],
      })
    if (rest.length > 0) left.push({ ...want, runs: toRuns(rest) })
  }
  schedule.wants = left
  return taken.sort((a, b) => a - b)
}

/** The first `count` units of a want that are still open and new to the host, and the others. */
function splitWant(
  schedule: Schedule,
  want: Want,
  host: PeerId,
  count: number,
): { mine: UnitIndex[]; rest: UnitIndex[] } {
  const mine: UnitIndex[] = []
  const rest: UnitIndex[] = []
  for (const unit of unitsOf(want.runs)) {
    // A late vote may have closed it, or paid for the copy, in the meantime.
    const open = schedule.open.get(unit)
    if (open === undefined || open.wanted <= 0) continue
    // The want may be older than a late vote of this host.
    if (mine.length < count && !open.tried.includes(host)) mine.push(unit)
    else rest.push(unit)
  }
  return { mine, rest }
}

export interface LeaseTerms {
  lease: LeaseId
  nowMs: number
  leaseMs: number
  hardMs: number
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
  }
  for (const unit of units) {
    const open = schedule.open.get(unit)
    assert(open !== undefined, `unit ${unit} is leased but not open`)
    if (!open.tried.includes(host.peer)) open.tried.push(host.peer)
    open.leases.push(lease.lease)
    open.granted.push(lease.lease)
  }
  schedule.leases.set(lease.lease, lease)
  schedule.unsettled.set(lease.lease, units.length)
  host.leases.add(lease.lease)
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
  if (open !== undefined) open.leases = open.leases.filter((id) => id !== lease.lease)
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
    open.tried = open.tried.filter((peer) => peer !== lease.host)
    lost.push(unit)
  }
  return lost
}

/** Ends a lease before its units were all voted on; late votes stay welcome for a while. */
export function endLease(schedule: Schedule, lease: Lease): void {
  schedule.leases.delete(lease.lease)
  schedule.hosts.get(lease.host)?.leases.delete(lease.lease)
  schedule.former.set(lease.lease, { host: lease.host, runs: lease.runs })
  if (schedule.former.size <= formerLeasesMax) return
  const oldest = schedule.former.keys().next().value
  if (oldest !== undefined) schedule.former.delete(oldest)
}

/** Smoothing of unit times: recent leases count most, one odd lease does not turn the estimate over. */
const paceWeight = 0.4

export function observePace(schedule: Schedule, host: JobHost, unitMs: number): void {
  const blend = (before: number | undefined) =>
    before === undefined ? unitMs : before + paceWeight * (unitMs - before)
  host.unitMs = blend(host.unitMs)
  schedule.unitMs = blend(schedule.unitMs)
}

/** Growth of a host's lease over its last: an estimate from a few units may be off by this factor. */
const firstLeaseUnitsPerSlot = 1

/**
 * Units for a host's next lease: about `targetMs` of work for each of its threads, but no more than half of its
 * share of what is left, so that the last leases end together.
 *
 * @param unitsLeft  units of the job without a canonical result; Infinity where unknown
 * @see research: leases and tails; factoring, Hummel et al. (1992)
 */
export function leaseUnits(
  schedule: Schedule,
  host: JobHost,
  unitsLeft: number,
  targetMs: number,
): number {
  const unitMs = host.unitMs ?? schedule.unitMs
  if (unitMs === undefined) return Math.max(1, host.slots * firstLeaseUnitsPerSlot)
  const aimed = Math.floor((host.slots * targetMs) / Math.max(unitMs, 0.001))
  let serving = 0
  for (const other of schedule.hosts.values()) if (canServe(other)) serving++
  const share = Math.ceil(unitsLeft / (2 * Math.max(1, serving)))
  return Math.max(1, Math.min(aimed, Math.max(share, host.slots), limits.leaseUnitsMax))
}

/** The oldest lease of another host that is overdue and not copied yet, for an idle host to back up. */
export function unitsToBackUp(
  schedule: Schedule,
  host: JobHost,
  nowMs: number,
  count: number,
): UnitIndex[] {
  for (const lease of schedule.leases.values()) {
    if (lease.host === host.peer || !isOverdue(schedule, lease, nowMs)) continue
    const units: UnitIndex[] = []
    for (const unit of lease.remaining) {
      const open = schedule.open.get(unit)
      if (open === undefined || open.wanted > 0 || open.tried.includes(host.peer)) continue
      if (open.leases.length > limits.backupCopiesMax) continue
      units.push(unit)
      if (units.length >= count) break
    }
    if (units.length > 0) return units.sort((a, b) => a - b)
  }
  return []
}

/** A lease that has taken half again as long as its units should, and long enough to be worth a copy. */
function isOverdue(schedule: Schedule, lease: Lease, nowMs: number): boolean {
  const host = schedule.hosts.get(lease.host)
  const unitMs = host?.unitMs ?? schedule.unitMs
  if (unitMs === undefined) return false
  const expectedMs = (lease.runs.reduce((n, [, c]) => n + c, 0) * unitMs) / (host?.slots ?? 1)
  // Twice, because a prefetched lease waits for the one before it.
  return nowMs - lease.grantedMs > 2 * expectedMs + backUpAfterMs
}

/** Below it a copy costs more than the wait. */
export const backUpAfterMs = 500
