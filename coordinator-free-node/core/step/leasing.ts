/** Leases: who gets which units, and what becomes of those that do not come back. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { unitsOf } from '../../protocol/unit-runs.js'
import { hasFresh, type Job, takeFresh } from '../jobs/job.js'
import type { CoreMessageOf } from '../messages.js'
import { backUpAfterMs, planBackups } from '../scheduling/backups.js'
import {
  canServe,
  disconnect,
  hostOf,
  isDue,
  parkDue,
  refuseHost,
  setAway,
} from '../scheduling/hosts.js'
import { endLease, grantLease, loseUnits, openUnits } from '../scheduling/leases.js'
import {
  expectedWorkMs,
  hardLeaseMs,
  isTooSlow,
  leaseUnits,
  observeLateness,
  surveyPace,
} from '../scheduling/pace.js'
import type { JobHost, Lease } from '../scheduling/schedule.js'
import { copiesAllowed, freshAllowed, noteConfirmed } from '../scheduling/shares.js'
import { takeLost, takeWanted, wantCopies } from '../scheduling/wants.js'
import type { StewardedJob } from '../state.js'
import { isBanned } from '../verification/standing.js'
import {
  copiesLacking,
  disputedUnits,
  firstCopies,
  furtherCopies,
  isApart,
  usualCopies,
} from './acceptance.js'
import { endAudits, grantAudits } from './audits.js'
import { wireRuns } from './host.js'
import { failJob } from './job-end.js'
import { journalThen, send, type Turn, wakeAt } from './turn.js'

/** Leases that one host holds of one job: one running, one behind it, one on its way. */
const leasesPerHost = 3

export function onAnswer(turn: Turn, from: PeerId, message: CoreMessageOf<'answer'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  if (stewarded === undefined) return
  const { verdict, reason } = message
  note(stewarded, from, verdict, reason, turn.nowMs)
  const { schedule } = stewarded
  // It asks again when this job's turn comes.
  if (verdict === 'queued' && !schedule.parked.delete(from)) schedule.busy.delete(from)
  const host = schedule.hosts.get(from)
  if (host === undefined || host.away === (verdict === 'refused')) return
  setAway(stewarded.schedule, host, !host.away)
}

/** Keeps the last answer of each peer, the latest peers first to stay. */
function note(
  stewarded: StewardedJob,
  peer: PeerId,
  verdict: string,
  reason: string,
  atMs: number,
): void {
  stewarded.answers.delete(peer)
  stewarded.answers.set(peer, { verdict, reason, atMs })
  if (stewarded.answers.size <= limits.answersMax) return
  const oldest = stewarded.answers.keys().next().value
  if (oldest !== undefined) stewarded.answers.delete(oldest)
}

export function onWant(turn: Turn, from: PeerId, message: CoreMessageOf<'want'>): void {
  const { state, nowMs } = turn
  const stewarded = state.stewarded.get(message.job)
  const decline = (reason: string) =>
    send(turn, from, { type: 'decline', job: message.job, reason, final: true })
  if (stewarded === undefined) return decline('this node does not steward that job')
  if (stewarded.job.phase !== 'running') return decline('the job has ended')
  if (isBanned(state.standing, from, nowMs)) {
    const host = hostOf(stewarded.schedule, from, nowMs)
    const ground = 'results of this host were refuted earlier'
    refuseHost(stewarded.schedule, host, ground)
    note(stewarded, from, 'banned', host.refused ?? ground, nowMs)
    return decline('results of this host were refuted')
  }
  if (stewarded.schedule.parked.size >= limits.parkedHostsMax) return
  const host = hostOf(stewarded.schedule, from, nowMs)
  setAway(stewarded.schedule, host, false)
  host.slots = message.slots
  const { schedule } = stewarded
  if (isDue(host, nowMs, state.config.leaseTargetMs)) schedule.parked.add(from)
  else schedule.busy.add(from)
  serve(turn, stewarded)
}

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
  backUp(turn, stewarded)
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
  const lease = grantLease(schedule, host, units, {
    lease: turn.state.nextLease++,
    ...termsOf(turn, stewarded, host, units),
  })
  stewarded.counters.executions += units.length
  const granted = { job: job.job, lease: lease.lease, runs: lease.runs }
  const { leaseMs } = lease
  const runs = wireRuns(lease.runs)
  const message = { type: 'lease', job: job.job, lease: lease.lease, runs, leaseMs } as const
  journalThen(
    turn,
    job.job,
    [{ type: 'lease-granted', ...granted, host: host.peer }],
    [{ type: 'send-message', to: host.peer, message: { ...message, inputs: undefined } }],
  )
}

/** How long a lease may take, and when it should be done. */
function termsOf(
  { state, nowMs }: Turn,
  { schedule, job, watches }: StewardedJob,
  host: JobHost,
  units: readonly UnitIndex[],
  queuedMs = host.leases.size === 0 ? 0 : Math.max(0, host.busyUntilMs - nowMs),
) {
  const { leaseMsMin, leaseRule } = state.config
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
    return { nowMs, leaseMs: fixedMs, hardMs: fixedMs, expectedMs }
  }
  const { unitMsMax } = job.manifest.task
  const lease = { units: units.length, queuedMs, expiries, unitMsMax }
  return { nowMs, leaseMs: leaseMsMin, hardMs: hardLeaseMs(schedule, host, lease), expectedMs }
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
  const most = unitsAtOnce(turn, stewarded, host, left)
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
    const apart = (holder: PeerId) => isPlain || isApart(turn, holder, host.peer)
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
  units.push(...furtherCopies(stewarded, host, copiesMost))
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

/** Units of a host's next lease. */
function unitsAtOnce(
  { state }: Turn,
  { job, schedule }: StewardedJob,
  host: JobHost,
  left: number,
): number {
  const most = leaseUnits(schedule, host, left, state.config.leaseTargetMs)
  if (job.appendedBytes === 0) return most
  const unitBytes = Math.max(1, job.appendedBytes / job.appended)
  return Math.max(1, Math.min(most, Math.floor(limits.batchBytesMax / unitBytes)))
}

/** No host runs far ahead of those who must confirm it: what waits for agreement waits in memory. */
function hasRoomForFresh({ job, schedule, tallies, heldBytes }: StewardedJob): boolean {
  const awaitingMax = Math.max(limits.awaitingUnitsMax, 16 * schedule.hosts.size)
  return (
    hasFresh(job) &&
    schedule.open.size < limits.openUnitsMax &&
    tallies.size < awaitingMax &&
    heldBytes < limits.openResultBytesMax
  )
}

export function onRenew(turn: Turn, from: PeerId, message: CoreMessageOf<'renew'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  const schedule = stewarded?.schedule
  const unknown: number[] = []
  for (const id of message.leases) {
    const lease = schedule?.leases.get(id)
    if (from === turn.state.self && stewarded?.audits.leases.has(id) === true) continue
    if (lease === undefined || lease.host !== from) {
      // A former lease may still bring votes: only what nobody remembers is revoked.
      if (schedule?.former.get(id)?.host !== from) unknown.push(id)
      continue
    }
    lease.deadlineMs = Math.min(turn.nowMs + lease.leaseMs, lease.hardDeadlineMs)
  }
  if (unknown.length > 0) send(turn, from, { type: 'revoke', job: message.job, leases: unknown })
}

export function onRelease(turn: Turn, from: PeerId, message: CoreMessageOf<'release'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  const lease = stewarded?.schedule.leases.get(message.lease)
  if (stewarded !== undefined && from === turn.state.self) endAudits(turn, stewarded, message.lease)
  if (stewarded === undefined || lease === undefined || lease.host !== from) return
  const units = [...lease.remaining].filter((unit) =>
    message.runs.some(([first, count]) => first <= unit && unit < first + count),
  )
  recover(turn, stewarded, lease, units, [])
}

export function onAbort(turn: Turn, from: PeerId, message: CoreMessageOf<'abort'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  const lease = stewarded?.schedule.leases.get(message.lease)
  if (stewarded !== undefined && from === turn.state.self) endAudits(turn, stewarded, message.lease)
  if (stewarded === undefined || lease === undefined || lease.host !== from) return
  if (!lease.remaining.has(message.unit)) return
  stewarded.counters.aborted++
  const host = hostOf(stewarded.schedule, from, turn.nowMs)
  host.aborted++
  const open = stewarded.schedule.open.get(message.unit)
  if (open !== undefined && ++open.failures >= limits.unitFailuresMax) {
    const { unit, message: text } = message
    failJob(
      turn,
      stewarded,
      'MH_UNIT_FAILED',
      `unit ${unit} ended without a result ${open.failures} times: ${text}`,
    )
    return
  }
  recover(turn, stewarded, lease, [message.unit], [from])
}

/** Units come back from a lease; those that still lack votes are wanted from others. */
export function recover(
  turn: Turn,
  stewarded: StewardedJob,
  lease: Lease,
  units: readonly UnitIndex[],
  avoid: readonly PeerId[],
): number {
  const { schedule } = stewarded
  const lost = loseUnits(schedule, lease, units)
  if (lease.remaining.size === 0) endLease(schedule, lease)
  wantCopies(
    schedule,
    lost.map((unit) => [unit, copiesLacking(turn, stewarded, unit)] as const),
    avoid,
  )
  serve(turn, stewarded)
  return lost.length
}

/** All leases of a host are lost: it left, or it is not trusted any more. */
export function loseHost(turn: Turn, stewarded: StewardedJob, host: JobHost): void {
  const { schedule } = stewarded
  schedule.parked.delete(host.peer)
  schedule.hostsChangedMs = turn.nowMs
  wakeAt(turn, 'steward', turn.nowMs + turn.state.config.aloneGraceMs + 1)
  for (const id of [...host.leases]) {
    const lease = schedule.leases.get(id)
    if (lease === undefined) continue
    stewarded.counters.reassigned += recover(turn, stewarded, lease, [...lease.remaining], [])
    if (schedule.leases.has(id)) endLease(schedule, lease)
  }
  stewarded.dirty = true
}

export function stewardLostHost(turn: Turn, peer: PeerId): void {
  for (const stewarded of turn.state.stewarded.values()) {
    const host = stewarded.schedule.hosts.get(peer)
    if (host === undefined || !host.connected) continue
    disconnect(stewarded.schedule, host)
    if (turn.state.config.leaseRule === 'fixed') continue
    if (stewarded.job.phase === 'running') loseHost(turn, stewarded, host)
  }
}

export function expireLeases(turn: Turn, stewarded: StewardedJob): void {
  const { schedule, counters } = stewarded
  for (const lease of [...schedule.leases.values()]) {
    if (lease.expectedMs === Number.POSITIVE_INFINITY) foresee(turn, stewarded, lease)
    if (lease.deadlineMs > turn.nowMs) continue
    const units = [...lease.remaining]
    for (const unit of units) {
      const open = schedule.open.get(unit)
      if (open !== undefined) open.expiries++
    }
    counters.reassigned += recover(turn, stewarded, lease, units, [lease.host])
    if (schedule.leases.has(lease.lease)) endLease(schedule, lease)
    noteSilence(turn, stewarded, lease)
    send(turn, lease.host, { type: 'revoke', job: stewarded.job.job, leases: [lease.lease] })
    stewarded.dirty = true
  }
}

/** A lease was granted before anybody knew how long a unit takes; by now somebody does. */
function foresee(turn: Turn, stewarded: StewardedJob, lease: Lease): void {
  const { schedule } = stewarded
  const host = schedule.hosts.get(lease.host)
  if (host === undefined || schedule.pace.unitMs === undefined) return
  const units = [...lease.remaining]
  const granted = { ...turn, nowMs: lease.grantedMs }
  const { expectedMs, hardMs } = termsOf(granted, stewarded, host, units, 0)
  lease.expectedMs = expectedMs
  host.busyUntilMs = Math.min(host.busyUntilMs, expectedMs)
  lease.hardDeadlineMs = Math.min(lease.hardDeadlineMs, lease.grantedMs + hardMs)
  lease.deadlineMs = Math.min(lease.deadlineMs, lease.hardDeadlineMs)
}

/** Leases that a host may let run out, one after the other, before it gets no more of the job. */
const silentLeasesMax = 2

function noteSilence(
  turn: Turn,
  { schedule, answers, job }: StewardedJob,
  { host: peer, grantedMs }: Lease,
): void {
  const host = schedule.hosts.get(peer)
  if (host === undefined || peer === turn.state.self) return
  // What was queued behind a lease that ran out was late for the same reason.
  if (grantedMs < host.silentMs) return
  host.silentMs = turn.nowMs
  observeLateness(host)
  if (++host.silent < silentLeasesMax) return
  const reason = `it took ${host.silent} leases and answered none of them in time`
  refuseHost(schedule, host, reason)
  answers.set(peer, { verdict: 'refused', reason, atMs: turn.nowMs })
  send(turn, peer, {
    type: 'decline',
    job: job.job,
    reason: 'leases ran out unanswered',
    final: true,
  })
}
