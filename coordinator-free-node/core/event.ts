/**
 * Everything that can happen to a node, as data. An event carries its id and the time; nothing in the core asks a
 * clock. The shell validates before it makes an event: peers' messages are well formed and their seals true.
 */
import type { JobId, LeaseId, PeerId, UnitIndex } from '../protocol/ids.js'
import type { Manifest } from '../protocol/manifest.js'
import type { Misdeed } from '../protocol/misdeeds.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import type { UnitRun } from '../protocol/unit-runs.js'
import type { MachineReading } from './hosting/availability.js'
import type {
  HeldReceipt,
  JobRecord,
  LedgerRecord,
  MemberRecord,
  PeerRecord,
  RevocationRecord,
  StandingRecord,
} from './kit/records.js'
import type { ListSource } from './membership/gate.js'
import type { Provisional } from './membership/members.js'
import type { CoreMessage } from './messages.js'

/** A job as the journal remembers it. */
export interface RestoredJob {
  record: JobRecord
  manifest: Manifest
  /** Units with a canonical result. */
  canonical: readonly UnitRun[]
  /** Leases that were out when the node stopped. */
  /** Events in its trail. */
  trailLength: number
  leases: readonly { lease: LeaseId; host: PeerId; runs: readonly UnitRun[] }[]
}

export type EventBody =
  /** First event of a node's life; `leaseBase` is above every lease and receipt number of earlier lives. */
  | {
      type: 'started'
      addresses: readonly string[]
      leaseBase: LeaseId
      jobs: readonly RestoredJob[]
      ledger: readonly LedgerRecord[]
      standing: readonly StandingRecord[]
      peers: readonly PeerRecord[]
      members: readonly MemberRecord[]
      revoked: readonly RevocationRecord[]
      /** What stewards signed for this node as a host. */
      receipts: readonly HeldReceipt[]
      /** A pause that outlived the node: see `pause-requested`. */
      pausedUntilUtcMs: number | undefined
    }
  | { type: 'deadline-reached' }
  | { type: 'addresses-changed'; addresses: readonly string[] }
  /** `place`: the address that its connection comes from, which it cannot make up; its addresses it can. */
  | {
      type: 'neighbour-joined'
      peer: PeerId
      addresses: readonly string[]
      place?: string | undefined
    }
  | { type: 'neighbour-left'; peer: PeerId }
  | { type: 'peer-discovered'; peer: PeerId; addresses: readonly string[] }
  | { type: 'dial-failed'; peer: PeerId; reason: string }
  | { type: 'message-received'; from: PeerId; message: CoreMessage }
  | { type: 'job-submitted'; job: JobId; manifest: Manifest }
  /** Inputs `first..first+count-1` of a list job are on disk; `bytes` in all. */
  | { type: 'inputs-appended'; job: JobId; first: number; count: number; bytes: number }
  /** Inputs that were on disk cannot be read any more. */
  | { type: 'inputs-lost'; job: JobId; reason: string }
  | { type: 'inputs-closed'; job: JobId; units: number; error: string | undefined }
  | { type: 'job-cancelled'; job: JobId }
  /** Manifest and task of somebody's job are here and belong together. */
  | { type: 'job-fetched'; job: JobId; manifest: Manifest }
  /** `misdeed`: what its steward did wrong, if that was it. */
  | {
      type: 'job-fetch-failed'
      job: JobId
      reason: string
      retryable: boolean
      misdeed?: Misdeed | undefined
    }
  /** Seen by the shell: what never becomes a message, and more messages than there may be. */
  | { type: 'peer-misbehaved'; peer: PeerId; misdeed: Misdeed; times: number }
  | { type: 'units-executed'; job: JobId; lease: LeaseId; outcomes: readonly UnitOutcome[] }
  /** The task's `check` said of results that they are right or wrong, ended in a fault, or could not run here. */
  | {
      type: 'results-checked'
      job: JobId
      outcomes: readonly {
        unit: UnitIndex
        digest: string
        verdict: 'passed' | 'refused' | 'failed' | 'unavailable'
        /** One line where it neither passed nor refused. */
        reason: string
      }[]
    }
  | { type: 'journal-durable'; entry: number }
  | { type: 'journal-failed'; entry: number; reason: string }
  | { type: 'drain-requested' }
  /** Comes again and again, and at once after `started`. */
  | { type: 'machine-reading'; reading: MachineReading }
  /** No work for others until then by the wall clock; Infinity: until `resume-requested`. */
  | { type: 'pause-requested'; untilUtcMs: number }
  | { type: 'resume-requested' }
  /** A peer's membership of the private grid holds; comes before it is a neighbour. */
  | { type: 'member-seen'; record: MemberRecord; provisional: Provisional | undefined }
  /** This node's user revokes; signed already. */
  | { type: 'revocation-issued'; record: RevocationRecord }
  /** A source of the operator's lists says something else now; undefined: nothing more. */
  | { type: 'lists-changed'; source: string; list: ListSource | undefined }

export type Event = EventBody & { id: number; nowMs: number }
export type EventOf<Type extends EventBody['type']> = Extract<EventBody, { type: Type }>
