/** Leases: who gets which units, and what becomes of those that do not come back. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { hasFresh, takeFresh } from '../jobs/job.js'
import type { CoreMessageOf } from '../messages.js'
import {
  backUpAfterMs,
  canServe,
  endLease,
  grantLease,
  hostOf,
  type JobHost,
  type Lease,
  leaseUnits,
  loseUnits,
  openUnits,
  setAway,
  takeWanted,
  unitsToBackUp,
  wantCopies,
} from '../scheduling/schedule.js'
import type { StewardedJob } from '../state.js'
import { isBanned } from '../verification/standing.js'
import { copiesLacking, firstCopies, furtherCopies, usualCopies } from './acceptance.js'
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
  const host = stewarded.schedule.hosts.get(from)
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
    host.refused ??= 'results of this host were refuted earlier'
    note(stewarded, from, 'banned', host.refused, nowMs)
    return decline('results of this host were refuted')
  }
  if (stewarded.schedule.parked.size >= limits.parkedHostsMax) return
  const host = hostOf(stewarded.schedule, from, nowMs)
  setAway(stewarded.schedule, host, false)
  host.slots = message.slots
  stewarded.schedule.parked.set(from, { slots: message.slots })
  serve(turn, stewarded)
}

/** Gives work to the hosts that wait for it, longest wait first. */
export function serve(turn: Turn, stewarded: StewardedJob): void {
  const { job, schedule } = stewarded
  if (job.phase !== 'running') return
  for (const peer of schedule.parked.keys()) {
    const host = schedule.hosts.get(peer)
    if (host === undefined || !canServe(host)) schedule.parked.delete(peer)
    else if (grantTo(turn, stewarded, host)) schedule.parked.delete(peer)
  }
  if (schedule.parked.size > 0 && schedule.open.size > 0)
    wakeAt(turn, 'steward', turn.nowMs + backUpAfterMs)
}

function grantTo(turn: Turn, stewarded: StewardedJob, host: JobHost): boolean {
  const { state, nowMs } = turn
  const { schedule, job } = stewarded
  if (host.leases.size >= leasesPerHost) return false
  if (host.peer === state.self && grantAudits(turn, stewarded, host)) return true
  const units = unitsFor(turn, stewarded, host)
  if (units.length === 0) return false
  const lease = grantLease(schedule, host, units, {
    lease: state.nextLease++,
    nowMs,
    leaseMs: state.config.leaseMsMin,
    hardMs: hardLeaseMs(stewarded, host, units.length),
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
  wakeAt(turn, 'steward', lease.deadlineMs)
  return true
}

/** Copies that others wait for come first, then fresh units, then copies of what is overdue. */
function unitsFor(turn: Turn, stewarded: StewardedJob, host: JobHost): UnitIndex[] {
  const { schedule, job } = stewarded
  const left = job.inputsClosed
    ? Math.max(1, job.appended - job.canonical.size) * usualCopies(job.manifest)
    : Number.POSITIVE_INFINITY
  let most = leaseUnits(schedule, host, left, turn.state.config.leaseTargetMs)
  if (job.appendedBytes > 0) {
    const unitBytes = Math.max(1, job.appendedBytes / job.appended)
    most = Math.max(1, Math.min(most, Math.floor(limits.batchBytesMax / unitBytes)))
  }
  const units = takeWanted(schedule, host.peer, most)
  const copies = firstCopies(turn, stewarded, host)
  while (units.length < most && hasRoomForFresh(stewarded)) {
    const run = takeFresh(job, most - units.length, (unit) => schedule.open.has(unit))
    if (run === undefined) break
    openUnits(schedule, run, copies)
    units.push(...takeWanted(schedule, host.peer, run[1]))
  }
  if (units.length > 0) return units.slice(0, limits.leaseUnitsMax).sort((a, b) => a - b)
  const further = furtherCopies(stewarded, host, most)
  if (further.length > 0) return further
  return unitsToBackUp(schedule, host, turn.nowMs, most)
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

/** However often a lease is renewed, it ends here: three times what its units and those before it may take. */
function hardLeaseMs({ schedule, job }: StewardedJob, host: JobHost, units: number): number {
  const { unitMsMax } = job.manifest.task
  const unitMs = host.unitMs ?? schedule.unitMs ?? unitMsMax
  const rounds = Math.ceil(units / host.slots)
  return Math.min(86_400_000, 3 * (10_000 + rounds * Math.min(unitMsMax, 4 * unitMs)))
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
    wakeAt(turn, 'steward', lease.deadlineMs)
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
    lost.map((unit) => ({ unit, copies: copiesLacking(turn, stewarded, unit) })),
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
    host.connected = false
    if (stewarded.job.phase === 'running') loseHost(turn, stewarded, host)
  }
}

export function expireLeases(turn: Turn, stewarded: StewardedJob): void {
  const { schedule, counters } = stewarded
  for (const lease of [...schedule.leases.values()]) {
    if (lease.deadlineMs > turn.nowMs) continue
    const units = [...lease.remaining]
    counters.reassigned += recover(turn, stewarded, lease, units, [lease.host])
    if (schedule.leases.has(lease.lease)) endLease(schedule, lease)
    send(turn, lease.host, { type: 'revoke', job: stewarded.job.job, leases: [lease.lease] })
    stewarded.dirty = true
  }
}
