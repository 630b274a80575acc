/**
 * The store on disk: LevelDB for keys, files for blobs and spools, all in one state directory.
 *
 *     db/                 LevelDB; its write-ahead log makes each batch all or nothing
 *     db.corrupt-<time>/  a database that could not be opened, kept for whoever wants to look
 *     blobs/ab/cd/<hash>  see blob-files.ts
 *     spools/<name>       see spool-files.ts
 *
 * One process owns a state directory at a time: LevelDB's lock says who.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import type { ScanRange, Store, StoredBlob, StoreWrite } from '../../ports/store.js'
import { GridError } from '../../protocol/errors.js'
import { gatewayFileSchema } from '../../protocol/gateway-api.js'
import { type BlobFiles, openBlobFiles } from './blob-files.js'
import { openSpoolFiles, type SpoolFiles } from './spool-files.js'
import { causes, hasCode, storeError } from './store-errors.js'

/** Raised when a change makes older versions of this package misread what newer ones wrote. */
const formatVersion = 4
/** Since then jobs, their inputs and results have had their form; format 4 added spools. */
const jobsFormat = 3
const jobKinds = ['job', 'lease', 'in', 'out', 'was']

/** Before every key that callers may use, and hidden from their scans. */
const formatKey = '\u0000format'
const firstKey = '\u0001'

/** Entries and bytes that a scan reads ahead: a few milliseconds of work for whoever consumes them. */
const readAheadEntries = 256
const readAheadBytes = 256 * 1024

export interface OpenStoreOptions {
  /** Hears of what was damaged and set aside, one sentence each. @default silence */
  onWarning?: (text: string) => void
}

type Database = ClassicLevel<string, Uint8Array>

/**
 * Opens the store in a state directory, making both if need be (mode 0700).
 *
 * Why set aside: a node with a damaged database should go on working for others; what it remembered is kept beside
 * the fresh one, never deleted.
 *
 * @param stateDirectory  path; one process at a time
 * @throws {GridError} MH_STATE_LOCKED when another process has it, MH_STATE_VERSION when a newer version wrote it,
 *   MH_DISK_FULL, MH_STORE_FAILED
 * @example
 * const store = await openStore('/home/ada/.local/share/manyhands', { onWarning: console.warn })
 * await store.write([{ type: 'put', key: 'job/1', value: Uint8Array.of(1) }])
 */
export async function openStore(
  stateDirectory: string,
  options: OpenStoreOptions = {},
): Promise<Store> {
  const warn = options.onWarning ?? (() => {})
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw storeError(cause, `cannot make the state directory ${stateDirectory}`)
  }
  const location = path.join(stateDirectory, 'db')
  const damage = await damageOf(location)
  if (damage !== undefined) await setAside(location, damage, warn)
  const db = await openDatabase(stateDirectory, location, warn)
  try {
    await checkFormat(db, warn)
    const blobs = await openBlobFiles(path.join(stateDirectory, 'blobs'), warn)
    const spools = await openSpoolFiles(path.join(stateDirectory, 'spools'))
    return new LevelStore(db, blobs, spools)
  } catch (error) {
    await db.close()
    throw error
  }
}

async function openDatabase(
  stateDirectory: string,
  location: string,
  warn: (text: string) => void,
): Promise<Database> {
  for (let attempt = 0; ; attempt++) {
    const db: Database = new ClassicLevel(location, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      // Inputs and results come and go with their jobs: to compress them takes longer than all the rest.
      compression: false,
    })
    try {
      await mkdir(location, { recursive: true, mode: 0o700 })
      await db.open()
      return db
    } catch (error) {
      await db.close().catch(() => {})
      if (hasCode(error, 'LEVEL_LOCKED')) throw await lockedError(stateDirectory, error)
      if (!hasCode(error, 'LEVEL_CORRUPTION') || attempt > 0) {
        throw storeError(error, `cannot open the database ${location}`)
      }
      await setAside(location, causes(error), warn)
    }
  }
}

/**
 * Damage that has to be noticed before the database is opened: without CURRENT LevelDB takes the directory for an
 * empty one and deletes the tables in it, and a CURRENT that names no file looks to it like a failing disk.
 */
async function damageOf(location: string): Promise<string | undefined> {
  const names = await readdir(location).catch((): string[] => [])
  if (!names.includes('CURRENT')) {
    const isEmpty = !names.some((name) => /\.(ldb|sst)$|^MANIFEST-/.test(name))
    return isEmpty ? undefined : 'its index file is missing'
  }
  const current = await readFile(path.join(location, 'CURRENT'), 'utf8').catch(() => undefined)
  if (current === undefined || names.includes(current.trimEnd())) return undefined
  return 'CURRENT names a file that is not there'
}

async function setAside(
  location: string,
  reason: string,
  warn: (text: string) => void,
): Promise<void> {
  const aside = `${location}.corrupt-${new Date().toISOString().replaceAll(':', '-')}`
  try {
    await rename(location, aside)
  } catch (cause) {
    throw storeError(cause, `cannot set the damaged database ${location} aside`)
  }
  warn(`the database was damaged (${reason}); it is kept as ${aside} and a fresh one begins`)
}

async function lockedError(stateDirectory: string, cause: unknown): Promise<GridError> {
  const holder = await readFile(path.join(stateDirectory, 'gateway.json'), 'utf8')
    .then((text) => gatewayFileSchema.parse(JSON.parse(text)))
    .catch(() => undefined)
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`
  return new GridError('MH_STATE_LOCKED', `${who} is using the state directory ${stateDirectory}`, {
    blame: 'user',
    retryable: true,
    hint: 'use the node that is running, stop it first, or give this one a state directory of its own',
    cause,
  })
}

async function checkFormat(db: Database, warn: (text: string) => void): Promise<void> {
  try {
    const found = await db.get(formatKey)
    const version = found === undefined ? undefined : Number(new TextDecoder().decode(found))
    if (version === formatVersion) return
    if (version !== undefined && version > formatVersion)
      throw new GridError(
        'MH_STATE_VERSION',
        `the state directory has format ${version}; this version of manyhands reads up to ${formatVersion}`,
        { blame: 'user', hint: 'update manyhands, or use another state directory' },
      )
    if (version !== undefined && version < jobsFormat) await dropJobs(db, warn)
    await db.put(formatKey, new TextEncoder().encode(String(formatVersion)), { sync: true })
  } catch (error) {
    throw error instanceof GridError ? error : storeError(error, 'cannot read the format version')
  }
}

/** Identity, ledger and standing stay. */
async function dropJobs(db: Database, warn: (text: string) => void): Promise<void> {
  let jobs = 0
  for await (const _ of db.keys({ gte: 'job/', lt: 'job0' })) jobs++
  for (const kind of jobKinds) await db.clear({ gte: `${kind}/`, lt: `${kind}0` })
  if (jobs > 0)
    warn(`${jobs} jobs of an earlier version of manyhands are gone: it kept them in another form`)
}

class LevelStore implements Store {
  readonly #db: Database
  readonly #blobs: BlobFiles
  readonly #spools: SpoolFiles
  #refusesWrites = false
  #reopening: Promise<void> | undefined
  #closed = false

  constructor(db: Database, blobs: BlobFiles, spools: SpoolFiles) {
    this.#db = db
    this.#blobs = blobs
    this.#spools = spools
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#usable()
    const value = await this.#db.get(key).catch((error) => {
      throw storeError(error, `cannot read "${key}"`)
    })
    return value === undefined ? undefined : asBytes(value)
  }

  async write(writes: readonly StoreWrite[], options: { sync?: boolean } = {}): Promise<void> {
    await this.#writable()
    if (writes.length === 0) return
    const batch = writes.map((write) =>
      write.type === 'put'
        ? { type: 'put' as const, key: write.key, value: write.value }
        : { type: 'del' as const, key: write.key },
    )
    try {
      await this.#db.batch(batch, { sync: options.sync ?? true })
    } catch (error) {
      this.#refusesWrites = true
      throw storeError(error, 'cannot write to the store')
    }
  }

  async *scan(range: ScanRange): AsyncIterable<readonly [string, Uint8Array]> {
    await this.#usable()
    const iterator = this.#db.iterator({
      ...boundsOf(range),
      highWaterMarkBytes: readAheadBytes,
    })
    try {
      for (;;) {
        const entries = await iterator.nextv(readAheadEntries)
        if (entries.length === 0) return
        for (const [key, value] of entries) yield [key, asBytes(value)]
      }
    } catch (error) {
      throw storeError(error, 'cannot read from the store')
    } finally {
      await iterator.close()
    }
  }

  async *keys(range: ScanRange): AsyncIterable<string> {
    await this.#usable()
    const iterator = this.#db.keys({ ...boundsOf(range), highWaterMarkBytes: readAheadBytes })
    try {
      for (;;) {
        const keys = await iterator.nextv(readAheadEntries)
        if (keys.length === 0) return
        yield* keys
      }
    } catch (error) {
      throw storeError(error, 'cannot read from the store')
    } finally {
      await iterator.close()
    }
  }

  async clear(range: Omit<ScanRange, 'limit'>): Promise<void> {
    await this.#writable()
    try {
      await this.#db.clear(boundsOf(range))
    } catch (error) {
      this.#refusesWrites = true
      throw storeError(error, 'cannot delete from the store')
    }
  }

  async readBlob(hash: Parameters<Store['readBlob']>[0]): Promise<Uint8Array | undefined> {
    await this.#usable()
    return await this.#blobs.read(hash)
  }

  async writeBlob(hash: Parameters<Store['writeBlob']>[0], content: Uint8Array): Promise<void> {
    await this.#usable()
    await this.#blobs.write(hash, content)
  }

  async listBlobs(): Promise<readonly StoredBlob[]> {
    await this.#usable()
    return await this.#blobs.list()
  }

  async removeBlob(hash: Parameters<Store['removeBlob']>[0]): Promise<void> {
    await this.#usable()
    await this.#blobs.remove(hash)
  }

  async appendSpool(name: string, content: readonly Uint8Array[]): Promise<number> {
    await this.#usable()
    return await this.#spools.append(name, content)
  }

  async readSpool(name: string, at: number, length: number): Promise<Uint8Array | undefined> {
    await this.#usable()
    return await this.#spools.read(name, at, length)
  }

  async listSpools(): Promise<readonly string[]> {
    await this.#usable()
    return await this.#spools.list()
  }

  async removeSpool(name: string): Promise<void> {
    await this.#usable()
    await this.#spools.remove(name)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#reopening?.catch(() => {})
    await this.#spools.close().catch(() => {})
    await this.#db.close()
  }

  async #usable(): Promise<void> {
    if (this.#closed) throw new GridError('MH_STOPPED', 'the store is closed', { blame: 'local' })
    if (this.#reopening !== undefined) await this.#reopening
    else if (this.#db.status !== 'open') await this.#reopen()
  }

  /**
   * After a failed write LevelDB refuses all later ones until it is opened again; without this a disk that was full
   * for a moment would cost the whole node. Reads go on while there is no room to open it in.
   */
  async #writable(): Promise<void> {
    await this.#usable()
    if (this.#refusesWrites) await this.#reopen()
  }

  #reopen(): Promise<void> {
    this.#reopening ??= (async () => {
      try {
        await probeRoom(`${this.#db.location}.probe`)
        await this.#db.close()
        await this.#db.open()
        this.#refusesWrites = false
      } catch (error) {
        throw storeError(error, 'cannot open the database again')
      } finally {
        this.#reopening = undefined
      }
    })()
    return this.#reopening
  }
}

/** Opening LevelDB rewrites its log, 4 MiB at most: closing it without room for that would end the reads as well. */
async function probeRoom(file: string): Promise<void> {
  try {
    await writeFile(file, new Uint8Array(5 * 1024 * 1024), { flush: true })
  } finally {
    await rm(file, { force: true })
  }
}

function boundsOf(range: ScanRange): { gte: string; lt: string; limit: number } {
  const from = range.from < firstKey ? firstKey : range.from
  return { gte: from, lt: range.to, limit: range.limit ?? -1 }
}

/** LevelDB hands out Buffers; a plain view keeps their odd methods out of the core. */
function asBytes(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}
