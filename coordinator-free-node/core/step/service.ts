/**
 * Whom this node's threads serve: who gets a place, who is asked for the next lease, who gives units back.
 *
 * Leases of others are asked for one at a time, in the service order, just before the threads run out of work: so
 * shares are kept by what is asked for, and hardly anything has to be taken back. Where it has to, because a lease
 * of long units is in the way of somebody with a greater claim, units that have not begun go back to their steward,
 * newest lease first. Running ones are let finish: what they cost is spent, and thrown away it would help nobody; only
 * a peer without a balance, which was served because nobody else asked, loses those that would hold on for long.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { CancelledUnits } from '../../protocol/unit-runs.js'
import { type HostedJob, type HostedLease, hasRoom, isResting } from '../hosting/hosting.js'
import {
  idleAfterMs,
  nextToServe,
  type ServicePrecedence,
  takesPlace,
  waitsForPlace,
  whoYields,
} from '../hosting/turns.js'
import { take } from '../kit/allowance.js'
import { balanceOf } from '../reciprocity/ledger.js'
import { areNewcomersAhead, charge, orderOf } from '../reciprocity/service-order.js'
import { trustInPeer, trustOf } from '../reciprocity/strangers.js'
import { admittedPlaces } from './admission.js'
import { canReach, emit, send, type Turn, wakeAt } from './turn.js'

/** Leases of others at once: one that runs and one behind it. */
const leasesAhead = 2
/** Work in front of a new lease, in ordinary leases, beyond which those with a smaller claim give some back. */
const queuedLeasesMax = 2
/** A `want` may still be answered for so long: a round trip and more. */
const answerMsMax = 500
/** A running unit that is expected to hold its thread for longer goes back to a peer that is owed nothing. */
const holdMsMax = 10_000

/** Thread time of an ordinary lease. */
function quantumMs({ state }: Turn): number {
  return state.config.leaseTargetMs * state.config.slots
}

/** Jobs of others that this node may work on now. */
function jobsOfOthers({ state }: Turn): HostedJob[] {
  const { hosting, self } = state
  return [...hosting.jobs.values()].filter(
    (job) => job.steward !== self && !isResting(hosting, job, self),
  )
}

/** Thread time that a lease still takes, as its job's units did so far. */
function remainingMs(turn: Turn, job: HostedJob, lease: HostedLease): number {
  const { units, spentMs } = job.done
  const unitMs = units > 0 ? spentMs / units : quantumMs(turn) / Math.max(1, lease.units)
  return lease.remaining.size * unitMs
}

function promisedMs(turn: Turn, job: HostedJob): number {
  let ms = job.wanting && turn.nowMs - job.askedMs < idleAfterMs ? quantumMs(turn) : 0
  for (const lease of job.leases.values()) ms += remainingMs(turn, job, lease)
  return ms
}

/** Who wants something of this node now, best claim first. */
function review(turn: Turn): PeerId[] {
  const { state, nowMs } = turn
  const promised = new Map<PeerId, number>()
  for (const job of jobsOfOthers(turn))
    if (takesPlace(job, nowMs) || waitsForPlace(job, nowMs))
      promised.set(job.steward, (promised.get(job.steward) ?? 0) + promisedMs(turn, job))
  const { ledger, strangers, config, order } = state
  const contenders = [...promised].map(([peer, outstandingMs]) => ({
    peer,
    balanceMs: balanceOf(ledger, peer),
    trust: trustInPeer(strangers, ledger.get(peer)),
    outstandingMs,
  }))
  const newcomerShare = config.newcomerShare * trustOf(strangers)
  return orderOf(order, contenders, { newcomerShare, quantumMs: quantumMs(turn) })
}

function precedenceOf(ranked: readonly PeerId[]): ServicePrecedence {
  const places = new Map(ranked.map((peer, place) => [peer, place]))
  const placeOf = (peer: PeerId) => places.get(peer) ?? ranked.length
  return (a, b) => placeOf(a) - placeOf(b)
}

/** Thread time went to a peer: the others have earned their parts of it. */
export function chargeFor(turn: Turn, steward: PeerId, spentMs: number): void {
  if (steward !== turn.state.self) charge(turn.state.order, steward, spentMs, quantumMs(turn))
}

/** Between two searches where many stewards are to be looked for. */
const searchRestMs = 1000 / limits.stewardSearches.perSecond

/** Starts as many queued jobs as there are places, and sees that a place is free for the others in turn. */
export function serveNext(turn: Turn): void {
  startQueued(turn)
  const { config } = turn.state
  const others = jobsOfOthers(turn)
  if (!others.some(({ phase }) => phase === 'queued')) return
  wakeAt(turn, 'host', turn.nowMs + config.leaseTargetMs)
  const leaving = whoYields({
    jobs: others,
    most: config.activeJobsMax,
    turnMs: config.leaseTargetMs,
    nowMs: turn.nowMs,
    precedes: precedenceOf(review(turn)),
  })
  if (leaving === undefined) return
  leaving.yields = true
  leaving.wanting = false
  if (makeWay(turn, leaving)) startQueued(turn)
  else answer(turn, leaving)
}

/** A job that had its turn queues up again, once it holds nothing. */
function makeWay(turn: Turn, job: HostedJob): boolean {
  if (!job.yields || job.leases.size > 0) return false
  job.yields = false
  if (job.phase === 'ready') setPhase(turn, job, 'queued', 'others have their turn')
  return true
}

function startQueued(turn: Turn): void {
  const { state, nowMs } = turn
  const { hosting, self, config } = state
  const isWaiting = [...hosting.jobs.values()].some((job) => waitsForPlace(job, nowMs))
  if (!isWaiting) return
  const precedes = precedenceOf(review(turn))
  for (const job of nextToServe(hosting, self, precedes, config.activeJobsMax, nowMs))
    if (canReach(turn, job.steward) || maySearch(turn, job)) approach(turn, job)
    else {
      job.retryAtMs = nowMs + searchRestMs
      wakeAt(turn, 'host', job.retryAtMs)
    }
}

/** A steward of work that was here is looked for at once; of the others only so many are: adverts cost nothing. */
function maySearch({ state: { hosting }, nowMs }: Turn, { turnMs }: HostedJob): boolean {
  return turnMs !== undefined || take(hosting.searches, limits.stewardSearches, nowMs) > 0
}

export function approach(turn: Turn, job: HostedJob): void {
  if (!canReach(turn, job.steward)) {
    const addresses = admittedPlaces(turn.state, job.advert.addresses, turn.nowMs)
    if (addresses.length === 0 && job.advert.addresses.length > 0) {
      setPhase(turn, job, 'refused', 'this node does not deal with the address of its steward')
      return
    }
    setPhase(turn, job, 'connecting', 'connects to the steward')
    emit(turn, { type: 'dial', peer: job.steward, addresses, job: job.job })
    return
  }
  if (job.turnMs !== undefined) {
    takeTurn(turn, job)
    return
  }
  setPhase(turn, job, 'fetching', 'fetches the task')
  const { job: id, steward: from } = job
  emit(turn, { type: 'fetch-job', job: id, from, taskHash: job.advert.taskHash })
}

export function takeTurn(turn: Turn, job: HostedJob): void {
  job.turnMs = turn.nowMs
  setPhase(turn, job, 'ready', 'serves it')
  wantMore(turn, job)
}

export function setPhase(
  turn: Turn,
  job: HostedJob,
  phase: HostedJob['phase'],
  reason: string,
): void {
  job.phase = phase
  job.reason = reason
  answer(turn, job)
}

/**
 * Tells the steward where its job stands here: `why` shows it to the user. Why a node rests is its volunteer's own
 * affair: strangers need not know when somebody sits at the keyboard.
 */
export function answer(turn: Turn, job: HostedJob): void {
  if (job.phase !== 'refused' && isResting(turn.state.hosting, job, turn.state.self)) {
    const reason = 'this node does not donate at the moment'
    send(turn, job.steward, { type: 'answer', job: job.job, verdict: 'refused', reason })
    return
  }
  const serves = job.phase === 'ready' && !job.yields
  const verdict = job.phase === 'refused' ? 'refused' : serves ? 'serves' : 'queued'
  send(turn, job.steward, { type: 'answer', job: job.job, verdict, reason: job.reason })
}

/** Asks for work where there is room: for an own job at once, for those of others in the service order. */
export function wantMore(turn: Turn, job: HostedJob): void {
  const { self, hosting } = turn.state
  if (job.yields && makeWay(turn, job)) serveNext(turn)
  if (hosting.draining) return
  if (job.steward !== self) askOthers(turn)
  else if (mayAsk(turn, job) && hasRoom(hosting, job)) ask(turn, job)
}

function ask(turn: Turn, job: HostedJob): void {
  const { slots } = turn.state.config
  job.wanting = true
  job.askedMs = turn.nowMs
  const vote = leavingVote(turn, job)
  if (vote === undefined) send(turn, job.steward, { type: 'want', job: job.job, slots })
  else turn.effects[vote.at] = { ...vote.effect, message: { ...vote.message, wantSlots: slots } }
}

/** A vote of this turn that a `want` can go along with: nothing was said to the steward after it. */
function leavingVote({ effects }: Turn, { job, steward }: HostedJob) {
  for (let at = effects.length - 1; at >= 0; at--) {
    const effect = effects[at]
    if (effect?.type !== 'send-message' || effect.to !== steward) continue
    const { message } = effect
    return message.type === 'vote' && message.body.job === job ? { at, effect, message } : undefined
  }
  return undefined
}

/**
 * Whether asking may wait for the vote that ends the running lease, and travel with it: another lies behind that one,
 * and outlasts any answer. A steward of thousands hears a third less so.
 */
function canWaitForVote(turn: Turn, job: HostedJob): boolean {
  const [running, next] = job.leases.values()
  if (running === undefined || next === undefined || running.remaining.size === 0) return false
  return remainingMs(turn, job, next) > answerMsMax * turn.state.config.slots
}

function mayAsk(turn: Turn, job: HostedJob): boolean {
  const { hosting, self } = turn.state
  return (
    job.phase === 'ready' &&
    !job.wanting &&
    !job.yields &&
    !isResting(hosting, job, self) &&
    canReach(turn, job.steward)
  )
}

/** What others' jobs hold of the threads, and what was asked for. */
interface Backlog {
  /** Leases of which more than half is left, and answers that may still come. */
  leases: number
  /** Of those, what was given to peers without a balance: it makes way for the others. */
  lent: number
  units: number
  queuedMs: number
}

function backlogOf(turn: Turn): Backlog {
  const backlog = { leases: 0, lent: 0, units: 0, queuedMs: 0 }
  const { hosting, self, ledger } = turn.state
  for (const job of hosting.jobs.values()) {
    const isOwn = job.steward === self
    const before = backlog.leases
    if (!isOwn && job.wanting && turn.nowMs - job.askedMs < idleAfterMs) backlog.leases++
    for (const lease of job.leases.values()) {
      backlog.units += lease.remaining.size
      if (isOwn) continue
      backlog.queuedMs += remainingMs(turn, job, lease)
      if (lease.remaining.size * 2 > lease.units) backlog.leases++
    }
    if (balanceOf(ledger, job.steward) === 0) backlog.lent += backlog.leases - before
  }
  return backlog
}

/** Asks others for work, in the service order, while the threads would run out of it. */
export function askOthers(turn: Turn): void {
  const { hosting, config } = turn.state
  if (![...hosting.jobs.values()].some((job) => mayAskOther(turn, job))) return
  const asked = new Set<PeerId>()
  for (;;) {
    const backlog = backlogOf(turn)
    const job = nextToAsk(turn, backlog, asked)
    if (job === undefined) return
    if (leavingVote(turn, job) === undefined && canWaitForVote(turn, job)) return
    asked.add(job.steward)
    ask(turn, job)
    // Whoever does not answer is not waited for longer than this.
    wakeAt(turn, 'host', turn.nowMs + answerMsMax + 1)
    if (asked.size > config.activeJobsMax) return
  }
}

function mayAskOther(turn: Turn, job: HostedJob): boolean {
  return job.steward !== turn.state.self && mayAsk(turn, job)
}

function nextToAsk(
  turn: Turn,
  backlog: Backlog,
  asked: ReadonlySet<PeerId>,
): HostedJob | undefined {
  const { state, nowMs } = turn
  const { slots } = state.config
  const hasIdleThreads = backlog.units < slots
  const isExpected = ({ wanting, leases, askedMs, servedMs }: HostedJob) =>
    wanting &&
    (leases.size > 0 ? !hasIdleThreads : nowMs - Math.max(askedMs, servedMs) < answerMsMax)
  const jobs = jobsOfOthers(turn)
  for (const peer of review(turn)) {
    const its = jobs.filter(({ steward }) => steward === peer)
    const job = leastServed(its.filter((one) => mayAsk(turn, one)))
    const holdsNone =
      !asked.has(peer) && its.every(({ leases, wanting }) => !wanting && leases.size === 0)
    if (job !== undefined) {
      const isOwed = balanceOf(state.ledger, peer) > 0
      const ahead = isOwed ? backlog.leases - backlog.lent : backlog.leases
      if (ahead < leasesAhead || hasIdleThreads) return job
      // Long units of others are in the way of a greater claim.
      const isInTheWay = backlog.queuedMs > slots * queuedLeasesMax * state.config.leaseTargetMs
      if (holdsNone && isInTheWay) return job
      return undefined
    }
    // What the best claim has asked for comes first, unless it cannot keep the threads busy.
    if (its.some(isExpected)) return undefined
  }
  return undefined
}

function leastServed(jobs: readonly HostedJob[]): HostedJob | undefined {
  let least = jobs[0]
  for (const job of jobs)
    if (least !== undefined && job.done.spentMs < least.done.spentMs) least = job
  return least
}

/** A lease of a peer came: units that were queued in front of it with a smaller claim go back. */
export function preemptFor(turn: Turn, steward: PeerId): void {
  const { state } = turn
  if (steward === state.self) return
  const precedes = precedenceOf(review(turn))
  const isLent = ({ steward }: HostedJob) => balanceOf(state.ledger, steward) === 0
  const behind = jobsOfOthers(turn)
    .filter((job) => precedes(steward, job.steward) < 0)
    .flatMap((job) => [...job.leases.values()].map((lease) => ({ job, lease })))
    .sort(
      (a, b) => precedes(b.job.steward, a.job.steward) || b.lease.receivedMs - a.lease.receivedMs,
    )
  const isOwed = balanceOf(state.ledger, steward) > 0
  const boundMs = quantumMs(turn) * queuedLeasesMax
  let { queuedMs } = backlogOf(turn)
  let lentMs = 0
  for (const { job, lease } of behind) if (isLent(job)) lentMs += remainingMs(turn, job, lease)
  for (const { job, lease } of behind) {
    const leftMs = remainingMs(turn, job, lease)
    const isAhead = isOwed && isLent(job) && areNewcomersAhead(state.order, lentMs, quantumMs(turn))
    if (queuedMs <= boundMs && !isAhead) continue
    const sinceMs = turn.nowMs - lease.receivedMs
    // What nobody has seen the end of lasts as long again.
    const unitMs = job.done.units > 0 ? leftMs / lease.remaining.size : 2 * sinceMs
    const holdsOn = isOwed && isLent(job) && unitMs - sinceMs > holdMsMax
    cancelLease(turn, job, lease.lease, holdsOn ? 'all' : 'queued')
    queuedMs -= leftMs
    if (isLent(job)) lentMs -= leftMs
  }
}

export function cancelLease(
  turn: Turn,
  job: HostedJob,
  lease: number,
  which: CancelledUnits,
): void {
  emit(turn, { type: 'cancel-units', job: job.job, lease, which })
}
