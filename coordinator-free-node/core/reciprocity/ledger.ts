/**
 * Favours: what each peer did for us that was verified, priced in our own cost, less what we did for it.
 *
 * Source: OurGrid's Network of Favors. The floor of zero makes a newcomer and a cheat under a new name equal, so
 * changing one's name gains nothing; the price in our own cost keeps a slow or lying host from inflating it.
 */
import type { PeerId } from '../../protocol/ids.js'
import type { LedgerRecord } from '../kit/records.js'

export type Ledger = Map<PeerId, LedgerRecord>

function entryOf(ledger: Ledger, peer: PeerId): LedgerRecord {
  let entry = ledger.get(peer)
  if (entry === undefined) {
    entry = { peer, receivedMs: 0, givenMs: 0, balanceMs: 0 }
    ledger.set(peer, entry)
  }
  return entry
}

/** @param priceMs  what the verified work would have cost us, milliseconds of a thread */
export function bookReceived(ledger: Ledger, peer: PeerId, priceMs: number): LedgerRecord {
  const entry = entryOf(ledger, peer)
  entry.receivedMs += priceMs
  entry.balanceMs += priceMs
  return entry
}

/** @param spentMs  what serving the peer cost us, milliseconds of a thread */
export function bookGiven(ledger: Ledger, peer: PeerId, spentMs: number): LedgerRecord {
  const entry = entryOf(ledger, peer)
  entry.givenMs += spentMs
  entry.balanceMs = Math.max(0, entry.balanceMs - spentMs)
  return entry
}

export function balanceOf(ledger: Ledger, peer: PeerId): number {
  return ledger.get(peer)?.balanceMs ?? 0
}
