/**
 * Spools as files, `spools/<name>`: what is long, written once, read where it lies and deleted as a whole. LevelDB would
 * copy and checksum every byte of it three times over.
 *
 * A file may hold more than its owner knows of, from an append that did not end: nobody refers to that part.
 */
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { GridError } from '../../protocol/errors.js'
import { hasCode, storeError } from './store-errors.js'
import { syncDirectory } from './sync-directory.js'

export interface SpoolFiles {
  append(name: string, content: readonly Uint8Array[]): Promise<number>
  read(name: string, at: number, length: number): Promise<Uint8Array | undefined>
  list(): Promise<string[]>
  remove(name: string): Promise<void>
  close(): Promise<void>
}

/** Files that stay open: of the jobs that are fed at the same time; beyond it each append opens its own. */
const openFilesMax = 8

/** A file that was appended to. */
interface OpenSpool {
  handle: FileHandle
  /** Where the next append begins. */
  end: number
}

/** @param directory  made if need be; the caller holds the state directory's lock */
export async function openSpoolFiles(directory: string): Promise<SpoolFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw storeError(cause, `cannot prepare ${directory}`)
  })
  /** The one that was used last stands last. */
  const opened = new Map<string, OpenSpool>()
  /** Whatever changes files takes turns: each append begins where the one before ended. */
  let changing: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(failing: string, change: () => Promise<T>): Promise<T> => {
    const changed = changing.then(change)
    changing = changed.catch(() => {})
    return changed.catch((cause: unknown) => {
      throw storeError(cause, failing)
    })
  }

  const closeSpool = async (name: string) => {
    const spool = opened.get(name)
    opened.delete(name)
    // Reads that are under way end first.
    await spool?.handle.close()
  }

  const openSpool = async (name: string): Promise<OpenSpool> => {
    const known = opened.get(name)
    if (known !== undefined) {
      opened.delete(name)
      opened.set(name, known)
      return known
    }
    // Synchronous mode: what was written is on disk, without a call of its own for that.
    const handle = await open(fileOf(directory, name), 'as+', 0o600)
    const spool = { handle, end: (await handle.stat()).size }
    opened.set(name, spool)
    const [oldest] = opened.keys()
    if (opened.size > openFilesMax && oldest !== undefined) await closeSpool(oldest)
    return spool
  }

  return {
    append: (name, content) =>
      inTurn(`cannot write to the spool ${name}`, async () => {
        const spool = await openSpool(name)
        const at = spool.end
        try {
          spool.end += await writeAll(spool.handle, content)
        } catch (error) {
          // A full disk keeps no part of it.
          await spool.handle.truncate(at).catch(() => {})
          await closeSpool(name).catch(() => {})
          throw error
        }
        if (at === 0) await syncDirectory(directory)
        return at
      }),
    async read(name, at, length) {
      const spool = opened.get(name)
      try {
        // It may be closed between two pieces: then by a handle of its own.
        const part = spool && (await readPart(spool.handle, at, length).catch(() => undefined))
        return part ?? (await readFile(fileOf(directory, name), at, length))
      } catch (cause) {
        if (hasCode(cause, 'ENOENT')) return undefined
        throw storeError(cause, `cannot read the spool ${name}`)
      }
    },
    list: () =>
      readdir(directory).catch((cause: unknown) => {
        throw storeError(cause, `cannot read ${directory}`)
      }),
    remove: (name) =>
      inTurn(`cannot delete the spool ${name}`, async () => {
        await closeSpool(name)
        await rm(fileOf(directory, name), { force: true })
      }),
    close: () =>
      inTurn('cannot close the spools', async () => {
        for (const name of [...opened.keys()]) await closeSpool(name)
      }),
  }
}

/** @returns how many bytes they are */
async function writeAll(handle: FileHandle, content: readonly Uint8Array[]): Promise<number> {
  const bytes = content.reduce((sum, { length }) => sum + length, 0)
  const { bytesWritten } = await handle.writev(content)
  // The disk took a part; what it has against the rest is heard when that is written.
  if (bytesWritten < bytes) await handle.appendFile(Buffer.concat(content).subarray(bytesWritten))
  return bytes
}

async function readFile(file: string, at: number, length: number): Promise<Uint8Array | undefined> {
  const handle = await open(file, 'r')
  try {
    return await readPart(handle, at, length)
  } finally {
    await handle.close()
  }
}

async function readPart(
  handle: FileHandle,
  at: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const content = Buffer.allocUnsafeSlow(length)
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(content, read, length - read, at + read)
    if (bytesRead === 0) return undefined
    read += bytesRead
  }
  return new Uint8Array(content.buffer)
}

function fileOf(directory: string, name: string): string {
  if (!/^[0-9a-z-]{1,80}$/.test(name)) {
    throw new GridError('MH_BOUNDS', `"${name}" is no name of a spool`, { blame: 'local' })
  }
  return path.join(directory, name)
}
