/** Work that is asked back for a host that has none. Its units come as a `release`, and go out again from there. */
import { toRuns } from '../../protocol/unit-runs.js'
import { hasFresh } from '../jobs/job.js'
import { isTooSlow } from '../scheduling/pace.js'
import { planRecall } from '../scheduling/recalls.js'
import type { JobHost } from '../scheduling/schedule.js'
import { freshAllowed } from '../scheduling/shares.js'
import type { StewardedJob } from '../state.js'
import { wireRuns } from './host.js'
import { send, type Turn } from './turn.js'

/** A host asked and there was nothing for it: another may have more than its share. */
export function recallFor(turn: Turn, stewarded: StewardedJob, idle: JobHost): void {
  const { schedule, job } = stewarded
  const { state, nowMs } = turn
  if (state.config.leaseRule === 'fixed' || job.phase !== 'running') return
  if (hasFresh(job) || schedule.lost.size > 0 || !schedule.parked.has(idle.peer)) return
  if (isTooSlow(schedule, idle, job.appended - job.canonical.size)) return
  const isPlain = job.manifest.acceptance.rule === 'quorum'
  const checked = state.standing.get(idle.peer)?.checked ?? 0
  const isTrusted = isPlain || idle.peer === state.self
  if (!isTrusted && freshAllowed(schedule, idle, checked) === 0) return
  const recall = planRecall(schedule, idle, nowMs, isPlain)
  if (recall === undefined) return
  recall.host.recalledMs = nowMs
  for (const [{ lease }, units] of recall.units) {
    const runs = wireRuns(toRuns(units))
    send(turn, recall.host.peer, { type: 'recall', job: job.job, lease, runs })
  }
}
