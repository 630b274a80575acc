/**
 * Inputs of list jobs as the store keeps them: those that arrive together are one pack, since keys are what a write
 * costs. A pack holds where each of its inputs ends, four bytes a unit, and then all of them; the only one of a pack
 * stands there as it is. They stay until the job ends: any result may be withdrawn or audited before.
 *
 * `in/JOB/LAST/FIRST` is the pack of the units from FIRST to LAST; where it is long, see spooled-values.ts.
 */
import type { Store } from '../ports/store.js'
import { isGridError } from '../protocol/errors.js'
import type { JobId, UnitIndex } from '../protocol/ids.js'
import { damage, spoolLong, spoolOf, storedValue } from './spooled-values.js'
import { hex, under, unitDigits, unitOfKey } from './store-keys.js'

/** A reader of one input reads its whole pack: a fraction of a millisecond. */
const packInputsMax = 1_024
const packBytesMax = 128 * 1_024
const endBytes = 4

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
  const entries = packsOf(first, inputs).map((pack) => ({
    key: packKey(job, pack),
    value: pack.value,
  }))
  await store.write(await spoolLong(store, spoolOf(job, 'in'), entries))
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
    const content = await storedValue(store, spoolOf(job, 'in'), key, value)
    return content && new InputPack(key, content)
  }
  return undefined
}

/** Why inputs that could not be read never will be; undefined when it may only be so now. */
export function reasonOfLoss(error: unknown): string | undefined {
  if (!isGridError(error) || error.code !== 'MH_STATE_CORRUPT') return undefined
  return error.hint === undefined ? error.message : `${error.message} (${error.hint})`
}

/** Deletes the inputs of a job. */
export async function clearInputs(store: Store, job: JobId): Promise<void> {
  await store.clear(under(`in/${job}`))
  await store.removeSpool(spoolOf(job, 'in'))
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

function unitsOfKey(key: string): { first: UnitIndex; last: UnitIndex } {
  return { first: unitOfKey(key), last: unitOfKey(key.slice(0, key.lastIndexOf('/'))) }
}
