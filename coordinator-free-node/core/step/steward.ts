/** The steward's turn: from a submission to leases, from wants to work, from lost hosts to second tries. */
import type { JobId, PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Manifest } from '../../protocol/manifest.js'
import { unitsOf } from '../../protocol/unit-runs.js'
import type { EventOf, RestoredJob } from '../event.js'
import { hasFresh, openJob, sampleProgress, unitTotal } from '../jobs/job.js'
import { createTrail } from '../jobs/trail.js'
import { sample } from '../kit/random.js'
import { addRun, hasUnit } from '../kit/unit-set.js'
import { acceptAdvert } from '../membership/adverts.js'
import { createSettlements } from '../reciprocity/settlements.js'
import { disconnect, hostOf } from '../scheduling/hosts.js'
import { createSchedule } from '../scheduling/schedule.js'
import type { JobCounters, StewardedJob } from '../state.js'
import { createAudits } from '../verification/audits.js'
import { createBacking } from '../verification/backing.js'
import { createChecks } from '../verification/checks.js'
import { createWatches } from '../verification/watches.js'
import { savePeers } from './favours.js'
import { serve, serveIdle } from './granting.js'
import { considerAdvert } from './host.js'
import { completeIfDone, failJob, finishJob, jobRecordOf } from './job-end.js'
import { expireLeases } from './leasing.js'
import { issueReceipts } from './receipts.js'
import { followJob, note } from './trail.js'
import { emit, journal, journalThen, send, type Turn, wakeAt } from './turn.js'
import { judgeStuckUnits } from './verdicts.js'

/** Running jobs are looked at this often: rates, receipts, hosts that idle near the end. */
const stewardEveryMs = 500

export function onJobSubmitted(turn: Turn, job: JobId, manifest: Manifest): void {
  const { state, nowMs } = turn
  if (state.stewarded.has(job)) return
  const stewarded = createStewarded(job, manifest, nowMs)
  state.stewarded.set(job, stewarded)
  const record = jobRecordOf(stewarded)
  journalThen(turn, job, [{ type: 'job', record }], [{ type: 'job-changed', job }])
  note(turn, stewarded, { kind: 'submitted', ...totalOf(stewarded), text: ruleInWords(manifest) })
  announce(turn, stewarded)
  completeIfDone(turn, stewarded)
}

function noCounts(): JobCounters {
  return {
    unchecked: 0,
    executions: 0,
    reassigned: 0,
    recomputed: 0,
    aborted: 0,
    disputed: 0,
    audited: 0,
    withdrawn: 0,
    corrected: 0,
  }
}

function totalOf({ job }: StewardedJob): { total?: number } {
  const total = unitTotal(job)
  return total === undefined ? {} : { total }
}

function ruleInWords({ acceptance }: Manifest): string {
  if (acceptance.rule === 'credibility') return `error rate below ${acceptance.maxErrorRate}`
  if (acceptance.rule === 'check') return "the task's own check"
  return `quorum ${acceptance.quorum}`
}

function createStewarded(job: JobId, manifest: Manifest, nowMs: number): StewardedJob {
  const counters = noCounts()
  return {
    job: openJob(job, manifest, nowMs),
    schedule: createSchedule(nowMs),
    tallies: new Map(),
    heldBytes: 0,
    watches: createWatches(),
    disputes: new Set(),
    backing: createBacking(),
    audits: createAudits(),
    checks: createChecks(),
    prices: { median: undefined, takenMs: Number.NEGATIVE_INFINITY },
    counters,
    trail: createTrail(counters),
    answers: new Map(),
    settlements: createSettlements(),
    pendingEntries: new Set(),
    advertSerial: 0,
    advertAtMs: 0,
    dirty: false,
    warning: undefined,
    endedVerified: undefined,
    endedErrorRate: undefined,
  }
}

function announce(turn: Turn, stewarded: StewardedJob): void {
  advertise(turn, stewarded)
  emit(turn, { type: 'provide', job: stewarded.job.job })
  wakeAt(turn, 'steward', turn.nowMs + stewardEveryMs)
  wakeAt(turn, 'steward', turn.nowMs + turn.state.config.aloneGraceMs + 1)
}

/** Tells every neighbour, and this node's own host, that the job has work. */
function advertise(turn: Turn, stewarded: StewardedJob): void {
  const { state, nowMs } = turn
  const { job, manifest } = stewarded.job
  const body = {
    job,
    steward: state.self,
    addresses: state.addresses.slice(0, limits.addressesMax),
    serial: ++stewarded.advertSerial,
    ttlMs: state.config.advertTtlMs,
    closed: stewarded.job.phase !== 'running',
    name: manifest.name,
    requester: manifest.requester,
    taskHash: manifest.taskHash,
    tier: manifest.task.tier,
    unitMemoryBytesMax: manifest.task.unitMemoryBytesMax,
  }
  stewarded.advertAtMs = nowMs + state.config.advertEveryMs
  const expiresMs = nowMs + body.ttlMs
  acceptAdvert(state.adverts, { body, sealed: undefined, hops: 0, from: state.self, expiresMs })
  for (const peer of listenersOf(turn, stewarded))
    send(turn, peer, { type: 'advert', body, sealed: undefined, hops: 0 })
  considerAdvert(turn, body)
  wakeAt(turn, 'steward', stewarded.advertAtMs)
}

/** Of hosts that work on a job so many are told again of it: for their neighbours' sake, since they know it themselves. */
const servingTold = 64

/** All neighbours at first and at the end; later those that do not work on the job, and some that do. */
function listenersOf({ state }: Turn, { job, schedule, advertSerial }: StewardedJob): PeerId[] {
  const all = [...state.neighbours.neighbours.keys()]
  if (advertSerial === 1 || job.phase !== 'running') return all
  const serving = all.filter((peer) => schedule.serving.has(peer))
  if (serving.length <= servingTold) return all
  const others = all.filter((peer) => !schedule.serving.has(peer))
  return [...others, ...sample(state.random, serving, servingTold)]
}

/** A job from the journal: what is canonical stays so, what was in flight goes out again. */
export function restoreJob(turn: Turn, restored: RestoredJob): void {
  const { state, nowMs } = turn
  const { record, manifest } = restored
  const stewarded = createStewarded(record.job, manifest, record.submittedMs)
  state.stewarded.set(record.job, stewarded)
  const { job, schedule, counters } = stewarded
  job.phase = record.phase
  job.endedMs = record.endedMs
  job.appended = Math.max(job.appended, record.appended)
  job.appendedBytes = record.appendedBytes
  job.inputsClosed = record.inputsClosed
  job.hit = record.hit
  job.errorCode = record.errorCode
  job.error = record.error
  job.samples = [{ atMs: nowMs, verified: 0 }]
  for (const key of Object.keys(counters) as (keyof typeof counters)[]) counters[key] = record[key]
  Object.assign(stewarded.trail, createTrail(counters, restored.trailLength))
  for (const known of record.hosts) {
    const host = Object.assign(hostOf(schedule, known.peer, nowMs), known)
    disconnect(schedule, host)
  }
  if (record.phase !== 'running') {
    stewarded.endedVerified = record.verified
    return
  }
  for (const run of restored.canonical) addRun(job.canonical, run)
  job.samples = [{ atMs: nowMs, verified: job.canonical.size }]
  restoreLeases(turn, stewarded, restored)
  note(turn, stewarded, { kind: 'resumed', units: job.canonical.size, ...totalOf(stewarded) })
  // Adverts of this life must beat those of the last: serials go on from the clock.
  stewarded.advertSerial = Math.floor(nowMs / 1000)
  announce(turn, stewarded)
  completeIfDone(turn, stewarded)
}

/** Units in flight when the node stopped are fresh again; late votes on their old leases still count. */
function restoreLeases(turn: Turn, stewarded: StewardedJob, restored: RestoredJob): void {
  const { job, schedule, counters } = stewarded
  const recomputed = new Set<UnitIndex>()
  for (const { lease, host, runs } of restored.leases) {
    schedule.former.set(lease, { host, runs })
    for (const unit of unitsOf(runs)) if (!hasUnit(job.canonical, unit)) recomputed.add(unit)
    journal(turn, [{ type: 'lease-settled', job: job.job, lease }])
  }
  counters.recomputed += recomputed.size
  stewarded.dirty = true
}

export function onInputsAppended(turn: Turn, event: EventOf<'inputs-appended'>): void {
  const stewarded = turn.state.stewarded.get(event.job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') return
  const { job } = stewarded
  if (job.inputsClosed || event.first > job.appended) return
  job.appended = Math.max(job.appended, event.first + event.count)
  job.appendedBytes += event.bytes
  stewarded.dirty = true
  serve(turn, stewarded)
}

export function onInputsClosed(turn: Turn, event: EventOf<'inputs-closed'>): void {
  const stewarded = turn.state.stewarded.get(event.job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') return
  if (stewarded.job.inputsClosed) return
  if (event.error !== undefined) {
    const text = `the inputs failed after unit ${event.units}: ${event.error}`
    failJob(turn, stewarded, 'MH_INPUT_FAILED', text)
    return
  }
  stewarded.job.inputsClosed = true
  const record = jobRecordOf(stewarded)
  journalThen(turn, event.job, [{ type: 'job', record }], [{ type: 'job-changed', job: event.job }])
  completeIfDone(turn, stewarded)
}

/** To lease their units again would go on for ever. */
export function onInputsLost(turn: Turn, { job, reason }: EventOf<'inputs-lost'>): void {
  const stewarded = turn.state.stewarded.get(job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') return
  failJob(turn, stewarded, 'MH_STORE_FAILED', `the inputs cannot be read any more: ${reason}`)
}

export function onJobCancelled(turn: Turn, id: JobId): void {
  const stewarded = turn.state.stewarded.get(id)
  if (stewarded?.job.phase === 'running') finishJob(turn, stewarded, 'cancelled')
}

export function stewardTick(turn: Turn): void {
  const { state, nowMs } = turn
  savePeers(turn)
  for (const stewarded of state.stewarded.values()) {
    issueReceipts(turn, stewarded)
    if (stewarded.job.phase !== 'running') continue
    expireLeases(turn, stewarded)
    judgeStuckUnits(turn, stewarded)
    completeIfDone(turn, stewarded)
    // Judging may have ended it.
    if ((stewarded.job.phase as string) !== 'running') continue
    sampleProgress(stewarded.job, nowMs)
    warn(turn, stewarded)
    followJob(turn, stewarded)
    if (stewarded.advertAtMs <= nowMs) advertise(turn, stewarded)
    if (stewarded.dirty) saveJob(turn, stewarded)
    serve(turn, stewarded)
    serveIdle(turn, stewarded)
    wakeAt(turn, 'steward', nowMs + stewardEveryMs)
  }
}

/** Says what a person should do when nobody is there to work or to check. */
function warn(turn: Turn, stewarded: StewardedJob): void {
  const { state, nowMs } = turn
  const { schedule, job } = stewarded
  if (nowMs - schedule.hostsChangedMs < state.config.aloneGraceMs) return
  const before = stewarded.warning
  stewarded.warning = warningOf(turn, stewarded)
  if (stewarded.warning === undefined || stewarded.warning === before) return
  emit(turn, { type: 'notice', level: 'warning', text: stewarded.warning, job: job.job })
  emit(turn, { type: 'job-changed', job: job.job })
}

function warningOf({ state }: Turn, { schedule, job, watches }: StewardedJob): string | undefined {
  const { acceptance } = job.manifest
  const { serving } = schedule
  const computes = serving.has(state.self)
  const hint = 'start another with "manyhands node", or name one with --peer'
  if (serving.size === 0) return `no host on this grid works on the job: ${hint}`
  if (acceptance.rule === 'credibility') {
    const isStuck =
      watches.waiting.size > 0 && schedule.leases.size === 0 && !hasFresh(job) && !computes
    return isStuck
      ? `the ${serving.size} hosts here agree, but are not known well enough for an error rate of ${acceptance.maxErrorRate}, so ${watches.waiting.size} units wait: ${hint}, let this node compute (--cpus), or ask for a quorum`
      : undefined
  }
  if (acceptance.rule === 'check') return undefined
  const { quorum } = acceptance
  if (serving.size >= quorum) return undefined
  return computes
    ? `only ${serving.size} of ${quorum} hosts are here: where nobody can check this node's results they are accepted unchecked; ${hint}`
    : `only ${serving.size} of the ${quorum} hosts that must agree are here, so the job waits: ${hint}`
}

function saveJob(turn: Turn, stewarded: StewardedJob): void {
  stewarded.dirty = false
  journal(turn, [{ type: 'job', record: jobRecordOf(stewarded) }])
}
