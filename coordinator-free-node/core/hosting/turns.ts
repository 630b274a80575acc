/**
 * Jobs take turns at a host's places: who came last or was served least does not wait for the end of a long one.
 *
 * A job that has work holds a place; one whose steward has nothing for it now holds none. When all are taken, the job
 * of the steward that comes last in the service order asks for nothing more, ends its leases and queues up again. The
 * party is the steward, not the job: a second job of one steward waits for the first of another.
 */
import type { PeerId } from '../../protocol/ids.js'
import { type HostedJob, type HostingState, isResting } from './hosting.js'

/** So long a steward may let a job wait for work before its place is free: a round trip and more. */
export const idleAfterMs = 1_000

/** Below zero where the first is to be served before the second. */
export type ServicePrecedence = (a: PeerId, b: PeerId) => number

/**
 * Whether work for the job may be expected: it has some, has just asked, or was not asked yet. One whose task is not
 * here has none: adverts cost nothing, and jobs that somebody made up must not be in the way of those that are there.
 */
export function takesPlace(job: HostedJob, nowMs: number): boolean {
  const { phase, leases, wanting, orphanedMs, askedMs, servedMs } = job
  if (phase === 'connecting') return job.turnMs !== undefined
  if (phase !== 'ready') return false
  if (leases.size > 0 || nowMs - Math.max(askedMs, servedMs) < idleAfterMs) return true
  return !wanting && orphanedMs === undefined
}

/** Its steward is being reached, or its task is on the way; as many at a time as there are places. */
function isPreparing({ phase, turnMs }: HostedJob): boolean {
  return turnMs === undefined && (phase === 'connecting' || phase === 'fetching')
}

/** A job that waits for a place and may have one now. */
export function waitsForPlace({ phase, retryAtMs }: HostedJob, nowMs: number): boolean {
  return phase === 'queued' && retryAtMs <= nowMs
}

/**
 * Jobs to make active, best first: all of one's own, then one of each steward in the service order, then their second
 * ones; of one steward those that failed least and were served least. Those that rest neither become active nor take a
 * place.
 */
export function nextToServe(
  state: HostingState,
  self: PeerId,
  precedes: ServicePrecedence,
  activeMax: number,
  nowMs: number,
): HostedJob[] {
  let active = 0
  let preparing = 0
  const own: HostedJob[] = []
  const queued: HostedJob[] = []
  const places = new Map<PeerId, number>()
  for (const job of state.jobs.values())
    if (isResting(state, job, self)) continue
    else if (waitsForPlace(job, nowMs)) (job.steward === self ? own : queued).push(job)
    else if (takesPlace(job, nowMs)) {
      active++
      places.set(job.steward, (places.get(job.steward) ?? 0) + 1)
    } else if (isPreparing(job)) {
      preparing++
      places.set(job.steward, (places.get(job.steward) ?? 0) + 1)
    }
  const free = Math.max(own.length, activeMax - active)
  if (queued.length === 0) return own
  queued.sort((a, b) => a.tries - b.tries || isServedLess(a, b))
  const ranked = queued.map((job) => {
    const place = places.get(job.steward) ?? 0
    places.set(job.steward, place + 1)
    return { job, place }
  })
  ranked.sort((a, b) => a.place - b.place || precedes(a.job.steward, b.job.steward))
  const jobs = ranked.map(({ job }) => job)
  const isHere = ({ turnMs }: HostedJob) => turnMs !== undefined
  return [
    ...own,
    ...jobs.filter(isHere).slice(0, free - own.length),
    ...jobs.filter((job) => !isHere(job)).slice(0, Math.max(0, activeMax - preparing)),
  ]
}

function isServedLess(a: HostedJob, b: HostedJob): number {
  return a.done.spentMs - b.done.spentMs || (a.job < b.job ? -1 : 1)
}

export interface Places {
  /** Jobs of others that do not rest. */
  jobs: Iterable<HostedJob>
  /** Places for jobs of others. */
  most: number
  /** A turn is at least so long. */
  turnMs: number
  nowMs: number
  precedes: ServicePrecedence
}

/**
 * The job that should make room for one that waits: a turn is over, and the one that waits comes first in the service
 * order, or is its steward's and was served less. A steward with several places makes room for one that has none.
 * Undefined while there is room, nobody waits, or somebody makes room already.
 */
export function whoYields({ jobs, most, turnMs, nowMs, precedes }: Places): HostedJob | undefined {
  const places = new Map<PeerId, number>()
  const waiting: HostedJob[] = []
  const leaving: HostedJob[] = []
  let active = 0
  for (const job of jobs) {
    if (job.yields) return undefined
    // What failed before has to wait for a place that is free, and what is not here yet needs none: it may be made up.
    if (job.phase === 'queued' && job.tries === 0 && job.turnMs !== undefined) waiting.push(job)
    if (!takesPlace(job, nowMs)) continue
    active++
    places.set(job.steward, (places.get(job.steward) ?? 0) + 1)
    if (job.phase === 'ready' && job.turnMs !== undefined && job.turnMs + turnMs <= nowMs)
      leaving.push(job)
  }
  if (active < most) return undefined
  const held = ({ steward }: HostedJob) => places.get(steward) ?? 0
  /** Below zero: `a` has the better claim to a place. */
  const compare = (a: HostedJob, b: HostedJob) =>
    a.steward === b.steward
      ? a.done.spentMs - b.done.spentMs
      : precedes(a.steward, b.steward) || a.done.spentMs - b.done.spentMs
  const first = leastOf(waiting, (a, b) => Math.sign(held(a) - held(b)) || compare(a, b))
  const last = leastOf(leaving, (a, b) => Math.sign(held(b) - held(a)) || compare(b, a))
  if (last === undefined || active > most) return last
  if (first === undefined) return undefined
  if (first.steward === last.steward) return compare(first, last) < 0 ? last : undefined
  // Nobody's only place goes to somebody's second.
  if (held(first) >= held(last)) return undefined
  const isCrowded = held(last) > 1 && held(first) === 0
  return isCrowded || compare(first, last) < 0 ? last : undefined
}

function leastOf<T>(items: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  let least = items[0]
  for (const item of items) if (least !== undefined && compare(item, least) < 0) least = item
  return least
}
