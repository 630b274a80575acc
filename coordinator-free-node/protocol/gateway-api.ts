/**
 * What a client (SDK, command) and its own node say to each other over the gateway: a loopback WebSocket at
 * `ws://127.0.0.1:PORT/api?token=TOKEN`, MessagePack frames.
 *
 * A client sends `{id, method, params}` and gets `{id, result}` or `{id, error}`. Methods named in
 * `streamMethods` answer with any number of `{id, next}` and then `{id, result}`; the client grants credit with
 * `{id, credit}` (frames it is ready to take, 8 at the start) and ends a stream early with `{id, stop: true}`.
 * Where the gateway listens stands in `gateway.json` in the state directory (mode 0600).
 */

import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import type { FailureCode } from './errors.js'
import { type JobId, jobIdSchema, type PeerId, peerIdSchema, type UnitIndex } from './ids.js'
import type { InspectView } from './inspect-view.js'
import { limits } from './limits.js'
import type { EnlistedView, ImportedListView, ListsView } from './list-views.js'
import { listNameSchema, listSubjects, listVerdicts, plainText } from './lists.js'
import { type Acceptance, manifestSchema } from './manifest.js'
import { type Role, roles } from './membership.js'
import type { Misdeed } from './misdeeds.js'
import type { ResultKind } from './outcome.js'
import type { Receipt } from './receipt.js'
import type { UnitRun } from './unit-runs.js'

export const gatewayFileSchema = z.object({
  url: z.string(),
  token: z.string(),
  pid: z.number().int(),
  peer: z.string(),
})
/** Content of `gateway.json`. */
export type GatewayFile = z.infer<typeof gatewayFileSchema>

/** What the user decides of a manifest; the node adds requester and nonce, and signs. */
export const submissionSchema = z.strictObject({
  manifest: manifestSchema.omit({ requester: true, nonce: true }),
  /** The task bundle, encoded; its hash is the manifest's `taskHash`. */
  bundle: bytesSchema.refine((bytes) => bytes.length <= limits.bundleBytesMax),
  /**
   * Range jobs: the node measures a few items and puts so many into a unit, at most this; what the manifest says stands
   * where it cannot. @default the manifest's `unitItems`
   */
  unitItemsMax: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40)
    .optional(),
})
export type Submission = z.infer<typeof submissionSchema>

/** A job's id, or a prefix of it that fits one job only, at least four digits. */
const jobRef = z.string().regex(/^[0-9a-f]{4,64}$/, 'expected a job id or its first digits')

/** A year: who means longer means `resume`. */
export const pauseMsMax = 366 * 86_400_000

/** Ten years: who means longer means for good. */
export const listMsMax = 3_653 * 86_400_000

export const requestSchemas = {
  submit: submissionSchema,
  /** Inputs of a list job. Answers once they are on disk and the window has room: that is the back-pressure. */
  append: z.strictObject({
    job: jobIdSchema,
    /** Index of the first unit of `inputs`; repeats of what is already there are ignored. */
    first: z.number().int().min(0),
    inputs: z.array(bytesSchema).max(limits.leaseUnitsMax),
  }),
  /** No more inputs; `units` is their number. A failed source gives `error` instead, and ends the job. */
  close: z.strictObject({
    job: jobIdSchema,
    units: z.number().int().min(0),
    error: z.string().max(2000).optional(),
  }),
  /**
   * Stream of canonical results from unit `from` on, each exactly once, until the job ends. A unit that comes again, or
   * lies before `from`, is marked `revised`: its result was withdrawn and is another one now.
   */
  results: z.strictObject({
    job: jobRef,
    from: z.number().int().min(0),
    /** `input`: by unit. `completion`: as they become canonical (those before the call first). */
    order: z.enum(['input', 'completion']),
  }),
  /** Stream of `JobView`, at once and then on change, at most every `everyMs`; the last has ended. */
  watch: z.strictObject({ job: jobRef, everyMs: z.number().int().min(50).max(60_000) }),
  /** Stream of what happened to a job, oldest first; with `follow` it goes on until the job has ended. */
  trail: z.strictObject({
    job: jobRef,
    /** Only so many of the last events there are. */
    last: z
      .number()
      .int()
      .min(0)
      .max(limits.trailEventsMax + 1)
      .optional(),
    follow: z.boolean(),
  }),
  jobs: z.strictObject({}),
  show: z.strictObject({ job: jobRef }),
  why: z.strictObject({ job: jobRef }),
  cancel: z.strictObject({ job: jobRef }),
  peers: z.strictObject({}),
  status: z.strictObject({}),
  /** Connects to a peer; answers once it is a neighbour. */
  dial: z.strictObject({ address: z.string().max(limits.addressCharsMax) }),
  /** What stewards signed for this node as a host. */
  receipts: z.strictObject({}),
  /** Jobs that this node serves or refuses as a host. */
  hosted: z.strictObject({}),
  /** No work for others, for so long or until `resume`; also in later lives of the node. */
  pause: z.strictObject({
    forMs: z.number().min(1).max(pauseMsMax).optional(),
  }),
  resume: z.strictObject({}),
  /** The private grid that this node is a member of, and whom it knows of it. */
  grid: z.strictObject({}),
  /** An invitation to it. */
  invite: z.strictObject({
    roles: z.array(z.enum(roles)).min(1).max(roles.length),
    /** How long it can be used, and how long who comes by it stays a member. */
    forMs: z.number().int().min(60_000).max(listMsMax),
    memberMs: z.number().int().min(60_000).max(listMsMax),
    /** For this peer alone. */
    peer: peerIdSchema.optional(),
  }),
  /** Puts a member out, or all that came by an invitation; with whom they let in. */
  revoke: z.strictObject({ member: z.string().min(4).max(100) }),
  /** Whom and what the node's lists deny and allow; `name` asks for the entries of an imported list. */
  lists: z.strictObject({ name: listNameSchema.optional() }),
  /** Denies or allows, at once and in later lives; again changes how long and the note. */
  enlist: z.strictObject({
    verdict: z.enum(listVerdicts),
    subject: z.enum(listSubjects),
    /** The last characters of a known peer's id, or the first digits of a known task's hash, will do. */
    value: z.string().min(1).max(limits.listValueCharsMax),
    forMs: z.number().min(1).max(listMsMax).optional(),
    note: plainText(limits.listNoteCharsMax).optional(),
  }),
  /** Takes back what `enlist` said of a value, or an imported list by its name. */
  delist: z.strictObject({ what: z.string().min(1).max(limits.listValueCharsMax) }),
  /** Takes in somebody's deny list, in the place of its earlier version. */
  importList: z.strictObject({
    text: z.string().max(limits.listBytesMax),
    /** What the file is called in messages. */
    label: plainText(limits.textCharsMax),
    /** Who must have signed it. */
    signer: peerIdSchema.optional(),
  }),
  /** A job or task by its id or hash, or the first digits: what it is, before anybody runs it. */
  inspect: z.strictObject({ what: jobRef }),
  /** The node's own denials as such a file. */
  exportList: z.strictObject({ name: listNameSchema, sign: z.boolean() }),
  /** Finishes what is running, hands the rest back, takes nothing new. Answers when drained. */
  drain: z.strictObject({}),
  /** The same; then a node that has its process to itself ends it, with 0. */
  finish: z.strictObject({}),
} as const

export const streamMethods = ['results', 'watch', 'trail'] as const

export type GatewayMethod = keyof typeof requestSchemas
export type GatewayRequest<M extends GatewayMethod> = z.infer<(typeof requestSchemas)[M]>

/** One canonical result. */
export interface ResultRecord {
  unit: UnitIndex
  kind: ResultKind
  output: Uint8Array
  /** Hosts that agreed on it; 1 means that nobody checked it. */
  agreed: number
  /** The unit had another result before, which turned out wrong. */
  revised?: true
}

export const jobPhases = ['running', 'done', 'failed', 'cancelled'] as const
export type JobPhase = (typeof jobPhases)[number]

/** Counts of units; `total` is undefined while a list is still being read. */
export interface UnitCounts {
  total: number | undefined
  /** Canonical. */
  verified: number
  /** Of those, accepted on the word of one host because nobody else was there. */
  unchecked: number
  /** Executed at least once, not canonical yet. */
  awaitingAgreement: number
  /** Leased out now, replicas counted once a unit. */
  inFlight: number
  /** Executions asked for, all replicas and repeats counted. */
  executions: number
  /** Executions lost with a killed or expired host and given to another. */
  reassigned: number
  /** Units that were in flight when this node stopped and had to be computed again. */
  recomputed: number
  /** Replicas that ended without a result (time, memory, crash). */
  aborted: number
  /** Units on which hosts disagreed. */
  disputed: number
  /** Accepted units that this node computed again by itself. */
  audited: number
  /** Verified units that were computed again, because their hosts were caught lying. */
  withdrawn: number
  /** Of those, the ones whose new result differs. */
  corrected: number
}

export const trailKinds = [
  'submitted',
  'resumed',
  'hosts-came',
  'hosts-left',
  'host-refused',
  'progress',
  'reassigned',
  'aborted',
  'disputed',
  'withdrawn',
  'corrected',
  'warning',
  'done',
  'failed',
  'cancelled',
] as const
export type TrailKind = (typeof trailKinds)[number]

/** Something that happened to a job; several of a kind within half a second are one. */
export interface TrailEvent {
  /** Counts the events of a job, from 0. */
  index: number
  kind: TrailKind
  /** Milliseconds since 1970. */
  atMs: number
  /** Units that it is about, of `total`. */
  units?: number | undefined
  total?: number | undefined
  /** The first of `count` peers. */
  peers?: readonly PeerId[] | undefined
  count?: number | undefined
  /** One sentence. */
  text?: string | undefined
}

/** What one host did for a job. */
export interface JobHostView {
  peer: PeerId
  /** True for the requester's own node. */
  self: boolean
  connected: boolean
  executed: number
  accepted: number
  rejected: number
  aborted: number
  inFlight: number
  spentMs: number
  /** Why it gets no more units; undefined while in good standing. */
  refused: string | undefined
}

export interface JobView {
  job: JobId
  name: string
  task: string
  tier: string
  phase: JobPhase
  acceptance: Acceptance
  /** Items in a unit of a range job. */
  unitItems?: number | undefined
  units: UnitCounts
  verification: VerificationView
  /** Verified units a second over the last seconds; undefined before the first. */
  rate: number | undefined
  /** Milliseconds until the end at that rate; undefined where unknown. */
  etaMs: number | undefined
  elapsedMs: number
  hosts: readonly JobHostView[]
  /** The unit that ended a `first-hit` job. */
  hit: UnitIndex | undefined
  /** Why the job failed: which kind, and one sentence. */
  errorCode: FailureCode | undefined
  error: string | undefined
  /** Set when too few hosts are here, and at the end when results were accepted unchecked. */
  warning: string | undefined
}

/** What checking a job's results has cost, and what it found; also while the job runs. */
export interface VerificationView {
  /** Executions of all hosts, audits among them, for each verified unit; undefined before the first. */
  executionsPerUnit: number | undefined
  /** Verified units that this node computed again by itself, in secret; and their share of all verified units. */
  audited: number
  auditedShare: number | undefined
  /** Votes that said the same as another host's on a verified unit. */
  confirmations: number
  /** Verified units that were opened again because their hosts were caught, and those whose new result differs. */
  withdrawn: number
  corrected: number
  /** Verified units that rest on the word of one host because nobody else was there (plain quorum). */
  unchecked: number
  /**
   * Share of the verified results that is still expected to be wrong, by what is known of their hosts: the mean over
   * the units. Undefined before the first, and for jobs that ended in an earlier life of the node.
   */
  expectedErrorRate: number | undefined
  /** Hosts that get nothing more of this job. */
  caught: readonly RefusalView[]
}

/** A host that gets nothing more. */
export interface RefusalView {
  peer: PeerId
  ground: string
  /** Milliseconds since then; undefined where that is not known any more. */
  agoMs: number | undefined
}

/** What a unit can wait for. */
export type WaitReason =
  /** Something to do for the user: the hint is all of it. */
  | 'warning'
  /** Nobody serves the job. */
  | 'no-host'
  /** Never leased out yet. */
  | 'fresh'
  /** A host that takes it: it was leased out before, and lost. */
  | 'host'
  /** Being computed: `leases` tells by whom. */
  | 'leased'
  /** A host that confirms or contradicts the votes in. */
  | 'second-host'
  /** The same, and all hosts here may be one person with those that voted. */
  | 'independent-host'
  /** Its hosts agree, and are not known well enough yet for the error rate that the job asks for. */
  | 'standing'
  /** Its hosts disagree. */
  | 'disputed'
  /** Verified, and being computed again by this node. */
  | 'audit'
  /** The list of inputs goes on. */
  | 'inputs'
  /** Results are being written. */
  | 'disk'

export interface WaitView {
  reason: WaitReason
  /** How many units; undefined where it is not about units. */
  units: number | undefined
  /** The first ranges of them, `[first, count]`. */
  runs: readonly UnitRun[]
  /** What can be done about it. */
  hint: string | undefined
}

/** Units that a host computes at the moment. */
export interface LeaseView {
  peer: PeerId
  /** True for the requester's own node. */
  self: boolean
  /** Those that it has not answered yet, and their first ranges. */
  units: number
  runs: readonly UnitRun[]
  /** Milliseconds since it got them. */
  agoMs: number
  /** Until it should be through, by its pace so far; below zero: overdue. */
  expectedInMs: number
  /** Until they go to somebody else, unless it renews. */
  lostInMs: number
}

export interface WhyView {
  job: JobId
  phase: JobPhase
  /** What the job waits for, most units first; empty when nothing holds it up. */
  waits: readonly WaitView[]
  /** Who computes what, longest first; at most 100. */
  leases: readonly LeaseView[]
  /** Hosts that get nothing more of the job. */
  refused: readonly RefusalView[]
  /** What each peer last answered to the job's advert or was told. */
  answers: readonly { peer: PeerId; verdict: string; reason: string; agoMs: number }[]
}

export interface PeerView {
  peer: PeerId
  connected: boolean
  addresses: readonly string[]
  agent: string | undefined
  donates: boolean | undefined
  /** Work this peer did for us and that was verified, milliseconds in our own price. */
  receivedMs: number
  /** Work we did for this peer, milliseconds. */
  givenMs: number
  /** Favour: received less given, not below zero. */
  balanceMs: number
  /** Votes of this peer that were accepted and refuted, over all jobs. */
  accepted: number
  refuted: number
  /**
   * Units of this peer that an independent host or this node's own CPU confirmed, since it was last caught; and those
   * that this node did. What it is believed on; never told to anybody else.
   */
  checked: number
  audited: number
  banned: boolean
  /** Milliseconds until it may work for us again; undefined while it may. */
  bannedForMs: number | undefined
  /** It sends so much, or so much nonsense, that only a tenth of it is read. */
  slowed: boolean
  /** Why it is kept out, or gets no work, and for how long: milliseconds, undefined for good. */
  refusals: readonly { reason: string; endsInMs: number | undefined }[]
  /** Its part of this node's threads now, 0 to 1; undefined unless several peers want them. */
  share: number | undefined
  /** What it signed for units that we did for it. */
  receipts: ReceiptCount
}

/** Peers that flood this node or break the protocol: docs/abuse.md. */
export interface ConductSummary {
  /** Peers sent away for a while; neighbours of which a tenth is read. */
  bannedNow: number
  slowedNow: number
  /** Since the start: peers sent away, subnets, and what was done, by name. */
  bans: number
  subnetBans: number
  misdeeds: Readonly<Record<Misdeed, number>>
}

/** Receipts held, and the units that they say were accepted. */
export interface ReceiptCount {
  receipts: number
  accepted: number
}

/** Why a node does no work for others. */
export type DonationReason =
  /** It has no threads for units. */
  'no-cpus' | 'finishing' | 'paused' | 'unmeasured' | 'hours' | 'battery' | 'input' | 'load'

/** Whether a node works for others now. */
export interface DonationView {
  donating: boolean
  /** Undefined while donating. */
  reason: DonationReason | undefined
  /** Until that may change by itself, milliseconds; undefined where nobody knows. */
  changesInMs: number | undefined
  /** Units of others that still run, or go back in a moment. */
  unitsLeft: number
}

/** A job as its host sees it. */
export interface HostedJobView {
  job: JobId
  name: string
  /** Whose job it is: what `owners` and `deny-owners` name. */
  owner: PeerId
  /** True for jobs of the node's own user. */
  own: boolean
  /** The task's hash: what `tasks` and `deny-tasks` name. */
  task: string
  tier: string
  /** As its steward was told. */
  verdict: 'serves' | 'queued' | 'rests' | 'refused'
  reason: string
  /** Units executed, and those leased now. */
  executed: number
  inFlight: number
  spentMs: number
}

/** A receipt that this node holds: all that its steward signed, and how it is exported. */
export interface ReceiptView extends Receipt {
  /** When it was signed, by the steward's wall clock; milliseconds since 1970. */
  issuedUtcMs: number
  /** Its line in a file of receipts: see docs/receipts.md. */
  line: string
}

/** What this node and a peer did for each other; shares are of all that the node gave, or received. */
export interface FavourView {
  peer: PeerId
  givenMs: number
  givenShare: number
  receivedMs: number
  receivedShare: number
  balanceMs: number
}

/** Favours of all peers together. */
export interface FavoursView {
  receivedMs: number
  givenMs: number
  /** Balances of all peers: what this node still owes, and how many it owes something. */
  owedMs: number
  owedPeers: number
  /** Those whom it owes most, at most five. */
  owed: readonly { peer: PeerId; balanceMs: number }[]
  /** Whom it served and who served it, most work first; at most 100. */
  peers: readonly FavourView[]
  /** Part of contended time, 0 to 1, that peers without a balance have now, all together. */
  newcomerShare: number
}

/** A peer that wants this node's threads while others do, too. */
export interface ContenderView {
  peer: PeerId
  /** Of contended time, 0 to 1: in proportion to balances, and a small part for all without one together. */
  share: number
  balanceMs: number
  givenMs: number
}

export interface NodeStatus {
  peer: PeerId
  version: string
  pid: number
  uptimeMs: number
  addresses: readonly string[]
  neighbours: number
  donates: boolean
  slots: number
  draining: boolean
  donation: DonationView
  stateDirectory: string
  /** As a host. */
  hosting: { jobs: number; leases: number; executing: number; unitsDone: number; spentMs: number }
  /** As a requester. */
  jobs: { running: number; ended: number }
  favours: FavoursView
  /** Who shares this node's threads now; empty unless several want them. */
  contention: readonly ContenderView[]
  /** What stewards signed for this node's work. */
  receipts: ReceiptCount & { stewards: number }
  /** What peers did wrong since the start, and what came of it. */
  conduct: ConductSummary
  residentBytes: number
}

/** A member of a private grid, as far as this node has met it. */
export interface GridMemberView {
  peer: PeerId
  /** True for this node. */
  self: boolean
  roles: readonly Role[]
  /** The invitation by which it came, or the member that certified it; undefined: the grid's own key. */
  cameBy: PeerId | undefined
  /** Milliseconds since 1970. */
  expiresUtcMs: number
  seenUtcMs: number | undefined
  connected: boolean
  revoked: boolean
}

export interface GridView {
  name: string
  /** As protocols name it: with the hash of its key. */
  overlayName: string
  /** Peer id of the grid's key. */
  authority: PeerId
  /** Whether the grid was founded on this node, which holds its key. */
  founder: boolean
  /** This node first, then the last seen first. */
  members: readonly GridMemberView[]
  /** Revoked members and invitations that this node never met. */
  revokedElse: readonly PeerId[]
}

export interface RevokedView {
  /** The member or invitation, whole. */
  revoked: PeerId
  /** Members met who are out by it. */
  members: readonly PeerId[]
}

export interface InvitationView {
  grid: string
  /** What to send to whom it is for; whoever holds it may join. */
  text: string
  /** Its id: what `revoke` takes. */
  invitation: PeerId
  roles: readonly Role[]
  expiresUtcMs: number
  forPeer: PeerId | undefined
}

export interface GatewayResults {
  grid: GridView
  invite: InvitationView
  revoke: RevokedView
  submit: { job: JobId }
  append: { units: number }
  close: { units: number }
  results: { units: number }
  watch: JobView
  trail: { events: number }
  jobs: { jobs: readonly JobView[] }
  show: JobView
  why: WhyView
  cancel: JobView
  peers: { peers: readonly PeerView[] }
  status: NodeStatus
  dial: { peer: PeerId }
  receipts: { receipts: readonly ReceiptView[] }
  hosted: { jobs: readonly HostedJobView[] }
  pause: DonationView
  resume: DonationView
  lists: ListsView
  enlist: EnlistedView
  delist: { removed: number }
  importList: { list: ImportedListView; replaced: number | undefined; neighbours: number }
  exportList: { text: string; entries: number }
  inspect: InspectView
  drain: Record<string, never>
  finish: Record<string, never>
}

/** What each stream method yields. */
export interface GatewayStreams {
  results: readonly ResultRecord[]
  trail: TrailEvent
  watch: JobView
}
