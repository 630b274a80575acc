/**
 * Bulk content by hash, a stream a fetch, beside the mail.
 *
 *     request:  hash (32 bytes) | most bytes wanted (u32)
 *     answer:   status (u8) | length (u32) | that many bytes when found
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import { type Allowance, createAllowance, type Rate, take } from '../../core/kit/allowance.js'
import { GridError } from '../../protocol/errors.js'
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { orAborted, startDeadline } from './deadline.js'

/** Answers in progress for one peer, and for all: each holds a whole blob in memory. */
const servesPerPeerMax = 8
const servesMax = 32
/** Answers to one peer; more wait. A host fetches two blobs a job, and has at most 64 jobs. */
const servesPerPeer: Rate = { perSecond: 10, atOnce: 64 }
const servePauseMs = 1000 / servesPerPeer.perSecond
/** Requests above `servesPerPeerMax` that are a flood: no honest peer makes any. */
const busyPerFlood = 32
/** Our own fetches from one peer, below what it would serve; the rest wait for their turn. */
const fetchesPerPeerMax = 4
/** Written at once between two looks at the back-pressure. */
const pieceBytes = 256 * 1024
const requestBytes = 36
const headBytes = 5

const statuses = ['missing', 'found', 'busy', 'too-large'] as const
type Status = (typeof statuses)[number]

export interface BlobsOptions {
  protocol: string
  /** No byte for so long ends a transfer, milliseconds. */
  idleMs: number
  readBlob(hash: BlobHash): Promise<Uint8Array | undefined>
  /** A peer asks and asks. */
  onFlooding(peer: PeerId): void
}

/** What a peer asked for here. */
interface Served {
  running: number
  /** Requests turned down because it had too many at a time. */
  busy: number
  readonly allowance: Allowance
}

/** Peers of whom that is remembered: neighbours, and some who were. */
const servedPeersMax = 2 * limits.neighboursMax

export class Blobs {
  readonly #options: BlobsOptions
  /** The one that asked last is last. */
  readonly #served = new Map<PeerId, Served>()
  #servesTotal = 0
  readonly #fetches = new Map<PeerId, { running: number; waiting: (() => void)[] }>()

  constructor(options: BlobsOptions) {
    this.#options = options
  }

  /**
   * @param bytesMax  more than this is refused before it is received
   * @throws {GridError} MH_BLOB_MISSING, MH_BLOB_MISMATCH, MH_PEER_UNREACHABLE, MH_TOO_LARGE
   */
  async fetch(
    connection: Connection,
    peer: PeerId,
    hash: BlobHash,
    bytesMax: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    await this.#takeTurn(peer, signal)
    try {
      return await this.#fetchNow(connection, peer, hash, bytesMax, signal)
    } finally {
      this.#endTurn(peer)
    }
  }

  /** Answers one request on a stream that a peer opened. */
  async serve(stream: Stream, connection: Connection): Promise<void> {
    const { idleMs } = this.#options
    const served = this.#servedOf(connection.remotePeer.toString() as PeerId)
    const busy = served.running >= servesPerPeerMax || this.#servesTotal >= servesMax
    served.running++
    this.#servesTotal++
    try {
      const request = await readRequest(stream, idleMs)
      if (!busy) await untilAllowed(served.allowance, stream)
      const blob = busy ? undefined : await this.#options.readBlob(request.hash)
      const status = busy ? 'busy' : judge(blob, request.bytesMax)
      stream.send(encodeHead(status, blob?.length ?? 0))
      if (blob !== undefined && status === 'found') await writeAll(stream, blob, idleMs)
      await closeStream(stream, idleMs)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#servesTotal--
      served.running--
    }
  }

  #servedOf(peer: PeerId): Served {
    const served = this.#served.get(peer) ?? {
      running: 0,
      busy: 0,
      allowance: createAllowance(servesPerPeer),
    }
    this.#served.delete(peer)
    this.#served.set(peer, served)
    const [oldest] = this.#served.keys()
    if (this.#served.size > servedPeersMax && oldest !== undefined) this.#served.delete(oldest)
    if (served.running >= servesPerPeerMax && ++served.busy % busyPerFlood === 0)
      this.#options.onFlooding(peer)
    return served
  }

  async #fetchNow(
    connection: Connection,
    peer: PeerId,
    hash: BlobHash,
    bytesMax: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    let stream: Stream | undefined
    const deadline = startDeadline(this.#options.idleMs, signal)
    try {
      stream = await connection.newStream([this.#options.protocol], { signal: deadline.signal })
      stream.send(encodeRequest(hash, bytesMax))
      const blob = await receiveBlob(stream, bytesMax, this.#options.idleMs, signal)
      // Ten times as fast as the portable `hashOf`, which would take longer than the transfer.
      if (createHash('sha256').update(blob).digest('hex') !== hash) {
        throw new GridError('MH_BLOB_MISMATCH', `${peer} sent other content under ${hash}`, {
          blame: 'remote',
          hint: 'Fetch it from another peer.',
        })
      }
      closeStream(stream, this.#options.idleMs).catch(() => {})
      return blob
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      stream?.abort(reason)
      if (error instanceof GridError) throw error
      throw unreachable(`${peer} did not deliver ${hash}: ${reason.message}`, error)
    } finally {
      deadline.clear()
    }
  }

  async #takeTurn(peer: PeerId, signal?: AbortSignal): Promise<void> {
    const turns = this.#fetches.get(peer) ?? { running: 0, waiting: [] }
    this.#fetches.set(peer, turns)
    if (turns.running < fetchesPerPeerMax) {
      turns.running++
      return
    }
    let take = () => {}
    const turn = new Promise<void>((resolve) => {
      take = resolve
      turns.waiting.push(take)
    })
    try {
      await orAborted(turn, signal)
    } catch (error) {
      const at = turns.waiting.indexOf(take)
      // Taken and given up in the same moment: pass it on.
      if (at === -1) this.#endTurn(peer)
      else turns.waiting.splice(at, 1)
      throw unreachable('the fetch was given up', error)
    }
  }

  #endTurn(peer: PeerId): void {
    const turns = this.#fetches.get(peer)
    if (turns === undefined) return
    const next = turns.waiting.shift()
    if (next !== undefined) {
      next()
      return
    }
    turns.running--
    if (turns.running === 0) this.#fetches.delete(peer)
  }
}

async function untilAllowed(allowance: Allowance, stream: Stream): Promise<void> {
  while (take(allowance, servesPerPeer, performance.now()) === 0) {
    await pause(servePauseMs)
    if (stream.status !== 'open') throw new Error('nobody waits for the answer')
  }
}

function judge(blob: Uint8Array | undefined, bytesMax: number): Status {
  if (blob === undefined) return 'missing'
  return blob.length > bytesMax ? 'too-large' : 'found'
}

function encodeRequest(hash: BlobHash, bytesMax: number): Uint8Array {
  const request = Buffer.alloc(requestBytes)
  request.write(hash, 0, 'hex')
  request.writeUInt32BE(Math.min(bytesMax, 0xffff_ffff), 32)
  return request
}

function encodeHead(status: Status, length: number): Uint8Array {
  const head = Buffer.alloc(headBytes)
  head[0] = statuses.indexOf(status)
  head.writeUInt32BE(length, 1)
  return head
}

async function readRequest(stream: Stream, idleMs: number) {
  let request = Buffer.alloc(0)
  await receive(stream, idleMs, undefined, (chunk) => {
    request = Buffer.concat([request, chunk])
    if (request.length > requestBytes) throw new Error('a request that is too long')
    return request.length === requestBytes
  })
  const hash = request.toString('hex', 0, 32) as BlobHash
  return { hash, bytesMax: request.readUInt32BE(32) }
}

async function receiveBlob(
  stream: Stream,
  bytesMax: number,
  idleMs: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let bytesDue = headBytes
  let head: Buffer | undefined
  await receive(stream, idleMs, signal, (chunk) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (head === undefined && bytes >= headBytes) {
      head = Buffer.concat(chunks).subarray(0, headBytes)
      bytesDue = headBytes + checkHead(head, bytesMax)
    }
    if (bytes > bytesDue) throw new GridError('MH_BAD_MESSAGE', 'more came than announced', blamed)
    return head !== undefined && bytes === bytesDue
  })
  return new Uint8Array(Buffer.concat(chunks, bytes).subarray(headBytes))
}

const blamed = { blame: 'remote' } as const

/** @returns how many bytes follow */
function checkHead(head: Buffer, bytesMax: number): number {
  const status = statuses[head[0] ?? statuses.length]
  const length = head.readUInt32BE(1)
  if (status === 'missing') {
    throw new GridError('MH_BLOB_MISSING', 'the peer does not have this content', {
      ...blamed,
      retryable: true,
    })
  }
  if (status === 'busy') throw unreachable('the peer serves too many fetches at once')
  if (status === undefined) throw new GridError('MH_BAD_MESSAGE', 'a strange answer', blamed)
  if (status === 'too-large' || length > bytesMax) {
    throw new GridError('MH_TOO_LARGE', `${length} bytes, at most ${bytesMax} are taken`, blamed)
  }
  return length
}

function unreachable(message: string, cause?: unknown): GridError {
  return new GridError('MH_PEER_UNREACHABLE', message, { ...blamed, retryable: true, cause })
}

/** Feeds chunks to `take` until it returns true; rejects when the stream ends or falls silent before. */
function receive(
  stream: Stream,
  idleMs: number,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => boolean,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const finish = (error?: unknown) => {
      clearTimeout(timer)
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('close', onClose)
      stream.removeEventListener('end', onClose)
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const timer = setTimeout(() => finish(new Error('it fell silent')), idleMs)
    const onMessage = (event: { data: Uint8Array | { subarray(): Uint8Array } }) => {
      timer.refresh()
      try {
        const chunk = event.data instanceof Uint8Array ? event.data : event.data.subarray()
        if (take(chunk)) finish()
      } catch (error) {
        finish(error)
      }
    }
    const onClose = () => finish(new Error('the connection closed'))
    const onAbort = () => finish(new Error('the fetch was given up'))
    stream.addEventListener('message', onMessage)
    stream.addEventListener('close', onClose)
    stream.addEventListener('end', onClose)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    // It may have ended before anybody listened.
    const hasEnded = stream.readableEnded || stream.status !== 'open'
    if (hasEnded && stream.readBufferLength === 0) onClose()
  })
}

async function writeAll(stream: Stream, bytes: Uint8Array, idleMs: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    stream.send(bytes.subarray(at, at + pieceBytes))
    while (stream.writableNeedsDrain) await drained(stream, idleMs)
  }
}

/** libp2p's own `onDrain` keeps its first, long resolved promise: it waits only once in a stream's life. */
function drained(stream: Stream, idleMs: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer)
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onDrain = () => finish()
    const onClose = () => finish(new Error('the connection closed'))
    const timer = setTimeout(() => finish(new Error('it stopped reading')), idleMs)
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    if (stream.status !== 'open') onClose()
  })
}

async function closeStream(stream: Stream, idleMs: number): Promise<void> {
  const deadline = startDeadline(idleMs)
  try {
    await stream.close({ signal: deadline.signal })
  } finally {
    deadline.clear()
  }
}
