/**
 * What neighbours say to each other. One table, one schema a message; what does not fit is the sender's fault and
 * costs it the connection.
 *
 * Durations travel, absolute times never do. Votes, adverts and receipts are sealed: their bodies are signed bytes.
 */

import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { blobHashSchema, jobIdSchema, peerIdSchema } from './ids.js'
import { limits } from './limits.js'
import { revocationSchema } from './membership.js'
import { abortReasons } from './outcome.js'
import { sealedSchema } from './seal.js'
import { tiers } from './task-bundle.js'
import { unitRunsSchema } from './unit-runs.js'

const text = z.string().max(limits.textCharsMax)
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const durationMs = z.number().int().min(0).max(86_400_000)
const bytes = bytesSchema
const leaseId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const leaseIds = z.array(leaseId).max(limits.leasesPerHostMax)
const slots = z.number().int().min(1).max(1024)
const addresses = z.array(z.string().min(1).max(limits.addressCharsMax)).max(limits.addressesMax)

/** Signed by the steward; passed from neighbour to neighbour until it expires. */
export const advertBodySchema = z.strictObject({
  job: jobIdSchema,
  steward: peerIdSchema,
  addresses,
  /** Counts the adverts of this job: the newest wins. */
  serial: count,
  ttlMs: durationMs.max(limits.advertTtlMsMax),
  /** True once the job has ended: hosts forget it. */
  closed: z.boolean(),
  name: z.string().max(100),
  /** The job's owner; the manifest proves it. */
  requester: peerIdSchema,
  taskHash: blobHashSchema,
  tier: z.enum(tiers),
  unitMemoryBytesMax: count,
})
export type AdvertBody = z.infer<typeof advertBodySchema>

/** Signed by the host: these units, these digests. Columns run parallel to the units of `runs`. */
export const voteBodySchema = z.strictObject({
  job: jobIdSchema,
  lease: leaseId,
  runs: unitRunsSchema,
  /** One byte a unit: index into `resultKinds`. */
  kinds: bytes,
  /** 32 bytes a unit. */
  digests: bytes,
  /** Sum over the batch, milliseconds of thread time; the host's own word. */
  spentMs: z.number().min(0).max(86_400_000),
  /** Sum over the batch. */
  fuel: count,
})
export type VoteBody = z.infer<typeof voteBodySchema>

/** Why a host does or does not serve a job, in words that `why` shows. */
export const answerVerdicts = ['serves', 'queued', 'refused'] as const

const wire = {
  /** First on every stream, both ways. */
  hello: z.strictObject({
    type: z.literal('hello'),
    version: z.literal(1),
    agent: text,
    /** Whether this node executes other people's units. */
    donates: z.boolean(),
    addresses,
  }),
  introduce: z.strictObject({
    type: z.literal('introduce'),
    peers: z
      .array(z.strictObject({ peer: peerIdSchema, addresses }))
      .max(limits.introductionPeersMax),
  }),
  advert: z.strictObject({
    type: z.literal('advert'),
    sealed: sealedSchema,
    hops: z.number().int().min(0).max(limits.advertHopsMax),
    /** The job's sealed manifest, from its steward alone, where it is short. */
    manifest: bytes.refine((sealed) => sealed.length <= limits.enclosedManifestBytesMax).optional(),
  }),
  /** Host to steward, once an advert is judged and when that changes. */
  answer: z.strictObject({
    type: z.literal('answer'),
    job: jobIdSchema,
    verdict: z.enum(answerVerdicts),
    reason: text,
  }),
  /** Host to steward: room for work. The steward answers at once or as soon as it has some. */
  want: z.strictObject({
    type: z.literal('want'),
    job: jobIdSchema,
    /** Threads that this host would use for the job. */
    slots,
  }),
  lease: z.strictObject({
    type: z.literal('lease'),
    job: jobIdSchema,
    lease: leaseId,
    runs: unitRunsSchema,
    /** Renew well before this runs out. */
    leaseMs: durationMs,
    /** Results may wait so long for company before they travel as a vote, which renews the job's leases. */
    voteMs: durationMs,
    /** List jobs: one input a unit, in the order of `runs`. Range jobs: empty. */
    inputs: z.array(bytes).max(limits.leaseUnitsMax),
  }),
  /** Steward to host: nothing for you now, and why. A parked `want` stays parked. */
  decline: z.strictObject({
    type: z.literal('decline'),
    job: jobIdSchema,
    reason: text,
    final: z.boolean(),
  }),
  /** Host to steward: every lease of this job that it still works on. */
  renew: z.strictObject({ type: z.literal('renew'), job: jobIdSchema, leases: leaseIds }),
  /** Steward to host: stop working on these; nobody waits for them any more. */
  revoke: z.strictObject({ type: z.literal('revoke'), job: jobIdSchema, leases: leaseIds }),
  /** Steward to host: others have nothing to do. Hand back those of these units that have not begun. */
  recall: z.strictObject({
    type: z.literal('recall'),
    job: jobIdSchema,
    lease: leaseId,
    runs: unitRunsSchema,
  }),
  /** Host to steward: units handed back unexecuted. */
  release: z.strictObject({
    type: z.literal('release'),
    job: jobIdSchema,
    lease: leaseId,
    runs: unitRunsSchema,
  }),
  /** Host to steward. `outputs` runs parallel to the units of the sealed body. */
  vote: z.strictObject({
    type: z.literal('vote'),
    sealed: sealedSchema,
    outputs: z.array(bytes).max(limits.leaseUnitsMax),
    /** A `want` that goes along, with the threads it names: hosts of a lease after the other ask so. */
    wantSlots: slots.optional(),
  }),
  /** Host to steward: replicas that ended without a result. */
  abort: z.strictObject({
    type: z.literal('abort'),
    job: jobIdSchema,
    lease: leaseId,
    unit: count,
    reason: z.enum(abortReasons),
    message: text,
  }),
  /** Steward to host, now and then and at the end of a job: see receipt.ts. */
  receipt: z.strictObject({ type: z.literal('receipt'), sealed: sealedSchema }),
  /** Private grids: who is out. Passed on once by everybody. */
  revocations: z.strictObject({
    type: z.literal('revocations'),
    revoked: z.array(revocationSchema).min(1).max(limits.revocationsPerMessageMax),
  }),
  /** Private grids, from a member who may invite: a certificate for the one who came by an invitation. */
  membership: z.strictObject({
    type: z.literal('membership'),
    chain: bytes.refine((chain) => chain.length <= 6 * 1024),
  }),
} as const

export const peerMessageSchema = z.discriminatedUnion('type', [
  wire.revocations,
  wire.membership,
  wire.hello,
  wire.introduce,
  wire.advert,
  wire.answer,
  wire.want,
  wire.lease,
  wire.decline,
  wire.renew,
  wire.revoke,
  wire.recall,
  wire.release,
  wire.vote,
  wire.abort,
  wire.receipt,
])

/** A message as it travels. */
export type PeerMessage = z.infer<typeof peerMessageSchema>
