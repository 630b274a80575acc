/** Everything that a node can do to the world, as data. The shell performs; it never chooses. */

import type { ResultRecord, TrailEvent } from '../protocol/gateway-api.js'
import type { BlobHash, JobId, LeaseId, PeerId, UnitIndex } from '../protocol/ids.js'
import type { ResultKind } from '../protocol/outcome.js'
import type { Sealed } from '../protocol/seal.js'
import type { CancelledUnits, UnitRun } from '../protocol/unit-runs.js'
import type {
  HeldReceipt,
  JobRecord,
  LedgerRecord,
  MemberRecord,
  PeerRecord,
  RevocationRecord,
  StandingRecord,
} from './kit/records.js'
import type { Provisional } from './membership/members.js'
import type { CoreMessage } from './messages.js'

export type JournalRecord =
  | { type: 'job'; record: JobRecord }
  | { type: 'lease-granted'; job: JobId; lease: LeaseId; host: PeerId; runs: readonly UnitRun[] }
  | { type: 'lease-settled'; job: JobId; lease: LeaseId }
  | { type: 'result'; job: JobId; result: ResultRecord }
  /** A canonical result is not one any more; the unit is computed again. */
  | { type: 'result-withdrawn'; job: JobId; unit: UnitIndex }
  /** Something happened to the job that a person may want to know. */
  | { type: 'trail'; job: JobId; event: TrailEvent }
  | { type: 'ledger'; record: LedgerRecord }
  | { type: 'ledger-forgotten'; peer: PeerId }
  | { type: 'standing'; record: StandingRecord }
  | { type: 'member'; record: MemberRecord }
  | { type: 'member-forgotten'; peer: PeerId }
  | { type: 'revocation'; record: RevocationRecord }
  | { type: 'peer'; record: PeerRecord }
  | { type: 'peer-forgotten'; peer: PeerId }
  /** Takes the place of an earlier receipt of the same work. Not sealed in a simulation, which signs nothing. */
  | { type: 'receipt'; receipt: HeldReceipt; sealed: Sealed | undefined }
  | { type: 'receipt-forgotten'; receipt: HeldReceipt }
  /** Wall clock; undefined: not paused. */
  | { type: 'pause'; untilUtcMs: number | undefined }

export type EffectBody =
  | { type: 'send-message'; to: PeerId; message: CoreMessage }
  /** Makes a neighbour of a peer; `job` allows the directory to be asked where the addresses fail. */
  | { type: 'dial'; peer: PeerId; addresses: readonly string[]; job: JobId | undefined }
  | { type: 'disconnect'; peer: PeerId; reason: string }
  /** Ends every connection that the lists no longer admit: to these peers, and from denied addresses. */
  | { type: 'turn-away'; peers: readonly PeerId[] }
  /** Certifies a member that came by an invitation, and sends it the certificate. */
  | ({ type: 'confirm-member'; peer: PeerId } & Provisional)
  /** A certificate of this node's own, which takes the place of its own by an invitation. */
  | { type: 'keep-membership'; chain: Uint8Array }
  /** Announces in the directory that this node stewards the job. */
  | { type: 'provide'; job: JobId }
  /** Fetches manifest and task from a neighbour, by hash, unless they are here. */
  | { type: 'fetch-job'; job: JobId; from: PeerId; taskHash: BlobHash }
  | {
      type: 'execute-units'
      job: JobId
      lease: LeaseId
      runs: readonly UnitRun[]
      /** Undefined for a range job, and for one's own job, whose inputs are in the store. */
      inputs: readonly Uint8Array[] | undefined
    }
  /** Lets the task's `check` say whether results of units are right; `results-checked` answers, once each. */
  | {
      type: 'check-results'
      job: JobId
      results: readonly {
        unit: UnitIndex
        digest: string
        kind: ResultKind
        output: Uint8Array
      }[]
    }
  /** `queued` leaves running units alone; runs: only those of them that are queued. */
  | { type: 'cancel-units'; job: JobId; lease: LeaseId; which: CancelledUnits }
  /** One atomic entry; `journal-durable` answers with its number unless that is 0. */
  | { type: 'journal'; entry: number; records: readonly JournalRecord[] }
  /** Results are on disk: readers may go on. */
  | { type: 'results-ready'; job: JobId; results: readonly ResultRecord[] }
  /** Results that readers may have are in doubt; `results-ready` brings those units again. */
  | { type: 'results-withdrawn'; job: JobId; units: readonly UnitIndex[] }
  | { type: 'job-changed'; job: JobId }
  /** Deletes all that the store has of an ended job. */
  | { type: 'forget-job'; job: JobId }
  | { type: 'drained' }
  /** Something a person should know, said once. */
  | { type: 'notice'; level: 'info' | 'warning'; text: string; job: JobId | undefined }

/** `cause`: id of the event that led to it. */
export type Effect = EffectBody & { cause: number }
