/**
 * Whose mail is handled when. Neighbours take turns, each for a slice of time, and each has a budget of messages and
 * bytes a second: what is over it is not read. So a neighbour that floods fills its own pipe, and slows nobody but
 * itself.
 *
 * A frame is handled at once while nobody waits and its neighbour has budget left: the usual case costs two clocks.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseMail } from './frames.js'

/** Bytes are waited for at least so long: shorter timers cost more than they hold back. */
const byteWaitMsMin = 20
/** One neighbour's slice of a turn, and all slices of it: then sockets, timers and everything else get theirs. */
const sliceMsMax = 2
const turnMsMax = 8
/** Messages handled between two looks at the clock. */
const batchMessages = 128
/** Flooding is told once in so long, and only of who had to wait for most of it. */
const windowMs = 1_000
const waitingShare = 0.5
/** Between two looks at budgets that were empty. */
const refillMs = 20

export interface IntakeOptions<Key> {
  /** Handled, of one neighbour; twice as much may come at once. Infinity: no bound. */
  messagesPerSecond: number
  /** Received. More than that is no fault: bytes may come as fast as a line is. */
  bytesPerSecond: number
  /** What part of its budget a neighbour has, 0 to 1. */
  shareOf(key: Key): number
  /** Handles messages; nothing more of this neighbour until the promise resolves. */
  handle(key: Key, messages: readonly Uint8Array[]): void | Promise<void>
  /** It sent more messages than its budget for most of a second. */
  onFlooding(key: Key): void
  nowMs(): number
}

/** What a neighbour has here; `key` is its stream. */
interface Inbox<Key> {
  readonly key: Key
  messages: readonly Uint8Array[]
  at: number
  done: { resolve(): void; reject(error: unknown): void } | undefined
  messagesLeft: number
  bytesLeft: number
  filledMs: number
  windowMs: number
  waitedMs: number
}

export interface IntakeCounts {
  messages: number
  bytes: number
  /** Times that a neighbour had to wait for its budget. */
  waits: number
}

export class Intake<Key extends object> {
  readonly #options: IntakeOptions<Key>
  readonly #inboxes = new Map<Key, Inbox<Key>>()
  #queue: Inbox<Key>[] = []
  readonly #starved = new Set<Inbox<Key>>()
  #turnAsked = false
  #turnSpentMs = 0
  #refill: NodeJS.Timeout | undefined
  readonly counts: IntakeCounts = { messages: 0, bytes: 0, waits: 0 }

  constructor(options: IntakeOptions<Key>) {
    this.#options = options
  }

  /**
   * Takes the body of a mail frame.
   *
   * @returns a promise when it is not handled yet: no other frame of this neighbour may come before it resolves
   * @throws {GridError} of what handles the messages, and MH_BAD_MESSAGE, MH_TOO_MANY, blaming the remote
   */
  take(key: Key, body: Uint8Array): void | Promise<void> {
    const inbox = this.#inboxOf(key)
    inbox.messages = parseMail(body)
    inbox.at = 0
    if (this.#queue.length === 0 && this.#turnSpentMs < turnMsMax) {
      const waits = this.#handleSlice(inbox)
      if (inbox.at === inbox.messages.length) return waits
      return this.#later(inbox, waits)
    }
    return this.#later(inbox, undefined)
  }

  /**
   * Bytes of a neighbour have arrived, of frames that may never be whole.
   *
   * @returns a promise when they are too many: no more is to be read before it resolves
   */
  arrive(key: Key, bytes: number): void | Promise<void> {
    const inbox = this.#inboxOf(key)
    inbox.bytesLeft -= bytes
    this.counts.bytes += bytes
    if (inbox.bytesLeft > 0) return
    this.#fill(inbox, this.#options.nowMs())
    if (inbox.bytesLeft > 0) return
    this.counts.waits++
    const perMs = (this.#options.bytesPerSecond * this.#options.shareOf(key)) / 1000
    return pause(Math.max(byteWaitMsMin, -inbox.bytesLeft / perMs), undefined, { ref: false })
  }

  /** The neighbour is gone, and with it whatever it sent. */
  forget(key: Key): void {
    const inbox = this.#inboxes.get(key)
    if (inbox === undefined) return
    this.#inboxes.delete(key)
    this.#starved.delete(inbox)
    inbox.messages = []
    inbox.at = 0
    inbox.done?.resolve()
    inbox.done = undefined
    if (this.#inboxes.size === 0) clearTimeout(this.#refill)
  }

  #inboxOf(key: Key): Inbox<Key> {
    let inbox = this.#inboxes.get(key)
    if (inbox === undefined) {
      const { messagesPerSecond, bytesPerSecond, shareOf } = this.#options
      const share = shareOf(key)
      const nowMs = this.#options.nowMs()
      inbox = {
        key,
        messages: [],
        at: 0,
        done: undefined,
        messagesLeft: 2 * share * messagesPerSecond,
        bytesLeft: 2 * share * bytesPerSecond,
        filledMs: nowMs,
        windowMs: nowMs,
        waitedMs: 0,
      }
      this.#inboxes.set(key, inbox)
    }
    return inbox
  }

  #later(inbox: Inbox<Key>, waits: void | Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      inbox.done = { resolve, reject }
      this.#goOn(inbox, waits)
    })
  }

  /** Handles what the neighbour's slice, budget and messages allow. */
  #handleSlice(inbox: Inbox<Key>): void | Promise<void> {
    const { nowMs, handle, messagesPerSecond } = this.#options
    const startMs = nowMs()
    this.#fill(inbox, startMs)
    this.#askTurn()
    let waits: Promise<void> | undefined
    let spentMs = 0
    while (inbox.at < inbox.messages.length && inbox.messagesLeft >= 1) {
      const most = messagesPerSecond === Infinity ? batchMessages : Math.ceil(inbox.messagesLeft)
      const batch = inbox.messages.slice(inbox.at, inbox.at + Math.min(batchMessages, most))
      inbox.at += batch.length
      inbox.messagesLeft -= batch.length
      this.counts.messages += batch.length
      const handled = handle(inbox.key, batch)
      if (handled !== undefined) waits = handled
      spentMs = nowMs() - startMs
      if (waits !== undefined || spentMs >= sliceMsMax) break
    }
    this.#turnSpentMs += spentMs
    return waits
  }

  #fill(inbox: Inbox<Key>, nowMs: number): void {
    const { messagesPerSecond, bytesPerSecond, shareOf } = this.#options
    if (messagesPerSecond === Infinity && bytesPerSecond === Infinity) return
    const share = shareOf(inbox.key)
    const seconds = (nowMs - inbox.filledMs) / 1000
    inbox.filledMs = nowMs
    const fill = (left: number, perSecond: number) =>
      Math.min(2 * share * perSecond, left + seconds * share * perSecond)
    inbox.messagesLeft = fill(inbox.messagesLeft, messagesPerSecond)
    inbox.bytesLeft = fill(inbox.bytesLeft, bytesPerSecond)
  }

  /** After a slice: done, on to the next one, or to wait for what is in the way. */
  #goOn(inbox: Inbox<Key>, waits: void | Promise<void>): void {
    if (waits !== undefined) {
      waits.then(
        () => this.#goOn(inbox, undefined),
        (error: unknown) => this.#fail(inbox, error),
      )
      return
    }
    if (inbox.at >= inbox.messages.length) {
      const { done } = inbox
      inbox.done = undefined
      inbox.messages = []
      done?.resolve()
      return
    }
    if (inbox.messagesLeft >= 1) {
      this.#queue.push(inbox)
      this.#askTurn()
      return
    }
    this.counts.waits++
    this.#starved.add(inbox)
    this.#refill ??= setTimeout(() => this.#onRefill(), refillMs)
  }

  #fail(inbox: Inbox<Key>, error: unknown): void {
    const { done } = inbox
    inbox.done = undefined
    inbox.messages = []
    done?.reject(error)
  }

  #askTurn(): void {
    if (this.#turnAsked) return
    this.#turnAsked = true
    setImmediate(() => this.#turn())
  }

  /** One round: everybody who waits gets a slice, as far as the turn's time goes; the others are first next time. */
  #turn(): void {
    this.#turnAsked = false
    this.#turnSpentMs = 0
    for (let left = this.#queue.length; left > 0 && this.#turnSpentMs < turnMsMax; left--) {
      const inbox = this.#queue.shift()
      if (inbox === undefined || inbox.done === undefined) continue
      try {
        this.#goOn(inbox, this.#handleSlice(inbox))
      } catch (error) {
        this.#fail(inbox, error)
      }
    }
    if (this.#queue.length > 0) this.#askTurn()
  }

  #onRefill(): void {
    this.#refill = undefined
    const nowMs = this.#options.nowMs()
    for (const inbox of [...this.#starved]) {
      this.#noteWait(inbox, nowMs)
      this.#fill(inbox, nowMs)
      if (inbox.done !== undefined && inbox.messagesLeft < 1) continue
      this.#starved.delete(inbox)
      if (inbox.done !== undefined) this.#queue.push(inbox)
    }
    if (this.#queue.length > 0) this.#askTurn()
    if (this.#starved.size > 0) this.#refill = setTimeout(() => this.#onRefill(), refillMs)
  }

  #noteWait(inbox: Inbox<Key>, nowMs: number): void {
    if (inbox.messagesLeft < 1) inbox.waitedMs += nowMs - inbox.filledMs
    const lastedMs = nowMs - inbox.windowMs
    if (lastedMs < windowMs) return
    // After a pause the window has nothing of a flood in it.
    const isFlood = inbox.waitedMs > waitingShare * windowMs && lastedMs < 2 * windowMs
    inbox.windowMs = nowMs
    inbox.waitedMs = 0
    if (isFlood) this.#options.onFlooding(inbox.key)
  }
}
