/**
 * Votes on one unit and what follows from them.
 *
 * A tally is a join-semilattice: a set of (host, digest) claims, merged by union. The verdict is a function of the
 * set alone, so several stewards that exchange claims in any order agree. A host that claims two digests for one
 * unit contradicts itself and counts for none.
 *
 * Rule (plain voting): the digest with `quorum` different hosts behind it is canonical.
 */
import type { PeerId } from '../../protocol/ids.js'
import type { ResultKind } from '../../protocol/outcome.js'

export interface Claim {
  kind: ResultKind
  output: Uint8Array
  hosts: Set<PeerId>
}

/** Claims by digest, hexadecimal. */
export interface Tally {
  claims: Map<string, Claim>
}

export interface Verdict {
  digest: string
  claim: Claim
  /** Hosts behind the canonical result, and those who claimed otherwise or contradicted themselves. */
  agreed: readonly PeerId[]
  refuted: readonly PeerId[]
}

export function emptyTally(): Tally {
  return { claims: new Map() }
}

/** @returns false when this claim was known already */
export function addClaim(
  tally: Tally,
  host: PeerId,
  digest: string,
  kind: ResultKind,
  output: Uint8Array,
): boolean {
  const claim = tally.claims.get(digest)
  if (claim === undefined) {
    tally.claims.set(digest, { kind, output, hosts: new Set([host]) })
    return true
  }
  if (claim.hosts.has(host)) return false
  claim.hosts.add(host)
  return true
}

/** The union of two copies of a unit's tally. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  const merged = emptyTally()
  for (const tally of [a, b])
    for (const [digest, { kind, output, hosts }] of tally.claims)
      for (const host of hosts) addClaim(merged, host, digest, kind, output)
  return merged
}

/** Hosts with more than one claim. */
function contradicting(tally: Tally): Set<PeerId> {
  const seen = new Set<PeerId>()
  const twice = new Set<PeerId>()
  if (tally.claims.size < 2) return twice
  for (const { hosts } of tally.claims.values())
    for (const host of hosts) {
      if (seen.has(host)) twice.add(host)
      seen.add(host)
    }
  return twice
}

/** Each digest with its honest-looking supporters, strongest first; ties by digest, the same everywhere. */
function ranking(tally: Tally): { digest: string; claim: Claim; supporters: PeerId[] }[] {
  const twice = contradicting(tally)
  return [...tally.claims]
    .map(([digest, claim]) => ({
      digest,
      claim,
      supporters: [...claim.hosts].filter((host) => !twice.has(host)),
    }))
    .sort((a, b) => b.supporters.length - a.supporters.length || (a.digest < b.digest ? -1 : 1))
}

/** Votes still missing for the leading result to reach the quorum. */
export function votesMissing(tally: Tally, quorum: number): number {
  return Math.max(0, quorum - (ranking(tally)[0]?.supporters.length ?? 0))
}

export function isDisputed(tally: Tally): boolean {
  return tally.claims.size > 1
}

export function votesIn(tally: Tally): number {
  let votes = 0
  for (const { hosts } of tally.claims.values()) votes += hosts.size
  return votes
}

export function hasVoted(tally: Tally, host: PeerId): boolean {
  for (const { hosts } of tally.claims.values()) if (hosts.has(host)) return true
  return false
}

function verdictFor(tally: Tally, digest: string, claim: Claim): Verdict {
  const twice = contradicting(tally)
  const refuted = new Set<PeerId>(twice)
  for (const [other, { hosts }] of tally.claims)
    if (other !== digest) for (const host of hosts) refuted.add(host)
  const agreed = [...claim.hosts].filter((host) => !twice.has(host))
  return { digest, claim, agreed, refuted: [...refuted] }
}

/** The canonical result, once `quorum` hosts agree. */
export function verdictByQuorum(tally: Tally, quorum: number): Verdict | undefined {
  const [leader] = ranking(tally)
  if (leader === undefined || leader.supporters.length < quorum) return undefined
  return verdictFor(tally, leader.digest, leader.claim)
}

/** The requester's own result: its CPU is the one it trusts when nobody else can be asked. */
export function verdictByAnchor(tally: Tally, anchor: PeerId): Verdict | undefined {
  for (const [digest, claim] of tally.claims)
    if (claim.hosts.has(anchor)) return verdictFor(tally, digest, claim)
  return undefined
}

/** Bytes of results that the tally keeps. */
export function heldBytes(tally: Tally): number {
  let bytes = 0
  for (const { output } of tally.claims.values()) bytes += output.length
  return bytes
}
