/** Votes come in, verdicts and all that follows from them go out. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { resultKinds } from '../../protocol/outcome.js'
import { countUnits, isInRuns, unitsOf } from '../../protocol/unit-runs.js'
import type { EventOf } from '../event.js'
import { digestKey } from '../kit/byte-key.js'
import { plus } from '../kit/short-list.js'
import type { CoreMessageOf } from '../messages.js'
import { hostOf, parkIfDue } from '../scheduling/hosts.js'
import { endLease, leaveLease, renewLease } from '../scheduling/leases.js'
import { observePace, observeStretch } from '../scheduling/pace.js'
import type { JobHost } from '../scheduling/schedule.js'
import { wantCopies } from '../scheduling/wants.js'
import type { StewardedJob } from '../state.js'
import { queueCheck } from '../verification/checks.js'
import {
  addClaim,
  claimOf,
  emptyTally,
  hasVoted,
  heldBytes,
  isDisputed,
} from '../verification/tally.js'
import { hasOtherSeat } from './acceptance.js'
import { onAuditVote } from './audits.js'
import { blame } from './blame.js'
import { ban } from './cascade.js'
import { enterChecks, isChecked, sendChecks } from './checking.js'
import {
  addIdle,
  type Docket,
  type Harvest,
  harvestOf,
  journalRecordsOf,
  openDocket,
} from './docket.js'
import { foresee, serve } from './granting.js'
import { areHostsSettled } from './hosts-settled.js'
import { completeIfDone, failJob } from './job-end.js'
import { creditAgreement, judge, judgeRaised } from './judging.js'
import { journalThen, send, type Turn } from './turn.js'

export function onVote(turn: Turn, from: PeerId, message: CoreMessageOf<'vote'>): void {
  const { body } = message
  const stewarded = turn.state.stewarded.get(body.job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') {
    blame(turn, from, 'stale-message')
    return
  }
  const docket = openDocket()
  if (from === turn.state.self && stewarded.audits.leases.has(body.lease)) {
    const differing = onAuditVote(turn, docket, stewarded, message)
    settle(turn, docket)
    // Their units are open again, and this node's own result decides them.
    enterClaims(turn, docket, stewarded, from, message, (unit) => differing.has(unit))
  } else if (!enterVote(turn, docket, stewarded, from, message)) return
  conclude(turn, docket)
}

export function onResultsChecked(turn: Turn, event: EventOf<'results-checked'>): void {
  const stewarded = turn.state.stewarded.get(event.job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') return
  const docket = openDocket()
  enterChecks(turn, docket, stewarded, event.outcomes)
  conclude(turn, docket)
}

/** @returns false for a vote that nobody asked for */
function enterVote(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  from: PeerId,
  message: CoreMessageOf<'vote'>,
): boolean {
  const { schedule } = stewarded
  const { body } = message
  const lease = schedule.leases.get(body.lease)
  const granted = lease ?? schedule.former.get(body.lease)
  if (granted === undefined || granted.host !== from) {
    blame(turn, from, 'unknown-lease')
    return false
  }
  const host = hostOf(schedule, from, turn.nowMs)
  if (host.refused !== undefined) return false
  host.spentMs += body.spentMs
  host.claimed.units += countUnits(body.runs)
  host.claimed.fuel += body.fuel
  host.claimed.spentMs += body.spentMs
  const units = enterClaims(turn, docket, stewarded, from, message, (unit) => {
    if (lease?.remaining.has(unit) === true) leaveLease(schedule, lease, unit)
    else if (!isInRuns(granted.runs, unit)) return false
    return true
  })
  bookVote(stewarded, host, body.spentMs, units)
  host.silent = 0
  for (const id of host.leases) {
    const held = schedule.leases.get(id)
    if (held === undefined) continue
    renewLease(held, turn.nowMs)
    foresee(turn, stewarded, held)
  }
  if (lease !== undefined) {
    lease.spentMs += body.spentMs
    if (lease.remaining.size === 0) {
      observeStretch(host, lease, turn.nowMs)
      endLease(schedule, lease)
    }
  }
  parkIfDue(schedule, from, turn.nowMs, turn.state.config.leaseTargetMs)
  return true
}

/** Enters the claims of a vote on those units that `counts` admits; @returns the units that it names */
function enterClaims(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  from: PeerId,
  { body, outputs }: CoreMessageOf<'vote'>,
  counts: (unit: UnitIndex) => boolean,
): number {
  const host = hostOf(stewarded.schedule, from, turn.nowMs)
  let position = 0
  for (const unit of unitsOf(body.runs)) {
    const at = position++
    const output = outputs[at]
    const kind = resultKinds[body.kinds[at] ?? -1]
    if (output === undefined || kind === undefined) break
    if (!counts(unit)) continue
    if (!claim(turn, docket, stewarded, from, unit, digestKey(body.digests, at), kind, output))
      continue
    leaveOtherLeases(stewarded, from, unit, harvestOf(docket, stewarded))
    host.executed++
    judge(turn, docket, stewarded, unit)
  }
  return position
}

/** Enters a claim in its unit's tally; false when it changes nothing. */
function claim(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  from: PeerId,
  unit: UnitIndex,
  digest: string,
  kind: (typeof resultKinds)[number],
  output: Uint8Array,
): boolean {
  const open = stewarded.schedule.open.get(unit)
  if (open === undefined) return false
  let tally = stewarded.tallies.get(unit)
  if (tally === undefined) {
    tally = emptyTally()
    stewarded.tallies.set(unit, tally)
  }
  if (hasVoted(tally, from)) return false
  const before = heldBytes(tally)
  const wasDisputed = isDisputed(tally)
  addClaim(tally, from, digest, kind, output)
  stewarded.heldBytes += heldBytes(tally) - before
  if (!wasDisputed && isDisputed(tally)) {
    stewarded.counters.disputed++
    if (!isChecked(stewarded)) stewarded.disputes.add(unit)
  }
  if (!isChecked(stewarded))
    creditAgreement(turn, docket, claimOf(tally, digest)?.hosts ?? [], from)
  else if (kind !== 'trap') queueCheck(stewarded.checks, unit, digest)
  if (!open.tried.includes(from)) {
    // A late vote on a lease that was given up: it pays for the copy that was asked for instead.
    open.tried = plus(open.tried, from)
    if (open.wanted > 0) {
      open.wanted--
      stewarded.schedule.wanted--
    }
  }
  return true
}

/** A late vote on a former lease makes the host's newer lease of the unit needless. */
function leaveOtherLeases(
  { schedule }: StewardedJob,
  from: PeerId,
  unit: UnitIndex,
  harvest: Harvest,
): void {
  for (const id of schedule.open.get(unit)?.leases ?? []) {
    const lease = schedule.leases.get(id)
    if (lease?.host !== from) continue
    leaveLease(schedule, lease, unit)
    if (lease.remaining.size === 0) addIdle(harvest, lease)
  }
}

function bookVote(stewarded: StewardedJob, host: JobHost, spentMs: number, units: number): void {
  if (units > 0) observePace(stewarded.schedule, host, spentMs / units)
  stewarded.dirty = true
}

/** Follows verdicts to bans and bans to verdicts, until nothing follows any more: each round bans or raises hosts. */
function settle(turn: Turn, docket: Docket): void {
  while (docket.raised.size > 0 || docket.caught.size > 0) {
    const raised = [...docket.raised]
    docket.raised.clear()
    for (const [peer, before] of raised) judgeRaised(turn, docket, peer, before)
    const caught = [...docket.caught]
    docket.caught.clear()
    for (const [peer, ground] of caught) ban(turn, docket, peer, ground)
  }
}

function conclude(turn: Turn, docket: Docket): void {
  settle(turn, docket)
  for (const harvest of docket.harvests.values()) reap(turn, harvest)
}

/** Acts on what was gathered for one job: results to disk first, then everything that follows from them. */
function reap(turn: Turn, harvest: Harvest): void {
  const { stewarded, results, withdrawn, idle, copies, failure } = harvest
  const { job, schedule } = stewarded
  if (job.phase !== 'running') return
  if (results.size > 0 || withdrawn.size > 0) {
    const id = job.job
    const entry = journalThen(turn, id, journalRecordsOf(harvest), [
      ...(withdrawn.size === 0
        ? []
        : [{ type: 'results-withdrawn', job: id, units: [...withdrawn] } as const]),
      { type: 'results-ready', job: id, results: [...results.values()] },
    ])
    stewarded.pendingEntries.add(entry)
  }
  for (const [host, leases] of idle) {
    for (const id of leases) {
      const lease = schedule.leases.get(id)
      if (lease !== undefined) endLease(schedule, lease)
    }
    for (let i = 0; i < leases.length; i += limits.leasesPerHostMax)
      send(turn, host, {
        type: 'revoke',
        job: job.job,
        leases: leases.slice(i, i + limits.leasesPerHostMax),
      })
  }
  if (failure !== undefined) {
    failJob(turn, stewarded, failure.code, failure.error)
    return
  }
  sendChecks(turn, stewarded)
  wantCopies(schedule, copies)
  serve(turn, stewarded)
  completeIfDone(turn, stewarded)
}

/** Units that wait for hosts that do not exist get the requester's own verdict. */
export function judgeStuckUnits(turn: Turn, stewarded: StewardedJob): void {
  const { schedule, job } = stewarded
  if (job.manifest.acceptance.rule === 'credibility' || !areHostsSettled(turn, schedule)) return
  const docket = openDocket()
  for (const { holders, wants } of schedule.wants.values())
    if (!hasOtherSeat(turn, schedule, holders))
      for (const { runs } of wants)
        for (const unit of unitsOf(runs)) judge(turn, docket, stewarded, unit)
  conclude(turn, docket)
}
