/**
 * Inputs of list jobs as the store keeps them: those that arrive together are one pack, since keys are what a write
 * costs. A pack holds where each of its inputs ends, four bytes a unit, and then all of them; the only one of a pack
 * stands there as it is. They stay until the job ends: any result may be withdrawn or audited before.
 *
 * | key | value |
 * | --- | --- |
 * | `in/JOB/LAST/FIRST` | the pack of the units from FIRST to LAST |
 * | `in/JOB/LAST/FIRST~` | where that pack lies in the job's spool: long ones, since bytes are what a key costs |
 */
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Store, StoreWrite } from '../ports/store.js'
import { decode, encode } from '../protocol/codec.js'
import { GridError, isGridError } from '../protocol/errors.js'
import type { JobId, UnitIndex } from '../protocol/ids.js'
import { hex, under, unitDigits, unitOfKey } from './store-keys.js'

/** A reader of one input reads its whole pack: a fraction of a millisecond. */
const packInputsMax = 1_024
const packBytesMax = 128 * 1_024
const endBytes = 4

/** From this length on a file of its own is cheaper than three copies in the database, though it has a sync of its own. */
const spooledBytesMin = 32 * 1_024
const spooledMark = '~'

/** Where a pack begins, how long it is and its CRC-32: files have no checksums of their own. */
const spooledSchema = z.tuple([z.number().int().min(0), z.number().int().min(0), z.number()])

interface Pack {
  first: UnitIndex
  last: UnitIndex
  value: Uint8Array
}

const packKey = (job: JobId, { first, last }: Pack) =>
  `in/${job}/${hex(last, unitDigits)}/${hex(first, unitDigits)}`

/**
 * Writes the inputs of the units from `first` on; on disk when it resolves.
 *
 * @throws {GridError} MH_DISK_FULL, MH_STORE_FAILED
 */
export async function writeInputs(
  store: Store,
  job: JobId,
  first: UnitIndex,
  inputs: readonly Uint8Array[],
): Promise<void> {
  const packs = packsOf(first, inputs)
  const long = packs.filter(({ value }) => value.length >= spooledBytesMin)
  let at = 0
  if (long.length > 0) {
    const content = long.map(({ value }) => value)
    at = await store.appendSpool(job, content)
  }
  const writes = packs.map((pack): StoreWrite => {
    const key = packKey(job, pack)
    const { value } = pack
    if (value.length < spooledBytesMin) return { type: 'put', key, value }
    const place = encode([at, value.length, crc32(value)] satisfies z.infer<typeof spooledSchema>)
    at += value.length
    return { type: 'put', key: key + spooledMark, value: place }
  })
  await store.write(writes)
}

function packsOf(first: UnitIndex, inputs: readonly Uint8Array[]): Pack[] {
  const packs: Pack[] = []
  let from = 0
  let bytes = 0
  const closePack = (to: number) => {
    if (from === to) return
    const value = packed(inputs.slice(from, to), bytes)
    packs.push({ first: first + from, last: first + to - 1, value })
    from = to
    bytes = 0
  }
  for (const [i, { length }] of inputs.entries()) {
    if (i - from === packInputsMax || bytes + length > packBytesMax) closePack(i)
    bytes += length
  }
  closePack(inputs.length)
  return packs
}

function packed(inputs: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = inputs
  if (inputs.length === 1 && only !== undefined) return only
  const pack = new Uint8Array(endBytes * inputs.length + bytes)
  const ends = new DataView(pack.buffer)
  let end = endBytes * inputs.length
  for (const [i, input] of inputs.entries()) {
    pack.set(input, end)
    end += input.length
    ends.setUint32(endBytes * i, end, true)
  }
  return pack
}

/**
 * A list job's inputs from the steward's store, in the order of `units`.
 *
 * @throws {GridError} MH_STATE_CORRUPT when one is gone, as all are when the job has ended, or was damaged
 */
export async function readInputs(
  store: Store,
  job: JobId,
  units: readonly UnitIndex[],
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  let pack: InputPack | undefined
  for (const unit of units) {
    if (pack === undefined || unit < pack.first || pack.last < unit)
      pack = await readPack(store, job, unit)
    const input = pack?.input(unit)
    if (input === undefined) throw damage(`the input of unit ${unit} is gone`)
    found.push(input)
  }
  return found
}

async function readPack(store: Store, job: JobId, unit: UnitIndex): Promise<InputPack | undefined> {
  const { to } = under(`in/${job}`)
  const from = `in/${job}/${hex(unit, unitDigits)}`
  for await (const [key, value] of store.scan({ from, to, limit: 1 })) {
    const { first } = unitsOfKey(key)
    if (first > unit) return undefined
    const content = key.endsWith(spooledMark) ? await readSpooled(store, job, value) : value
    return content && new InputPack(key, content)
  }
  return undefined
}

async function readSpooled(
  store: Store,
  job: JobId,
  place: Uint8Array,
): Promise<Uint8Array | undefined> {
  const [at, length, checksum] = decode(place, spooledSchema, 'the place of a stored input')
  const content = await store.readSpool(job, at, length)
  if (content !== undefined && crc32(content) !== checksum)
    throw damage('stored inputs are not those that were written')
  return content
}

function damage(what: string): GridError {
  return new GridError('MH_STATE_CORRUPT', what, {
    blame: 'local',
    hint: 'look after the disk of the state directory, and submit the job again',
  })
}

/** Why inputs that could not be read never will be; undefined when it may only be so now. */
export function reasonOfLoss(error: unknown): string | undefined {
  if (!isGridError(error) || error.code !== 'MH_STATE_CORRUPT') return undefined
  return error.hint === undefined ? error.message : `${error.message} (${error.hint})`
}

/** Deletes the inputs of a job. */
export async function clearInputs(store: Store, job: JobId): Promise<void> {
  await store.clear(under(`in/${job}`))
  await store.removeSpool(job)
}

/** Deletes the spools of all jobs but these. */
export async function clearSpools(store: Store, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await store.listSpools()) if (!kept.has(name)) await store.removeSpool(name)
}

/** Inputs are views of the pack. */
class InputPack {
  readonly first: UnitIndex
  readonly last: UnitIndex
  readonly #value: Uint8Array

  constructor(key: string, value: Uint8Array) {
    const { first, last } = unitsOfKey(key)
    this.first = first
    this.last = last
    this.#value = value
    const count = last - first + 1
    if (count > 1 && (value.length < endBytes * count || this.#end(count - 1) !== value.length))
      throw damage('stored inputs have another length than they say')
  }

  input(unit: UnitIndex): Uint8Array | undefined {
    if (unit < this.first || this.last < unit) return undefined
    if (this.first === this.last) return this.#value
    const i = unit - this.first
    const start = i === 0 ? endBytes * (this.last - this.first + 1) : this.#end(i - 1)
    return this.#value.subarray(start, this.#end(i))
  }

  #end(i: number): number {
    const { buffer, byteOffset } = this.#value
    return new DataView(buffer, byteOffset).getUint32(endBytes * i, true)
  }
}

/** How many inputs are there without a gap, at least `from`; by keys alone. */
export async function countInputs(store: Store, job: JobId, from: number): Promise<number> {
  let count = from
  const { to } = under(`in/${job}`)
  for await (const key of store.keys({ from: `in/${job}/${hex(from, unitDigits)}`, to })) {
    const { first, last } = unitsOfKey(key)
    if (first > count) break
    count = last + 1
  }
  return count
}

/** The mark after a key's last number does not count. */
function unitsOfKey(key: string): { first: UnitIndex; last: UnitIndex } {
  return { first: unitOfKey(key), last: unitOfKey(key.slice(0, key.lastIndexOf('/'))) }
}
