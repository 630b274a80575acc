/**
 * The steward's side of receipts: what each host of a job has had accepted, and when it is told.
 *
 * State owned here: `Settlements`, one a job. Story of a host's entry: booked -> due after a while, or at once when the
 * job ends -> told -> booked again. The sums go on from receipt to receipt; only what changed makes one due.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'

interface Settlement {
  accepted: number
  creditMs: number
  fuel: number
  /** Of `accepted`, what the last receipt said. */
  told: number
  /** When the next receipt goes; Infinity while there is nothing new, or its host is away. */
  dueMs: number
  /** From the first news after a receipt to the next one. */
  waitMs: number
}

export interface Settlements {
  readonly hosts: Map<PeerId, Settlement>
  /** Lower bound of all `dueMs`. */
  dueMs: number
}

/**
 * A receipt after 10 s of news, then ever more rarely: each contains those before, so a long job costs a host one
 * message a minute and a steward that dies takes a minute's worth of its word along.
 */
const receiptEveryMs = { first: 10_000, most: 60_000 }

export function createSettlements(): Settlements {
  return { hosts: new Map(), dueMs: Number.POSITIVE_INFINITY }
}

/** What a verified unit is worth to this node. */
export interface UnitWorth {
  priceMs: number
  fuel: number
}

/** A unit of the host was accepted. */
export function bookAccepted(
  settlements: Settlements,
  peer: PeerId,
  { priceMs, fuel }: UnitWorth,
  nowMs: number,
): void {
  let owed = settlements.hosts.get(peer)
  if (owed === undefined) {
    owed = {
      accepted: 0,
      creditMs: 0,
      fuel: 0,
      told: 0,
      dueMs: Number.POSITIVE_INFINITY,
      waitMs: receiptEveryMs.first,
    }
    settlements.hosts.set(peer, owed)
  }
  if (owed.accepted === owed.told) fallsDue(settlements, owed, nowMs + owed.waitMs)
  owed.accepted++
  owed.creditMs += priceMs
  owed.fuel += fuel
}

function fallsDue(settlements: Settlements, owed: Settlement, atMs: number): void {
  owed.dueMs = atMs
  settlements.dueMs = Math.min(settlements.dueMs, atMs)
}

/**
 * Whose receipts are due, a bounded number of them; `settlements.dueMs` says when to ask again.
 *
 * @param isHere  whether a host can be told; the others wait until they are back
 */
export function takeDue(
  settlements: Settlements,
  nowMs: number,
  isHere: (peer: PeerId) => boolean,
): { peer: PeerId; accepted: number; creditMs: number; fuel: number }[] {
  if (settlements.dueMs > nowMs) return []
  const due: { peer: PeerId; accepted: number; creditMs: number; fuel: number }[] = []
  settlements.dueMs = Number.POSITIVE_INFINITY
  for (const [peer, owed] of settlements.hosts) {
    if (owed.dueMs <= nowMs && due.length < limits.receiptsAtOnceMax) {
      owed.dueMs = Number.POSITIVE_INFINITY
      if (!isHere(peer)) continue
      const { accepted, creditMs, fuel } = owed
      due.push({ peer, accepted, creditMs, fuel })
      owed.told = accepted
      owed.waitMs = Math.min(receiptEveryMs.most, 2 * owed.waitMs)
    }
    settlements.dueMs = Math.min(settlements.dueMs, owed.dueMs)
  }
  return due
}

/** The job has ended: whoever has not been told of everything is told now. */
export function settleAll(settlements: Settlements, nowMs: number): void {
  for (const owed of settlements.hosts.values())
    if (owed.accepted > owed.told) fallsDue(settlements, owed, nowMs)
}

/** A host is here again: what it has not been told of goes now. @returns whether there is any */
export function settleReturned(settlements: Settlements, peer: PeerId, nowMs: number): boolean {
  const owed = settlements.hosts.get(peer)
  if (owed === undefined || owed.accepted === owed.told) return false
  if (owed.dueMs === Number.POSITIVE_INFINITY) fallsDue(settlements, owed, nowMs)
  return true
}

/** Of an ended job only hosts that have not been told stay, and of those that are away not everybody. */
export function forgetTold(settlements: Settlements): void {
  let away = 0
  for (const [peer, { accepted, told, dueMs }] of settlements.hosts) {
    if (accepted > told && dueMs < Number.POSITIVE_INFINITY) continue
    if (accepted === told || ++away > limits.receiptsUntoldMax) settlements.hosts.delete(peer)
  }
}
