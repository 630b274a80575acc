/**
 * The store without a disk: what simulations and tests run on. Keys sit in sorted chunks, so that an insert moves a
 * few hundred of them at most. Passes test/contract/store like the one on LevelDB.
 */
import type {
  ScanRange,
  Store,
  StoredBlob,
  StoreWrite,
} from '../../coordinator-free-node/ports/store.js'
import { GridError } from '../../coordinator-free-node/protocol/errors.js'
import { type BlobHash, hashOf } from '../../coordinator-free-node/protocol/ids.js'

/** A chunk splits above this many keys: moving half of it costs about a microsecond. */
const chunkKeysMax = 512

/**
 * @returns an empty store; its content ends with it
 * @example
 * const store = createMemoryStore()
 * await store.write([{ type: 'put', key: 'a', value: Uint8Array.of(1) }])
 */
export function createMemoryStore(): Store {
  return new MemoryStore()
}

class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>()
  readonly #keys = new SortedKeys()
  readonly #blobs = new Map<BlobHash, { content: Uint8Array; at: number }>()
  readonly #spools = new Map<string, Uint8Array>()
  #closed = false

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#check()
    return this.#values.get(key)?.slice()
  }

  async write(writes: readonly StoreWrite[]): Promise<void> {
    this.#check()
    for (const write of writes) {
      if (write.type === 'put') {
        if (!this.#values.has(write.key)) this.#keys.add(write.key)
        this.#values.set(write.key, write.value.slice())
      } else if (this.#values.delete(write.key)) {
        this.#keys.remove(write.key)
      }
    }
  }

  async *scan(range: ScanRange): AsyncIterable<readonly [string, Uint8Array]> {
    for await (const key of this.keys(range)) {
      const value = this.#values.get(key)
      if (value !== undefined) yield [key, value.slice()]
    }
  }

  async *keys(range: ScanRange): AsyncIterable<string> {
    this.#check()
    let left = range.limit ?? Number.POSITIVE_INFINITY
    let key = this.#keys.atOrAfter(range.from)
    while (left-- > 0 && key !== undefined && compareUtf8(key, range.to) < 0) {
      yield key
      // Sought anew each time: the caller may have written meanwhile.
      key = this.#keys.after(key)
    }
  }

  async clear(range: Omit<ScanRange, 'limit'>): Promise<void> {
    this.#check()
    let key = this.#keys.atOrAfter(range.from)
    while (key !== undefined && compareUtf8(key, range.to) < 0) {
      this.#values.delete(key)
      this.#keys.remove(key)
      key = this.#keys.atOrAfter(range.from)
    }
  }

  async readBlob(hash: BlobHash): Promise<Uint8Array | undefined> {
    this.#check()
    return this.#blobs.get(hash)?.content.slice()
  }

  async writeBlob(hash: BlobHash, content: Uint8Array): Promise<void> {
    this.#check()
    const actual = hashOf(content)
    if (actual !== hash) {
      throw new GridError('MH_BLOB_MISMATCH', `a blob called ${hash} hashes to ${actual}`, {
        blame: 'remote',
      })
    }
    if (!this.#blobs.has(hash)) this.#blobs.set(hash, { content: content.slice(), at: Date.now() })
  }

  async listBlobs(): Promise<readonly StoredBlob[]> {
    this.#check()
    return [...this.#blobs].map(([hash, { content, at }]) => ({
      hash,
      bytes: content.length,
      writtenMs: at,
    }))
  }

  async removeBlob(hash: BlobHash): Promise<void> {
    this.#check()
    this.#blobs.delete(hash)
  }

  async appendSpool(name: string, content: readonly Uint8Array[]): Promise<number> {
    this.#check()
    const before = this.#spools.get(name) ?? new Uint8Array()
    this.#spools.set(name, new Uint8Array(Buffer.concat([before, ...content])))
    return before.length
  }

  async readSpool(name: string, at: number, length: number): Promise<Uint8Array | undefined> {
    this.#check()
    const part = this.#spools.get(name)?.slice(at, at + length)
    return part?.length === length ? part : undefined
  }

  async listSpools(): Promise<readonly string[]> {
    this.#check()
    return [...this.#spools.keys()]
  }

  async removeSpool(name: string): Promise<void> {
    this.#check()
    this.#spools.delete(name)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #check(): void {
    if (this.#closed) throw new GridError('MH_STOPPED', 'the store is closed', { blame: 'local' })
  }
}

/** Distinct strings in the order of their UTF-8 bytes; no chunk is ever empty. */
class SortedKeys {
  readonly #chunks: string[][] = []

  add(key: string): void {
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([key])
      return
    }
    chunk.splice(lowerBound(chunk, key), 0, key)
    if (chunk.length > chunkKeysMax) {
      this.#chunks.splice(at + 1, 0, chunk.splice(chunkKeysMax / 2))
    }
  }

  remove(key: string): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const index = lowerBound(chunk, key)
    if (chunk[index] !== key) return
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** The first key not below `key`. */
  atOrAfter(key: string): string | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)]
    return chunk?.[lowerBound(chunk, key)]
  }

  after(key: string): string | undefined {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return undefined
    const index = lowerBound(chunk, key)
    return chunk[chunk[index] === key ? index + 1 : index] ?? this.#chunks[at + 1]?.[0]
  }

  /** The first chunk whose last key is not below `key`; one past the end when there is none. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = this.#chunks[middle]?.at(-1)
      if (last !== undefined && compareUtf8(last, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = keys[middle]
    if (at !== undefined && compareUtf8(at, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Order of the strings' UTF-8 bytes. UTF-16 differs from it in one place: surrogates, which stand for the highest
 * code points, are below U+E000.
 */
function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i)
    const b = right.charCodeAt(i)
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit
}
