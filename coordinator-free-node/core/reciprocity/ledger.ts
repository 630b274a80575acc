/**
 * Favours: what each peer did for us that was verified, priced in our own cost, less what we did for it.
 *
 * Source: OurGrid's Network of Favors. The floor of zero makes a newcomer and a cheat under a new name equal, so
 * changing one's name gains nothing; the price in our own cost keeps a slow or lying host from inflating it. What we
 * gave is booked when we spent it, at what it cost us: nobody's word lowers it either.
 *
 * The peer that was dealt with last is last in the table: a full one drops the least valuable of the oldest.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { LedgerRecord } from '../kit/records.js'
import { noteLent, noteRepaid, recallStrangers, type Strangers } from './strangers.js'

export type Ledger = Map<PeerId, LedgerRecord>

/** What a node knows of favours. */
export interface Favours {
  readonly ledger: Ledger
  readonly strangers: Strangers
}

/** Oldest entries among which the least valuable goes. */
const oldestLookedAt = 32

export function createLedger(): Ledger {
  return new Map()
}

export function restoreLedger(
  { ledger, strangers }: Favours,
  records: readonly LedgerRecord[],
): void {
  const known = [...records].sort((a, b) => a.bookedMs - b.bookedMs)
  for (const record of known.slice(-limits.ledgerPeersMax)) ledger.set(record.peer, { ...record })
  recallStrangers(strangers, ledger.values())
}

/**
 * Makes room for a peer that is to be booked.
 *
 * @returns the peer that fell out, if any
 */
export function makeRoomFor(ledger: Ledger, peer: PeerId): PeerId | undefined {
  if (ledger.size < limits.ledgerPeersMax || ledger.has(peer)) return undefined
  let least: LedgerRecord | undefined
  let looked = 0
  for (const entry of ledger.values()) {
    if (looked++ >= oldestLookedAt) break
    if (least === undefined || isWorthLess(entry, least)) least = entry
  }
  if (least !== undefined) ledger.delete(least.peer)
  return least?.peer
}

function isWorthLess(a: LedgerRecord, b: LedgerRecord): boolean {
  if (a.balanceMs !== b.balanceMs) return a.balanceMs < b.balanceMs
  return a.receivedMs < b.receivedMs
}

function touch(ledger: Ledger, peer: PeerId, nowMs: number): LedgerRecord {
  const entry = ledger.get(peer) ?? {
    peer,
    receivedMs: 0,
    givenMs: 0,
    balanceMs: 0,
    lentMs: 0,
    bookedMs: nowMs,
  }
  entry.bookedMs = nowMs
  ledger.delete(peer)
  ledger.set(peer, entry)
  return entry
}

/** @param priceMs  what the verified work would have cost us, milliseconds of a thread */
export function bookReceived(
  { ledger, strangers }: Favours,
  peer: PeerId,
  priceMs: number,
  nowMs: number,
): LedgerRecord {
  const entry = touch(ledger, peer, nowMs)
  noteRepaid(strangers, Math.min(priceMs, Math.max(0, entry.lentMs - entry.receivedMs)))
  entry.receivedMs += priceMs
  entry.balanceMs += priceMs
  return entry
}

/** Work that turned out to be worth nothing: the favour is taken back. */
export function bookWithdrawn(
  ledger: Ledger,
  peer: PeerId,
  priceMs: number,
): LedgerRecord | undefined {
  const entry = ledger.get(peer)
  if (entry === undefined) return undefined
  entry.receivedMs = Math.max(0, entry.receivedMs - priceMs)
  entry.balanceMs = Math.max(0, entry.balanceMs - priceMs)
  return entry
}

/** @param spentMs  what serving the peer cost us, milliseconds of a thread */
export function bookGiven(
  { ledger, strangers }: Favours,
  peer: PeerId,
  spentMs: number,
  nowMs: number,
): LedgerRecord {
  const entry = touch(ledger, peer, nowMs)
  entry.givenMs += spentMs
  if (entry.receivedMs === 0) {
    entry.lentMs += spentMs
    noteLent(strangers, spentMs)
  }
  entry.balanceMs = Math.max(0, entry.balanceMs - spentMs)
  return entry
}

export function balanceOf(ledger: Ledger, peer: PeerId): number {
  return ledger.get(peer)?.balanceMs ?? 0
}
