/**
 * What this node's own experience says of peers that never did anything for it.
 *
 * What a peer gets before its first favour is an advance; its favours repay that. All advances together are bounded:
 * as they run out without coming back, strangers get less and less of what others want, and as they are repaid more.
 * So free riders and changers of names cost a grid an advance once, not a share for ever. Who has given something has
 * a record of its own, and is judged by that where it is better.
 */
import type { LedgerRecord } from '../kit/records.js'

export interface Strangers {
  /** What may still be advanced, milliseconds of a thread. */
  advanceMs: number
}

/** Advanced at most without coming back: a unit for each of some dozen peers. */
const advanceMsMax = 10_000
/** Where nothing is left of it strangers still count for so much: the next one may be honest. */
const leastTrust = 0.01
/** A first favour smaller than this earns a part of full trust only: an ordinary lease. */
const acquaintanceMs = 1_000

export function createStrangers(): Strangers {
  return { advanceMs: advanceMsMax }
}

export function recallStrangers(strangers: Strangers, records: Iterable<LedgerRecord>): void {
  for (const { lentMs, receivedMs } of records)
    noteLent(strangers, Math.max(0, lentMs - receivedMs))
}

export function noteLent(strangers: Strangers, spentMs: number): void {
  strangers.advanceMs = Math.max(0, strangers.advanceMs - spentMs)
}

export function noteRepaid(strangers: Strangers, priceMs: number): void {
  strangers.advanceMs = Math.min(advanceMsMax, strangers.advanceMs + priceMs)
}

/** Trust in peers without a record, from 0.01 to 1. */
export function trustOf({ advanceMs }: Strangers): number {
  return Math.max(leastTrust, advanceMs / advanceMsMax)
}

/**
 * Trust in one peer without a balance, from 0.01 to 1: by what it gave back of what it got. Nobody has less than a
 * stranger, so that nobody gains by becoming one.
 */
export function trustInPeer(strangers: Strangers, record: LedgerRecord | undefined): number {
  const { receivedMs = 0, givenMs = 0 } = record ?? {}
  return Math.max(trustOf(strangers), Math.min(1, receivedMs / (givenMs + acquaintanceMs)))
}
