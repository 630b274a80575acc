/**
 * How one execution of a unit ended.
 *
 * `done`, `hit` and `trap` are results: every honest host gets the same, so they are voted on. An `abort` says
 * something about the host or the moment (time, memory, a killed thread): it is never a vote.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { UnitIndex } from './ids.js'

/** Wire order: the index of a kind is its byte in a vote. */
export const resultKinds = ['done', 'hit', 'trap'] as const
export type ResultKind = (typeof resultKinds)[number]

export const abortReasons = ['time', 'memory', 'crash', 'cancelled', 'unavailable'] as const
export type AbortReason = (typeof abortReasons)[number]

/** A result that hosts can agree on. `trap`: the output is UTF-8, what the program died of. */
export interface UnitResult {
  unit: UnitIndex
  kind: ResultKind
  output: Uint8Array
  /** SHA-256 over the kind's byte and the output; 32 bytes. */
  digest: Uint8Array
  /** Time on a thread of this host, milliseconds; differs between hosts, so no part of the digest. */
  spentMs: number
  /** Deterministic count of work; 0 where the tier does not meter yet. */
  fuel: number
}

export interface UnitAbort {
  unit: UnitIndex
  kind: 'abort'
  reason: AbortReason
  /** For a person: what happened, one line. */
  message: string
}

export type UnitOutcome = UnitResult | UnitAbort

/** What a vote claims about one unit, as 32 bytes. */
export function digestOf(kind: ResultKind, output: Uint8Array): Uint8Array {
  return sha256
    .create()
    .update(Uint8Array.of(resultKinds.indexOf(kind)))
    .update(output)
    .digest()
}
