/**
 * Keeps blobs within the disk that the volunteer gives: over it the oldest go first, those in use never. What goes is
 * fetched again when it is wanted.
 */
import type { Store } from '../../ports/store.js'

export interface BlobSpace {
  /** So many bytes were written. */
  grew(bytes: number): void
  /** Resolves when nothing is being deleted. */
  idle(): Promise<void>
}

export interface BlobSpaceOptions {
  bytesMax: number
  /** Hashes that must stay; asked each time that something has to go. */
  pinned(): ReadonlySet<string>
  onError(error: unknown): void
}

/** Trimming goes below the bound by this share of it, so that not every blob trims again. */
const slack = 0.1

export function createBlobSpace(
  store: Store,
  { bytesMax, pinned, onError }: BlobSpaceOptions,
): BlobSpace {
  /** Undefined until the first look at the disk; an estimate from then on. */
  let bytes: number | undefined
  let trimming: Promise<void> | undefined

  const trim = async () => {
    const blobs = [...(await store.listBlobs())].sort((a, b) => a.writtenMs - b.writtenMs)
    let left = blobs.reduce((sum, blob) => sum + blob.bytes, 0)
    const kept = left > bytesMax ? pinned() : new Set<string>()
    const aim = left > bytesMax ? bytesMax * (1 - slack) : bytesMax
    for (const blob of blobs) {
      if (left <= aim) break
      if (kept.has(blob.hash)) continue
      await store.removeBlob(blob.hash)
      left -= blob.bytes
    }
    bytes = left
  }

  return {
    grew(added) {
      if (bytes !== undefined) bytes += added
      if (trimming !== undefined || (bytes !== undefined && bytes <= bytesMax)) return
      trimming = trim()
        .catch(onError)
        .finally(() => {
          trimming = undefined
        })
    },
    idle: async () => await trimming,
  }
}
