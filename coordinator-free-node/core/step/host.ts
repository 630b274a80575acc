/** The host's turn: from an advert to leases, from outcomes to votes. */
import type { JobId, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Manifest } from '../../protocol/manifest.js'
import type { AdvertBody } from '../../protocol/messages.js'
import type { UnitOutcome, UnitResult } from '../../protocol/outcome.js'
import { type UnitRun, unitsOf } from '../../protocol/unit-runs.js'
import type { EventOf } from '../event.js'
import {
  acceptLease,
  factsOf,
  type HostedJob,
  type HostedLease,
  hostJob,
  isResting,
  makeRoom,
} from '../hosting/hosting.js'
import type { CoreMessageOf } from '../messages.js'
import { refusalOfWork } from './admission.js'
import { blame } from './blame.js'
import { spendOn } from './favours.js'
import {
  answer,
  approach,
  askOthers,
  cancelLease,
  chargeFor,
  preemptFor,
  serveNext,
  setPhase,
  wantMore,
} from './service.js'
import { canReach, emit, send, type Turn, wakeAt } from './turn.js'
import { flushVotes, runsForMessages } from './voting.js'

/** First wait after a connection or fetch that failed; doubles up to a minute. */
const retryMs = { first: 1_000, most: 60_000 }

/** Judges an advert: refuse and say why, or queue and see whether it is its turn. */
export function considerAdvert(turn: Turn, advert: AdvertBody): void {
  const { hosting } = turn.state
  if (advert.closed) {
    dropHostedJob(turn, advert.job)
    return
  }
  const known = hosting.jobs.get(advert.job)
  if (known !== undefined) {
    known.advert = advert
    // Refused while it ran: its units are on their way back.
    if (known.phase !== 'refused' || known.leases.size > 0) return
    // A job refused earlier may be served by now; its steward knows already what still holds.
    if (refusal(turn, advert, known.manifest) === known.reason) return
    hosting.jobs.delete(advert.job)
  }
  if (!makeRoom(hosting, advert.steward, turn.state.self)) return
  // A manifest never changes under its job's id: what it said once is known better than what an advert says.
  const manifest = known?.manifest
  const job = hostJob(hosting, advert, manifest, refusal(turn, advert, manifest))
  answer(turn, job)
  serveNext(turn)
}

export function refusal(turn: Turn, advert: AdvertBody, manifest: Manifest | undefined) {
  const { steward } = advert
  const by = { steward, isOwn: steward === turn.state.self }
  return refusalOfWork(turn.state, factsOf(advert, manifest), by, turn.nowMs)
}

/** Ends the work on a job that is not served any more; its units go back as they end. */
export function refuseHosted(turn: Turn, job: HostedJob, reason: string): void {
  job.wanting = false
  job.yields = false
  setPhase(turn, job, 'refused', reason)
  for (const lease of job.leases.keys()) cancelLease(turn, job, lease, 'all')
}

export function onJobFetched(turn: Turn, id: JobId, manifest: Manifest): void {
  const job = turn.state.hosting.jobs.get(id)
  if (job === undefined || job.phase !== 'fetching') return
  job.manifest = manifest
  job.tries = 0
  const reason = refusal(turn, job.advert, manifest)
  if (reason !== undefined) {
    setPhase(turn, job, 'refused', reason)
    serveNext(turn)
    return
  }
  // Its task is here: now it may have a place.
  job.turnMs = turn.nowMs
  job.phase = 'queued'
  job.reason = 'waits for its turn'
  serveNext(turn)
  if (isWaiting(job)) answer(turn, job)
}

function isWaiting({ phase }: HostedJob): boolean {
  return phase === 'queued'
}

export function onJobFetchFailed(turn: Turn, event: EventOf<'job-fetch-failed'>): void {
  const { reason, retryable, misdeed } = event
  const job = turn.state.hosting.jobs.get(event.job)
  if (job === undefined || job.phase !== 'fetching') return
  if (misdeed !== undefined) {
    blame(turn, job.steward, misdeed)
    doubtOthers(turn, job)
  }
  if (retryable) retryLater(turn, job, reason)
  else setPhase(turn, job, 'refused', reason)
  serveNext(turn)
}

/** A steward that is not there, or does not have one of its jobs, may have made up the others as well: they wait, too. */
function doubtOthers(turn: Turn, { steward, tries }: HostedJob): void {
  for (const job of turn.state.hosting.jobs.values())
    if (job.steward === steward && job.phase === 'queued' && job.turnMs === undefined)
      if (job.tries <= tries)
        retryLater(turn, job, 'its steward, or another job of it, was not there')
}

function retryLater(turn: Turn, job: HostedJob, reason: string): void {
  const waitMs = Math.min(retryMs.most, retryMs.first * 2 ** job.tries++)
  job.retryAtMs = turn.nowMs + waitMs
  setPhase(turn, job, 'queued', reason)
  wakeAt(turn, 'host', job.retryAtMs)
}

export function onDialFailed(turn: Turn, peer: PeerId, reason: string): void {
  for (const job of turn.state.hosting.jobs.values())
    if (job.steward === peer && job.phase === 'connecting') {
      doubtOthers(turn, job)
      retryLater(turn, job, reason)
    }
  serveNext(turn)
}

export function onLease(turn: Turn, from: PeerId, message: CoreMessageOf<'lease'>): void {
  const { self, hosting } = turn.state
  const job = hosting.jobs.get(message.job)
  const takes = job?.phase === 'ready' && !job.yields && !hosting.draining
  const isFull = (job?.leases.size ?? 0) >= limits.leasesPerHostMax
  const serves = takes && !isResting(hosting, job, self) && !isFull
  if (job === undefined || job.steward !== from || !serves) {
    if (job?.steward !== from || isFull) blame(turn, from, 'stale-message')
    send(turn, from, { type: 'release', ...pick(message) })
    return
  }
  job.wanting = false
  if (job.leases.has(message.lease)) return
  const units = [...unitsOf(message.runs)]
  const lease = acceptLease(job, message.lease, message.runs, units, message, turn.nowMs)
  wakeAt(turn, 'host', lease.renewAtMs)
  preemptFor(turn, from)
  const { inputs } = message
  emit(turn, { type: 'execute-units', ...pick(message), inputs })
  wantMore(turn, job)
}

function pick({ job, lease, runs }: CoreMessageOf<'lease'>): {
  job: JobId
  lease: number
  runs: [number, number][]
} {
  return { job, lease, runs }
}

export function onUnitsExecuted(
  turn: Turn,
  id: JobId,
  leaseId: number,
  outcomes: readonly UnitOutcome[],
): void {
  const job = turn.state.hosting.jobs.get(id)
  const lease = job?.leases.get(leaseId)
  if (job === undefined || lease === undefined) return
  const handedBack: number[] = []
  let spentMs = 0
  for (const outcome of outcomes) {
    if (!lease.remaining.delete(outcome.unit)) continue
    if (outcome.kind !== 'abort') {
      spentMs += outcome.spentMs
      keepResult(turn, job, lease, outcome)
    } else if (outcome.reason === 'cancelled') handedBack.push(outcome.unit)
    else {
      const { unit, reason } = outcome
      const message = outcome.message.slice(0, limits.textCharsMax)
      send(turn, job.steward, { type: 'abort', job: id, lease: leaseId, unit, reason, message })
    }
  }
  chargeFor(turn, job.steward, spentMs)
  if (handedBack.length > 0)
    for (const runs of runsForMessages(handedBack))
      send(turn, job.steward, { type: 'release', job: id, lease: leaseId, runs })
  // A hit may be all that somebody waits for.
  const isNews = outcomes.some(({ kind }) => kind === 'hit')
  if (isNews || lease.remaining.size === 0 || lease.resultBytes >= limits.batchBytesMax) {
    flushVotes(turn, job, lease)
  } else if (lease.results.length > 0) {
    job.flushAtMs = Math.min(job.flushAtMs, turn.nowMs + lease.voteMs)
    wakeAt(turn, 'host', job.flushAtMs)
  }
  wantMore(turn, job)
  reportDrained(turn)
}

function keepResult(turn: Turn, job: HostedJob, lease: HostedLease, result: UnitResult): void {
  lease.results.push(result)
  lease.resultBytes += result.output.length
  job.done.units++
  job.done.fuel += result.fuel
  job.done.spentMs += result.spentMs
  job.servedMs = turn.nowMs
  spendOn(turn, job, result.fuel, result.spentMs)
  turn.state.hosting.unitsDone++
  turn.state.hosting.spentMs += result.spentMs
}

export function onDecline(turn: Turn, from: PeerId, message: CoreMessageOf<'decline'>): void {
  const job = turn.state.hosting.jobs.get(message.job)
  if (job?.steward !== from) blame(turn, from, 'stale-message')
  if (job === undefined || job.steward !== from || !message.final) return
  for (const lease of job.leases.keys()) cancelLease(turn, job, lease, 'all')
  job.leases.clear()
  job.wanting = false
  job.phase = 'refused'
  job.reason = message.reason
  serveNext(turn)
}

export function onRevoke(turn: Turn, from: PeerId, message: CoreMessageOf<'revoke'>): void {
  const job = turn.state.hosting.jobs.get(message.job)
  if (job?.steward !== from) blame(turn, from, 'stale-message')
  if (job === undefined || job.steward !== from) return
  for (const lease of message.leases) {
    if (!job.leases.has(lease)) continue
    cancelLease(turn, job, lease, 'all')
    job.leases.delete(lease)
  }
  wantMore(turn, job)
  reportDrained(turn)
}

/** Others have nothing to do: what has not begun here goes back, as far as the steward names it. */
export function onRecall(turn: Turn, from: PeerId, message: CoreMessageOf<'recall'>): void {
  const { lease, runs } = message
  const job = turn.state.hosting.jobs.get(message.job)
  if (job?.steward !== from) blame(turn, from, 'stale-message')
  if (job?.steward !== from || !job.leases.has(lease)) return
  cancelLease(turn, job, lease, runs)
}

/** The advert expired or was closed: the job is forgotten, with whatever it still holds. */
export function dropHostedJob(turn: Turn, id: JobId): void {
  const job = turn.state.hosting.jobs.get(id)
  if (job === undefined) return
  for (const lease of job.leases.keys()) cancelLease(turn, job, lease, 'all')
  turn.state.hosting.jobs.delete(id)
  serveNext(turn)
  reportDrained(turn)
}

/** An advert that was not renewed: its job goes unless a steward we are connected to still has us working. */
export function withdrawAdvert(turn: Turn, id: JobId): void {
  const job = turn.state.hosting.jobs.get(id)
  if (job === undefined) return
  if (job.phase === 'ready' && canReach(turn, job.steward)) return
  if (job.leases.size === 0) dropHostedJob(turn, id)
}

export function hostLost(turn: Turn, peer: PeerId): void {
  for (const job of turn.state.hosting.jobs.values()) {
    if (job.steward !== peer) continue
    job.wanting = false
    if (job.phase === 'ready' || job.leases.size > 0) {
      job.orphanedMs = turn.nowMs
      wakeAt(turn, 'host', turn.nowMs + turn.state.config.orphanLeaseMs)
    }
    if (job.phase === 'fetching') retryLater(turn, job, 'lost the steward')
  }
}

/** A steward is a neighbour (again): go on where we were. */
export function hostRejoined(turn: Turn, peer: PeerId): void {
  for (const job of turn.state.hosting.jobs.values()) {
    if (job.steward !== peer) continue
    if (job.phase === 'connecting') approach(turn, job)
    // It may have started anew, and not know any more.
    if (job.phase === 'refused' && job.leases.size === 0) answer(turn, job)
    if (job.phase !== 'ready' && job.leases.size === 0) continue
    job.orphanedMs = undefined
    answer(turn, job)
    renew(turn, job)
    for (const lease of job.leases.values()) flushVotes(turn, job, lease)
    wantMore(turn, job)
  }
  serveNext(turn)
}

function renew(turn: Turn, job: HostedJob): void {
  if (job.leases.size === 0) return
  const leases = [...job.leases.keys()].slice(0, limits.leasesPerHostMax)
  send(turn, job.steward, { type: 'renew', job: job.job, leases })
  for (const lease of job.leases.values()) lease.renewAtMs = turn.nowMs + lease.leaseMs / 3
}

export function hostTick(turn: Turn): void {
  const { state, nowMs } = turn
  for (const job of state.hosting.jobs.values()) {
    if (job.orphanedMs !== undefined && job.orphanedMs + state.config.orphanLeaseMs <= nowMs) {
      dropHostedJob(turn, job.job)
      continue
    }
    if (job.flushAtMs <= nowMs) {
      job.flushAtMs = Number.POSITIVE_INFINITY
      for (const lease of job.leases.values())
        if (lease.results.length > 0) flushVotes(turn, job, lease)
    }
    const due = [...job.leases.values()].some(({ renewAtMs }) => renewAtMs <= nowMs)
    if (due) renew(turn, job)
    wakeForJob(turn, job)
  }
  serveNext(turn)
  if (!state.hosting.draining) askOthers(turn)
}

function wakeForJob(turn: Turn, job: HostedJob): void {
  wakeAt(turn, 'host', job.flushAtMs)
  for (const lease of job.leases.values()) wakeAt(turn, 'host', lease.renewAtMs)
  if (job.orphanedMs !== undefined)
    wakeAt(turn, 'host', job.orphanedMs + turn.state.config.orphanLeaseMs)
  if (job.phase === 'queued' && job.retryAtMs > turn.nowMs) wakeAt(turn, 'host', job.retryAtMs)
}

/** Takes nothing new, hands back what has not begun; `drained` follows when the rest is voted. */
export function onDrain(turn: Turn): void {
  const { hosting } = turn.state
  if (hosting.draining) return
  hosting.draining = true
  for (const job of hosting.jobs.values()) {
    job.reason = 'this node is finishing and takes nothing new'
    send(turn, job.steward, {
      type: 'answer',
      job: job.job,
      verdict: 'refused',
      reason: job.reason,
    })
    for (const lease of job.leases.keys()) cancelLease(turn, job, lease, 'queued')
  }
  reportDrained(turn)
}

function reportDrained(turn: Turn): void {
  const { hosting } = turn.state
  if (!hosting.draining) return
  for (const job of hosting.jobs.values()) if (job.leases.size > 0) return
  emit(turn, { type: 'drained' })
}

/** Runs as wire runs: the schema's tuples are mutable, ours are not. */
export function wireRuns(runs: readonly UnitRun[]): [number, number][] {
  return runs.map(([first, count]) => [first, count])
}
