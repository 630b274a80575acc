/**
 * One WebSocket as libp2p's raw connection.
 *
 * Why our own: the stock one sends every chunk as a frame of its own, has no bound on what it receives and no
 * back-pressure on reading. Here all chunks of a turn share a frame.
 */
import { AbstractMultiaddrConnection, type AbstractMultiaddrConnectionInit } from '@libp2p/utils'
import { type RawData, WebSocket } from 'ws'
import { limits } from '../../protocol/limits.js'

const KIB = 1024
const MIB = 1024 * KIB

/** A frame that we send; noise encrypts in pieces of 64 KiB, so this bounds a copy, not a message. */
const frameBytesMax = 1 * MIB
/** A frame that we take: ours are smaller; stock libp2p sends single chunks. */
export const payloadBytesMax = 2 * MIB
/** Above it the socket counts as full, below half of it as free again: some round trips of a fast LAN. */
const bufferedBytesMax = 4 * MIB
/** The other side's answer to our closing frame; without it the socket is cut. */
const closeMsMax = 500

type ByteList = Parameters<AbstractMultiaddrConnection['sendData']>[0]

/** Between tabs and strangers' proxies masks guard against chosen plain text; ours is encrypted already. */
export function zeroMask(mask: Buffer): void {
  mask.fill(0)
}

type WsConnectionInit = Omit<AbstractMultiaddrConnectionInit, 'name'> & {
  /** Frames that are read in a second; Infinity: neither they nor their bytes are bounded. */
  framesPerSecond: number
}

/** What a connection has used of its budget; half a second of it may come at once. */
class Meter {
  #frames: number
  #bytes: number
  #filledMs = performance.now()

  constructor(private readonly framesPerSecond: number) {
    this.#frames = framesPerSecond / 2
    this.#bytes = limits.connectionBytesPerSecond / 2
  }

  /** @returns how long nothing more may come, milliseconds */
  spend(bytes: number): number {
    const perSecond = this.framesPerSecond
    if (perSecond === Number.POSITIVE_INFINITY) return 0
    this.#frames--
    this.#bytes -= bytes
    if (this.#frames >= 0 && this.#bytes >= 0) return 0
    const nowMs = performance.now()
    const seconds = (nowMs - this.#filledMs) / 1000
    this.#filledMs = nowMs
    const { connectionBytesPerSecond: bytesPerSecond } = limits
    this.#frames = Math.min(perSecond / 2, this.#frames + seconds * perSecond)
    this.#bytes = Math.min(bytesPerSecond / 2, this.#bytes + seconds * bytesPerSecond)
    // Long enough that a timer is worth it.
    if (this.#frames >= 0 && this.#bytes >= 0) return 0
    return Math.max(20, (-this.#frames / perSecond) * 1000, (-this.#bytes / bytesPerSecond) * 1000)
  }
}

export class WsConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #error: Error | undefined
  readonly #meter: Meter
  /** Two may have stopped it: whoever reads, and the budget. */
  #isPaused = false
  #waits: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, init: WsConnectionInit) {
    super(init)
    this.#socket = socket
    this.#meter = new Meter(init.framesPerSecond)
    socket.on('message', (data, isBinary) => this.#onFrame(data, isBinary))
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.once('close', (code) => {
      clearTimeout(this.#waits)
      this.#pending = []
      this.#pendingBytes = 0
      const clean = code === 1000 || code === 1001 || code === 1005
      const error = this.#error ?? (clean ? undefined : new Error('the connection broke'))
      this.onTransportClosed(error)
    })
  }

  sendData(data: ByteList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength
    for (const chunk of data) this.#pending.push(chunk)
    if (this.#pendingBytes === 0) queueMicrotask(() => this.#flush())
    this.#pendingBytes += sentBytes
    return { sentBytes, canSendMore: this.#bufferedBytes() < bufferedBytesMax }
  }

  sendReset(): void {
    this.#socket.terminate()
  }

  async sendClose(options?: { signal?: AbortSignal }): Promise<void> {
    this.#flush()
    if (this.#socket.readyState === WebSocket.CLOSED) return
    this.#isPaused = false
    this.#goOn()
    await new Promise<void>((resolve) => {
      const cut = () => this.#socket.terminate()
      const timer = setTimeout(cut, closeMsMax)
      options?.signal?.addEventListener('abort', cut)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        options?.signal?.removeEventListener('abort', cut)
        resolve()
      })
      this.#socket.close(1000)
      if (options?.signal?.aborted === true) cut()
    })
  }

  sendPause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  sendResume(): void {
    this.#isPaused = false
    if (this.#waits === undefined) this.#socket.resume()
  }

  /** Over its budget the connection is not read: the other side's pipe fills, and this node has peace. */
  #spend(bytes: number): void {
    const waitMs = this.#meter.spend(bytes)
    if (waitMs === 0 || this.#waits !== undefined) return
    this.#socket.pause()
    this.#waits = setTimeout(() => this.#goOn(), waitMs)
  }

  #goOn(): void {
    clearTimeout(this.#waits)
    this.#waits = undefined
    if (!this.#isPaused) this.#socket.resume()
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    if (this.status !== 'open' && this.status !== 'closing') return
    if (!isBinary || !(data instanceof Uint8Array)) {
      this.abort(new Error('a text frame came where only binary ones belong'))
      return
    }
    this.#spend(data.length)
    this.onData(data)
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return
    const chunks = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#socket.readyState !== WebSocket.OPEN) return
    let batch: Uint8Array[] = []
    let batchBytes = 0
    for (const chunk of chunks) {
      if (batchBytes > 0 && batchBytes + chunk.length > frameBytesMax) {
        this.#sendFrame(batch, batchBytes)
        batch = []
        batchBytes = 0
      }
      batch.push(chunk)
      batchBytes += chunk.length
    }
    this.#sendFrame(batch, batchBytes)
  }

  #sendFrame(chunks: Uint8Array[], bytes: number): void {
    const [only] = chunks
    const frame = chunks.length === 1 && only ? only : Buffer.concat(chunks, bytes)
    this.#socket.send(frame, () => {
      if (this.writableNeedsDrain && this.#bufferedBytes() <= bufferedBytesMax / 2)
        this.safeDispatchEvent('drain')
    })
  }

  #bufferedBytes(): number {
    return this.#pendingBytes + this.#socket.bufferedAmount
  }
}
