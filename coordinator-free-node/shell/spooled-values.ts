/**
 * Long values of a job, which lie in a spool instead of the database: it would copy and checksum each of their bytes
 * three times. The key gets a mark, and its value says where the real one lies.
 */
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Store, StoreWrite } from '../ports/store.js'
import { decode, encode } from '../protocol/codec.js'
import { GridError } from '../protocol/errors.js'
import type { JobId } from '../protocol/ids.js'

/** From this length on a file is cheaper, although it has a sync of its own. */
const spooledBytesMin = 32 * 1_024
/** Behind the numbers of a key, where it changes neither their order nor what they are read as. */
const mark = '~'

/** Where a value begins, how long it is and its CRC-32: files have no checksums of their own. */
const placeSchema = z.tuple([z.number().int().min(0), z.number().int().min(0), z.number()])

/** Inputs go when the job ends, results when it is forgotten. */
export type SpoolKind = 'in' | 'out'

export const spoolOf = (job: JobId, kind: SpoolKind) => `${job}-${kind}`

/** A value of a job that is never changed. */
export interface Entry {
  key: string
  value: Uint8Array
}

/**
 * Puts the long ones of these into the spool, where they are on disk when it resolves.
 *
 * @returns what is to be written to the database afterwards
 * @throws {GridError} MH_DISK_FULL, MH_STORE_FAILED
 */
export async function spoolLong(
  store: Store,
  spool: string,
  entries: readonly Entry[],
): Promise<StoreWrite[]> {
  const long = entries.flatMap(({ value }) => (isLong(value) ? [value] : []))
  let at = long.length === 0 ? 0 : await store.appendSpool(spool, long)
  return entries.map(({ key, value }) => {
    if (!isLong(value)) return { type: 'put', key, value }
    const place: z.infer<typeof placeSchema> = [at, value.length, crc32(value)]
    at += value.length
    return { type: 'put', key: key + mark, value: encode(place) }
  })
}

function isLong(value: Uint8Array): boolean {
  return value.length >= spooledBytesMin
}

/**
 * The value that an entry of the database stands for.
 *
 * @returns undefined when its spool is gone
 * @throws {GridError} MH_STATE_CORRUPT when it is not what was written
 */
export async function storedValue(
  store: Store,
  spool: string,
  key: string,
  value: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (!key.endsWith(mark)) return value
  const [at, length, checksum] = decode(value, placeSchema, 'the place of a stored value')
  const content = await store.readSpool(spool, at, length)
  if (content !== undefined && crc32(content) !== checksum)
    throw damage('it holds something else than was written')
  return content
}

/** The disk has lost what was on it. */
export function damage(what: string): GridError {
  return new GridError('MH_STATE_CORRUPT', `the state directory is damaged: ${what}`, {
    blame: 'local',
    hint: 'look after its disk, and submit the job again',
  })
}

/** Deletes all spools but these. */
export async function clearSpools(store: Store, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await store.listSpools()) if (!kept.has(name)) await store.removeSpool(name)
}
