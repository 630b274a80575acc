/** What the journal keeps of jobs and peers: plain data that a machine hands out and takes back after a restart. */
import type { FailureCode } from '../../protocol/errors.js'
import type { JobPhase } from '../../protocol/gateway-api.js'
import type { JobId, PeerId, UnitIndex } from '../../protocol/ids.js'
import type { PackedRevocation, Role } from '../../protocol/membership.js'

/** What a job's journal entry says; results and leases have entries of their own. */
export interface JobRecord {
  job: JobId
  phase: JobPhase
  /** Units known so far of a list job, and whether the list has ended. */
  appended: number
  appendedBytes: number
  inputsClosed: boolean
  hit: UnitIndex | undefined
  errorCode: FailureCode | undefined
  error: string | undefined
  submittedMs: number
  endedMs: number | undefined
  unchecked: number
  executions: number
  reassigned: number
  recomputed: number
  aborted: number
  disputed: number
  audited: number
  withdrawn: number
  corrected: number
  /** Verified units, for jobs whose results are gone. */
  verified: number
  hosts: readonly JobHostRecord[]
}

export interface JobHostRecord {
  peer: PeerId
  executed: number
  accepted: number
  rejected: number
  aborted: number
  spentMs: number
}

export interface LedgerRecord {
  peer: PeerId
  /** Verified work received, milliseconds in our own price. */
  receivedMs: number
  givenMs: number
  balanceMs: number
  /** What it was given before it did anything for us. */
  lentMs: number
  /** When it was last booked, event clock. */
  bookedMs: number
}

export interface StandingRecord {
  peer: PeerId
  accepted: number
  /** Units on which an independent host, or this node's own CPU, gave the same bits. */
  checked: number
  /** Of those, the ones that this node computed itself. */
  audited: number
  refuted: number
  /** Event clock; 0 when never banned. */
  bannedUntilMs: number
}

export interface PeerRecord {
  peer: PeerId
  addresses: readonly string[]
  seenMs: number
}

/** A receipt that this node holds as a host; what its steward signed stands on disk. */
export interface HeldReceipt {
  steward: PeerId
  job: JobId
  period: number
  serial: number
  /** Units that it says were accepted. */
  accepted: number
}

/** A member of this node's private grid, as its certificates say. */
export interface MemberRecord {
  peer: PeerId
  roles: readonly Role[]
  /** Whose certificates it rests on, from the grid's key down; itself last. */
  lineage: readonly PeerId[]
  /** The invitation by which it came. */
  through: PeerId | undefined
  /** Event clock. */
  expiresMs: number
  seenMs: number
  /** Its chain as it showed it: what a revocation of it has to show. */
  chain: Uint8Array
}

export interface RevocationRecord {
  revoked: PeerId
  signer: PeerId
  /** As it travels. */
  packed: PackedRevocation
}
