/**
 * A job's life and its input space: what has been cut, what is canonical, what is left.
 *
 * | phase | leaves on |
 * | --- | --- |
 * | running | every unit canonical -> done; a hit in a first-hit job -> done; a unit that can't be computed, inputs that fail -> failed; the user -> cancelled |
 * | done, failed, cancelled | never |
 *
 * Splitting is lazy: fresh units come from a cursor over what is neither canonical nor open, so ten billion units
 * cost what their gaps cost.
 */
import type { FailureCode } from '../../protocol/errors.js'
import type { JobPhase } from '../../protocol/gateway-api.js'
import type { JobId, UnitIndex } from '../../protocol/ids.js'
import { type Manifest, unitCountOf } from '../../protocol/manifest.js'
import { addUnit, emptyUnitSet, endOfGap, firstMissing, type UnitSet } from '../kit/unit-set.js'

export interface Job {
  readonly job: JobId
  readonly manifest: Manifest
  phase: JobPhase
  submittedMs: number
  endedMs: number | undefined
  /** List jobs: units known so far. Range jobs: all of them. */
  appended: number
  inputsClosed: boolean
  /** List jobs: bytes of the inputs so far, for lease sizes. */
  appendedBytes: number
  canonical: UnitSet
  /** No unit below is both uncut and unknown; fresh units are looked for from here. */
  cursor: UnitIndex
  hit: UnitIndex | undefined
  errorCode: FailureCode | undefined
  error: string | undefined
  /** Verified units at the last whole seconds, oldest first, for the rate. */
  samples: { atMs: number; verified: number }[]
}

/** Seconds that the rate looks back over: long enough to be steady, short enough to follow a lost host. */
const rateWindowMs = 10_000

export function openJob(job: JobId, manifest: Manifest, nowMs: number): Job {
  const units = unitCountOf(manifest.inputs)
  return {
    job,
    manifest,
    phase: 'running',
    submittedMs: nowMs,
    endedMs: undefined,
    appended: units ?? 0,
    inputsClosed: units !== undefined,
    appendedBytes: 0,
    canonical: emptyUnitSet(),
    cursor: 0,
    hit: undefined,
    errorCode: undefined,
    error: undefined,
    samples: [{ atMs: nowMs, verified: 0 }],
  }
}

/** The number of units; undefined while a list is still being read. */
export function unitTotal(job: Job): number | undefined {
  return job.inputsClosed ? job.appended : undefined
}

/** Up to `count` consecutive units that were never cut; undefined when there are none now. */
export function takeFresh(
  job: Job,
  count: number,
  isOpen: (unit: UnitIndex) => boolean,
): [first: UnitIndex, count: number] | undefined {
  let first = firstMissing(job.canonical, job.cursor)
  while (first < job.appended && isOpen(first)) first = firstMissing(job.canonical, first + 1)
  if (first >= job.appended) {
    job.cursor = first
    return undefined
  }
  const most = endOfGap(job.canonical, first, Math.min(job.appended, first + count))
  let end = first + 1
  while (end < most && !isOpen(end)) end++
  job.cursor = end
  return [first, end - first]
}

/** Whether fresh units may be left; cheap, may say yes once too often. */
export function hasFresh(job: Job): boolean {
  return job.cursor < job.appended
}

export function markCanonical(job: Job, unit: UnitIndex): boolean {
  return addUnit(job.canonical, unit)
}

export function isComplete(job: Job): boolean {
  return job.inputsClosed && job.canonical.size >= job.appended
}

export function endJob(job: Job, phase: Exclude<JobPhase, 'running'>, nowMs: number): void {
  job.phase = phase
  job.endedMs = nowMs
}

/** Called now and then; keeps a bounded trail of progress. */
export function sampleProgress(job: Job, nowMs: number): void {
  const last = job.samples.at(-1)
  if (last !== undefined && nowMs - last.atMs < 1_000) return
  job.samples.push({ atMs: nowMs, verified: job.canonical.size })
  while (job.samples.length > 2 && (job.samples[1]?.atMs ?? nowMs) <= nowMs - rateWindowMs)
    job.samples.shift()
}

/** Verified units a second over the last seconds; undefined before the first unit. */
export function verifiedPerSecond(job: Job, nowMs: number): number | undefined {
  const first = job.samples[0]
  const untilMs = job.endedMs ?? nowMs
  if (first === undefined || job.canonical.size === 0) return undefined
  const since = job.phase === 'running' ? first : { atMs: job.submittedMs, verified: 0 }
  const elapsedMs = untilMs - since.atMs
  const units = job.canonical.size - since.verified
  return elapsedMs <= 0 || units <= 0 ? undefined : (units * 1_000) / elapsedMs
}
