/** From a unit's votes to its canonical result: what becomes of the unit, and of the hosts that voted on it. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { markCanonical } from '../jobs/job.js'
import { nextSecretFraction } from '../kit/secret-random.js'
import { bookAccepted, type UnitWorth } from '../reciprocity/settlements.js'
import { hostHeardOf } from '../scheduling/hosts.js'
import { closeUnit } from '../scheduling/leases.js'
import type { StewardedJob } from '../state.js'
import { auditRate, queueAudit } from '../verification/audits.js'
import { type BackedUnit, back } from '../verification/backing.js'
import { doubtOf, standingOf } from '../verification/standing.js'
import { heldBytes, type Verdict } from '../verification/tally.js'
import { takeDue, watch } from '../verification/watches.js'
import { canAudit, independentDoubts, ruleOn } from './acceptance.js'
import { addIdle, type Docket, type Harvest, harvestOf } from './docket.js'
import { receiveFavour, takeFavourBack, unitWorth } from './favours.js'
import type { Turn } from './turn.js'

/** Decides on an open unit after its votes, or what is believed of its hosts, changed. */
export function judge(turn: Turn, docket: Docket, stewarded: StewardedJob, unit: UnitIndex): void {
  if (!stewarded.schedule.open.has(unit)) return
  const harvest = harvestOf(docket, stewarded)
  const ruling = ruleOn(turn, stewarded, unit)
  switch (ruling.type) {
    case 'accepted':
      return accept(turn, docket, harvest, unit, ruling.verdict)
    case 'open':
      if (ruling.copies > 0) harvest.copies.set(unit, ruling.copies)
      return
    case 'waits':
      return watchUnit(turn, stewarded, unit, ruling.hosts, ruling.excess)
    case 'hopeless':
      harvest.failure = { code: 'MH_UNIT_DISPUTED', error: ruling.error }
  }
}

function watchUnit(
  { state }: Turn,
  { watches, schedule }: StewardedJob,
  unit: UnitIndex,
  hosts: readonly PeerId[],
  excess: number,
): void {
  const { standing, config } = state
  const faultShare = config.assumedFaultShare
  const watched = hosts.map((peer) => ({
    peer,
    checked: standing.get(peer)?.checked ?? 0,
    doubt: doubtOf(standing, peer, faultShare),
  }))
  const open = schedule.open.get(unit)
  if (open !== undefined && open.leases.length + open.wanted === 0) watches.waiting.add(unit)
  watch(watches, unit, watched, excess, faultShare)
}

/** Looks again at the units that waited for a host to become known. */
export function judgeRaised(turn: Turn, docket: Docket, peer: PeerId, before: number): void {
  const after = turn.state.standing.get(peer)?.checked ?? 0
  for (const stewarded of turn.state.stewarded.values()) {
    if (stewarded.job.phase !== 'running') continue
    for (const unit of takeDue(stewarded.watches, peer, before, after))
      judge(turn, docket, stewarded, unit)
  }
}

function accept(
  turn: Turn,
  docket: Docket,
  harvest: Harvest,
  unit: UnitIndex,
  verdict: Verdict,
): void {
  const { stewarded } = harvest
  const { job, schedule, counters, tallies, watches } = stewarded
  const { content, digest, agreed, refuted } = verdict
  if (content.kind === 'trap') {
    const whom = agreed.length === 1 ? 'one host' : `${agreed.length} hosts alike`
    const error = `unit ${unit} failed on ${whom}: ${new TextDecoder().decode(content.output)}`
    harvest.failure = { code: 'MH_UNIT_FAILED', error }
    return
  }
  const tally = tallies.get(unit)
  if (tally !== undefined) stewarded.heldBytes -= heldBytes(tally)
  tallies.delete(unit)
  watches.waiting.delete(unit)
  stewarded.disputes.delete(unit)
  stewarded.checks.marks.delete(unit)
  harvest.copies.delete(unit)
  const { settled, idle } = closeUnit(schedule, unit)
  for (const lease of idle) addIdle(harvest, lease)
  harvest.settled.push(...settled)
  markCanonical(job, unit)
  if (content.kind === 'hit') job.hit ??= unit
  const { acceptance } = job.manifest
  if (acceptance.rule === 'quorum' && acceptance.quorum > agreed.length) counters.unchecked++
  const paid = tally?.before?.paid ?? []
  const worth = unitWorth(turn, stewarded, agreed)
  for (const peer of agreed) if (!paid.includes(peer)) reward(turn, stewarded, peer, worth)
  for (const peer of paid) if (!agreed.includes(peer)) takeFavourBack(turn, stewarded, peer)
  for (const peer of refuted) blame(turn, docket, stewarded, peer, groundOf(agreed))
  const result = { unit, kind: content.kind, output: content.output, agreed: agreed.length }
  const revised = tally?.before !== undefined && tally.before.digest !== digest
  if (revised) counters.corrected++
  harvest.results.set(unit, revised ? { ...result, revised } : result)
  if (acceptance.rule === 'check' || agreed.includes(turn.state.self)) return
  back(stewarded.backing, { unit, digest, hosts: agreed })
  drawAudit(turn, stewarded, { unit, digest, hosts: agreed })
}

/** Some accepted units are computed again here, if this node computes at all. */
function drawAudit({ state }: Turn, stewarded: StewardedJob, backed: BackedUnit): void {
  const { config, standing } = state
  if (!canAudit(state, stewarded)) return
  const audited = Math.min(...backed.hosts.map((peer) => standing.get(peer)?.audited ?? 0))
  if (nextSecretFraction(state.secret) < auditRate(audited, config.auditShare))
    queueAudit(stewarded.audits, backed)
}

/** A vote proved right: standing, and a favour at our own price. */
function reward(turn: Turn, stewarded: StewardedJob, peer: PeerId, worth: UnitWorth): void {
  const { state } = turn
  const { schedule } = stewarded
  const host = hostHeardOf(schedule, peer)
  host.accepted++
  if (peer === state.self) return
  standingOf(state.standing, peer).accepted++
  receiveFavour(turn, stewarded, peer, worth.priceMs)
  bookAccepted(stewarded.settlements, peer, worth, turn.nowMs)
}

function groundOf(agreed: readonly PeerId[]): string {
  return agreed.length > 1
    ? 'a result of this host was refuted by agreeing hosts'
    : "a result of this host differs from this node's own"
}

/** A vote proved wrong: its host is caught, once for all jobs. */
export function blame(
  { state }: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  peer: PeerId,
  ground: string,
): void {
  hostHeardOf(stewarded.schedule, peer).rejected++
  if (peer === state.self) return
  if (state.config.acceptanceRule === 'boinc') {
    standingOf(state.standing, peer).checked = 0
    return
  }
  docket.caught.set(peer, docket.caught.get(peer) ?? ground)
}

/**
 * A host has just joined others in a result: where two of them are independent each has been checked on this unit.
 * This node's own vote is the best of checks.
 *
 * @param supporters  hosts behind the result, `joined` among them
 */
export function creditAgreement(
  turn: Turn,
  docket: Docket,
  supporters: readonly PeerId[],
  joined: PeerId,
): void {
  if (supporters.length < 2 || independentDoubts(turn, supporters).length < 2) return
  const others = supporters.filter((peer) => peer !== joined)
  const knownBefore = others.length > 1 && independentDoubts(turn, others).length > 1
  const audited = joined === turn.state.self
  if (!audited) credit(turn, docket, joined, false)
  for (const peer of others)
    if (!knownBefore || audited) credit(turn, docket, peer, audited, knownBefore)
}

/** @param checkedBefore  another host has confirmed the same unit already */
export function credit(
  { state }: Turn,
  docket: Docket,
  peer: PeerId,
  audited: boolean,
  checkedBefore = false,
): void {
  if (peer === state.self) return
  const record = standingOf(state.standing, peer)
  if (audited) record.audited++
  if (!checkedBefore) {
    if (!docket.raised.has(peer)) docket.raised.set(peer, record.checked)
    record.checked++
  }
  state.unsavedPeers.add(peer)
}
