/** What becomes of leases: hosts ask, renew, give back, fail, fall silent or leave. */
import type { LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { mayDo } from '../membership/members.js'
import type { CoreMessageOf } from '../messages.js'
import { disconnect, hostOf, refuseHost, setAway } from '../scheduling/hosts.js'
import { endLease, loseUnits, renewLease } from '../scheduling/leases.js'
import { observeLateness } from '../scheduling/pace.js'
import type { JobHost, Lease } from '../scheduling/schedule.js'
import { wantCopies } from '../scheduling/wants.js'
import type { StewardedJob } from '../state.js'
import { isBanned } from '../verification/standing.js'
import { copiesLacking } from './acceptance.js'
import { endAudits } from './audits.js'
import { blame } from './blame.js'
import { foresee, isDueFor, serve } from './granting.js'
import { failJob } from './job-end.js'
import { recallFor } from './recalling.js'
import { send, type Turn, wakeAt } from './turn.js'

export function onAnswer(turn: Turn, from: PeerId, message: CoreMessageOf<'answer'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  if (stewarded === undefined) {
    blame(turn, from, 'stale-message')
    return
  }
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
  const decline = (reason: string) => {
    blame(turn, from, 'stale-message')
    send(turn, from, { type: 'decline', job: message.job, reason, final: true })
  }
  if (stewarded === undefined) return decline('this node does not steward that job')
  if (stewarded.job.phase !== 'running') return decline('the job has ended')
  if (from !== state.self && !mayDo(state.members, from, 'host'))
    return decline('this member may not work for others in this grid')
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
  if (schedule.parked.has(from)) blame(turn, from, 'want-repeated')
  if (isDueFor(turn, stewarded, host)) schedule.parked.add(from)
  else schedule.busy.add(from)
  serve(turn, stewarded)
  recallFor(turn, stewarded, host)
}

/** Whatever came of a vote, its host has room for more. */
export function onWantAlong(
  turn: Turn,
  from: PeerId,
  { body: { job }, wantSlots: slots }: CoreMessageOf<'vote'>,
): void {
  if (slots !== undefined) onWant(turn, from, { type: 'want', job, slots })
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
    renewLease(lease, turn.nowMs)
  }
  if (unknown.length > 0) blame(turn, from, 'stale-message')
  if (unknown.length > 0) send(turn, from, { type: 'revoke', job: message.job, leases: unknown })
}

export function onRelease(turn: Turn, from: PeerId, message: CoreMessageOf<'release'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  const lease = stewarded?.schedule.leases.get(message.lease)
  if (stewarded !== undefined && from === turn.state.self) endAudits(turn, stewarded, message.lease)
  if (stewarded === undefined || lease === undefined || lease.host !== from) {
    blameForLease(turn, from, stewarded, message.lease)
    return
  }
  const units = [...lease.remaining].filter((unit) =>
    message.runs.some(([first, count]) => first <= unit && unit < first + count),
  )
  const host = stewarded.schedule.hosts.get(from)
  if (host !== undefined) host.recalledMs = Number.NEGATIVE_INFINITY
  recover(turn, stewarded, lease, units, [])
}

export function onAbort(turn: Turn, from: PeerId, message: CoreMessageOf<'abort'>): void {
  const stewarded = turn.state.stewarded.get(message.job)
  const lease = stewarded?.schedule.leases.get(message.lease)
  if (stewarded !== undefined && from === turn.state.self) endAudits(turn, stewarded, message.lease)
  if (stewarded === undefined || lease === undefined || lease.host !== from) {
    blameForLease(turn, from, stewarded, message.lease)
    return
  }
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

/** What is said of a lease that ended meanwhile is nobody's fault; of one that never was, it is. */
function blameForLease(
  turn: Turn,
  from: PeerId,
  stewarded: StewardedJob | undefined,
  lease: LeaseId,
): void {
  if (stewarded?.schedule.former.get(lease)?.host === from) return
  const isRunning = stewarded?.job.phase === 'running'
  blame(turn, from, isRunning ? 'unknown-lease' : 'stale-message')
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
    foresee(turn, stewarded, lease)
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
  blame(turn, peer, 'lease-unanswered')
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
