/** What a person sees of a node: read-only pictures of the state, made on demand. */
import type {
  DonationView,
  HostedJobView,
  JobHostView,
  JobView,
  UnitCounts,
  VerificationView,
} from '../protocol/gateway-api.js'
import type { JobId } from '../protocol/ids.js'
import { factsOf, type HostedJob, isResting } from './hosting/hosting.js'
import { unitTotal, verifiedPerSecond } from './jobs/job.js'
import { type ConductView, viewConduct } from './membership/conduct.js'
import type { NodeState, StewardedJob } from './state.js'
import { expectedErrorRate } from './step/expected-error.js'
import { refusalsOf } from './why-view.js'

/** Hosts listed in a view; the busiest first. */
const hostsShownMax = 100

/** @returns undefined when this node does not steward the job */
export function jobView(state: NodeState, id: JobId, nowMs: number): JobView | undefined {
  const stewarded = state.stewarded.get(id)
  if (stewarded === undefined) return undefined
  const { job, warning } = stewarded
  const units = unitCounts(stewarded)
  const rate = verifiedPerSecond(job, nowMs)
  const left = units.total === undefined ? undefined : units.total - units.verified
  const running = job.phase === 'running'
  return {
    job: id,
    name: job.manifest.name,
    task: job.manifest.task.name,
    tier: job.manifest.task.tier,
    phase: job.phase,
    acceptance: job.manifest.acceptance,
    unitItems: job.manifest.inputs.kind === 'range' ? job.manifest.inputs.unitItems : undefined,
    units,
    verification: verificationView(state, stewarded, units.verified, nowMs),
    rate,
    etaMs: running && rate !== undefined && left !== undefined ? (left / rate) * 1_000 : undefined,
    elapsedMs: (job.endedMs ?? nowMs) - job.submittedMs,
    hosts: hostViews(state, stewarded),
    hit: job.hit,
    errorCode: job.errorCode,
    error: job.error,
    warning: warning ?? (job.phase === 'done' ? uncheckedWarning(units) : undefined),
  }
}

/** What a job that ended before anybody could be warned has to say of its results. */
function uncheckedWarning({ unchecked, verified }: UnitCounts): string | undefined {
  if (unchecked === 0) return undefined
  const which =
    unchecked === verified ? 'no result was' : `${unchecked} of ${verified} results were not`
  return `${which} confirmed by a second host: none could, so this node's word was enough`
}

function unitCounts(stewarded: StewardedJob): UnitCounts {
  const { job, schedule, counters, tallies } = stewarded
  let inFlight = 0
  for (const { leases } of schedule.open.values()) if (leases.length > 0) inFlight++
  return {
    total: unitTotal(job),
    verified: stewarded.endedVerified ?? job.canonical.size,
    unchecked: counters.unchecked,
    awaitingAgreement: tallies.size,
    inFlight,
    executions: counters.executions,
    reassigned: counters.reassigned,
    recomputed: counters.recomputed,
    aborted: counters.aborted,
    disputed: counters.disputed,
    audited: counters.audited,
    withdrawn: counters.withdrawn,
    corrected: counters.corrected,
  }
}

function hostViews(state: NodeState, { schedule }: StewardedJob): JobHostView[] {
  return [...schedule.hosts.values()]
    .sort((a, b) => b.executed - a.executed || (a.peer < b.peer ? -1 : 1))
    .slice(0, hostsShownMax)
    .map((host) => {
      let inFlight = 0
      for (const id of host.leases) inFlight += schedule.leases.get(id)?.remaining.size ?? 0
      const { peer, connected, executed, accepted, rejected, aborted, spentMs, refused } = host
      const self = peer === state.self
      return {
        peer,
        self,
        connected,
        executed,
        accepted,
        rejected,
        aborted,
        inFlight,
        spentMs,
        refused,
      }
    })
}

/** What the job's rule has cost so far, and what its results are worth. */
function verificationView(
  state: NodeState,
  stewarded: StewardedJob,
  verified: number,
  nowMs: number,
): VerificationView {
  const { counters, schedule, job } = stewarded
  const { executions, audited, withdrawn, corrected, unchecked } = counters
  let votes = 0
  for (const { accepted } of schedule.hosts.values()) votes += accepted
  const isEnded = job.phase !== 'running'
  return {
    executionsPerUnit: verified === 0 ? undefined : executions / verified,
    audited,
    auditedShare: verified === 0 ? undefined : audited / verified,
    confirmations: Math.max(0, votes - verified),
    withdrawn,
    corrected,
    unchecked,
    expectedErrorRate: isEnded ? stewarded.endedErrorRate : expectedErrorRate({ state }, stewarded),
    caught: refusalsOf(state, stewarded, nowMs),
  }
}

/** Whether this node works for others now, and if not, why and how long. */
export function donationView(state: NodeState, nowMs: number): DonationView {
  const { hosting, config, self } = state
  let unitsLeft = 0
  for (const job of hosting.jobs.values()) if (job.steward !== self) unitsLeft += unitsOfHosted(job)
  const { donating, reason, untilMs } = hosting.donation.now
  const none = { donating: false, changesInMs: undefined, unitsLeft }
  if (!config.donates) return { ...none, reason: 'no-cpus' }
  if (hosting.draining) return { ...none, reason: 'finishing' }
  const changesInMs = untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs)
  return { donating, reason, changesInMs, unitsLeft }
}

/** Jobs this node serves or refuses as a host, those with work in flight first. */
export function hostedViews(state: NodeState): HostedJobView[] {
  const { hosting, self } = state
  return [...hosting.jobs.values()]
    .map((job): HostedJobView => {
      const { requester, taskHash, tier } = factsOf(job.advert, job.manifest)
      const rests = job.phase !== 'refused' && isResting(hosting, job, self)
      const verdicts = { ready: 'serves', refused: 'refused' } as const
      const verdict =
        job.phase === 'ready' || job.phase === 'refused' ? verdicts[job.phase] : 'queued'
      return {
        job: job.job,
        name: job.advert.name,
        owner: requester,
        own: job.steward === self,
        task: taskHash,
        tier,
        verdict: rests ? 'rests' : verdict,
        reason: rests ? 'this node does not donate at the moment' : job.reason,
        executed: job.done.units,
        inFlight: unitsOfHosted(job),
        spentMs: job.done.spentMs,
      }
    })
    .sort((a, b) => b.inFlight - a.inFlight || b.executed - a.executed || (a.job < b.job ? -1 : 1))
}

function unitsOfHosted({ leases }: HostedJob): number {
  let units = 0
  for (const { remaining } of leases.values()) units += remaining.size
  return units
}

/** How peers behaved, and what was dropped for it: for metrics. */
export function conductView(
  { conduct, adverts, receipts, neighbours }: NodeState,
  nowMs: number,
): ConductView & {
  /** Adverts thrown away unread, and not passed on for the neighbours' sake. */
  advertsDropped: number
  advertsUntold: number
  receiptsReplayed: number
  knownPeers: number
} {
  return {
    ...viewConduct(conduct, nowMs),
    advertsDropped: adverts.dropped,
    advertsUntold: adverts.untold,
    receiptsReplayed: receipts.replayed,
    knownPeers: neighbours.known.size,
  }
}
