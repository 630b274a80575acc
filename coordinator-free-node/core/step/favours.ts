/** Favours are booked: received when a vote proved right, given when the thread time was spent. */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { HostedJob } from '../hosting/hosting.js'
import type { LedgerRecord } from '../kit/records.js'
import {
  bookGiven,
  bookReceived,
  bookWithdrawn,
  makeRoomFor,
  restoreLedger,
} from '../reciprocity/ledger.js'
import {
  claimOf,
  fuelOf,
  medianClaim,
  noExecutions,
  observeExecution,
  priceOf,
  type UnitClaim,
} from '../reciprocity/prices.js'
import type { UnitWorth } from '../reciprocity/settlements.js'
import { hostHeardOf } from '../scheduling/hosts.js'
import type { StewardedJob } from '../state.js'
import { journal, type Turn, wakeAt } from './turn.js'

/** Claims of so many hosts make a median: more move it no further and cost a sort. */
const medianOfMax = 500
/** A median is taken again after this. */
const medianEveryMs = 500
/** Ledger and standing go to disk this often at most, not with every vote. */
const saveAfterMs = 1_000

/** What a unit of a job is worth, as far as its agreeing hosts and this node know. */
export function unitWorth(
  { state, nowMs }: Turn,
  stewarded: StewardedJob,
  agreed: readonly PeerId[],
): UnitWorth {
  const { job, schedule, prices } = stewarded
  if (nowMs >= prices.takenMs + medianEveryMs) {
    const claims: UnitClaim[] = []
    for (const { peer, claimed } of schedule.hosts.values()) {
      const claim = peer === state.self ? undefined : claimOf(claimed)
      if (claim !== undefined && claims.push(claim) >= medianOfMax) break
    }
    prices.median = medianClaim(claims)
    prices.takenMs = nowMs
  }
  const agreeing: UnitClaim[] = []
  for (const peer of agreed) {
    const host = peer === state.self ? undefined : schedule.hosts.get(peer)
    const claim = host === undefined ? undefined : claimOf(host.claimed)
    if (claim !== undefined) agreeing.push(claim)
  }
  const worth = {
    task: job.manifest.task,
    pace: state.pace,
    own: state.hosting.jobs.get(job.job)?.done ?? noExecutions(),
    agreeing,
    median: prices.median,
  }
  return { priceMs: priceOf(worth), fuel: fuelOf(worth) }
}

/** A vote of another host proved right. */
export function receiveFavour(
  turn: Turn,
  { schedule }: StewardedJob,
  peer: PeerId,
  priceMs: number,
): void {
  const host = hostHeardOf(schedule, peer)
  host.paidUnits++
  host.paidMs += priceMs
  admit(turn, peer)
  bookReceived(turn.state, peer, priceMs, turn.nowMs)
  turn.state.unsavedPeers.add(peer)
}

/** A result that was paid for is withdrawn: what a unit brought its host on this job is taken back. */
export function takeFavourBack({ state }: Turn, { schedule }: StewardedJob, peer: PeerId): void {
  const host = schedule.hosts.get(peer)
  if (host === undefined || host.paidUnits === 0) return
  const priceMs = host.paidMs / host.paidUnits
  host.paidUnits--
  host.paidMs -= priceMs
  if (bookWithdrawn(state.ledger, peer, priceMs) !== undefined) state.unsavedPeers.add(peer)
}

/** This node's own threads did a unit: what fuel costs here, and a favour where it was for somebody else. */
export function spendOn(turn: Turn, job: HostedJob, fuel: number, spentMs: number): void {
  const { state, nowMs } = turn
  const tier = job.manifest?.task.tier
  if (tier !== undefined) observeExecution(state.pace, tier, fuel, spentMs)
  if (job.steward === state.self) return
  admit(turn, job.steward)
  bookGiven(state, job.steward, spentMs, nowMs)
  state.unsavedPeers.add(job.steward)
  wakeAt(turn, 'steward', nowMs + saveAfterMs)
}

function admit(turn: Turn, peer: PeerId): void {
  const { state } = turn
  const forgotten = makeRoomFor(state.ledger, peer)
  if (forgotten === undefined) return
  if (!state.standing.has(forgotten)) state.unsavedPeers.delete(forgotten)
  journal(turn, [{ type: 'ledger-forgotten', peer: forgotten }])
}

export function recallFavours({ state }: Turn, records: readonly LedgerRecord[]): void {
  restoreLedger(state, records)
}

/** Writes what changed of the ledger and of standing, so many peers at a time: thousands of hosts are no pause. */
export function savePeers(turn: Turn): void {
  const { unsavedPeers, ledger, standing } = turn.state
  let saved = 0
  const batch: PeerId[] = []
  for (const peer of unsavedPeers) {
    if (saved++ >= limits.peersSavedAtOnceMax) break
    unsavedPeers.delete(peer)
    batch.push(peer)
  }
  journal(
    turn,
    batch.flatMap((peer) => {
      const favours = ledger.get(peer)
      const belief = standing.get(peer)
      return [
        ...(favours === undefined ? [] : [{ type: 'ledger', record: { ...favours } } as const]),
        ...(belief === undefined ? [] : [{ type: 'standing', record: { ...belief } } as const]),
      ]
    }),
  )
  if (unsavedPeers.size > 0) wakeAt(turn, 'steward', turn.nowMs + saveAfterMs)
}
