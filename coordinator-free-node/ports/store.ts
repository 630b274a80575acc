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
  /**
   * Appends to a spool: bytes that are long, written once, read where they lie and deleted together. On disk when it
   * resolves; an append that fails leaves nothing that counts.
   *
   * @param name  1 to 80 small letters, digits and hyphens; its first append makes the spool
   * @returns where they begin, bytes from the spool's start
   * @throws {GridError} MH_DISK_FULL, MH_STORE_FAILED
   */
  appendSpool(name: string, content: readonly Uint8Array[]): Promise<number>
  /** @returns undefined when the spool is not there or ends before */
  readSpool(name: string, at: number, length: number): Promise<Uint8Array | undefined>
  /** Names of all spools, in any order. */
  listSpools(): Promise<readonly string[]>
  /** Nothing happens when it is not there. */
  removeSpool(name: string): Promise<void>
  close(): Promise<void>
}
