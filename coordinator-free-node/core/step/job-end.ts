/** How a job ends, and what the journal remembers of it. */

import type { FailureCode } from '../../protocol/errors.js'
import type { JobPhase } from '../../protocol/gateway-api.js'
import { limits } from '../../protocol/limits.js'
import { endJob, isComplete } from '../jobs/job.js'
import type { JobRecord } from '../kit/records.js'
import { closeAdvert } from '../membership/adverts.js'
import type { StewardedJob } from '../state.js'
import { createAudits } from '../verification/audits.js'
import { createBacking } from '../verification/backing.js'
import { createChecks } from '../verification/checks.js'
import { createWatches } from '../verification/watches.js'
import { isAuditing } from './audits.js'
import { expectedErrorRate } from './expected-error.js'
import { dropHostedJob } from './host.js'
import { issueLastReceipts } from './receipts.js'
import { followJob, note } from './trail.js'
import { emit, journalThen, send, type Turn, wakeAt } from './turn.js'

export function jobRecordOf(stewarded: StewardedJob): JobRecord {
  const { job, schedule, counters } = stewarded
  return {
    job: job.job,
    phase: job.phase,
    appended: job.appended,
    appendedBytes: job.appendedBytes,
    inputsClosed: job.inputsClosed,
    hit: job.hit,
    errorCode: job.errorCode,
    error: job.error,
    submittedMs: job.submittedMs,
    endedMs: job.endedMs,
    ...counters,
    verified: stewarded.endedVerified ?? job.canonical.size,
    hosts: [...schedule.hosts.values()]
      .filter(({ executed, aborted }) => executed + aborted > 0)
      .slice(0, hostRecordsMax)
      .map(({ peer, executed, accepted, rejected, aborted, spentMs }) => ({
        peer,
        executed,
        accepted,
        rejected,
        aborted,
        spentMs,
      })),
  }
}

/** Hosts that a job's record names: enough for a person, bounded for a grid of thousands. */
const hostRecordsMax = 256

/** Ends the job when every unit is canonical and on disk, or its verified hit is. */
export function completeIfDone(turn: Turn, stewarded: StewardedJob): void {
  const { job } = stewarded
  if (job.phase !== 'running' || stewarded.pendingEntries.size > 0) return
  const isFound = job.manifest.goal === 'first-hit' && job.hit !== undefined
  if (isFound || (isComplete(job) && !isAuditing(turn, stewarded)))
    finishJob(turn, stewarded, 'done')
}

export function failJob(
  turn: Turn,
  stewarded: StewardedJob,
  code: FailureCode,
  error: string,
): void {
  if (stewarded.job.phase !== 'running') return
  stewarded.job.errorCode = code
  stewarded.job.error = error
  finishJob(turn, stewarded, 'failed')
}

/** Ends a job for good: hosts stop, the grid forgets, the journal keeps what a person may ask for. */
export function finishJob(
  turn: Turn,
  stewarded: StewardedJob,
  phase: Exclude<JobPhase, 'running'>,
): void {
  const { job, schedule } = stewarded
  endJob(job, phase, turn.nowMs)
  stewarded.warning = undefined
  for (const host of schedule.hosts.values())
    if (host.leases.size > 0) {
      send(turn, host.peer, { type: 'revoke', job: job.job, leases: [...host.leases] })
      host.leases.clear()
    }
  schedule.open.clear()
  schedule.lost.clear()
  schedule.wants.clear()
  schedule.wanted = 0
  schedule.leases.clear()
  schedule.former.clear()
  schedule.parked.clear()
  schedule.busy.clear()
  stewarded.tallies.clear()
  stewarded.heldBytes = 0
  stewarded.endedErrorRate = expectedErrorRate(turn, stewarded)
  stewarded.disputes.clear()
  stewarded.watches = createWatches()
  stewarded.backing = createBacking()
  stewarded.audits = createAudits()
  stewarded.checks = createChecks()
  const settled = [...schedule.unsettled.keys()].map(
    (lease) => ({ type: 'lease-settled', job: job.job, lease }) as const,
  )
  schedule.unsettled.clear()
  stewarded.dirty = false
  journalThen(
    turn,
    job.job,
    [{ type: 'job', record: jobRecordOf(stewarded) }, ...settled],
    [{ type: 'job-changed', job: job.job }],
  )
  followJob(turn, stewarded)
  const text = job.error === undefined ? {} : { text: job.error }
  note(turn, stewarded, { kind: phase, units: job.canonical.size, ...text })
  issueLastReceipts(turn, stewarded)
  spreadEnd(turn, stewarded)
  forgetOldJobs(turn)
  wakeAt(turn, 'steward', turn.nowMs)
}

/** Ended jobs are kept for a person who asks; the oldest go, results and all. */
function forgetOldJobs(turn: Turn): void {
  const ended = [...turn.state.stewarded.values()].filter(({ job }) => job.endedMs !== undefined)
  if (ended.length <= limits.endedJobsMax) return
  const [oldest] = ended.sort((a, b) => (a.job.endedMs ?? 0) - (b.job.endedMs ?? 0))
  if (oldest === undefined) return
  turn.state.stewarded.delete(oldest.job.job)
  emit(turn, { type: 'forget-job', job: oldest.job.job })
}

/** A closed advert overtakes the open ones; hosts forget the job. */
function spreadEnd(turn: Turn, stewarded: StewardedJob): void {
  const { state } = turn
  const advert = closeAdvert(state.adverts, stewarded.job.job)
  stewarded.advertSerial++
  if (advert !== undefined)
    for (const peer of state.neighbours.neighbours.keys())
      send(turn, peer, { type: 'advert', body: advert.body, sealed: undefined, hops: 0 })
  dropHostedJob(turn, stewarded.job.job)
}
