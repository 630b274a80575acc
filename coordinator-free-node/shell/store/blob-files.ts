/**
 * Blobs as files named by their hash, `blobs/ab/cd/<hash>`: written beside, synced and renamed, so that a file under
 * its name is always whole. What no longer hashes to its name (a failing disk) is set aside and counts as missing:
 * it can be fetched again.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { StoredBlob } from '../../ports/store.js'
import { GridError } from '../../protocol/errors.js'
import type { BlobHash } from '../../protocol/ids.js'
import { hasCode, storeError } from './store-errors.js'
import { syncDirectory } from './sync-directory.js'

export interface BlobFiles {
  read(hash: BlobHash): Promise<Uint8Array | undefined>
  write(hash: BlobHash, content: Uint8Array): Promise<void>
  list(): Promise<StoredBlob[]>
  remove(hash: BlobHash): Promise<void>
}

/**
 * @param directory  made if need be; the caller holds the state directory's lock
 * @param warn  hears of every blob that is set aside
 */
export async function openBlobFiles(
  directory: string,
  warn: (text: string) => void,
): Promise<BlobFiles> {
  const partial = path.join(directory, 'partial')
  const corrupt = path.join(directory, 'corrupt')
  try {
    await mkdir(partial, { recursive: true, mode: 0o700 })
    // Left by a process that died while writing: nobody can refer to them.
    for (const name of await readdir(partial)) await rm(path.join(partial, name), { force: true })
  } catch (cause) {
    throw storeError(cause, `cannot prepare ${directory}`)
  }
  let written = 0

  const read = async (hash: BlobHash): Promise<Uint8Array | undefined> => {
    const file = fileOf(directory, hash)
    let content: Uint8Array
    try {
      content = await readFile(file)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw storeError(error, `cannot read the blob ${hash}`)
    }
    if (nodeHashOf(content) === hash)
      return new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
    await mkdir(corrupt, { recursive: true, mode: 0o700 })
    const aside = path.join(corrupt, `${hash}-${Date.now()}`)
    await rename(file, aside).catch(() => {})
    warn(`the blob ${hash} was damaged on disk; it is kept as ${aside} and counts as missing`)
    return undefined
  }

  const write = async (hash: BlobHash, content: Uint8Array): Promise<void> => {
    const actual = nodeHashOf(content)
    if (actual !== hash) {
      throw new GridError('MH_BLOB_MISMATCH', `a blob called ${hash} hashes to ${actual}`, {
        blame: 'remote',
      })
    }
    if ((await read(hash)) !== undefined) return
    const temporary = path.join(partial, `${hash}-${written++}`)
    const file = fileOf(directory, hash)
    try {
      await writeSynced(temporary, content)
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await rename(temporary, file)
      await syncDirectory(path.dirname(file))
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {})
      throw storeError(cause, `cannot write the blob ${hash}`)
    }
  }
  const list = async (): Promise<StoredBlob[]> => {
    const names = await readdir(directory, { recursive: true }).catch((cause: unknown) => {
      throw storeError(cause, `cannot read ${directory}`)
    })
    const hashes = names.map((name) => path.basename(name)).filter(isHash)
    const found = await Promise.all(
      hashes.map((hash) =>
        stat(fileOf(directory, hash)).then(
          ({ size, mtimeMs }) => ({ hash, bytes: size, writtenMs: mtimeMs }),
          // Removed since, or of another folder than its own.
          () => undefined,
        ),
      ),
    )
    return found.filter((blob) => blob !== undefined)
  }

  const remove = async (hash: BlobHash): Promise<void> => {
    await rm(fileOf(directory, hash), { force: true }).catch((cause: unknown) => {
      throw storeError(cause, `cannot delete the blob ${hash}`)
    })
  }
  return { read, write, list, remove }
}

function isHash(name: string): name is BlobHash {
  return /^[0-9a-f]{64}$/.test(name)
}

function fileOf(directory: string, hash: BlobHash): string {
  // The only place where a peer's word could become a path.
  if (!isHash(hash)) {
    throw new GridError('MH_BOUNDS', `"${hash}" is no blob hash`, { blame: 'local' })
  }
  return path.join(directory, hash.slice(0, 2), hash.slice(2, 4), hash)
}

/** As `hashOf`, in native code: blobs reach 16 MiB, and the node's one thread waits for this. */
function nodeHashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function writeSynced(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
