/** Where a node keeps what must outlive it. Real and in-memory stores pass test/contract/store. */
import type { BlobHash } from '../protocol/ids.js'

export type StoreWrite =
  | { type: 'put'; key: string; value: Uint8Array }
  | { type: 'delete'; key: string }

export interface ScanRange {
  /** First key, inclusive. */
  from: string
  /** End, exclusive. */
  to: string
  /** At most this many entries. */
  limit?: number
}

export interface StoredBlob {
  hash: BlobHash
  bytes: number
  /** When it was written, milliseconds since 1970. */
  writtenMs: number
}

export interface Store {
  get(key: string): Promise<Uint8Array | undefined>
  /**
   * Atomic and, unless `sync` is false, on disk when it resolves.
   * @throws {GridError} MH_DISK_FULL, MH_STORE_FAILED
   */
  write(writes: readonly StoreWrite[], options?: { sync?: boolean }): Promise<void>
  /** Entries in ascending order of their keys' UTF-8 bytes. */
  scan(range: ScanRange): AsyncIterable<readonly [key: string, value: Uint8Array]>
  /** The same, without reading values. */
  keys(range: ScanRange): AsyncIterable<string>
  /** Deletes a range. */
  clear(range: Omit<ScanRange, 'limit'>): Promise<void>
  readBlob(hash: BlobHash): Promise<Uint8Array | undefined>
  /** @throws {GridError} MH_BLOB_MISMATCH when the bytes do not hash to `hash` */
  writeBlob(hash: BlobHash, content: Uint8Array): Promise<void>
  /** All blobs, in any order. */
  listBlobs(): Promise<readonly StoredBlob[]>
  /** Nothing happens when it is not there. */
  removeBlob(hash: BlobHash): Promise<void>
  close(): Promise<void>
}
