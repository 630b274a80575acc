/**
 * How peers behave: every misdeed has a weight, the sum fades, and whoever has too much of it goes away for a while.
 *
 * | score | what follows |
 * | --- | --- |
 * | from `throttleAt` | the shell hears a tenth of what it would hear of it |
 * | from `banAt` | disconnected and not met for `banMs.first`, twice as long each further time |
 *
 * After a ban a peer stands at half of `throttleAt`. A ban is forgotten `forgetBansMs` after its end. What honest nodes
 * may do, by races or with bad luck, weighs so little that no churn adds up to a ban: docs/abuse.md has the reasons.
 *
 * Several banned identities of one public subnet ban the subnet; loopback and private ranges have none here, so that
 * neither a lab behind one address nor the machines of a LAN pay for one among them.
 *
 * State owned here: `Conduct`. Nothing of it is kept on disk: bans are short, and a restart is a fresh start.
 */
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Misdeed } from '../../protocol/misdeeds.js'

/** Points of each misdeed, once; a hundred make a ban. Why so many: docs/abuse.md. */
export const misdeedWeights: Readonly<Record<Misdeed, number>> = {
  malformed: 100,
  'forged-signature': 100,
  oversized: 100,
  'blob-mismatch': 50,
  'job-false': 50,
  flooding: 6,
  'job-missing': 4,
  'lease-unanswered': 2,
  'receipt-replayed': 1,
  'dead-address': 0.25,
  'unknown-lease': 0.25,
  'stale-message': 0.05,
  'want-repeated': 0.05,
  'advert-excess': 0.5,
}

export const throttleAt = 50
export const banAt = 100
/** A misdeed counts half after so long. */
const halfLifeMs = 60_000
export const banMs = { first: 60_000, most: 6 * 3_600_000 }
const forgetBansMs = 24 * 3_600_000
/** Identities of one subnet that are banned at the same time before all of it is. */
const subnetPeersMax = 3

interface PeerConduct {
  score: number
  scoredMs: number
  subnet: string | undefined
  bans: number
  bannedUntilMs: number
  /** What it did last. */
  last: Misdeed
}

export interface Conduct {
  /** The one that misbehaved last is last. */
  readonly peers: Map<PeerId, PeerConduct>
  readonly subnets: Map<string, { bans: number; bannedUntilMs: number }>
  /** Banned, and not sent away yet. */
  readonly fresh: PeerId[]
  /** Since the start. */
  readonly counts: Record<Misdeed, number>
  bans: number
  subnetBans: number
}

export function createConduct(): Conduct {
  const counts = Object.fromEntries(Object.keys(misdeedWeights).map((key) => [key, 0]))
  return {
    peers: new Map(),
    subnets: new Map(),
    fresh: [],
    counts: counts as Record<Misdeed, number>,
    bans: 0,
    subnetBans: 0,
  }
}

/**
 * Books a misdeed.
 *
 * @param subnet  of its public address; undefined for loopback, private ranges and unknown ones
 * @param times  how often it did so
 * @returns how long it is banned now, milliseconds; undefined when this was not too much yet, or it is banned already
 */
export function bookMisdeed(
  conduct: Conduct,
  { peer, subnet }: { peer: PeerId; subnet: string | undefined },
  misdeed: Misdeed,
  nowMs: number,
  times = 1,
): number | undefined {
  conduct.counts[misdeed] += times
  const record = recordOf(conduct, peer, misdeed, nowMs)
  record.last = misdeed
  record.subnet = subnet ?? record.subnet
  if (record.bannedUntilMs > nowMs) return undefined
  record.score += misdeedWeights[misdeed] * times
  if (record.score < banAt) return undefined
  const lastingMs = Math.min(banMs.most, banMs.first * 2 ** record.bans)
  record.bans++
  record.bannedUntilMs = nowMs + lastingMs
  record.score = throttleAt / 2
  record.scoredMs = record.bannedUntilMs
  conduct.bans++
  conduct.fresh.push(peer)
  if (record.subnet !== undefined) banSubnet(conduct, record.subnet, nowMs)
  return lastingMs
}

/** The peer's record, faded to now; it stands last in the table. */
function recordOf(conduct: Conduct, peer: PeerId, last: Misdeed, nowMs: number): PeerConduct {
  const { peers } = conduct
  const record = peers.get(peer) ?? {
    score: 0,
    scoredMs: nowMs,
    subnet: undefined,
    bans: 0,
    bannedUntilMs: 0,
    last,
  }
  peers.delete(peer)
  peers.set(peer, record)
  record.score = fadedScore(record, nowMs)
  record.scoredMs = Math.max(record.scoredMs, nowMs)
  if (nowMs > record.bannedUntilMs + forgetBansMs) record.bans = 0
  if (peers.size > limits.conductPeersMax) forgetOne(peers, nowMs)
  return record
}

function fadedScore({ score, scoredMs }: PeerConduct, nowMs: number): number {
  return nowMs <= scoredMs ? score : score * 2 ** ((scoredMs - nowMs) / halfLifeMs)
}

/** Of the oldest few the one with the least to remember: fresh names must not wash out those that are banned. */
function forgetOne(peers: Map<PeerId, PeerConduct>, nowMs: number): void {
  let least: PeerId | undefined
  let leastWorth = Number.POSITIVE_INFINITY
  let looked = 0
  for (const [peer, record] of peers) {
    const worth = Math.max(0, record.bannedUntilMs - nowMs) + fadedScore(record, nowMs)
    if (worth < leastWorth) {
      least = peer
      leastWorth = worth
    }
    if (++looked >= 32) break
  }
  if (least !== undefined) peers.delete(least)
}

function banSubnet(conduct: Conduct, subnet: string, nowMs: number): void {
  let banned = 0
  for (const record of conduct.peers.values())
    if (record.subnet === subnet && record.bannedUntilMs > nowMs) banned++
  if (banned < subnetPeersMax) return
  const before = conduct.subnets.get(subnet)
  if (before !== undefined && before.bannedUntilMs > nowMs) return
  const bans = before?.bans ?? 0
  const bannedUntilMs = nowMs + Math.min(banMs.most, banMs.first * 2 ** bans)
  conduct.subnets.delete(subnet)
  conduct.subnets.set(subnet, { bans: bans + 1, bannedUntilMs })
  conduct.subnetBans++
  const [oldest] = conduct.subnets.keys()
  if (conduct.subnets.size > limits.conductPeersMax && oldest !== undefined)
    conduct.subnets.delete(oldest)
}

/** When the peer's ban ends; undefined when it is not banned. */
export function bannedUntilMs(conduct: Conduct, peer: PeerId, nowMs: number): number | undefined {
  const record = conduct.peers.get(peer)
  return record !== undefined && record.bannedUntilMs > nowMs ? record.bannedUntilMs : undefined
}

export function subnetBannedUntilMs(
  conduct: Conduct,
  subnet: string,
  nowMs: number,
): number | undefined {
  const record = conduct.subnets.get(subnet)
  return record !== undefined && record.bannedUntilMs > nowMs ? record.bannedUntilMs : undefined
}

export function scoreOf(conduct: Conduct, peer: PeerId, nowMs: number): number {
  const record = conduct.peers.get(peer)
  return record === undefined ? 0 : fadedScore(record, nowMs)
}

export function isThrottled(conduct: Conduct, peer: PeerId, nowMs: number): boolean {
  return scoreOf(conduct, peer, nowMs) >= throttleAt
}

/** Who is banned now, and for what. */
export function* bannedPeers(
  { peers }: Conduct,
  nowMs: number,
): Iterable<{ peer: PeerId; last: Misdeed; bannedUntilMs: number }> {
  for (const [peer, { last, bannedUntilMs }] of peers)
    if (bannedUntilMs > nowMs) yield { peer, last, bannedUntilMs }
}

/** For metrics. */
export interface ConductView {
  misdeeds: Readonly<Record<Misdeed, number>>
  /** Bans since the start, and how many last now. */
  bans: number
  subnetBans: number
  bannedNow: number
  throttledNow: number
  /** Peers with a record. */
  peers: number
}

export function viewConduct(conduct: Conduct, nowMs: number): ConductView {
  let bannedNow = 0
  let throttledNow = 0
  for (const record of conduct.peers.values()) {
    if (record.bannedUntilMs > nowMs) bannedNow++
    else if (fadedScore(record, nowMs) >= throttleAt) throttledNow++
  }
  const { bans, subnetBans, peers } = conduct
  const misdeeds = { ...conduct.counts }
  return { misdeeds, bans, subnetBans, bannedNow, throttledNow, peers: peers.size }
}
