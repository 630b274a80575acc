/** All that a node knows, in one place; each part is written by its own machine, through `step` alone. */
import type { JobId, LeaseId, PeerId, UnitIndex } from '../protocol/ids.js'
import { type CoreConfig, defaultCoreConfig } from './config.js'
import type { EffectBody } from './effect.js'
import { createHosting, type HostingState } from './hosting/hosting.js'
import type { Job } from './jobs/job.js'
import type { Trail } from './jobs/trail.js'
import { type Random, seedRandom } from './kit/random.js'
import { type SecretRandom, secretRandom } from './kit/secret-random.js'
import { type AdvertState, createAdverts } from './membership/adverts.js'
import { type Conduct, createConduct } from './membership/conduct.js'
import { createGate, type Gate } from './membership/gate.js'
import { createMembers, type Members } from './membership/members.js'
import { createNeighbours, type NeighbourState } from './membership/neighbours.js'
import { createLedger, type Ledger } from './reciprocity/ledger.js'
import type { OwnPace, UnitClaim } from './reciprocity/prices.js'
import { createReceiptBook, type ReceiptBook } from './reciprocity/receipts.js'
import { createServiceOrder, type ServiceOrder } from './reciprocity/service-order.js'
import type { Settlements } from './reciprocity/settlements.js'
import { createStrangers, type Strangers } from './reciprocity/strangers.js'
import type { Schedule } from './scheduling/schedule.js'
import type { Audits } from './verification/audits.js'
import type { Backing } from './verification/backing.js'
import type { Checks } from './verification/checks.js'
import type { Standing } from './verification/standing.js'
import type { Tally } from './verification/tally.js'
import type { Watches } from './verification/watches.js'

export interface JobCounters {
  unchecked: number
  executions: number
  reassigned: number
  recomputed: number
  aborted: number
  disputed: number
  /** Accepted units that this node computed again by itself. */
  audited: number
  /** Canonical units that were opened again, because their hosts were caught. */
  withdrawn: number
  /** Of those, the ones whose new result differs. */
  corrected: number
}

/** What a peer last said to a job's advert, or was told. */
export interface Answer {
  verdict: string
  reason: string
  atMs: number
}

/** A job that this node leases out. */
export interface StewardedJob {
  readonly job: Job
  readonly schedule: Schedule
  readonly tallies: Map<UnitIndex, Tally>
  /** Bytes of results in `tallies`. */
  heldBytes: number
  /** Units whose hosts agree, but are not known well enough yet. */
  watches: Watches
  /** Open units on which hosts disagree. */
  readonly disputes: Set<UnitIndex>
  /** Who stands behind the canonical results. */
  backing: Backing
  audits: Audits
  /** What the task's own check said, where it has one. */
  checks: Checks
  /** What hosts claim that a unit takes, at the last look. */
  readonly prices: { median: UnitClaim | undefined; takenMs: number }
  readonly counters: JobCounters
  readonly trail: Trail
  /** Share of the results of an ended job that is expected to be wrong. */
  endedErrorRate: number | undefined
  readonly answers: Map<PeerId, Answer>
  /** What hosts have had accepted, and what they were told of it. */
  readonly settlements: Settlements
  /** Journal entries with results of this job that are not durable yet. */
  readonly pendingEntries: Set<number>
  advertSerial: number
  advertAtMs: number
  /** The job's record differs from the journal's. */
  dirty: boolean
  warning: string | undefined
  /** Fields of ended jobs whose details are gone. */
  endedVerified: number | undefined
}

export interface NodeState {
  readonly self: PeerId
  readonly config: CoreConfig
  readonly random: Random
  /** For what peers must not foresee. */
  readonly secret: SecretRandom
  startedMs: number
  /** When the last neighbour left, or the node started: how long it has been by itself. */
  loneSinceMs: number
  addresses: readonly string[]
  readonly neighbours: NeighbourState
  readonly gate: Gate
  readonly members: Members
  /** When an allowance ends and neighbours have to be looked at again. */
  gateReviewMs: number
  readonly conduct: Conduct
  readonly adverts: AdvertState
  readonly stewarded: Map<JobId, StewardedJob>
  readonly hosting: HostingState
  readonly ledger: Ledger
  /** How much of what it does for those without a balance comes back to this node. */
  readonly strangers: Strangers
  /** Whom this node's threads serve next. */
  readonly order: ServiceOrder
  /** What fuel costs this node. */
  readonly pace: OwnPace
  readonly standing: Standing
  /** Until then nobody is believed alone: a host that was known for long has been caught. */
  betrayedUntilMs: number
  /** Peers whose ledger or standing the journal does not have yet. */
  readonly unsavedPeers: Set<PeerId>
  /** Receipts held as a host. */
  readonly receipts: ReceiptBook
  /** On the receipts that this node signs: its life, and their last serial number. */
  receiptPeriod: number
  receiptSerial: number
  nextLease: LeaseId
  nextEntry: number
  /** Effects that wait for a journal entry to be durable. */
  readonly waiting: Map<number, { job: JobId; effects: EffectBody[] }>
  /** Lower bounds of the next time each part has to be looked at. */
  readonly wake: { membership: number; steward: number; host: number; donation: number }
}

/**
 * @param seed  of every random choice that this node will make
 * @param secret  32 bytes that decide what peers must not foresee; made from the seed where nobody is to be kept out
 */
export function createState(
  self: PeerId,
  seed: number,
  config: Partial<CoreConfig> = {},
  secret = new Uint8Array(new Int32Array([seed]).buffer),
): NodeState {
  const whole = { ...defaultCoreConfig, ...config }
  return {
    self,
    config: whole,
    random: seedRandom(seed),
    secret: secretRandom(secret),
    startedMs: 0,
    loneSinceMs: 0,
    addresses: [],
    neighbours: createNeighbours(whole.sameSubnet),
    gate: createGate(whole.lists),
    members: createMembers(whole.belonging),
    gateReviewMs: Number.POSITIVE_INFINITY,
    conduct: createConduct(),
    adverts: createAdverts(),
    stewarded: new Map(),
    hosting: createHosting(),
    ledger: createLedger(),
    strangers: createStrangers(),
    order: createServiceOrder(),
    pace: new Map(),
    standing: new Map(),
    betrayedUntilMs: 0,
    unsavedPeers: new Set(),
    receipts: createReceiptBook(),
    receiptPeriod: 1,
    receiptSerial: 1,
    nextLease: 1,
    nextEntry: 1,
    waiting: new Map(),
    wake: {
      membership: Number.POSITIVE_INFINITY,
      steward: Number.POSITIVE_INFINITY,
      host: Number.POSITIVE_INFINITY,
      donation: Number.POSITIVE_INFINITY,
    },
  }
}
