/**
 * The journal: what the core wants remembered, as keys of the store. Entries that arrive while a write is under way
 * share the next one, so a thousand leases cost one sync.
 *
 * | key | value |
 * | --- | --- |
 * | `job/JOB` | `JobRecord` |
 * | `lease/JOB/LEASE` | host and runs |
 * | `in/JOB/..`, the spool `JOB-in` | inputs of a list job: see input-packs.ts |
 * | `out/JOB/..`, `was/JOB/..`, `new/JOB/..`, the spool `JOB-out` | canonical results: see result-packs.ts |
 * | `trail/JOB/INDEX` | what happened to the job |
 * | `ledger/PEER`, `standing/PEER`, `peer/PEER`, `member/PEER`, `revoked/PEER/BY` | their records |
 * | `receipt/STEWARD/JOB/PERIOD` | what the steward signed: see receipts.ts |
 * | `meta/identity` | private key |
 * | `list/command`, `list/from/NAME` | whom and what the operator denies and allows: lists/list-book.ts |
 * | `meta/pause` | end of a pause, wall clock; not there when there is none |
 *
 * The inputs of a running list job take as much disk as its source is long, and go in one range when it ends. How far
 * the source may be ahead of verified results is bounded (`limits.inputUnitsAheadMax`, `inputBytesAheadMax`).
 */

import { z } from 'zod'
import type { JournalRecord } from '../core/effect.js'
import type { RestoredJob } from '../core/event.js'
import type {
  HeldReceipt,
  JobRecord,
  LedgerRecord,
  MemberRecord,
  PeerRecord,
  RevocationRecord,
  StandingRecord,
} from '../core/kit/records.js'
import type { Store, StoreWrite } from '../ports/store.js'
import { bytesSchema } from '../protocol/bytes.js'
import { decode, encode } from '../protocol/codec.js'
import { failureCodes, isGridError } from '../protocol/errors.js'
import { jobPhases } from '../protocol/gateway-api.js'
import { type JobId, jobIdSchema, peerIdSchema } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { type Manifest, unitCountOf } from '../protocol/manifest.js'
import { revocationSchema, roles } from '../protocol/membership.js'
import type { UnitRun } from '../protocol/unit-runs.js'
import { clearInputs, countInputs } from './input-packs.js'
import { readReceipts } from './receipts.js'
import { clearResults, ResultWrites, readCanonical, readWithdrawn } from './result-packs.js'
import { clearSpools, spoolOf } from './spooled-values.js'
import { hex, under, unitDigits, unitOfKey } from './store-keys.js'

const leaseDigits = 14
const serialDigits = 14

export const keyOf = {
  identity: 'meta/identity',
  stamp: 'meta/stamp',
  pause: 'meta/pause',
  ownList: 'list/command',
  importedList: (name: string) => `list/from/${name}`,
  job: (job: JobId) => `job/${job}`,
  lease: (job: JobId, lease: number) => `lease/${job}/${hex(lease, leaseDigits)}`,
  receipt: ({ steward, job, period }: Pick<HeldReceipt, 'steward' | 'job' | 'period'>) =>
    `receipt/${steward}/${job}/${hex(period, serialDigits)}`,
}

const count = z.number().int().min(0)
const jobRecordSchema = z.object({
  job: jobIdSchema,
  phase: z.enum(jobPhases),
  appended: count,
  appendedBytes: count,
  inputsClosed: z.boolean(),
  hit: count.optional(),
  errorCode: z.enum(failureCodes).optional(),
  error: z.string().optional(),
  submittedMs: z.number(),
  endedMs: z.number().optional(),
  unchecked: count,
  executions: count,
  reassigned: count,
  recomputed: count,
  aborted: count,
  disputed: count,
  audited: count.default(0),
  withdrawn: count.default(0),
  corrected: count.default(0),
  verified: count,
  hosts: z.array(
    z.object({
      peer: peerIdSchema,
      executed: count,
      accepted: count,
      rejected: count,
      aborted: count,
      spentMs: z.number(),
    }),
  ),
})
const leaseSchema = z.object({
  host: peerIdSchema,
  runs: z.array(z.tuple([count, count])),
})
const ledgerSchema = z.object({
  peer: peerIdSchema,
  receivedMs: z.number(),
  givenMs: z.number(),
  balanceMs: z.number(),
  lentMs: z.number().default(0),
  bookedMs: z.number().default(0),
})
const standingSchema = z.object({
  peer: peerIdSchema,
  accepted: count,
  checked: count.default(0),
  audited: count.default(0),
  refuted: count,
  bannedUntilMs: z.number(),
})
const memberSchema = z.object({
  peer: peerIdSchema,
  roles: z.array(z.enum(roles)),
  lineage: z.array(peerIdSchema),
  through: peerIdSchema.optional(),
  expiresMs: z.number(),
  seenMs: z.number(),
  chain: bytesSchema,
})
const revokedSchema = z.object({
  revoked: peerIdSchema,
  signer: peerIdSchema,
  packed: revocationSchema,
})
const peerSchema = z.object({
  peer: peerIdSchema,
  addresses: z.array(z.string()),
  seenMs: z.number(),
})

export interface Journal {
  /** Writes an entry; answers through `durable` or `failed`, in order of the entries. */
  append(entry: number, records: readonly JournalRecord[]): void
  /** Bytes that wait for the disk: the node reads no more from peers while they are many. */
  readonly backlogBytes: number
  /** Resolves when everything appended so far is on disk or has failed. */
  idle(): Promise<void>
}

export interface JournalHandlers {
  durable(entry: number): void
  failed(entry: number, reason: string): void
  /** A write has reached the disk. */
  written?(elapsedMs: number): void
}

/** A record as it waits for its write: results are packed with others then. */
type Waiting = StoreWrite | Extract<JournalRecord, { type: 'result' | 'result-withdrawn' }>

export function createJournal(store: Store, handlers: JournalHandlers): Journal {
  let pending: { entry: number; waiting: Waiting[]; ended: JobId[] }[] = []
  let backlogBytes = 0
  let writing: Promise<void> | undefined
  /** Units of running jobs whose first result was withdrawn. */
  const withdrawn = new Map<JobId, Set<number>>()

  const knowWithdrawn = async (job: JobId) => {
    let units = withdrawn.get(job)
    if (units !== undefined) return units
    units = new Set()
    for await (const unit of readWithdrawn(store, job)) units.add(unit)
    withdrawn.set(job, units)
    return units
  }

  const writesOf = async (waiting: readonly Waiting[]): Promise<StoreWrite[]> => {
    const writes: StoreWrite[] = []
    const results = new ResultWrites(store, (job, unit) => withdrawn.get(job)?.has(unit) === true)
    for (const item of waiting) {
      if (item.type === 'put' || item.type === 'delete') {
        writes.push(item)
        continue
      }
      const units = withdrawn.get(item.job) ?? (await knowWithdrawn(item.job))
      if (item.type === 'result') results.add(item.job, item.result)
      else if (await results.withdraw(item.job, item.unit)) units.add(item.unit)
    }
    return [...writes, ...(await results.writes())]
  }

  const flush = async () => {
    while (pending.length > 0) {
      const batch = pending
      pending = []
      try {
        const startMs = performance.now()
        await store.write(await writesOf(batch.flatMap(({ waiting }) => waiting)))
        handlers.written?.(performance.now() - startMs)
        for (const { entry } of batch) if (entry !== 0) handlers.durable(entry)
      } catch (error) {
        // What it marked may not be on disk: read again.
        withdrawn.clear()
        const reason = error instanceof Error ? error.message : String(error)
        const hint = isGridError(error) && error.hint !== undefined ? ` (${error.hint})` : ''
        for (const { entry } of batch) if (entry !== 0) handlers.failed(entry, reason + hint)
      }
      for (const { waiting } of batch) for (const item of waiting) backlogBytes -= sizeOf(item)
      const ended = batch.flatMap(({ ended }) => ended)
      for (const job of ended) withdrawn.delete(job)
      // What a failing disk keeps goes when the journal is read the next time.
      for (const job of ended) await clearInputs(store, job).catch(() => {})
    }
    writing = undefined
  }

  return {
    append(entry, records) {
      const waiting = records.flatMap(toWrites)
      for (const item of waiting) backlogBytes += sizeOf(item)
      pending.push({ entry, waiting, ended: records.flatMap(endedBy) })
      // The next microtask: entries of one turn of the core travel together.
      writing ??= Promise.resolve().then(flush)
    },
    get backlogBytes() {
      return backlogBytes
    },
    idle: async () => {
      while (writing !== undefined) await writing
    },
  }
}

/** Of a result beside its output. */
const resultBytes = 32

function sizeOf(item: Waiting): number {
  if (item.type === 'result') return resultBytes + item.result.output.length
  if (item.type === 'result-withdrawn') return resultBytes
  return item.key.length + (item.type === 'put' ? item.value.length : 0)
}

function endedBy(record: JournalRecord): JobId[] {
  return record.type === 'job' && record.record.phase !== 'running' ? [record.record.job] : []
}

function toWrites(record: JournalRecord): Waiting[] {
  const put = (key: string, value: unknown): StoreWrite => ({
    type: 'put',
    key,
    value: encode(value),
  })
  switch (record.type) {
    case 'job':
      return [put(keyOf.job(record.record.job), record.record)]
    case 'lease-granted': {
      const { job, lease, host, runs } = record
      return [put(keyOf.lease(job, lease), { host, runs })]
    }
    case 'lease-settled':
      return [{ type: 'delete', key: keyOf.lease(record.job, record.lease) }]
    case 'result':
    case 'result-withdrawn':
      return [record]
    case 'trail': {
      const { index } = record.event
      return [put(`trail/${record.job}/${hex(index, unitDigits)}`, record.event)]
    }
    case 'ledger':
      return [put(`ledger/${record.record.peer}`, record.record)]
    case 'ledger-forgotten':
      return [{ type: 'delete', key: `ledger/${record.peer}` }]
    case 'standing':
      return [put(`standing/${record.record.peer}`, record.record)]
    case 'peer':
      return [put(`peer/${record.record.peer}`, record.record)]
    case 'member':
      return [put(`member/${record.record.peer}`, record.record)]
    case 'member-forgotten':
      return [{ type: 'delete', key: `member/${record.peer}` }]
    case 'revocation':
      return [put(`revoked/${record.record.revoked}/${record.record.signer}`, record.record)]
    case 'peer-forgotten':
      return [{ type: 'delete', key: `peer/${record.peer}` }]
    case 'receipt':
      if (record.sealed === undefined) return []
      return [put(keyOf.receipt(record.receipt), record.sealed)]
    case 'receipt-forgotten':
      return [{ type: 'delete', key: keyOf.receipt(record.receipt) }]
    case 'pause':
      if (record.untilUtcMs === undefined) return [{ type: 'delete', key: keyOf.pause }]
      return [put(keyOf.pause, pauseOf(record.untilUtcMs))]
  }
}

export interface Memory {
  jobs: RestoredJob[]
  ledger: LedgerRecord[]
  standing: StandingRecord[]
  peers: PeerRecord[]
  members: MemberRecord[]
  revoked: RevocationRecord[]
  receipts: HeldReceipt[]
  pausedUntilUtcMs: number | undefined
}

/**
 * Reads back what earlier lives left.
 *
 * @param manifestOf  a job's manifest from its blob; undefined when it is gone, which ends the job's memory
 */
export async function recall(
  store: Store,
  manifestOf: (job: JobId) => Promise<Manifest | undefined>,
): Promise<Memory> {
  const records = (await readAll(store, 'job', jobRecordSchema)) as JobRecord[]
  const ended = records
    .filter(({ phase }) => phase !== 'running')
    .sort((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0))
  const forgotten = new Set(ended.slice(limits.endedJobsMax).map(({ job }) => job))
  const jobs: RestoredJob[] = []
  for (const record of records) {
    const manifest = forgotten.has(record.job) ? undefined : await manifestOf(record.job)
    if (manifest === undefined) await forgetJob(store, record.job)
    else jobs.push(await recallJob(store, record, manifest))
  }
  await clearSpools(store, new Set(jobs.flatMap(spoolsOf)))
  return {
    jobs,
    ledger: await readAll(store, 'ledger', ledgerSchema),
    standing: await readAll(store, 'standing', standingSchema),
    peers: await readAll(store, 'peer', peerSchema),
    members: (await readAll(store, 'member', memberSchema))
      .map((record) => ({ ...record, through: record.through }))
      .sort((a, b) => a.seenMs - b.seenMs),
    revoked: await readAll(store, 'revoked', revokedSchema),
    receipts: await recallReceipts(store),
    pausedUntilUtcMs: await recallPause(store),
  }
}

/** Results stay as long as the job is remembered. */
function spoolsOf({ record: { job, phase } }: RestoredJob): string[] {
  const results = spoolOf(job, 'out')
  return phase === 'running' ? [spoolOf(job, 'in'), results] : [results]
}

async function recallReceipts(store: Store): Promise<HeldReceipt[]> {
  const held: HeldReceipt[] = []
  for await (const { statement } of readReceipts(store)) {
    const { steward, job, period, serial, accepted } = statement
    held.push({ steward, job, period, serial, accepted })
  }
  return held
}

/** A pause without an end is `null` on disk. */
const pauseSchema = z.object({ untilUtcMs: z.number().nullable() })

function pauseOf(untilUtcMs: number): z.infer<typeof pauseSchema> {
  return { untilUtcMs: Number.isFinite(untilUtcMs) ? untilUtcMs : null }
}

async function recallPause(store: Store): Promise<number | undefined> {
  const kept = await store.get(keyOf.pause)
  if (kept === undefined) return undefined
  const { untilUtcMs } = decode(kept, pauseSchema, 'the stored pause')
  return untilUtcMs ?? Number.POSITIVE_INFINITY
}

async function recallJob(
  store: Store,
  record: JobRecord,
  manifest: Manifest,
): Promise<RestoredJob> {
  if (record.phase !== 'running') {
    await clearInputs(store, record.job)
    return { record, manifest, canonical: [], leases: [], trailLength: 0 }
  }
  const canonical = await readCanonical(store, record.job)
  const leases = []
  for await (const [key, value] of store.scan(under(`lease/${record.job}`))) {
    const { host, runs } = decode(value, leaseSchema, 'a stored lease')
    leases.push({ lease: unitOfKey(key), host, runs: runs as UnitRun[] })
  }
  // Inputs are on disk before the record counts them.
  const appended =
    unitCountOf(manifest.inputs) ?? (await countInputs(store, record.job, record.appended))
  let trailLength = 0
  for await (const _ of store.keys(under(`trail/${record.job}`))) trailLength++
  return { record: { ...record, appended }, manifest, canonical, leases, trailLength }
}

/** Deletes all that is kept of a job; blobs stay, other jobs may share them. */
export async function forgetJob(store: Store, job: JobId): Promise<void> {
  await clearInputs(store, job)
  await clearResults(store, job)
  for (const kind of ['lease', 'trail']) await store.clear(under(`${kind}/${job}`))
  await store.write([{ type: 'delete', key: keyOf.job(job) }])
}

async function readAll<T>(store: Store, prefix: string, schema: z.ZodType<T>): Promise<T[]> {
  const values: T[] = []
  for await (const [key, value] of store.scan(under(prefix)))
    values.push(decode(value, schema, `the stored ${key}`))
  return values
}
