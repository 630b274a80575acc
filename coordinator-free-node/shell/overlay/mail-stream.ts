/**
 * One open stream to a neighbour: frames out, coalesced and bounded; frames in, with back-pressure.
 * Who may have one, and which of two survives, is decided in neighbourhood.ts.
 */
import type { Stream } from '@libp2p/interface'
import { type GridError, isGridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import {
  encodeFrame,
  type Frame,
  type FrameKind,
  FrameReader,
  mailBytesOf,
  takeMailFrame,
} from './frames.js'
import type { HeldBytes } from './held-bytes.js'
import type { Activity } from './liveness.js'

/** Time that a last frame gets to go out. */
const finishMsMax = 1000

export interface MailStreamHooks {
  /** The next frame is taken only once the promise resolves. A throw costs the remote its connection. */
  onFrame(frame: Frame): void | Promise<void>
  /** Before they are looked at. Nothing more is read until the promise resolves. */
  onBytes(bytes: number): void | Promise<void>
  /** Exactly once, whoever ended it. `fault`: the remote broke the protocol. */
  onGone(reason: string, fault: GridError | undefined): void
}

/** Counts over all streams: see held-bytes.ts. */
export interface MailBudgets {
  received: HeldBytes<MailStream>
  queued: HeldBytes<MailStream>
}

export class MailStream {
  readonly #stream: Stream
  readonly #hooks: MailStreamHooks
  readonly #budgets: MailBudgets
  readonly #reader = new FrameReader()
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #flushAsked = false
  #reading = false
  #isResuming = false
  /** More has come than may: resolves when the rest may be read. */
  #allowed: Promise<void> | undefined
  #handledBytes = 0
  /** Whether anything went out of the queue since the last tick. */
  #drained = false
  #gone = false
  /** Since the last call of `takeActivity`. */
  #heard = false
  #spoke = false
  #mailed = false

  constructor(stream: Stream, hooks: MailStreamHooks, budgets: MailBudgets) {
    this.#budgets = budgets
    this.#stream = stream
    this.#hooks = hooks
    stream.addEventListener('drain', this.#onDrain)
    stream.addEventListener('close', this.#onClose)
    stream.addEventListener('remoteCloseWrite', this.#onClose)
    stream.addEventListener('message', this.#onBytes)
  }

  /** What passed since the last call. While a frame is being handled, silence is our doing. */
  takeActivity(): Activity {
    const activity = {
      heard: this.#heard || this.#reading,
      spoke: this.#spoke,
      mailed: this.#mailed,
    }
    this.#heard = false
    this.#spoke = false
    this.#mailed = false
    return activity
  }

  /** Whether mail waits and none of it went out since the last call: nobody reads at the other end. */
  takeStall(): boolean {
    const isStalled = !this.#drained && this.#queueBytes > 0
    this.#drained = false
    this.#note()
    return isStalled
  }

  /** Sent at once, before mail that still waits. */
  sendControl(kind: FrameKind, body?: Uint8Array): void {
    this.#write(encodeFrame(kind, body))
  }

  /** Queued until the end of this turn of the event loop. */
  sendMessages(messages: readonly Uint8Array[]): void {
    this.#mailed = true
    for (const message of messages) {
      this.#queue.push(message)
      this.#queueBytes += mailBytesOf(message)
    }
    const waitingBytes = this.#queueBytes + this.#stream.writeBufferLength
    if (waitingBytes > limits.sendQueueBytesMax) {
      this.abort(`stuck: ${waitingBytes} bytes wait for it`)
      return
    }
    this.#budgets.queued.note(this, waitingBytes)
    this.#askFlush()
  }

  /** Sends what waits, then `bye`; does not wait for it to arrive. */
  sayBye(reason: string): void {
    this.#flush()
    this.sendControl('bye', new TextEncoder().encode(reason.slice(0, limits.textCharsMax)))
    this.#end(reason)
  }

  /** Ends the stream once what was written has gone out. */
  finish(reason: string): void {
    this.#end(reason)
    this.#stream.close({ signal: AbortSignal.timeout(finishMsMax) }).catch((error: unknown) => {
      this.#stream.abort(error instanceof Error ? error : new Error(reason))
    })
  }

  /** Cuts the stream. */
  abort(reason: string, fault?: GridError): void {
    this.#end(reason, fault)
    this.#stream.abort(new Error(reason))
  }

  #askFlush(): void {
    if (this.#flushAsked || this.#gone) return
    this.#flushAsked = true
    setImmediate(() => {
      this.#flushAsked = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#queue.length > 0 && !this.#gone && !this.#stream.writableNeedsDrain) {
      const frame = takeMailFrame(this.#queue)
      this.#queueBytes -= frame.length - 5
      this.#drained = true
      this.#write(frame)
    }
  }

  #write(frame: Uint8Array): void {
    if (this.#gone) return
    this.#spoke = true
    try {
      this.#stream.send(frame)
    } catch (error) {
      this.abort(error instanceof Error ? error.message : String(error))
    }
  }

  /** Once libp2p has written what it held itself: its own listener runs first and defers by a microtask. */
  readonly #onDrain = (): void => this.#askFlush()

  readonly #onClose = ({ error }: Event & { error?: Error }): void =>
    this.abort(error === undefined ? 'the connection closed' : error.message)

  readonly #onBytes = (event: { data: Uint8Array | { subarray(): Uint8Array } }): void => {
    this.#heard = true
    const bytes = event.data instanceof Uint8Array ? event.data : event.data.subarray()
    this.#reader.push(bytes)
    const allowed = this.#hooks.onBytes(bytes.length)
    if (allowed !== undefined) this.#allowed = allowed
    if (!this.#isResuming) this.#goOn()
    this.#note()
  }

  /** Reads on where nothing is being handled and the budget allows it. */
  #goOn(): void {
    if (!this.#reading) this.#read()
    if (this.#reading || this.#gone || this.#allowed === undefined) return
    const allowed = this.#allowed
    this.#allowed = undefined
    this.#handledBytes = 0
    this.#pauseUntil(allowed)
  }

  /** What this stream holds in memory now. */
  #note(): void {
    if (this.#gone) return
    const { received, queued } = this.#budgets
    queued.note(
      this,
      this.#queueBytes === 0 ? 0 : this.#queueBytes + this.#stream.writeBufferLength,
    )
    const buffered = this.#reading ? this.#handledBytes + this.#stream.readBufferLength : 0
    received.note(this, this.#reader.heldBytes + buffered)
  }

  #read(): void {
    try {
      while (!this.#gone) {
        const frame = this.#reader.next()
        if (frame === undefined) return
        this.#mailed ||= frame.kind === 'mail'
        const handled = this.#hooks.onFrame(frame)
        if (handled !== undefined) {
          this.#handledBytes = frame.body.length
          this.#pauseUntil(handled)
          return
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #pauseUntil(handled: Promise<void>): void {
    this.#reading = true
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
    // Resuming writes to the stream, which throws once its connection is gone.
    handled.then(() => this.#readOn()).catch((error: unknown) => this.#fail(error))
  }

  #readOn(): void {
    this.#reading = false
    this.#goOn()
    if (!this.#reading && !this.#gone && this.#stream.readStatus === 'paused') {
      // It hands over what it has before it tells the muxer: a pause in the middle of that would be taken back, the
      // remote go on sending, and the stream be reset for what it then holds.
      this.#isResuming = true
      this.#stream.resume()
      this.#isResuming = false
      this.#goOn()
    }
    this.#note()
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.abort(reason, isGridError(error) && error.blame === 'remote' ? error : undefined)
  }

  #end(reason: string, fault?: GridError): void {
    if (this.#gone) return
    this.#gone = true
    this.#budgets.received.note(this, 0)
    this.#budgets.queued.note(this, 0)
    this.#queue = []
    this.#queueBytes = 0
    this.#stream.removeEventListener('drain', this.#onDrain)
    this.#stream.removeEventListener('message', this.#onBytes)
    this.#hooks.onGone(reason, fault)
  }
}
