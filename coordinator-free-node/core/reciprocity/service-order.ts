/**
 * Who is served next when several peers want this node's threads: in proportion to what it owes them.
 *
 * Those with a balance share by their balances. All others together, newcomers and free riders alike, have at most
 * `newcomerShare`, and less the less such peers gave back so far; among themselves they share by trust
 * of each. Alone they have everything: only what somebody else wants is divided.
 *
 * The scheme is fair queueing with credits in thread time. Each millisecond served is earned by all contenders in
 * proportion to their shares and paid by the one that had it; next is whoever's credit covers a lease first. Credits
 * are milliseconds, not virtual times, because shares change with every favour. Credit is not saved up: who wants
 * nothing earns nothing, and loses what it had. A debt stays, so that leaving and coming back does not clear it.
 *
 * State owned here: `ServiceOrder`. Source: Demers, Keshav and Shenker (1989) for the deadlines; OurGrid's Network of
 * Favors for the shares.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'

/** A peer that wants to be served, or is. */
export interface Contender {
  readonly peer: PeerId
  readonly balanceMs: number
  /** Above 0, at most 1; divides what peers without a balance have among them. */
  readonly trust: number
  /** Thread time of work that it has been promised and that is not done yet. */
  readonly outstandingMs: number
}

export interface OrderTerms {
  /** Part of contended time for all without a balance together, 0 to 1. */
  newcomerShare: number
  /** Thread time of an ordinary lease: what is handed out at once. */
  quantumMs: number
}

interface Place {
  readonly peer: PeerId
  readonly isFavoured: boolean
  /** Of the time of all, or among newcomers of theirs. */
  readonly share: number
  readonly credit: Credit
}

/** Milliseconds that a peer is owed, below zero: that it had too much. */
interface Credit {
  ms: number
  isFavoured: boolean
}

export interface ServiceOrder {
  /** Last come last. */
  readonly credits: Map<PeerId, Credit>
  /** Of all newcomers together. */
  newcomerCreditMs: number
  /** Contenders at the last look. */
  places: readonly Place[]
  newcomerPart: number
}

/** Longest debt: so much time of others, and a peer that ran one endless unit is square again. */
const debtMsMax = 600_000

export function createServiceOrder(): ServiceOrder {
  return { credits: new Map(), newcomerCreditMs: 0, places: [], newcomerPart: 0 }
}

/**
 * Looks at who contends now.
 *
 * @returns contenders, the one to be served first in front
 */
export function orderOf(
  order: ServiceOrder,
  contenders: readonly Contender[],
  terms: OrderTerms,
): PeerId[] {
  note(order, contenders, terms.newcomerShare)
  const waitOf = (creditMs: number, outstandingMs: number, share: number) =>
    (terms.quantumMs + outstandingMs - creditMs) / share
  let newcomersMs = 0
  for (const { balanceMs, outstandingMs } of contenders)
    if (!(balanceMs > 0)) newcomersMs += outstandingMs
  const newcomers = waitOf(order.newcomerCreditMs, newcomersMs, order.newcomerPart)
  return order.places
    .map(({ peer, isFavoured, share, credit }, i) => {
      const own = waitOf(credit.ms, contenders[i]?.outstandingMs ?? 0, share)
      return { peer, isFavoured, waitMs: isFavoured ? own : newcomers, own }
    })
    .sort(
      (a, b) =>
        a.waitMs - b.waitMs ||
        Number(b.isFavoured) - Number(a.isFavoured) ||
        a.own - b.own ||
        (a.peer < b.peer ? -1 : 1),
    )
    .map(({ peer }) => peer)
}

/** Shares of all who contend; those who came or went begin anew, with their debts. */
function note(order: ServiceOrder, contenders: readonly Contender[], newcomerShare: number): void {
  let owedMs = 0
  let trusted = 0
  for (const { balanceMs, trust } of contenders)
    if (balanceMs > 0) owedMs += balanceMs
    else trusted += trust
  const hasFavoured = owedMs > 0
  const hasNewcomers = trusted > 0
  const newcomerPart = !hasNewcomers ? 0 : hasFavoured ? newcomerShare : 1
  const present = new Set<PeerId>()
  order.places = contenders.map(({ peer, balanceMs, trust }) => {
    present.add(peer)
    const isFavoured = balanceMs > 0
    const credit = enter(order, peer, isFavoured)
    const share = isFavoured ? (balanceMs / owedMs) * (1 - newcomerPart) : trust / trusted
    return { peer, isFavoured, share, credit }
  })
  if (order.credits.size > contenders.length)
    for (const [peer, credit] of order.credits)
      if (!present.has(peer)) credit.ms = Math.min(0, credit.ms)
  if (!(hasFavoured && hasNewcomers)) order.newcomerCreditMs = Math.min(0, order.newcomerCreditMs)
  order.newcomerPart = newcomerPart
  forget(order, present)
}

function enter({ credits }: ServiceOrder, peer: PeerId, isFavoured: boolean): Credit {
  const known = credits.get(peer)
  if (known !== undefined) {
    // Who rises or falls between the two kinds shares with others from now on.
    if (known.isFavoured !== isFavoured) known.ms = Math.min(0, known.ms)
    known.isFavoured = isFavoured
    return known
  }
  const credit = { ms: 0, isFavoured }
  credits.set(peer, credit)
  return credit
}

function forget({ credits }: ServiceOrder, present: ReadonlySet<PeerId>): void {
  for (const peer of credits.keys()) {
    if (credits.size <= limits.servedPeersMax) return
    if (!present.has(peer)) credits.delete(peer)
  }
}

/**
 * Whether those without a balance hold more than their part: work that they were given when nobody else wanted it.
 *
 * @param outstandingMs  thread time of what they hold, all together
 */
export function areNewcomersAhead(
  { newcomerCreditMs, newcomerPart }: ServiceOrder,
  outstandingMs: number,
  quantumMs: number,
): boolean {
  // Part of a lease is no matter: it was begun in their turn.
  return newcomerPart < 1 && outstandingMs - newcomerCreditMs > quantumMs / 2
}

/**
 * Books thread time that a peer had. Nobody else wanted it: it costs nothing.
 *
 * @param quantumMs  as in the terms: nobody saves up more than two of them
 */
export function charge(
  order: ServiceOrder,
  peer: PeerId,
  spentMs: number,
  quantumMs: number,
): void {
  const served = order.places.find((place) => place.peer === peer)
  if (served === undefined) return
  const bounded = (ms: number) => Math.min(2 * quantumMs, Math.max(-debtMsMax, ms))
  for (const place of order.places) {
    // What a favoured peer pays newcomers earn together, below.
    if (served.isFavoured && !place.isFavoured) continue
    const { credit } = place
    const paidMs = place === served ? spentMs : 0
    credit.ms = bounded(credit.ms + place.share * spentMs - paidMs)
  }
  const { newcomerPart } = order
  if (newcomerPart === 0 || newcomerPart === 1) return
  const paidMs = served.isFavoured ? 0 : spentMs
  order.newcomerCreditMs = bounded(order.newcomerCreditMs + newcomerPart * spentMs - paidMs)
}
