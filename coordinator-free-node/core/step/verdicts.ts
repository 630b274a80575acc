/** From votes to canonical results: the one place where tallies, leases, standing and ledger meet. */

import type { FailureCode } from '../../protocol/errors.js'
import type { ResultRecord } from '../../protocol/gateway-api.js'
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { resultKinds } from '../../protocol/outcome.js'
import { unitsOf } from '../../protocol/unit-runs.js'
import type { JournalRecord } from '../effect.js'
import { hasFresh, markCanonical } from '../jobs/job.js'
import { digestKey } from '../kit/byte-key.js'
import type { CoreMessageOf } from '../messages.js'
import { bookReceived } from '../reciprocity/ledger.js'
import {
  closeUnit,
  endLease,
  hasOtherHost,
  hostHeardOf,
  hostOf,
  type JobHost,
  type Lease,
  leaveLease,
  observePace,
  wantCopies,
} from '../scheduling/schedule.js'
import type { StewardedJob } from '../state.js'
import { quorumOf } from '../verification/acceptance.js'
import { refute, standingOf } from '../verification/standing.js'
import {
  addClaim,
  emptyTally,
  hasVoted,
  heldBytes,
  isDisputed,
  type Verdict,
  verdictByAnchor,
  verdictByQuorum,
  votesIn,
} from '../verification/tally.js'
import { copiesLacking } from './acceptance.js'
import { failJob } from './job-end.js'
import { areHostsSettled, loseHost, serve } from './leasing.js'
import { journalThen, send, type Turn, wakeAt } from './turn.js'

/** What one event made canonical; journalled in one entry. */
interface Harvest {
  results: ResultRecord[]
  records: JournalRecord[]
  /** Leases with nothing left to do, by host. */
  idle: Map<PeerId, number[]>
  /** Hosts that were caught, and how. */
  caught: Map<PeerId, string>
  /** Units that need more copies after a dispute. */
  copies: { unit: UnitIndex; copies: number }[]
  failure: { code: FailureCode; error: string } | undefined
}

export function onVote(turn: Turn, from: PeerId, message: CoreMessageOf<'vote'>): void {
  const { body, outputs } = message
  const stewarded = turn.state.stewarded.get(body.job)
  if (stewarded === undefined || stewarded.job.phase !== 'running') return
  const { schedule } = stewarded
  const lease = schedule.leases.get(body.lease)
  const granted = lease ?? schedule.former.get(body.lease)
  if (granted === undefined || granted.host !== from) return
  const host = hostOf(schedule, from, turn.nowMs)
  if (host.refused !== undefined) return
  const harvest = emptyHarvest()
  let position = 0
  host.spentMs += body.spentMs
  for (const unit of unitsOf(body.runs)) {
    const at = position++
    const output = outputs[at]
    const kind = resultKinds[body.kinds[at] ?? -1]
    if (output === undefined || kind === undefined) break
    if (!granted.runs.some(([first, count]) => first <= unit && unit < first + count)) continue
    if (lease !== undefined) leaveLease(schedule, lease, unit)
    if (!claim(stewarded, from, unit, digestKey(body.digests, at), kind, output)) continue
    leaveOtherLeases(stewarded, from, unit, harvest)
    host.executed++
    judge(turn, stewarded, unit, harvest)
  }
  bookVote(turn, stewarded, host, body.spentMs, position)
  if (lease !== undefined && lease.remaining.size === 0) endLease(schedule, lease)
  reap(turn, stewarded, harvest)
}

function emptyHarvest(): Harvest {
  return {
    results: [],
    records: [],
    idle: new Map(),
    caught: new Map(),
    copies: [],
    failure: undefined,
  }
}

/** Enters a vote in its unit's tally; false when it changes nothing. */
function claim(
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
  if (!wasDisputed && isDisputed(tally)) stewarded.counters.disputed++
  if (!open.tried.includes(from)) {
    // A late vote on a lease that was given up: it pays for the copy that was asked for instead.
    open.tried.push(from)
    if (open.wanted > 0) open.wanted--
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

function addIdle(harvest: Harvest, lease: Lease): void {
  harvest.idle.set(lease.host, [...(harvest.idle.get(lease.host) ?? []), lease.lease])
}

function bookVote(
  turn: Turn,
  stewarded: StewardedJob,
  host: JobHost,
  spentMs: number,
  units: number,
): void {
  if (units > 0) observePace(stewarded.schedule, host, spentMs / units)
  stewarded.dirty = true
  wakeAt(turn, 'steward', turn.nowMs + settleEveryMs)
}

/** Hosts hear what became of their votes this often. */
const settleEveryMs = 500

function judge(turn: Turn, stewarded: StewardedJob, unit: UnitIndex, harvest: Harvest): void {
  const { schedule, job, tallies } = stewarded
  const tally = tallies.get(unit)
  const open = schedule.open.get(unit)
  if (tally === undefined || open === undefined) return
  const verdict = verdictByQuorum(tally, quorumOf(job.manifest)) ?? anchored(turn, stewarded, unit)
  if (verdict !== undefined) {
    accept(turn, stewarded, unit, verdict, harvest)
    return
  }
  if (votesIn(tally) >= limits.votesPerUnitMax) {
    const error = `unit ${unit}: ${votesIn(tally)} hosts voted and no ${quorumOf(job.manifest)} agree`
    harvest.failure = { code: 'MH_UNIT_DISPUTED', error }
    return
  }
  const copies = copiesLacking(turn, stewarded, unit)
  if (copies > 0) harvest.copies.push({ unit, copies })
}

/** The requester's own result decides where nobody is left to ask. */
function anchored(turn: Turn, stewarded: StewardedJob, unit: UnitIndex): Verdict | undefined {
  const { state } = turn
  const { schedule, tallies } = stewarded
  const open = schedule.open.get(unit)
  const tally = tallies.get(unit)
  if (open === undefined || tally === undefined) return undefined
  if (!areHostsSettled(turn, stewarded)) return undefined
  if (open.leases.length > 0 || hasOtherHost(schedule, open.tried)) return undefined
  return verdictByAnchor(tally, state.self)
}

function accept(
  turn: Turn,
  stewarded: StewardedJob,
  unit: UnitIndex,
  verdict: Verdict,
  harvest: Harvest,
): void {
  const { job, schedule, counters } = stewarded
  const { claim: won, agreed, refuted } = verdict
  if (won.kind === 'trap') {
    const error = `unit ${unit} failed on ${agreed.length === 1 ? 'one host' : `${agreed.length} hosts alike`}: ${new TextDecoder().decode(won.output)}`
    harvest.failure = { code: 'MH_UNIT_FAILED', error }
    return
  }
  const tally = stewarded.tallies.get(unit)
  if (tally !== undefined) stewarded.heldBytes -= heldBytes(tally)
  stewarded.tallies.delete(unit)
  const { settled, idle } = closeUnit(schedule, unit)
  for (const lease of idle) addIdle(harvest, lease)
  markCanonical(job, unit)
  if (quorumOf(job.manifest) > 1 && agreed.length === 1) counters.unchecked++
  if (won.kind === 'hit') job.hit ??= unit
  for (const peer of agreed) reward(turn, stewarded, peer)
  for (const peer of refuted) blame(turn, stewarded, peer, groundOf(agreed), harvest)
  const result = { unit, kind: won.kind, output: won.output, agreed: agreed.length }
  harvest.results.push(result)
  const hadInput = job.manifest.inputs.kind === 'list'
  harvest.records.push({ type: 'result', job: job.job, result, hadInput })
  for (const lease of settled) harvest.records.push({ type: 'lease-settled', job: job.job, lease })
}

/** A vote proved right: standing, and a favour at our own price where we know it, else at the host's. */
function reward(turn: Turn, stewarded: StewardedJob, peer: PeerId): void {
  const { state } = turn
  const { schedule } = stewarded
  const host = hostHeardOf(schedule, peer)
  host.accepted++
  if (peer === state.self) return
  const own = schedule.hosts.get(state.self)
  const priced = own !== undefined && own.executed > 0 ? own : host
  const priceMs = priced.executed === 0 ? 0 : priced.spentMs / priced.executed
  standingOf(state.standing, peer).accepted++
  bookReceived(state.ledger, peer, priceMs)
  state.unsavedPeers.add(peer)
  const owed = settlementOf(stewarded, peer)
  owed.accepted++
  owed.creditMs += priceMs
}

function groundOf(agreed: readonly PeerId[]): string {
  return agreed.length > 1
    ? 'a result of this host was refuted by agreeing hosts'
    : "a result of this host differs from this node's own, and nobody else could be asked"
}

function blame(
  turn: Turn,
  stewarded: StewardedJob,
  peer: PeerId,
  ground: string,
  harvest: Harvest,
): void {
  hostHeardOf(stewarded.schedule, peer).rejected++
  settlementOf(stewarded, peer).rejected++
  if (peer === turn.state.self) return
  refute(turn.state.standing, peer, turn.nowMs, turn.state.config.banMs)
  turn.state.unsavedPeers.add(peer)
  harvest.caught.set(peer, ground)
}

function settlementOf(stewarded: StewardedJob, peer: PeerId) {
  let owed = stewarded.settlements.get(peer)
  if (owed === undefined) {
    owed = { accepted: 0, rejected: 0, creditMs: 0 }
    stewarded.settlements.set(peer, owed)
  }
  return owed
}

/** Acts on what was gathered: results to disk first, then everything that follows from them. */
function reap(turn: Turn, stewarded: StewardedJob, harvest: Harvest): void {
  const { job, schedule } = stewarded
  if (harvest.results.length > 0) {
    const { results } = harvest
    const then = [{ type: 'results-ready', job: job.job, results } as const]
    stewarded.pendingEntries.add(journalThen(turn, job.job, harvest.records, then))
  }
  for (const [host, leases] of harvest.idle) {
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
  if (harvest.failure !== undefined) {
    const { code, error } = harvest.failure
    failJob(turn, stewarded, code, error)
    return
  }
  wantCopies(schedule, harvest.copies)
  for (const [peer, ground] of harvest.caught) ban(turn, stewarded, peer, ground)
  const wantsWork = harvest.copies.length > 0 || hasFresh(job)
  if (wantsWork || schedule.wants.length > 0) serve(turn, stewarded)
}

/** Caught with a wrong result: this node gives the host nothing more, in any job. */
function ban(turn: Turn, stewarded: StewardedJob, peer: PeerId, ground: string): void {
  const { state } = turn
  for (const other of state.stewarded.values()) {
    const host = other.schedule.hosts.get(peer)
    if (host === undefined || host.refused !== undefined) continue
    host.refused = ground
    if (other.job.phase !== 'running') continue
    loseHost(turn, other, host)
    const { job } = other.job
    other.answers.set(peer, { verdict: 'banned', reason: host.refused, atMs: turn.nowMs })
    send(turn, peer, { type: 'decline', job, reason: 'a result was refuted', final: true })
  }
  const text = `caught ${peer}: ${ground}; it gets no more units`
  turn.effects.push({ type: 'notice', level: 'warning', text, job: stewarded.job.job })
}

/** Units that wait for hosts that do not exist get the requester's own verdict. */
export function judgeStuckUnits(turn: Turn, stewarded: StewardedJob): void {
  const { schedule } = stewarded
  if (!areHostsSettled(turn, stewarded)) return
  const harvest = emptyHarvest()
  for (const want of schedule.wants) {
    if (hasOtherHost(schedule, want.holders)) continue
    for (const unit of unitsOf(want.runs)) {
      const verdict = anchored(turn, stewarded, unit)
      if (verdict !== undefined) accept(turn, stewarded, unit, verdict, harvest)
      if (harvest.failure !== undefined) break
    }
  }
  reap(turn, stewarded, harvest)
}
