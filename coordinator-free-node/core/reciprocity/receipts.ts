/**
 * The host's side of receipts: which ones it holds. What was signed stands on disk; here is what tells a new one from
 * one that was here before.
 *
 * A full table takes from the steward that has most of it, the oldest first: who signs many crowds out its own.
 */
import type { JobId, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { HeldReceipt } from '../kit/records.js'

export interface ReceiptBook {
  /** By steward, then by job and period; the one that came last is last. */
  readonly held: Map<PeerId, Map<string, HeldReceipt>>
  size: number
  /** Receipts that came a second time, or too late. */
  replayed: number
}

export function createReceiptBook(): ReceiptBook {
  return { held: new Map(), size: 0, replayed: 0 }
}

/** @returns what does not fit any more */
export function restoreReceipts(book: ReceiptBook, records: readonly HeldReceipt[]): HeldReceipt[] {
  return [...records]
    .sort((a, b) => a.serial - b.serial)
    .flatMap((record) => holdReceipt(book, record) ?? [])
}

/** Whether a receipt is newer than what is held of the same work; counts it as replayed if not. */
export function isNewReceipt(
  book: ReceiptBook,
  { steward, job, period, serial }: Pick<HeldReceipt, 'steward' | 'job' | 'period' | 'serial'>,
): boolean {
  const before = book.held.get(steward)?.get(keyOf(job, period))
  if (before === undefined || before.serial < serial) return true
  book.replayed++
  return false
}

/**
 * Takes a receipt in, in the place of an earlier one of the same work.
 *
 * @returns receipts that fell out; undefined when the receipt is no newer than what is held already
 */
export function holdReceipt(book: ReceiptBook, receipt: HeldReceipt): HeldReceipt[] | undefined {
  const { steward, job, period, serial, accepted } = receipt
  let ofSteward = book.held.get(steward)
  const key = keyOf(job, period)
  const before = ofSteward?.get(key)
  if (before !== undefined && before.serial >= serial) {
    book.replayed++
    return undefined
  }
  const forgotten: HeldReceipt[] = []
  if (before === undefined) {
    if (book.size >= limits.receiptsMax) forgotten.push(...forgetOldest(book))
    ofSteward = book.held.get(steward)
    book.size++
  }
  if (ofSteward === undefined) {
    ofSteward = new Map()
    book.held.set(steward, ofSteward)
  }
  ofSteward.delete(key)
  ofSteward.set(key, { steward, job, period, serial, accepted })
  return forgotten
}

/** Receipts of one steward, and the units that it accepted by them. */
export function receiptsFrom(
  { held }: ReceiptBook,
  steward: PeerId,
): { receipts: number; accepted: number } {
  let accepted = 0
  const ofSteward = held.get(steward)
  for (const receipt of ofSteward?.values() ?? []) accepted += receipt.accepted
  return { receipts: ofSteward?.size ?? 0, accepted }
}

function keyOf(job: JobId, period: number): string {
  return `${job}/${period}`
}

function forgetOldest(book: ReceiptBook): HeldReceipt[] {
  let most: PeerId | undefined
  let mostHeld = 0
  for (const [steward, { size }] of book.held) {
    if (size <= mostHeld) continue
    most = steward
    mostHeld = size
  }
  const ofSteward = most === undefined ? undefined : book.held.get(most)
  const oldest = ofSteward?.values().next().value
  if (ofSteward === undefined || oldest === undefined) return []
  ofSteward.delete(keyOf(oldest.job, oldest.period))
  if (ofSteward.size === 0) book.held.delete(oldest.steward)
  book.size--
  return [oldest]
}
