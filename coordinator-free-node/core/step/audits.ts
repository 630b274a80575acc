/** The requester's own second look: leases of accepted units to this node's own host. */
import type { LeaseId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { toRuns, unitsOf } from '../../protocol/unit-runs.js'
import { digestKey } from '../kit/byte-key.js'
import { hasUnit } from '../kit/unit-set.js'
import type { CoreMessageOf } from '../messages.js'
import { leaseUnits } from '../scheduling/pace.js'
import type { JobHost } from '../scheduling/schedule.js'
import type { StewardedJob } from '../state.js'
import { hasAudits } from '../verification/audits.js'
import { type BackedUnit, settleBacked } from '../verification/backing.js'
import type { Docket } from './docket.js'
import { wireRuns } from './host.js'
import { blame, credit } from './judging.js'
import { send, type Turn, wakeAt } from './turn.js'

/** @returns whether this node's host got units to audit */
export function grantAudits(turn: Turn, stewarded: StewardedJob, host: JobHost): boolean {
  const { audits, schedule, job } = stewarded
  if (audits.queue.length === 0) return false
  const most = leaseUnits(schedule, host, audits.queue.length * 2, turn.state.config.leaseTargetMs)
  const units = new Map<UnitIndex, BackedUnit>()
  while (units.size < Math.min(most, limits.leaseRunsMax)) {
    const backed = audits.queue.shift()
    if (backed === undefined) break
    if (hasUnit(job.canonical, backed.unit)) units.set(backed.unit, backed)
  }
  if (units.size === 0) return false
  const lease = turn.state.nextLease++
  audits.leases.set(lease, units)
  const runs = wireRuns(toRuns([...units.keys()].sort((a, b) => a - b)))
  const { leaseMsMin: leaseMs, voteFlushMs: voteMs } = turn.state.config
  send(turn, turn.state.self, {
    type: 'lease',
    job: job.job,
    lease,
    runs,
    leaseMs,
    voteMs,
    inputs: undefined,
  })
  return true
}

/** The audits of a lease that came to nothing are dropped: they were a sample. */
export function endAudits(turn: Turn, stewarded: StewardedJob, lease: LeaseId): void {
  if (stewarded.audits.leases.delete(lease)) wakeAt(turn, 'steward', turn.nowMs)
}

/** Compares this node's own results with the accepted ones; @returns the units where they differ, or are open again */
export function onAuditVote(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  { body }: CoreMessageOf<'vote'>,
): Set<UnitIndex> {
  const { audits, counters, job, backing } = stewarded
  const units = audits.leases.get(body.lease)
  const differing = new Set<UnitIndex>()
  if (units === undefined) return differing
  let position = 0
  for (const unit of unitsOf(body.runs)) {
    const digest = digestKey(body.digests, position++)
    const backed = units.get(unit)
    if (backed === undefined || !units.delete(unit)) continue
    counters.executions++
    if (!hasUnit(job.canonical, unit)) {
      differing.add(unit)
      continue
    }
    counters.audited++
    if (digest === backed.digest) {
      settleBacked(backing, backed)
      for (const host of backed.hosts) credit(turn, docket, host, true, backed.hosts.length > 1)
      continue
    }
    differing.add(unit)
    const ground = "a result of this host differs from this node's own: an audit"
    for (const host of backed.hosts) blame(turn, docket, stewarded, host, ground)
  }
  if (units.size === 0) endAudits(turn, stewarded, body.lease)
  return differing
}

/** At the end a job waits for its audits, but not long. */
const auditWaitMsMin = 1_000
const auditWaitShare = 0.05

/** Whether a job with nothing else left still waits for audits. */
export function isAuditing(turn: Turn, { audits, job }: StewardedJob): boolean {
  if (!hasAudits(audits)) return false
  const waitMs = Math.max(auditWaitMsMin, auditWaitShare * (turn.nowMs - job.submittedMs))
  audits.untilMs ??= turn.nowMs + waitMs
  wakeAt(turn, 'steward', audits.untilMs)
  return turn.nowMs < audits.untilMs
}
