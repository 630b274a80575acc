/**
 * Canonical results as the store keeps them: consecutive units that become canonical together are one entry, since
 * keys are what a write costs.
 *
 * | key | value |
 * | --- | --- |
 * | `out/JOB/LAST/FIRST` | results of the units from FIRST to LAST; by LAST, so that a search from a unit finds its pack |
 * | `was/JOB/UNIT` | the unit's result in its pack was withdrawn; its hash, empty when different ones were |
 * | `new/JOB/UNIT` | the result that a withdrawn unit has now |
 */
import { z } from 'zod'
import type { Store, StoreWrite } from '../ports/store.js'
import { bytesSchema } from '../protocol/bytes.js'
import { decode, encode } from '../protocol/codec.js'
import { GridError } from '../protocol/errors.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId, UnitIndex } from '../protocol/ids.js'
import { resultKinds } from '../protocol/outcome.js'
import { digestOutput } from './output-digest.js'
import { damage, type Entry, spoolLong, spoolOf, storedValue } from './spooled-values.js'
import { hex, under, unitDigits, unitOfKey } from './store-keys.js'

/** A reader of one unit reads its whole pack: milliseconds at most. */
const packResultsMax = 1_024
const packBytesMax = 256 * 1_024

/** Parallel columns: one byte a unit, one byte a unit, four bytes a unit (where its output ends), the outputs. */
const packSchema = z.tuple([bytesSchema, bytesSchema, bytesSchema, bytesSchema])

const packKey = (job: JobId, first: UnitIndex, last: UnitIndex) =>
  `out/${job}/${hex(last, unitDigits)}/${hex(first, unitDigits)}`
const withdrawnKey = (job: JobId, unit: UnitIndex) => `was/${job}/${hex(unit, unitDigits)}`
const renewedKey = (job: JobId, unit: UnitIndex) => `new/${job}/${hex(unit, unitDigits)}`

/** Deletes the results of a job. */
export async function clearResults(store: Store, job: JobId): Promise<void> {
  for (const kind of ['out', 'was', 'new']) await store.clear(under(`${kind}/${job}`))
  await store.removeSpool(spoolOf(job, 'out'))
}

function unitsOfPackKey(key: string): { first: UnitIndex; last: UnitIndex } {
  return { first: unitOfKey(key), last: unitOfKey(key.slice(0, key.lastIndexOf('/'))) }
}

/** Gathers results and withdrawals of one write, in their order, and turns them into entries. */
export class ResultWrites {
  readonly #store: Store
  readonly #isWithdrawn: (job: JobId, unit: UnitIndex) => boolean
  readonly #packs: { job: JobId; results: ResultRecord[]; bytes: number }[] = []
  readonly #renewed = new Map<string, Uint8Array | undefined>()
  readonly #marks = new Map<string, Uint8Array>()

  /** @param isWithdrawn  whether a unit's result in its pack counts no more */
  constructor(store: Store, isWithdrawn: (job: JobId, unit: UnitIndex) => boolean) {
    this.#store = store
    this.#isWithdrawn = isWithdrawn
  }

  add(job: JobId, result: ResultRecord): void {
    if (this.#isWithdrawn(job, result.unit)) {
      this.#renewed.set(renewedKey(job, result.unit), packResults([result]))
      return
    }
    const pack = this.#packs.at(-1)
    const bytes = result.output.length
    if (
      pack?.job === job &&
      pack.results.at(-1)?.unit === result.unit - 1 &&
      pack.results.length < packResultsMax &&
      pack.bytes + bytes <= packBytesMax
    ) {
      pack.results.push(result)
      pack.bytes += bytes
    } else this.#packs.push({ job, results: [result], bytes })
  }

  /**
   * Leaves the hash of what is withdrawn, so that readers hear of a new result that differs, also after a restart.
   *
   * @returns false when the unit has no result
   */
  async withdraw(job: JobId, unit: UnitIndex): Promise<boolean> {
    const current = await this.#current(job, unit)
    if (current === undefined) return false
    const hash = hashOf(current)
    const markKey = withdrawnKey(job, unit)
    const before = this.#marks.get(markKey) ?? (await this.#store.get(markKey))
    const isSame = before === undefined || Buffer.compare(before, hash) === 0
    this.#marks.set(markKey, isSame ? hash : new Uint8Array())
    this.#renewed.set(renewedKey(job, unit), undefined)
    return true
  }

  async #current(job: JobId, unit: UnitIndex): Promise<ResultRecord | undefined> {
    const key = renewedKey(job, unit)
    if (this.#renewed.has(key)) {
      const renewed = this.#renewed.get(key)
      return renewed === undefined ? undefined : unpackResults(unit, unit, renewed)[0]
    }
    for (const { job: its, results } of this.#packs) {
      const first = results[0]?.unit ?? unit
      if (its === job && first <= unit && unit < first + results.length)
        return results[unit - first]
    }
    return await readResult(this.#store, job, unit)
  }

  /** What is to be written; long packs are in their job's spool by then. */
  async writes(): Promise<StoreWrite[]> {
    const writes: StoreWrite[] = []
    for (const job of new Set(this.#packs.map(({ job }) => job)))
      writes.push(...(await spoolLong(this.#store, spoolOf(job, 'out'), this.#entriesOf(job))))
    for (const [key, value] of this.#marks) writes.push({ type: 'put', key, value })
    for (const [key, value] of this.#renewed)
      writes.push(value === undefined ? { type: 'delete', key } : { type: 'put', key, value })
    return writes
  }

  #entriesOf(job: JobId): Entry[] {
    const packs = this.#packs.filter((pack) => pack.job === job)
    return packs.map(({ results }) => {
      const first = results[0]?.unit ?? 0
      const key = packKey(job, first, first + results.length - 1)
      return { key, value: packResults(results) }
    })
  }
}

function packResults(results: readonly ResultRecord[]): Uint8Array {
  const kinds = new Uint8Array(results.length)
  const agreed = new Uint8Array(results.length)
  const ends = new Uint8Array(4 * results.length)
  const endsView = new DataView(ends.buffer)
  let bytes = 0
  results.forEach((result, i) => {
    kinds[i] = resultKinds.indexOf(result.kind)
    agreed[i] = Math.min(result.agreed, 255)
    bytes += result.output.length
    endsView.setUint32(4 * i, bytes, true)
  })
  const outputs = new Uint8Array(bytes)
  let at = 0
  for (const { output } of results) {
    outputs.set(output, at)
    at += output.length
  }
  return encode([kinds, agreed, ends, outputs] satisfies z.infer<typeof packSchema>)
}

/** Outputs are views of the pack. */
function unpackResults(first: UnitIndex, last: UnitIndex, value: Uint8Array): ResultRecord[] {
  const [kinds, agreed, ends, outputs] = decode(value, packSchema, 'stored results')
  const count = last - first + 1
  if (kinds.length !== count || agreed.length !== count || ends.length !== 4 * count)
    throw new GridError('MH_STATE_CORRUPT', 'stored results have columns of other lengths', {
      blame: 'local',
    })
  const endsView = new DataView(ends.buffer, ends.byteOffset, ends.byteLength)
  const results: ResultRecord[] = []
  let from = 0
  for (let i = 0; i < count; i++) {
    const end = endsView.getUint32(4 * i, true)
    const kind = resultKinds[kinds[i] ?? resultKinds.length] ?? 'trap'
    const output = outputs.subarray(from, end)
    results.push({ unit: first + i, kind, agreed: agreed[i] ?? 1, output })
    from = end
  }
  return results
}

/** What a result says, whoever agreed on it. */
function hashOf(result: ResultRecord): Uint8Array {
  return digestOutput(resultKinds.indexOf(result.kind), result.output)
}

/** Results of a pack in the store that are still canonical, and the pack's end. */
interface PackRead {
  results: ResultRecord[]
  last: UnitIndex
}

/** Packs from the one that has `from` on, in order. */
async function* readPacks(
  store: Store,
  job: JobId,
  from: UnitIndex,
  limit?: number,
): AsyncGenerator<PackRead, void, void> {
  const range = { ...under(`out/${job}`), from: `out/${job}/${hex(from, unitDigits)}` }
  for await (const [key, value] of store.scan(limit === undefined ? range : { ...range, limit })) {
    const { first, last } = unitsOfPackKey(key)
    const content = await storedValue(store, spoolOf(job, 'out'), key, value)
    if (content === undefined) throw damage(`results from unit ${first} on are gone`)
    const results = unpackResults(first, last, content)
    yield { results: first < from ? results.slice(from - first) : results, last }
  }
}

/** Puts right what was withdrawn among results that were read before; units ascend. */
async function corrected(
  store: Store,
  job: JobId,
  results: ResultRecord[],
): Promise<ResultRecord[]> {
  const first = results[0]
  const last = results.at(-1)
  if (first === undefined || last === undefined) return results
  const now = new Map<UnitIndex, ResultRecord | undefined>()
  const range = { from: withdrawnKey(job, first.unit), to: withdrawnKey(job, last.unit + 1) }
  for await (const key of store.keys(range)) {
    const unit = unitOfKey(key)
    now.set(unit, await readRenewed(store, job, unit))
  }
  if (now.size === 0) return results
  return results.flatMap((result) => {
    if (!now.has(result.unit)) return [result]
    const renewed = now.get(result.unit)
    return renewed === undefined ? [] : [renewed]
  })
}

async function readRenewed(
  store: Store,
  job: JobId,
  unit: UnitIndex,
): Promise<ResultRecord | undefined> {
  const value = await store.get(renewedKey(job, unit))
  return value === undefined ? undefined : unpackResults(unit, unit, value)[0]
}

/**
 * Canonical results from a unit on, in order, in batches; units without one are left out.
 *
 * @param resultsMax, bytesMax  of a batch, but for a single pack that is larger
 */
export async function* readResults(
  store: Store,
  job: JobId,
  from: UnitIndex,
  { resultsMax, bytesMax }: { resultsMax: number; bytesMax: number },
): AsyncGenerator<ResultRecord[], void, void> {
  let batch: ResultRecord[] = []
  let bytes = 0
  for await (const { results } of readPacks(store, job, from)) {
    const more = results.reduce((sum, { output }) => sum + output.length, 0)
    if (
      batch.length > 0 &&
      (batch.length + results.length > resultsMax || bytes + more > bytesMax)
    ) {
      yield await corrected(store, job, batch)
      batch = []
      bytes = 0
    }
    for (const result of results) batch.push(result)
    bytes += more
  }
  if (batch.length > 0) yield await corrected(store, job, batch)
}

/** The canonical results among `units`, which ascend, a pack at a time. */
export async function* readUnits(
  store: Store,
  job: JobId,
  units: readonly UnitIndex[],
): AsyncGenerator<ResultRecord[], void, void> {
  let i = 0
  while (i < units.length) {
    const unit = units[i] as UnitIndex
    let last = unit
    for await (const pack of readPacks(store, job, unit, 1)) {
      const wanted = new Set<UnitIndex>()
      last = Math.max(unit, pack.last)
      for (let j = i; j < units.length && (units[j] as UnitIndex) <= last; j++)
        wanted.add(units[j] as UnitIndex)
      const results = pack.results.filter((result) => wanted.has(result.unit))
      const right = await corrected(store, job, results)
      if (right.length > 0) yield right
    }
    while (i < units.length && (units[i] as UnitIndex) <= last) i++
  }
}

async function readResult(
  store: Store,
  job: JobId,
  unit: UnitIndex,
): Promise<ResultRecord | undefined> {
  for await (const [result] of readUnits(store, job, [unit])) return result
  return undefined
}

/**
 * The result of a unit that readers may have had another result of.
 *
 * @returns undefined when it has none now, or still the same
 */
export async function readRevised(
  store: Store,
  job: JobId,
  unit: UnitIndex,
): Promise<ResultRecord | undefined> {
  const was = await store.get(withdrawnKey(job, unit))
  if (was === undefined) return undefined
  const now = await readRenewed(store, job, unit)
  if (now === undefined || Buffer.compare(was, hashOf(now)) === 0) return undefined
  return { ...now, revised: true }
}

/** Units whose first result was withdrawn, in order. */
export async function* readWithdrawn(store: Store, job: JobId): AsyncGenerator<UnitIndex> {
  for await (const key of store.keys(under(`was/${job}`))) yield unitOfKey(key)
}

/** Units with a canonical result as runs, from keys alone. */
export async function readCanonical(store: Store, job: JobId): Promise<[UnitIndex, number][]> {
  const open = new Set<UnitIndex>()
  for await (const unit of readWithdrawn(store, job)) open.add(unit)
  for await (const key of store.keys(under(`new/${job}`))) open.delete(unitOfKey(key))
  const runs: [UnitIndex, number][] = []
  const addRun = (first: UnitIndex, end: UnitIndex) => {
    if (first === end) return
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === first) last[1] += end - first
    else runs.push([first, end - first])
  }
  for await (const key of store.keys(under(`out/${job}`))) {
    const { first, last } = unitsOfPackKey(key)
    let from = first
    for (let unit = first; open.size > 0 && unit <= last; unit++) {
      if (!open.has(unit)) continue
      addRun(from, unit)
      from = unit + 1
    }
    addRun(from, last + 1)
  }
  return runs
}
