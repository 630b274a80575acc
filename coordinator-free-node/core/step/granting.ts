/** Who gets which units: from hosts that wait for work to the leases that they are sent. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { unitsOf } from '../../protocol/unit-runs.js'
import { hasFresh, type Job, takeFresh } from '../jobs/job.js'
import { backUpAfterMs, planBackups } from '../scheduling/backups.js'
import { canServe, isDue, parkDue } from '../scheduling/hosts.js'
import { grantLease, openUnits } from '../scheduling/leases.js'
import {
  burdenOf,
  expectedWorkMs,
  hardLeaseMs,
  isTooSlow,
  leaseUnits,
  surveyPace,
} from '../scheduling/pace.js'
import type { JobHost, Lease } from '../scheduling/schedule.js'
import { copiesAllowed, freshAllowed, noteConfirmed } from '../scheduling/shares.js'
import { takeLost, takeWanted } from '../scheduling/wants.js'
import type { StewardedJob } from '../state.js'
import { disputedUnits, firstCopies, furtherCopies, isApart, usualCopies } from './acceptance.js'
import { grantAudits } from './audits.js'
import { wireRuns } from './host.js'
import { recallFor } from './recalling.js'
import { journalThen, type Turn, wakeAt } from './turn.js'

/** Leases that one host holds of one job: one running, one behind it, one on its way. */
const leasesPerHost = 3

/** Gives work to the hosts that wait for it: to this node's own first, which alone can settle some of it, then to the longest wait. */
export function serve(turn: Turn, stewarded: StewardedJob): void {
  const { job, schedule } = stewarded
  if (job.phase !== 'running') return
  const own = schedule.hosts.get(turn.state.self)
  if (own !== undefined && schedule.parked.has(own.peer) && grantTo(turn, stewarded, own))
    schedule.parked.delete(own.peer)
  let passed = 0
  for (const peer of schedule.parked) {
    // What is left may suit none of thousands: those behind are looked at when the next vote or tick comes.
    if (passed >= passedOverMax || !hasWork(stewarded)) break
    const host = schedule.hosts.get(peer)
    if (host === undefined || !canServe(host)) schedule.parked.delete(peer)
    else if (grantTo(turn, stewarded, host)) schedule.parked.delete(peer)
    else passed++
  }
  if (schedule.parked.size > 0 && schedule.open.size > 0)
    wakeAt(turn, 'steward', turn.nowMs + backUpAfterMs)
}

/** Waiting hosts that are looked at in vain before the others have to wait on. */
const passedOverMax = 64

/** Whether there is anything that a waiting host could be given, backup copies aside. */
function hasWork(stewarded: StewardedJob): boolean {
  const { schedule, watches, audits, disputes } = stewarded
  const hasCopies = schedule.lost.size > 0 || schedule.wants.size > 0 || watches.waiting.size > 0
  const isForOwnHost = audits.queue.length > 0 || disputes.size > 0
  return hasCopies || isForOwnHost || hasRoomForFresh(stewarded)
}

/** Gives hosts that have idled for a while what they may have by now, and copies of what is late. */
export function serveIdle(turn: Turn, stewarded: StewardedJob): void {
  const { schedule, job } = stewarded
  if (job.phase !== 'running') return
  surveyPace(schedule)
  parkDue(schedule, turn.nowMs, turn.state.config.leaseTargetMs)
  for (const peer of schedule.parked) {
    if (!hasWork(stewarded)) break
    const host = schedule.hosts.get(peer)
    if (host !== undefined && grantTo(turn, stewarded, host, true)) schedule.parked.delete(peer)
  }
  recall(turn, stewarded)
  backUp(turn, stewarded)
}

function recall(turn: Turn, stewarded: StewardedJob): void {
  const { schedule } = stewarded
  let looked = 0
  for (const peer of schedule.parked) {
    if (++looked > passedOverMax) break
    const host = schedule.hosts.get(peer)
    if (host !== undefined) recallFor(turn, stewarded, host)
  }
}

function backUp(turn: Turn, stewarded: StewardedJob): void {
  const { schedule } = stewarded
  const { leaseRule } = turn.state.config
  if (leaseRule === 'fixed' || schedule.leases.size === 0 || hasRoomForFresh(stewarded)) return
  const isPlain = stewarded.job.manifest.acceptance.rule === 'quorum'
  for (const [host, units] of planBackups(schedule, schedule.parked, turn.nowMs)) {
    if (host.leases.size >= leasesPerHost) continue
    if (!isPlain && copiesAllowed(schedule, host, turn.nowMs, true) === 0) continue
    noteConfirmed(schedule, host, units.length, turn.nowMs)
    lend(turn, stewarded, host, units)
    schedule.parked.delete(host.peer)
  }
}

function grantTo(turn: Turn, stewarded: StewardedJob, host: JobHost, idle = false): boolean {
  const { state } = turn
  if (host.leases.size >= leasesPerHost) return false
  const isOwn = host.peer === state.self
  if (isOwn && stewarded.disputes.size === 0 && grantAudits(turn, stewarded, host)) return true
  const units = unitsFor(turn, stewarded, host, idle)
  if (units.length === 0) return isOwn && grantAudits(turn, stewarded, host)
  lend(turn, stewarded, host, units)
  return true
}

/** Books units to a host and sends them, once that is on disk. */
function lend(
  turn: Turn,
  stewarded: StewardedJob,
  host: JobHost,
  units: readonly UnitIndex[],
): void {
  const { schedule, job } = stewarded
  const { voteMs, ...terms } = termsOf(turn, stewarded, host, units)
  const lease = grantLease(schedule, host, units, { lease: turn.state.nextLease++, ...terms })
  stewarded.counters.executions += units.length
  const granted = { job: job.job, lease: lease.lease, runs: lease.runs }
  const { leaseMs } = lease
  const runs = wireRuns(lease.runs)
  const message = {
    type: 'lease',
    job: job.job,
    lease: lease.lease,
    runs,
    leaseMs,
    voteMs,
  } as const
  journalThen(
    turn,
    job.job,
    [{ type: 'lease-granted', ...granted, host: host.peer }],
    [{ type: 'send-message', to: host.peer, message: { ...message, inputs: undefined } }],
  )
}

/** How long a lease may take, and when it should be done. */
export function termsOf(
  { state, nowMs }: Turn,
  { schedule, job, watches }: StewardedJob,
  host: JobHost,
  units: readonly UnitIndex[],
  queuedMs = host.leases.size === 0 ? 0 : Math.max(0, host.busyUntilMs - nowMs),
) {
  const { leaseMsMin, leaseRule, voteFlushMs } = state.config
  const workMs = expectedWorkMs(schedule, host, units.length)
  const expectedMs = nowMs + queuedMs + (workMs ?? Number.POSITIVE_INFINITY)
  let expiries = 0
  for (const unit of units) {
    expiries = Math.max(expiries, schedule.open.get(unit)?.expiries ?? 0)
    watches.waiting.delete(unit)
  }
  if (leaseRule === 'fixed') {
    const unknownMs = job.manifest.task.unitMsMax
    const fixedMs = fixedLeaseFactor * (workMs === undefined ? unknownMs : queuedMs + workMs)
    return { nowMs, leaseMs: fixedMs, hardMs: fixedMs, expectedMs, voteMs: voteFlushMs }
  }
  const { unitMsMax } = job.manifest.task
  const lease = { units: units.length, queuedMs, expiries, unitMsMax }
  const burden = burdenOf(schedule)
  // Of many hosts one vote a lease is heard, and it renews the next one; of few a handful, so that long leases cost no more.
  const votesALease = burden === 1 ? 3 : 1
  const voteMs = Math.max(voteFlushMs, Math.ceil((workMs ?? 0) / votesALease))
  const leaseMs = Math.max(leaseMsMin, 4 * voteMs)
  return { nowMs, leaseMs, hardMs: hardLeaseMs(schedule, host, lease), expectedMs, voteMs }
}

/** A lease was granted before anybody knew how long a unit takes; by now somebody does. */
export function foresee(turn: Turn, stewarded: StewardedJob, lease: Lease): void {
  const { schedule } = stewarded
  const host = schedule.hosts.get(lease.host)
  const isKnown = lease.expectedMs < Number.POSITIVE_INFINITY
  if (isKnown || host === undefined || schedule.pace.unitMs === undefined) return
  const units = [...lease.remaining]
  const granted = { ...turn, nowMs: lease.grantedMs }
  const { expectedMs, hardMs } = termsOf(granted, stewarded, host, units, 0)
  lease.expectedMs = expectedMs
  host.busyUntilMs = Math.min(host.busyUntilMs, expectedMs)
  lease.hardDeadlineMs = Math.min(lease.hardDeadlineMs, lease.grantedMs + hardMs)
  lease.deadlineMs = Math.min(lease.deadlineMs, lease.hardDeadlineMs)
}

/** Length of a fixed lease in the time that its work usually takes: what volunteer grids set by hand. */
const fixedLeaseFactor = 10

/**
 * Copies that others wait for come first, then fresh units, then further copies of what its hosts alone do not settle.
 *
 * @param idle  the host has waited for a while
 */
function unitsFor(turn: Turn, stewarded: StewardedJob, host: JobHost, idle: boolean): UnitIndex[] {
  const { schedule, job } = stewarded
  const { state, nowMs } = turn
  if (host.peer === state.self) {
    const disputed = disputedUnits(stewarded, host, host.slots)
    if (disputed.length > 0) return disputed
  }
  const left = executionsLeft(job)
  const most = unitsAtOnce(turn, stewarded, host)
  const isPlain = job.manifest.acceptance.rule === 'quorum' || host.peer === state.self
  const checked = state.standing.get(host.peer)?.checked ?? 0
  // Only what any other could do is kept from a slow host, and only while others are at work.
  const isLate = !idle && isTooSlow(schedule, host, left)
  const allowed = isPlain ? most : freshAllowed(schedule, host, checked)
  const freshMost = isLate ? 0 : Math.min(most, allowed)
  const copiesMost = isPlain ? most : Math.min(most, copiesAllowed(schedule, host, nowMs, idle))
  const hasOther = freshMost > 0 && hasRoomForFresh(stewarded)
  const isMixed = schedule.wants.size >= Math.min(mixedHeaps, schedule.serving.size / 2)
  const units = takeLost(schedule, host.peer, Math.min(most, allowed))
  if (units.length === 0 && copiesMost > 0 && (isMixed || !hasOther)) {
    const apart = (holder: PeerId) => isApart(turn, holder, host.peer)
    units.push(...takeWanted(schedule, host.peer, copiesMost, state.secret, apart))
    noteConfirmed(schedule, host, units.length, nowMs)
  }
  const copies = firstCopies(turn, stewarded, host)
  while (units.length < freshMost && hasRoomForFresh(stewarded)) {
    const run = takeFresh(job, freshMost - units.length, (unit) => schedule.open.has(unit))
    if (run === undefined) break
    openUnits(schedule, run, host.peer, copies)
    units.push(...unitsOf([run]))
  }
  if (units.length > 0 || copiesMost === 0) return units.sort((a, b) => a - b)
  units.push(...furtherCopies(turn, stewarded, host, copiesMost))
  noteConfirmed(schedule, host, units.length, nowMs)
  return units
}

/**
 * Second copies are handed out from a mixture of so many heaps at least, as long as there is fresh work to do instead:
 * out of one or two anybody could tell whose unit it gets.
 */
const mixedHeaps = 24

/** Executions until the job ends, about; Infinity while its inputs are still coming. */
function executionsLeft({ inputsClosed, appended, canonical, manifest }: Job): number {
  if (!inputsClosed) return Number.POSITIVE_INFINITY
  return Math.max(1, appended - canonical.size) * usualCopies(manifest)
}

/** Those of them that nobody has been given, about. */
function executionsUnassigned({ job, schedule }: StewardedJob): number {
  if (!job.inputsClosed) return Number.POSITIVE_INFINITY
  const fresh = Math.max(0, job.appended - job.canonical.size - schedule.open.size)
  return fresh * usualCopies(job.manifest) + schedule.wanted
}

/** Units of a host's next lease. */
function unitsAtOnce({ state }: Turn, stewarded: StewardedJob, host: JobHost): number {
  const { job, schedule } = stewarded
  const left = executionsUnassigned(stewarded)
  const targetMs = state.config.leaseTargetMs * burdenOf(schedule)
  const most = leaseUnits(schedule, host, left, targetMs)
  if (job.appendedBytes === 0) return most
  const unitBytes = Math.max(1, job.appendedBytes / job.appended)
  return Math.max(1, Math.min(most, Math.floor(limits.batchBytesMax / unitBytes)))
}

/** Whether a host that asks should be given its next lease now. */
export function isDueFor(turn: Turn, stewarded: StewardedJob, host: JobHost): boolean {
  const { schedule } = stewarded
  if (isDue(host, turn.nowMs, turn.state.config.leaseTargetMs)) return true
  // What it has may be done before its first word is here, and there is plenty.
  const isUnknown = schedule.pace.unitMs === undefined && host.leases.size === 1
  return isUnknown && executionsUnassigned(stewarded) >= plentyPerHost * schedule.serving.size
}

/** Units for each host, not yet given to any, of which one may have some that it cannot begin at once. */
const plentyPerHost = 16

/** Units in the leases of one of thousands of hosts, and in those that come next. */
const openPerHost = 32

/** No host runs far ahead of those who must confirm it: what waits for agreement waits in memory. */
function hasRoomForFresh({ job, schedule, tallies, heldBytes }: StewardedJob): boolean {
  const awaitingMax = Math.max(limits.awaitingUnitsMax, 16 * schedule.hosts.size)
  const openMax = Math.max(limits.openUnitsMax, openPerHost * schedule.serving.size)
  return (
    hasFresh(job) &&
    schedule.open.size < openMax &&
    tallies.size < awaitingMax &&
    heldBytes < limits.openResultBytesMax
  )
}
