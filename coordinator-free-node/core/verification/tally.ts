/**
 * Votes on one unit and what follows from them.
 *
 * A tally is a join-semilattice: a set of (host, digest) claims, merged by union. The verdict is a function of the
 * set alone, so several stewards that exchange claims in any order agree. A host that claims two digests for one
 * unit contradicts itself and counts for none.
 *
 * Which result is canonical follows from the rule of the job: so many hosts (here), or their standing
 * (step/acceptance).
 */
import type { PeerId } from '../../protocol/ids.js'
import type { ResultKind } from '../../protocol/outcome.js'
import { minus, none, plus } from '../kit/short-list.js'

export interface Claim {
  /** Hexadecimal. */
  readonly digest: string
  /** What the digest stands for; undefined while only votes recalled from a withdrawn result are behind it. */
  content: Content | undefined
  /** Few: each once, in the order of their votes. */
  hosts: readonly PeerId[]
}

export interface Content {
  kind: ResultKind
  output: Uint8Array
}

export interface Tally {
  /** One for each digest, in the order of their first votes; a list, since nearly every unit has a single one. */
  claims: Claim[]
  /** The result that the unit had before it was withdrawn, and the hosts whose work on it was paid. */
  before: { digest: string; paid: readonly PeerId[] } | undefined
}

export interface Verdict {
  digest: string
  content: Content
  /** Hosts behind the canonical result, and those who claimed otherwise or contradicted themselves. */
  agreed: readonly PeerId[]
  refuted: readonly PeerId[]
}

export function emptyTally(): Tally {
  return { claims: [], before: undefined }
}

export function claimOf({ claims }: Tally, digest: string): Claim | undefined {
  for (const claim of claims) if (claim.digest === digest) return claim
  return undefined
}

/** Puts the first vote for a digest. */
function openClaim(tally: Tally, claim: Claim): void {
  if (tally.claims.length === 0) tally.claims = [claim]
  else tally.claims.push(claim)
}

/** @returns false when this claim was known already */
export function addClaim(
  tally: Tally,
  host: PeerId,
  digest: string,
  kind: ResultKind,
  output: Uint8Array,
): boolean {
  const claim = claimOf(tally, digest)
  if (claim === undefined) {
    openClaim(tally, { digest, content: { kind, output }, hosts: [host] })
    return true
  }
  claim.content ??= { kind, output }
  if (claim.hosts.includes(host)) return false
  claim.hosts = plus(claim.hosts, host)
  return true
}

/** The union of two copies of a unit's tally. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  const merged = emptyTally()
  for (const tally of [a, b])
    for (const { digest, content, hosts } of tally.claims) {
      const claim = claimOf(merged, digest)
      if (claim === undefined) openClaim(merged, { digest, content, hosts })
      else {
        claim.content ??= content
        for (const host of hosts)
          if (!claim.hosts.includes(host)) claim.hosts = plus(claim.hosts, host)
      }
    }
  merged.before = a.before ?? b.before
  return merged
}

/** The tally of a withdrawn unit: votes that still count, without the result itself. */
export function recalledTally(
  digest: string,
  hosts: readonly PeerId[],
  paid: readonly PeerId[],
): Tally {
  const claims = hosts.length > 0 ? [{ digest, content: undefined, hosts }] : []
  return { claims, before: { digest, paid } }
}

/** Takes back all that a host claimed; @returns whether it had claimed anything */
export function strikeHost(tally: Tally, host: PeerId): boolean {
  let struck = false
  for (const claim of tally.claims) {
    if (!claim.hosts.includes(host)) continue
    struck = true
    claim.hosts = minus(claim.hosts, host)
  }
  if (struck) tally.claims = tally.claims.filter(({ hosts }) => hosts.length > 0)
  return struck
}

const nobody: ReadonlySet<PeerId> = new Set()

/** Hosts with more than one claim. */
function contradicting(tally: Tally): ReadonlySet<PeerId> {
  // Nearly every tally: a job of a million units makes nothing here.
  if (tally.claims.length < 2) return nobody
  const seen = new Set<PeerId>()
  const twice = new Set<PeerId>()
  for (const { hosts } of tally.claims)
    for (const host of hosts) {
      if (seen.has(host)) twice.add(host)
      seen.add(host)
    }
  return twice
}

/** Hosts that claim the same of a unit, and nothing else. */
export interface Supporters {
  digest: string
  claim: Claim
  supporters: readonly PeerId[]
}

/** Each digest with its honest-looking supporters, strongest first; ties by digest, the same everywhere. */
export function ranking(tally: Tally): Supporters[] {
  const twice = contradicting(tally)
  const ranked: Supporters[] = []
  for (const claim of tally.claims)
    ranked.push({ digest: claim.digest, claim, supporters: without(claim.hosts, twice) })
  if (ranked.length < 2) return ranked
  return ranked.sort(
    (a, b) => b.supporters.length - a.supporters.length || (a.digest < b.digest ? -1 : 1),
  )
}

function without(hosts: readonly PeerId[], others: ReadonlySet<PeerId>): readonly PeerId[] {
  return others.size === 0 ? hosts : hosts.filter((host) => !others.has(host))
}

/** Votes still missing for the leading result to reach the quorum. */
export function votesMissing(tally: Tally, quorum: number): number {
  return Math.max(0, quorum - (ranking(tally)[0]?.supporters.length ?? 0))
}

export function isDisputed(tally: Tally): boolean {
  return tally.claims.length > 1
}

export function votesIn(tally: Tally): number {
  let votes = 0
  for (const { hosts } of tally.claims) votes += hosts.length
  return votes
}

export function hasVoted(tally: Tally, host: PeerId): boolean {
  for (const { hosts } of tally.claims) if (hosts.includes(host)) return true
  return false
}

/** @returns undefined while nobody has brought the result itself */
export function verdictFor(tally: Tally, digest: string): Verdict | undefined {
  const claim = claimOf(tally, digest)
  if (claim?.content === undefined) return undefined
  if (tally.claims.length === 1)
    return { digest, content: claim.content, agreed: claim.hosts, refuted: none }
  const twice = contradicting(tally)
  const refuted = new Set<PeerId>(twice)
  for (const { digest: other, hosts } of tally.claims)
    if (other !== digest) for (const host of hosts) refuted.add(host)
  const agreed = without(claim.hosts, twice)
  return { digest, content: claim.content, agreed, refuted: [...refuted] }
}

/** The canonical result, once `quorum` hosts agree. */
export function verdictByQuorum(tally: Tally, quorum: number): Verdict | undefined {
  const [leader] = ranking(tally)
  if (leader === undefined || leader.supporters.length < quorum) return undefined
  return verdictFor(tally, leader.digest)
}

/** The requester's own result: its CPU is the one it trusts when nobody else can be asked. */
export function verdictByAnchor(tally: Tally, anchor: PeerId): Verdict | undefined {
  for (const { digest, hosts } of tally.claims)
    if (hosts.includes(anchor)) return verdictFor(tally, digest)
  return undefined
}

/** Bytes of results that the tally keeps. */
export function heldBytes(tally: Tally): number {
  let bytes = 0
  for (const { content } of tally.claims) bytes += content?.output.length ?? 0
  return bytes
}
