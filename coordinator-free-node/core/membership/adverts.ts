/**
 * Adverts: how news of a job travels. Each is kept until it expires, passed on once, and replaced by a newer serial.
 *
 * Bounds: hops, table size, and a token bucket a neighbour, because a flood is the cheapest attack there is.
 */
import type { JobId, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { AdvertBody } from '../../protocol/messages.js'
import type { Sealed } from '../../protocol/seal.js'

export interface Advert {
  body: AdvertBody
  /** As signed by its steward; undefined for our own. */
  sealed: Sealed | undefined
  hops: number
  from: PeerId
  expiresMs: number
}

interface TokenBucket {
  tokens: number
  filledMs: number
}

export interface AdvertState {
  adverts: Map<JobId, Advert>
  buckets: Map<PeerId, TokenBucket>
  /** Adverts thrown away unread, for the status. */
  dropped: number
}

export function createAdverts(): AdvertState {
  return { adverts: new Map(), buckets: new Map(), dropped: 0 }
}

/** Takes a token of the neighbour's; false when it sends faster than it may. */
export function admitAdvert(state: AdvertState, from: PeerId, nowMs: number): boolean {
  const most = limits.advertsPerNeighbourPerSecond
  const bucket = state.buckets.get(from) ?? { tokens: most, filledMs: nowMs }
  bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.filledMs) / 1000) * most)
  bucket.filledMs = nowMs
  state.buckets.set(from, bucket)
  if (bucket.tokens < 1) {
    state.dropped++
    return false
  }
  bucket.tokens--
  return true
}

/** @returns whether it is news: then it is worth passing on and judging */
export function acceptAdvert(state: AdvertState, advert: Advert): boolean {
  const { body } = advert
  const before = state.adverts.get(body.job)
  if (before !== undefined) {
    // Another steward's advert of the same job is not news of this one's.
    if (before.body.steward !== body.steward) return false
    if (before.body.closed || before.body.serial >= body.serial) return false
  }
  state.adverts.delete(body.job)
  state.adverts.set(body.job, advert)
  if (state.adverts.size > limits.advertsMax) {
    const oldest = state.adverts.keys().next().value
    if (oldest !== undefined) state.adverts.delete(oldest)
  }
  return true
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
      state.adverts.delete(job)
      expired.push(advert)
    }
  }
  return { expired, nextMs }
}

export function forgetAdvertiser(state: AdvertState, peer: PeerId): void {
  state.buckets.delete(peer)
}

/** Marks one's own advert as closed, with a newer serial; undefined when there is none. */
export function closeAdvert(state: AdvertState, job: JobId): Advert | undefined {
  const advert = state.adverts.get(job)
  if (advert === undefined) return undefined
  advert.body = { ...advert.body, closed: true, serial: advert.body.serial + 1 }
  return advert
}
