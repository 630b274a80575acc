/** When a unit's votes are enough, and how many copies are asked for until they are. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Manifest } from '../../protocol/manifest.js'
import { nextSecretFraction } from '../kit/secret-random.js'
import { clusterOf } from '../membership/neighbours.js'
import { hasOtherHost } from '../scheduling/hosts.js'
import type { JobHost, OpenUnit, Schedule } from '../scheduling/schedule.js'
import type { NodeState, StewardedJob } from '../state.js'
import { checkRate, errorOf } from '../verification/credibility.js'
import { doubtOf } from '../verification/standing.js'
import {
  emptyTally,
  ranking,
  type Supporters,
  type Tally,
  type Verdict,
  verdictByAnchor,
  verdictByQuorum,
  verdictFor,
  votesIn,
  votesMissing,
} from '../verification/tally.js'
import { hopelessByCheck, ruleByCheck } from './check-ruling.js'
import { areHostsSettled } from './hosts-settled.js'
import type { Turn } from './turn.js'

export type Ruling =
  | { type: 'accepted'; verdict: Verdict }
  /** So many further copies are asked for now; none while enough are under way. */
  | { type: 'open'; copies: number }
  /** Its hosts agree, and will be believed once they are known better: `excess` times too doubtful now. */
  | { type: 'waits'; hosts: readonly PeerId[]; excess: number }
  | { type: 'hopeless'; error: string }

/** What follows from the votes on an open unit. */
export function ruleOn(turn: Turn, stewarded: StewardedJob, unit: UnitIndex): Ruling {
  const { job, schedule, tallies } = stewarded
  const open = schedule.open.get(unit)
  if (open === undefined) return { type: 'open', copies: 0 }
  const tally = tallies.get(unit) ?? emptyTally()
  const ruling =
    job.manifest.acceptance.rule === 'quorum'
      ? ruleByQuorum(turn, stewarded, open, tally, job.manifest.acceptance.quorum)
      : job.manifest.acceptance.rule === 'check'
        ? ruleOfTask(turn, stewarded, unit, open, tally)
        : turn.state.config.acceptanceRule === 'boinc'
          ? ruleOfBoinc(turn, open, tally)
          : ruleByCredibility(turn, stewarded, open, tally, job.manifest.acceptance.maxErrorRate)
  if (ruling.type === 'accepted' || votesIn(tally) < limits.votesPerUnitMax) return ruling
  return {
    type: 'hopeless',
    error: `unit ${unit}: ${votesIn(tally)} hosts voted and too few agree`,
  }
}

/** Copies to ask for now so that the votes in, under way and wanted can become a verdict. */
export function copiesLacking(turn: Turn, stewarded: StewardedJob, unit: UnitIndex): number {
  const { job, schedule, tallies } = stewarded
  const { acceptance } = job.manifest
  if (acceptance.rule === 'quorum') {
    // Also where this node's own word would be enough now: whoever is asked may still answer.
    const open = schedule.open.get(unit)
    if (open === undefined) return 0
    const missing = seatsMissing(turn, tallies.get(unit) ?? emptyTally(), acceptance.quorum)
    return Math.max(0, missing - open.leases.length - open.wanted)
  }
  const ruling = ruleOn(turn, stewarded, unit)
  if (ruling.type === 'open') return ruling.copies
  if (ruling.type === 'waits') stewarded.watches.waiting.add(unit)
  if (ruling.type !== 'accepted') return 0
  // Its host became credible while another's copy was out, and that one was lost: one more vote brings the verdict.
  const open = schedule.open.get(unit)
  return open !== undefined && open.leases.length + open.wanted === 0 ? 1 : 0
}

/** Executions that most units take, where nothing is known of the hosts. */
export function usualCopies({ acceptance }: Manifest): number {
  if (acceptance.rule === 'check') return 1
  return acceptance.rule === 'quorum' ? acceptance.quorum : 2
}

/** Copies of a fresh unit to ask for at once, one of which `host` takes. */
export function firstCopies(
  { state, nowMs }: Turn,
  { job }: StewardedJob,
  { peer }: JobHost,
): number {
  const { acceptance } = job.manifest
  if (acceptance.rule === 'quorum') return acceptance.quorum
  if (peer === state.self || acceptance.rule === 'check') return 1
  if (state.config.acceptanceRule === 'boinc') return isTrustedByBoinc(state, peer) ? 1 : 2
  // Whether a host that may be believed alone is checked is drawn when its vote is in.
  if (nowMs < state.betrayedUntilMs) return 2
  return doubtOf(state.standing, peer, state.config.assumedFaultShare) <= acceptance.maxErrorRate
    ? 1
    : 2
}

/**
 * Units that wait for their hosts to become known, for a host that has nothing else to do: a further vote is enough
 * for most of them.
 */
export function furtherCopies(
  turn: Pick<Turn, 'state'>,
  { schedule, watches }: StewardedJob,
  host: JobHost,
  most: number,
): UnitIndex[] {
  const units: UnitIndex[] = []
  let looked = 0
  for (const unit of watches.waiting) {
    if (units.length >= most || ++looked > waitingLookedAtMax) break
    const open = schedule.open.get(unit)
    if (open === undefined || open.leases.length + open.wanted > 0) {
      // Under way by now; it comes back when that comes to nothing.
      watches.waiting.delete(unit)
      continue
    }
    const isNew = !open.tried.includes(host.peer)
    if (isNew && open.tried.every((other) => isApart(turn, other, host.peer))) units.push(unit)
  }
  return units.sort((a, b) => a - b)
}

/** Disputed units for this node's own host: its word ends them, and the liar's part in all others. */
export function disputedUnits(
  { schedule, disputes }: StewardedJob,
  host: JobHost,
  most: number,
): UnitIndex[] {
  const units: UnitIndex[] = []
  for (const unit of disputes) {
    if (units.length >= most) break
    if (schedule.open.get(unit)?.tried.includes(host.peer) === false) units.push(unit)
  }
  return units.sort((a, b) => a - b)
}

/** Bounds a look through units of which the host may have voted on every one. */
const waitingLookedAtMax = 512

function open(unit: OpenUnit, missing: number): Ruling {
  return { type: 'open', copies: Math.max(0, missing - unit.leases.length - unit.wanted) }
}

function ruleByQuorum(
  turn: Turn,
  stewarded: StewardedJob,
  unit: OpenUnit,
  tally: Tally,
  quorum: number,
): Ruling {
  const verdict =
    verdictBySeats(turn, tally, quorum) ?? verdictByLoneNode(turn, stewarded, unit, tally)
  if (verdict !== undefined) return { type: 'accepted', verdict }
  return open(unit, seatsMissing(turn, tally, quorum))
}

/** Votes of one public subnet are one vote: somebody who has a whole one is still one person. */
function verdictBySeats(turn: Turn, tally: Tally, quorum: number): Verdict | undefined {
  if (!hasSubnets(turn)) return verdictByQuorum(tally, quorum)
  for (const { digest, supporters } of ranking(tally))
    if (seatsOf(turn, supporters) >= quorum) return verdictFor(tally, digest)
  return undefined
}

/** Seats still missing for the result that has most. */
function seatsMissing(turn: Turn, tally: Tally, quorum: number): number {
  if (!hasSubnets(turn)) return votesMissing(tally, quorum)
  const seats = ranking(tally).map(({ supporters }) => seatsOf(turn, supporters))
  return Math.max(0, quorum - Math.max(0, ...seats))
}

/** How many of some hosts are certainly not the same person. */
export function seatsOf({ state }: Pick<Turn, 'state'>, hosts: readonly PeerId[]): number {
  return new Set(hosts.map((host) => clusterOf(state.neighbours, host))).size
}

/** Whether anybody's place says anything: on loopback and in a private network nobody's does. */
function hasSubnets({ state }: Pick<Turn, 'state'>): boolean {
  return state.neighbours.metIn.size > 0
}

/** Whether somebody could still be given a copy that counts, beside what `tried` have. */
export function hasOtherSeat(
  turn: Pick<Turn, 'state'>,
  schedule: Schedule,
  tried: readonly PeerId[],
): boolean {
  if (!hasOtherHost(schedule, tried)) return false
  if (!hasSubnets(turn)) return true
  for (const host of schedule.serving)
    if (!tried.includes(host) && tried.every((holder) => isApart(turn, holder, host))) return true
  return false
}

/** The requester's own result decides where nobody is left to ask. */
function verdictByLoneNode(
  turn: Turn,
  { schedule }: StewardedJob,
  unit: OpenUnit,
  tally: Tally,
): Verdict | undefined {
  if (!areHostsSettled(turn, schedule)) return undefined
  if (unit.leases.length > 0 || hasOtherSeat(turn, schedule, unit.tried)) return undefined
  return verdictByAnchor(tally, turn.state.self)
}

/** The task's own check decides; who computed the result does not matter. */
function ruleOfTask(
  turn: Turn,
  stewarded: StewardedJob,
  unit: UnitIndex,
  at: OpenUnit,
  tally: Tally,
): Ruling {
  const ruling = ruleByCheck(
    stewarded,
    unit,
    tally,
    (hosts) => hosts.includes(turn.state.self) || independentDoubts(turn, hosts).length > 1,
  )
  if (ruling.type === 'accepted') return ruling
  if (ruling.type === 'waits') return { type: 'open', copies: 0 }
  const mayStillCome =
    at.leases.length > 0 ||
    !areHostsSettled(turn, stewarded.schedule) ||
    hasOtherHost(stewarded.schedule, at.tried)
  const error = mayStillCome ? undefined : hopelessByCheck(stewarded, unit, tally)
  return error === undefined ? open(at, 1) : { type: 'hopeless', error }
}

function ruleByCredibility(
  turn: Turn,
  stewarded: StewardedJob,
  unit: OpenUnit,
  tally: Tally,
  maxErrorRate: number,
): Ruling {
  const { job } = stewarded
  const { state } = turn
  const own = verdictByAnchor(tally, state.self)
  if (own !== undefined) return { type: 'accepted', verdict: own }
  const groups = ranking(tally)
  if (groups.length === 0) return open(unit, 1)
  if (groups.length > 1 && isOursToSettle(turn, stewarded)) return { type: 'open', copies: 0 }
  const doubts = groups.map(({ supporters }) => independentDoubts(turn, supporters))
  const best = mostCredible(doubts)
  const leader = groups[best.group] as Supporters
  const verdict = verdictFor(tally, leader.digest)
  if (verdict === undefined) return open(unit, 1)
  const { kind } = verdict.content
  const alone = (doubts[best.group]?.length ?? 0) < 2
  const agree = groups.length === 1 && !alone
  // A false trap costs the job a second try, never a wrong result: two hosts are enough.
  if (best.error <= maxErrorRate || (agree && kind === 'trap')) {
    if (!alone) return { type: 'accepted', verdict }
    const ends = kind === 'trap' || (kind === 'hit' && job.manifest.goal === 'first-hit')
    // What ends a job is never taken on one host's word.
    const isBetrayed = turn.nowMs < state.betrayedUntilMs
    unit.drawn ??=
      ends || isBetrayed || nextSecretFraction(state.secret) < checkRate(best.error, maxErrorRate)
    return unit.drawn ? open(unit, 1) : { type: 'accepted', verdict }
  }
  if (!agree) return open(unit, 1)
  return { type: 'waits', hosts: leader.supporters, excess: best.error / maxErrorRate }
}

/** Disputes for each thread that this node takes upon itself: what it is through with in some seconds of short units. */
const ownDisputesPerSlot = 16

/**
 * Whether this node's own result settles disputes, and not a majority: strangers in agreement could be a clique, and
 * whom they outvote would be banned.
 */
function isOursToSettle({ state }: Turn, stewarded: StewardedJob): boolean {
  const { slots } = state.config
  return canAudit(state, stewarded) && stewarded.disputes.size <= ownDisputesPerSlot * slots
}

/** Plain voting is left plain; and a node that computes nothing cannot audit. */
export function canAudit({ config, self }: NodeState, { job, schedule }: StewardedJob): boolean {
  if (job.manifest.acceptance.rule !== 'credibility' || config.acceptanceRule === 'boinc')
    return false
  return schedule.serving.has(self)
}

/** One doubt for each cluster: that of its best known member. */
export function independentDoubts(
  { state }: Pick<Turn, 'state'>,
  hosts: readonly PeerId[],
): number[] {
  const { standing, config, self, neighbours } = state
  const doubt = (peer: PeerId) =>
    peer === self ? 0 : doubtOf(standing, peer, config.assumedFaultShare)
  if (hosts.length === 1) return [doubt(hosts[0] as PeerId)]
  const least = new Map<string, number>()
  for (const peer of hosts) {
    const cluster = clusterOf(neighbours, peer)
    least.set(cluster, Math.min(doubt(peer), least.get(cluster) ?? 1))
  }
  return [...least.values()]
}

/** Whether a holder of a unit is certainly not the same person as a host that could confirm it. */
export function isApart({ state }: Pick<Turn, 'state'>, holder: PeerId, host: PeerId): boolean {
  const { neighbours } = state
  const mine = neighbours.neighbours.get(host)?.subnet
  return mine === undefined || mine !== clusterOf(neighbours, holder)
}

function mostCredible(doubts: readonly number[][]): { group: number; error: number } {
  let best = { group: 0, error: 1 }
  doubts.forEach((_, group) => {
    const error = errorOf(doubts, group)
    if (error < best.error) best = { group, error }
  })
  return best
}

/** Results in a row after which BOINC lets a host go unchecked. */
const boincTrustAfter = 10

function isTrustedByBoinc({ standing }: Turn['state'], peer: PeerId): boolean {
  return (standing.get(peer)?.checked ?? 0) >= boincTrustAfter
}

/** BOINC's adaptive replication, to compare with: two must agree, but one in a row of ten goes mostly unchecked. */
function ruleOfBoinc({ state }: Turn, unit: OpenUnit, tally: Tally): Ruling {
  const [leader] = ranking(tally)
  const verdict = leader === undefined ? undefined : verdictFor(tally, leader.digest)
  if (leader === undefined || verdict === undefined) return open(unit, 1)
  if (leader.supporters.length > 1) return { type: 'accepted', verdict }
  const peer = leader.supporters[0] as PeerId
  if (tally.claims.length === 1 && isTrustedByBoinc(state, peer)) {
    unit.drawn ??= nextSecretFraction(state.secret) < 1 / (state.standing.get(peer)?.checked ?? 1)
    if (!unit.drawn) return { type: 'accepted', verdict }
  }
  return open(unit, votesMissing(tally, 2))
}
