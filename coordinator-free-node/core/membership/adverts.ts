/**
 * Adverts: how news of a job travels. Each is kept until it expires, passed on once, and replaced by a newer serial.
 *
 * Bounds: hops, table size, and what is heard in a second, of a neighbour and of all, because a flood is the cheapest
 * attack there is. A bit of each neighbour is heard whatever the others do.
 */
import type { JobId, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { AdvertBody } from '../../protocol/messages.js'
import type { Sealed } from '../../protocol/seal.js'
import { type Allowance, createAllowance, leftOf, type Rate, take } from '../kit/allowance.js'

export interface Advert {
  body: AdvertBody
  /** As signed by its steward; undefined for our own. */
  sealed: Sealed | undefined
  hops: number
  from: PeerId
  expiresMs: number
}

export interface AdvertState {
  /** Oldest first; changed by `acceptAdvert` and `dropAdvert` alone. */
  readonly adverts: Map<JobId, Advert>
  /** How many of them each steward has. */
  readonly ofSteward: Map<PeerId, number>
  /** What each neighbour may still send, and may still be sent. */
  heard: Map<PeerId, Allowance>
  /** What is left of a neighbour's own when that of all is used up. */
  sure: Map<PeerId, Allowance>
  readonly all: Allowance
  told: Map<PeerId, Allowance>
  /** Adverts thrown away unread, for the status. */
  dropped: number
  /** Adverts not passed on, to keep to the rate that neighbours hear. */
  untold: number
}

export function createAdverts(): AdvertState {
  return {
    adverts: new Map(),
    ofSteward: new Map(),
    heard: new Map(),
    sure: new Map(),
    all: createAllowance(limits.advertsHeard),
    told: new Map(),
    dropped: 0,
    untold: 0,
  }
}

/** Whether one more is heard of a neighbour: `excess` when it sends faster than it may, `later` when all of them do. */
export type Hearing = 'yes' | 'later' | 'excess'

export function hearingOf(state: AdvertState, from: PeerId, nowMs: number): Hearing {
  const { advertsPerNeighbour, advertsHeard, advertsSurePerNeighbour } = limits
  const heard = allowanceOf(state.heard, from, advertsPerNeighbour)
  if (leftOf(heard, advertsPerNeighbour, nowMs) < 1) return 'excess'
  if (leftOf(state.all, advertsHeard, nowMs) >= 1) return 'yes'
  const sure = allowanceOf(state.sure, from, advertsSurePerNeighbour)
  return leftOf(sure, advertsSurePerNeighbour, nowMs) >= 1 ? 'yes' : 'later'
}

/** One is thrown away unread; it counts as sent all the same. */
export function leaveAdvert(state: AdvertState, from: PeerId, nowMs: number): void {
  state.dropped++
  takeOne(state.heard, from, limits.advertsPerNeighbour, nowMs)
}

/** Takes what the advert costs its sender; one that is not heard is counted. */
export function hearAdvert(state: AdvertState, from: PeerId, nowMs: number): Hearing {
  const hearing = hearingOf(state, from, nowMs)
  if (hearing !== 'yes') {
    leaveAdvert(state, from, nowMs)
    return hearing
  }
  takeOne(state.heard, from, limits.advertsPerNeighbour, nowMs)
  if (take(state.all, limits.advertsHeard, nowMs) === 0)
    takeOne(state.sure, from, limits.advertsSurePerNeighbour, nowMs)
  return hearing
}

/** Whether one more advert may go to a neighbour: it would not hear what is above its rate, and blame this node. */
export function mayTell(state: AdvertState, to: PeerId, nowMs: number): boolean {
  if (takeOne(state.told, to, limits.advertsToldPerNeighbour, nowMs)) return true
  state.untold++
  return false
}

function takeOne(
  allowances: Map<PeerId, Allowance>,
  peer: PeerId,
  rate: Rate,
  nowMs: number,
): boolean {
  return take(allowanceOf(allowances, peer, rate), rate, nowMs) > 0
}

function allowanceOf(allowances: Map<PeerId, Allowance>, peer: PeerId, rate: Rate): Allowance {
  const allowance = allowances.get(peer) ?? createAllowance(rate)
  allowances.set(peer, allowance)
  return allowance
}

/** Whether an advert says more than the one that is known. */
export function isNews(state: AdvertState, body: AdvertBody): boolean {
  const before = state.adverts.get(body.job)
  if (before === undefined) return true
  // Another steward's advert of the same job is not news of this one's.
  if (before.body.steward !== body.steward) return false
  return !before.body.closed && before.body.serial < body.serial
}

/** @returns whether it is news: then it is worth passing on and judging */
export function acceptAdvert(state: AdvertState, advert: Advert): boolean {
  const { body } = advert
  if (!isNews(state, body)) return false
  if (!state.adverts.has(body.job)) makeRoomFor(state, body.steward)
  dropAdvert(state, body.job)
  state.adverts.set(body.job, advert)
  state.ofSteward.set(body.steward, (state.ofSteward.get(body.steward) ?? 0) + 1)
  if (state.adverts.size > limits.advertsMax) {
    const oldest = state.adverts.keys().next().value
    if (oldest !== undefined) dropAdvert(state, oldest)
  }
  return true
}

export function dropAdvert({ adverts, ofSteward }: AdvertState, job: JobId): void {
  const steward = adverts.get(job)?.body.steward
  if (steward === undefined) return
  adverts.delete(job)
  const left = (ofSteward.get(steward) ?? 0) - 1
  if (left > 0) ofSteward.set(steward, left)
  else ofSteward.delete(steward)
}

/** A steward's share of the table is bounded: of more than that its oldest goes. */
function makeRoomFor(state: AdvertState, steward: PeerId): void {
  if ((state.ofSteward.get(steward) ?? 0) < limits.advertsPerStewardMax) return
  for (const [job, { body }] of state.adverts)
    if (body.steward === steward) {
      dropAdvert(state, job)
      return
    }
}

/** Removes what has expired; @returns those, and when to look again */
export function expireAdverts(
  state: AdvertState,
  nowMs: number,
): { expired: Advert[]; nextMs: number } {
  const expired: Advert[] = []
  let nextMs = Number.POSITIVE_INFINITY
  for (const [job, advert] of state.adverts) {
    if (advert.expiresMs > nowMs) nextMs = Math.min(nextMs, advert.expiresMs)
    else {
      dropAdvert(state, job)
      expired.push(advert)
    }
  }
  return { expired, nextMs }
}

export function forgetAdvertiser(state: AdvertState, peer: PeerId): void {
  state.heard.delete(peer)
  state.sure.delete(peer)
  state.told.delete(peer)
}

/** Marks one's own advert as closed, with a newer serial; undefined when there is none. */
export function closeAdvert(state: AdvertState, job: JobId): Advert | undefined {
  const advert = state.adverts.get(job)
  if (advert === undefined) return undefined
  advert.body = { ...advert.body, closed: true, serial: advert.body.serial + 1 }
  return advert
}
