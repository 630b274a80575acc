/**
 * Keeps blobs within the disk that the volunteer gives: over it the oldest go first, those in use never. What goes is
 * fetched again when it is wanted.
 */
import type { Store } from '../../ports/store.js'
import type { BlobHash } from '../../protocol/ids.js'

export interface BlobSpace {
  /** So many bytes were written. */
  grew(bytes: number): void
  /** Resolves when nothing is being deleted. */
  idle(): Promise<void>
}

export interface BlobSpaceOptions {
  bytesMax: number
  /** Whether a blob must stay; asked at the moment that it would go. */
  isInUse(hash: BlobHash): boolean
  onError(error: unknown): void
}

/** Trimming goes below the bound by this share of it, so that not every blob trims again. */
const slack = 0.1

export function createBlobSpace(
  store: Store,
  { bytesMax, isInUse, onError }: BlobSpaceOptions,
): BlobSpace {
  /** Undefined until the first look at the disk; an estimate from then on. */
  let bytes: number | undefined
  let trimming: Promise<void> | undefined

  const trim = async () => {
    const blobs = [...(await store.listBlobs())].sort((a, b) => a.writtenMs - b.writtenMs)
    let left = blobs.reduce((sum, blob) => sum + blob.bytes, 0)
    const aim = left > bytesMax ? bytesMax * (1 - slack) : bytesMax
    for (const blob of blobs) {
      if (left <= aim) break
      if (isInUse(blob.hash)) continue
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
