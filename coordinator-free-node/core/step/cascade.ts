/**
 * What a caught host leaves behind: it is banned, its votes are struck, and every canonical result that rests on it is
 * looked at again without it. Results that the user has been given are withdrawn, and come again.
 */
import type { PeerId } from '../../protocol/ids.js'
import { removeUnit } from '../kit/unit-set.js'
import { refuseHost } from '../scheduling/hosts.js'
import { reopenUnit } from '../scheduling/leases.js'
import type { StewardedJob } from '../state.js'
import { queueAudit } from '../verification/audits.js'
import {
  type BackedUnit,
  back,
  someBackedBy,
  takeBackedAlone,
  takeBackedBy,
} from '../verification/backing.js'
import { errorOf } from '../verification/credibility.js'
import { isBanned, isBetrayal, refute, standingOf } from '../verification/standing.js'
import { heldBytes, isDisputed, recalledTally, strikeHost } from '../verification/tally.js'
import { canAudit, independentDoubts } from './acceptance.js'
import { type Docket, harvestOf } from './docket.js'
import { takeFavourBack } from './favours.js'
import { judge } from './judging.js'
import { loseHost } from './leasing.js'
import { send, type Turn } from './turn.js'

/** Caught with a wrong result: this node gives the host nothing more, in any job, and believes nothing it said. */
export function ban(turn: Turn, docket: Docket, peer: PeerId, ground: string): void {
  const { state, nowMs } = turn
  if (isBanned(state.standing, peer, nowMs)) return
  refute(state.standing, peer, nowMs, state.config.banMs)
  const betrayed = isBetrayal(standingOf(state.standing, peer))
  if (betrayed) state.betrayedUntilMs = nowMs + state.config.banMs
  state.unsavedPeers.add(peer)
  let withdrawn = 0
  for (const stewarded of state.stewarded.values()) {
    const { job, schedule } = stewarded
    const host = schedule.hosts.get(peer)
    if (host === undefined || host.refused !== undefined) continue
    refuseHost(schedule, host, ground)
    if (job.phase !== 'running') continue
    stewarded.answers.set(peer, { verdict: 'banned', reason: ground, atMs: nowMs })
    send(turn, peer, { type: 'decline', job: job.job, reason: 'a result was refuted', final: true })
    const before = stewarded.counters.withdrawn
    strike(turn, docket, stewarded, peer)
    withdraw(turn, docket, stewarded, peer)
    withdrawn += stewarded.counters.withdrawn - before
    loseHost(turn, stewarded, host)
  }
  if (betrayed)
    for (const stewarded of state.stewarded.values())
      withdrawn += withdrawAlone(turn, docket, stewarded)
  const again = withdrawn === 0 ? '' : `; ${withdrawn} accepted units are computed again`
  const text = `caught ${peer}: ${ground}; it gets no more units${again}`
  turn.effects.push({ type: 'notice', level: 'warning', text, job: undefined })
}

/** Its votes on open units count no more. */
function strike(turn: Turn, docket: Docket, stewarded: StewardedJob, peer: PeerId): void {
  for (const [unit, tally] of stewarded.tallies) {
    const before = heldBytes(tally)
    if (!strikeHost(tally, peer)) continue
    stewarded.heldBytes += heldBytes(tally) - before
    if (tally.claims.length === 0 && tally.before === undefined) stewarded.tallies.delete(unit)
    if (!isDisputed(tally)) stewarded.disputes.delete(unit)
    judge(turn, docket, stewarded, unit)
  }
}

/** One audit of each host that agreed with a caught one: its results go out again as well. */
const auditsPerCosigner = 1

/** Accepted units that rest on it are opened again, unless those who agreed with it are enough by themselves. */
function withdraw(turn: Turn, docket: Docket, stewarded: StewardedJob, peer: PeerId): void {
  const cosigners = new Set<PeerId>()
  for (const backed of takeBackedBy(stewarded.backing, peer)) {
    const others = backed.hosts.filter((host) => host !== peer)
    const trusted = others.filter((host) => !isBanned(turn.state.standing, host, turn.nowMs))
    for (const host of trusted) cosigners.add(host)
    const independent = independentDoubts(turn, trusted)
    if (independent.length < 2 && others.length > 0) discredit(turn, trusted)
    if (isEnough(stewarded, independent)) back(stewarded.backing, { ...backed, hosts: trusted })
    else reopen(turn, docket, stewarded, backed, trusted)
  }
  if (!canAudit(turn.state, stewarded)) return
  for (const host of cosigners)
    for (const backed of someBackedBy(stewarded.backing, host, auditsPerCosigner))
      queueAudit(stewarded.audits, backed)
}

/**
 * One host that was known for long lied, so others may: results that rest on one host alone need a second, in case
 * several have waited for the same day.
 */
function withdrawAlone(turn: Turn, docket: Docket, stewarded: StewardedJob): number {
  const { job, backing, counters } = stewarded
  if (job.phase !== 'running' || job.manifest.acceptance.rule !== 'credibility') return 0
  const before = counters.withdrawn
  for (const backed of takeBackedAlone(backing))
    reopen(turn, docket, stewarded, backed, backed.hosts)
  return counters.withdrawn - before
}

function isEnough({ job }: StewardedJob, doubts: readonly number[]): boolean {
  const { acceptance } = job.manifest
  if (acceptance.rule === 'check') return true
  if (acceptance.rule === 'quorum') return doubts.length >= acceptance.quorum
  return doubts.length > 1 && errorOf([doubts], 0) <= acceptance.maxErrorRate
}

/** Agreement with a liar was no check. */
function discredit({ state }: Turn, hosts: readonly PeerId[]): void {
  for (const host of hosts) {
    const record = standingOf(state.standing, host)
    record.checked = Math.max(0, record.checked - 1)
    state.unsavedPeers.add(host)
  }
}

function reopen(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  { unit, digest, hosts }: BackedUnit,
  trusted: readonly PeerId[],
): void {
  const { job, schedule, counters, tallies } = stewarded
  const harvest = harvestOf(docket, stewarded)
  removeUnit(job.canonical, unit)
  for (const host of hosts) if (!trusted.includes(host)) takeFavourBack(turn, stewarded, host)
  reopenUnit(schedule, unit, hosts)
  tallies.set(unit, recalledTally(digest, trusted, trusted))
  if (job.hit === unit) job.hit = undefined
  counters.withdrawn++
  // What was accepted within this very event has not left the node.
  if (!harvest.results.delete(unit)) harvest.withdrawn.add(unit)
  judge(turn, docket, stewarded, unit)
}
