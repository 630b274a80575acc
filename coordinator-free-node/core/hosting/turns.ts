/**
 * Jobs take turns at a host's places: who came last or was served least does not wait for the end of a long one.
 *
 * A job that has work holds a place; one whose steward has nothing for it now holds none. When all are taken, the job
 * that was served most asks for nothing more, ends its leases and queues up again.
 */
import type { PeerId } from '../../protocol/ids.js'
import { type HostedJob, type HostingState, isResting } from './hosting.js'

/** So long a steward may let a job wait for work before its place is free: a round trip and more. */
const idleAfterMs = 1_000

function takesPlace({ phase, leases, askedMs }: HostedJob, nowMs: number): boolean {
  if (phase === 'connecting' || phase === 'fetching') return true
  return phase === 'ready' && (leases.size > 0 || nowMs - askedMs < idleAfterMs)
}

/**
 * Jobs to make active, best first: all of one's own, then stewards to whom we owe most, then those that failed least and
 * were served least. Newcomers share what is left. Those that rest neither become active nor take a place.
 */
export function nextToServe(
  state: HostingState,
  self: PeerId,
  balanceOf: (peer: PeerId) => number,
  activeMax: number,
  nowMs: number,
): HostedJob[] {
  let active = 0
  const own: HostedJob[] = []
  const queued: HostedJob[] = []
  for (const job of state.jobs.values())
    if (isResting(state, job, self)) continue
    else if (job.phase === 'queued') {
      if (job.retryAtMs <= nowMs) (job.steward === self ? own : queued).push(job)
    } else if (takesPlace(job, nowMs)) active++
  queued.sort(
    (a, b) =>
      balanceOf(b.steward) - balanceOf(a.steward) ||
      a.tries - b.tries ||
      a.done.spentMs - b.done.spentMs ||
      (a.job < b.job ? -1 : 1),
  )
  return [...own, ...queued].slice(0, Math.max(own.length, activeMax - active))
}

export interface Places {
  /** Jobs of others that do not rest. */
  jobs: Iterable<HostedJob>
  /** Places for jobs of others. */
  most: number
  /** A turn is at least so long. */
  turnMs: number
  nowMs: number
  balanceOf: (steward: PeerId) => number
}

/**
 * The job that should make room for one that waits: a turn is over, the one that waits was served less, and its
 * steward is owed no less. Undefined while there is room, nobody waits, or somebody makes room already.
 */
export function whoYields({ jobs, most, turnMs, nowMs, balanceOf }: Places): HostedJob | undefined {
  const precedes = (a: HostedJob, b: HostedJob) =>
    balanceOf(a.steward) - balanceOf(b.steward) || b.done.spentMs - a.done.spentMs
  let active = 0
  let first: HostedJob | undefined
  let last: HostedJob | undefined
  for (const job of jobs) {
    if (job.yields) return undefined
    // What failed before has to wait for a place that is free: it may be made up.
    if (job.phase === 'queued' && job.tries === 0)
      first = first === undefined || precedes(job, first) > 0 ? job : first
    if (!takesPlace(job, nowMs)) continue
    active++
    if (job.phase !== 'ready' || job.turnMs === undefined || job.turnMs + turnMs > nowMs) continue
    last = last === undefined || precedes(job, last) < 0 ? job : last
  }
  if (last === undefined || active < most) return undefined
  if (active > most) return last
  return first !== undefined && precedes(first, last) > 0 ? last : undefined
}
