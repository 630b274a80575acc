/**
 * The units of a hash-tree job, made while it runs. A file of one piece is a record beside others in a unit. A larger
 * file is a chain: its next piece needs the verified state after the one before. Chains run side by side, and a unit
 * is held back only while an earlier one, already handed out, has still to answer: so nothing waits in a circle.
 */
import type { UnitPart } from './contract.js'

/** A file to hash; nothing is read before `chunks` is called. */
export interface TreeFile {
  /** As it shall stand in the list; bytes when it may be no UTF-8. */
  name: string | Uint8Array
  /** The content, in order; a chunk handed over is not changed afterwards. */
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

export type TreeFiles = Iterable<TreeFile> | AsyncIterable<TreeFile>

export interface TreePlanOptions {
  pieceBytes: number
  unitBytes: number
  chainsMax: number
}

/** What stays here of a record while its bytes are away. */
export interface TreeRecord {
  file: { index: number; name: string | Uint8Array; bytes: number }
  isLast: boolean
}

interface Piece {
  bytes: Uint8Array
  isLast: boolean
}

interface Outgoing extends TreeRecord {
  bytes: Uint8Array
  isFirst: boolean
  state: Uint8Array | undefined
}

interface Chain {
  reader: PieceReader
  file: TreeRecord['file']
  state: Uint8Array
}

const RECORD_HEAD_BYTES = 48
const FIRST = 1
const LAST = 2
/** Records in a unit: their digests stay a small message. */
const RECORDS_MAX = 8192
/** Kernels hash four messages at a time; with fewer ready chains than this, more units are better than fuller ones. */
const READY_TO_SHARE = 8
const SHARED_CHAINS = 4

const recordBytes = (bytes: number): number => RECORD_HEAD_BYTES + Math.ceil(bytes / 8) * 8

export const nameText = (name: string | Uint8Array): string =>
  typeof name === 'string' ? name : new TextDecoder().decode(name)

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

/** Reads a file piece by piece, one chunk ahead. */
class PieceReader {
  readonly #file: TreeFile
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #left: Uint8Array | undefined

  constructor(file: TreeFile) {
    this.#file = file
    this.#chunks = this.#explainSync(() => iteratorOf(file.chunks()))
  }

  /** The next piece: `pieceBytes`, or fewer at the file's end. */
  async next(pieceBytes: number): Promise<Piece> {
    const parts: Uint8Array[] = []
    let length = 0
    for (;;) {
      const chunk = await this.#chunk()
      if (chunk === undefined) return { bytes: join(parts, length), isLast: true }
      if (length === pieceBytes) {
        this.#left = chunk
        return { bytes: join(parts, length), isLast: false }
      }
      const part = chunk.subarray(0, pieceBytes - length)
      if (part.length < chunk.length) this.#left = chunk.subarray(part.length)
      parts.push(part)
      length += part.length
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  /** The next bytes, never none; undefined at the end. */
  async #chunk(): Promise<Uint8Array | undefined> {
    const left = this.#left
    this.#left = undefined
    if (left !== undefined) return left
    for (;;) {
      const { done, value } = await this.#explain(() => this.#chunks.next())
      if (done === true) return undefined
      if (value.length > 0) return value
    }
  }

  async #explain<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw this.#error(cause)
    }
  }

  #explainSync<T>(read: () => T): T {
    try {
      return read()
    } catch (cause) {
      throw this.#error(cause)
    }
  }

  #error(cause: unknown): Error {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new Error(`hash-tree: cannot read ${nameText(this.#file.name)}: ${reason}`, { cause })
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0]
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** A unit's input as the kernel reads it. */
export function encodeRecords(records: readonly Outgoing[]): Uint8Array {
  const length = records.reduce((sum, { bytes }) => sum + recordBytes(bytes.length), 0)
  const unit = new Uint8Array(length)
  const view = new DataView(unit.buffer)
  let at = 0
  for (const { bytes, isFirst, isLast, state, file } of records) {
    view.setUint32(at, (isFirst ? FIRST : 0) | (isLast ? LAST : 0), true)
    view.setUint32(at + 4, bytes.length, true)
    view.setBigUint64(at + 8, BigInt(file.bytes), true)
    if (state !== undefined) unit.set(state, at + 16)
    unit.set(bytes, at + RECORD_HEAD_BYTES)
    at += recordBytes(bytes.length)
  }
  return unit
}

export class TreePlan implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterator<TreeFile> | Iterator<TreeFile>
  readonly #options: TreePlanOptions
  /** Records of the units handed out: results may have to be put together a second time. */
  readonly #units = new Map<number, readonly TreeRecord[]>()
  /** Chains whose piece is away, by unit, in the order of their records. */
  readonly #away = new Map<number, readonly (Chain | undefined)[]>()
  /** Units from whose results later inputs are made. */
  readonly #continued = new Set<number>()
  readonly #ready: Chain[] = []
  readonly #open = new Set<Chain>()
  #unitCount = 0
  #fileCount = 0
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(files: TreeFiles, options: TreePlanOptions) {
    this.#source = iteratorOf(files)
    this.#options = options
  }

  /** What a unit's result is made of. */
  recordsOf(unit: number): readonly TreeRecord[] {
    const records = this.#units.get(unit)
    if (records === undefined) throw new Error(`hash-tree: unit ${unit} was never handed out`)
    return records
  }

  /**
   * Lets the chains of a verified unit go on.
   *
   * @throws {Error} when the result of a unit turned out wrong that others are made from: inputs cannot be taken back
   */
  accept({ unit, part }: UnitPart<Uint8Array>): void {
    if (this.#continued.has(unit)) {
      throw new Error(
        'hash-tree: a verified piece of a large file turned out wrong after others had been made from it; run it again, with a smaller maxErrorRate',
      )
    }
    const chains = this.#away.get(unit)
    if (chains === undefined) return
    this.#away.delete(unit)
    this.#continued.add(unit)
    for (const [index, chain] of chains.entries()) {
      if (chain === undefined) continue
      chain.state = part.slice(32 * index, 32 * index + 32)
      this.#ready.push(chain)
    }
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const units = this.#inputs()
    return {
      next: () => units.next(),
      return: async () => {
        this.#isClosed = true
        this.#wake?.()
        return units.return()
      },
    }
  }

  async *#inputs(): AsyncGenerator<Uint8Array, void, void> {
    try {
      let small: Outgoing[] = []
      let smallBytes = 0
      let hasMore = true
      while (!this.#isClosed) {
        if (this.#ready.length > 0) {
          yield await this.#continueChains()
        } else if (hasMore && this.#open.size < this.#options.chainsMax) {
          const record = await this.#nextFile()
          if (record === undefined) {
            hasMore = false
            continue
          }
          if (!record.isLast) {
            yield this.#send([record])
            continue
          }
          const bytes = recordBytes(record.bytes.length)
          if (smallBytes + bytes > this.#options.unitBytes || small.length === RECORDS_MAX) {
            yield this.#send(small)
            small = []
            smallBytes = 0
          }
          small.push(record)
          smallBytes += bytes
        } else if (small.length > 0) {
          yield this.#send(small)
          small = []
          smallBytes = 0
        } else if (this.#open.size > 0) {
          await this.#answer()
        } else return
      }
    } finally {
      await this.#close()
    }
  }

  /** The first piece of the next file, all of it if it is small; undefined after the last file. */
  async #nextFile(): Promise<(Outgoing & { chain?: Chain }) | undefined> {
    const { done, value } = await this.#source.next()
    if (done === true) return undefined
    const reader = new PieceReader(value)
    const piece = await reader.next(this.#options.pieceBytes)
    const file = { index: this.#fileCount, name: value.name, bytes: 0 }
    this.#fileCount += 1
    const record = { ...piece, file, isFirst: true, state: undefined }
    if (piece.isLast) return record
    const chain = { reader, file, state: new Uint8Array(0) }
    this.#open.add(chain)
    return { ...record, chain }
  }

  /** The next pieces of chains that have their state. */
  async #continueChains(): Promise<Uint8Array> {
    const wanted = this.#ready.length >= READY_TO_SHARE ? SHARED_CHAINS : 1
    const chains = this.#ready.splice(0, wanted)
    const records = await Promise.all(
      chains.map(async (chain) => {
        const piece = await chain.reader.next(this.#options.pieceBytes)
        if (piece.isLast) this.#open.delete(chain)
        return { ...piece, chain, file: chain.file, isFirst: false, state: chain.state }
      }),
    )
    return this.#send(records)
  }

  #send(records: readonly (Outgoing & { chain?: Chain })[]): Uint8Array {
    const unit = this.#unitCount
    this.#unitCount += 1
    const bytes = encodeRecords(records)
    for (const record of records) record.file.bytes += record.bytes.length
    this.#units.set(
      unit,
      records.map(({ file, isLast }) => ({ file, isLast })),
    )
    const chains = records.map(({ chain, isLast }) => (isLast ? undefined : chain))
    if (chains.some((chain) => chain !== undefined)) this.#away.set(unit, chains)
    return bytes
  }

  async #answer(): Promise<void> {
    if (this.#isClosed || this.#ready.length > 0) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#open].map((chain) => chain.reader.close()))
    this.#open.clear()
    await this.#source.return?.()
  }
}
