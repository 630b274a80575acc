/**
 * The host's side: which jobs to serve, what is leased, what has to be voted.
 *
 * | job phase | means | leaves on |
 * | --- | --- | --- |
 * | queued | advertised, served when a place among the active jobs is free | place free -> connecting |
 * | connecting | the steward is no neighbour yet | joined -> fetching |
 * | fetching | manifest and task on their way | fetched -> ready; failed -> refused or queued |
 * | ready | asks the steward for leases | steward left -> connecting; others' turn -> queued, once its leases end |
 * | refused | not served, and why | advert gone |
 *
 * State owned here: `HostingState`. An advert that expires takes its job along once no lease is left.
 */
import type { JobId, LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Manifest } from '../../protocol/manifest.js'
import type { AdvertBody } from '../../protocol/messages.js'
import type { UnitResult } from '../../protocol/outcome.js'
import type { UnitRun } from '../../protocol/unit-runs.js'
import { type Allowance, createAllowance } from '../kit/allowance.js'
import type { Availability, MachineReading } from './availability.js'
import type { JobFacts } from './policy.js'

export const hostedPhases = ['queued', 'connecting', 'fetching', 'ready', 'refused'] as const
export type HostedPhase = (typeof hostedPhases)[number]

export interface HostedLease {
  readonly lease: LeaseId
  readonly runs: readonly UnitRun[]
  readonly units: number
  /** Units without an outcome. */
  readonly remaining: Set<UnitIndex>
  /** Results not yet voted. */
  results: UnitResult[]
  resultBytes: number
  readonly receivedMs: number
  readonly leaseMs: number
  /** Results wait so long for company. */
  readonly voteMs: number
  renewAtMs: number
}

export interface HostedJob {
  readonly job: JobId
  readonly steward: PeerId
  advert: AdvertBody
  phase: HostedPhase
  reason: string
  manifest: Manifest | undefined
  readonly leases: Map<LeaseId, HostedLease>
  /** A `want` is out and unanswered. */
  wanting: boolean
  /** When it last became ready or asked for work; undefined before its task was here. */
  turnMs: number | undefined
  askedMs: number
  /** When a unit of it was last executed. */
  servedMs: number
  /** It had its turn: it asks for nothing more, and makes room once its leases end. */
  yields: boolean
  /** What was executed for it, for price and turn. */
  readonly done: { units: number; fuel: number; spentMs: number }
  /** Buffered results travel by then. */
  flushAtMs: number
  /** When the steward's connection was lost; leases survive it for a while. */
  orphanedMs: number | undefined
  /** Not tried again before this, after a failed connection or fetch. */
  retryAtMs: number
  tries: number
}

/** What is known of the machine and its volunteer's wishes, and what follows from it. */
export interface Donation {
  reading: MachineReading | undefined
  readAtMs: number
  pausedUntilUtcMs: number | undefined
  now: Availability
  /** When running units of others are cancelled; Infinity while none have to be. */
  graceEndsMs: number
}

export interface HostingState {
  readonly jobs: Map<JobId, HostedJob>
  readonly donation: Donation
  /** Stewards looked for, in the directory too, because of their adverts. */
  readonly searches: Allowance
  draining: boolean
  unitsDone: number
  spentMs: number
}

export function createHosting(): HostingState {
  return {
    jobs: new Map(),
    donation: {
      reading: undefined,
      readAtMs: 0,
      pausedUntilUtcMs: undefined,
      now: { donating: true, reason: undefined, untilMs: undefined },
      graceEndsMs: Number.POSITIVE_INFINITY,
    },
    searches: createAllowance(limits.stewardSearches),
    draining: false,
    unitsDone: 0,
    spentMs: 0,
  }
}

/**
 * Whether work on a job rests because the machine does not donate now. Rest is no phase: a job keeps its place, and
 * goes on from there. Jobs of the node's own user never rest: pausing is about others.
 */
export function isResting(state: HostingState, job: HostedJob, self: PeerId): boolean {
  return !state.donation.now.donating && job.steward !== self
}

/** What to judge a job by: its signed manifest once that is here, else its steward's word. */
export function factsOf(advert: AdvertBody, manifest: Manifest | undefined): JobFacts {
  if (manifest === undefined) return advert
  const { requester, taskHash, task } = manifest
  return { requester, taskHash, tier: task.tier, unitMemoryBytesMax: task.unitMemoryBytesMax }
}

export function hostJob(
  state: HostingState,
  advert: AdvertBody,
  manifest: Manifest | undefined,
  refusal: string | undefined,
): HostedJob {
  const doubted = doubtedJobOf(state, advert.steward)
  const job: HostedJob = {
    job: advert.job,
    steward: advert.steward,
    advert,
    phase: refusal === undefined ? 'queued' : 'refused',
    reason: refusal ?? 'waits for its turn',
    manifest,
    leases: new Map(),
    wanting: false,
    turnMs: undefined,
    askedMs: 0,
    servedMs: 0,
    yields: false,
    done: { units: 0, fuel: 0, spentMs: 0 },
    flushAtMs: Number.POSITIVE_INFINITY,
    orphanedMs: undefined,
    // One that is advertised next is no likelier to be there.
    retryAtMs: doubted?.retryAtMs ?? 0,
    tries: doubted?.tries ?? 0,
  }
  state.jobs.set(advert.job, job)
  return job
}

/** The job that a steward was last asked for in vain, while it waits to be asked for again. */
function doubtedJobOf({ jobs }: HostingState, steward: PeerId): HostedJob | undefined {
  let doubted: HostedJob | undefined
  for (const job of jobs.values())
    if (job.steward === steward && job.turnMs === undefined && job.tries > 0)
      if (doubted === undefined || job.retryAtMs > doubted.retryAtMs) doubted = job
  return doubted
}

/**
 * Whether one more job of a steward may be hosted. A full table drops a job that holds nothing. Strangers have a share
 * of the table each, so that none fills it with jobs that it made up.
 */
export function makeRoom(state: HostingState, steward: PeerId, self: PeerId): boolean {
  let itsJobs = 0
  for (const job of state.jobs.values()) if (job.steward === steward) itsJobs++
  if (steward !== self && itsJobs >= limits.hostedJobsPerStewardMax) return false
  if (state.jobs.size < limits.hostedJobsMax) return true
  for (const job of state.jobs.values())
    if (
      job.leases.size === 0 &&
      job.steward !== self &&
      (job.phase === 'refused' || job.phase === 'queued')
    )
      return state.jobs.delete(job.job)
  return false
}

export function acceptLease(
  job: HostedJob,
  lease: LeaseId,
  runs: readonly UnitRun[],
  units: readonly UnitIndex[],
  { leaseMs, voteMs }: { leaseMs: number; voteMs: number },
  nowMs: number,
): HostedLease {
  const hosted: HostedLease = {
    lease,
    runs,
    units: units.length,
    remaining: new Set(units),
    results: [],
    resultBytes: 0,
    receivedMs: nowMs,
    leaseMs,
    voteMs,
    renewAtMs: nowMs + leaseMs / 3,
  }
  job.leases.set(lease, hosted)
  return hosted
}

/** Room for one more lease: one running and one behind it, less while other jobs have work. */
export function hasRoom(state: HostingState, job: HostedJob): boolean {
  let busyJobs = 0
  for (const other of state.jobs.values()) if (other.leases.size > 0) busyJobs++
  const most = busyJobs > 1 ? 1 : 2
  let open = 0
  for (const lease of job.leases.values()) {
    // A lease mostly done counts no more: the next must be here before it ends.
    if (lease.remaining.size * 2 > lease.units) open++
  }
  return open < most && job.leases.size < limits.leasesPerHostMax / 8
}
