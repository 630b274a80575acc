/**
 * Who is a neighbour: exactly one mail stream to each, whoever opened it.
 *
 *     opener                          acceptor
 *     open(serial, addresses)  --->
 *                              <---   accept(serial, addresses): the acceptor is joined, then the opener
 *                              <---   or reject(reason)
 *
 * When both open at once, the stream of the smaller peer id wins: its opener rejects the other's as `crossed`, and
 * the larger gives its own up. A node's serial grows with every `open` that it sends, and `accept` carries it too,
 * so that an `open` which was on its way while another stream settled is known as stale, and one that was sent
 * later (the peer lost the old stream) takes the old one's place.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { z } from 'zod'
import { decode, encode } from '../../protocol/codec.js'
import { GridError } from '../../protocol/errors.js'
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { type Misdeed, misdeedOf } from '../../protocol/misdeeds.js'
import { sanitiseAddresses } from './addresses.js'
import { orAborted } from './deadline.js'
import type { Frame } from './frames.js'
import { HeldBytes } from './held-bytes.js'
import { Intake, type IntakeCounts } from './intake.js'
import { Silence } from './liveness.js'
import { type MailBudgets, MailStream } from './mail-stream.js'
import { announceRoomSeldom } from './room.js'

export const greetingSchema = z.strictObject({
  serial: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  addresses: z.array(z.string().min(1).max(limits.addressCharsMax)).max(limits.addressesMax),
})
type Greeting = z.infer<typeof greetingSchema>

const crossed = 'crossed'

/**
 * Why a neighbour is gone.
 * - `lost`: nobody wanted it; worth a new attempt
 * - `replaced`: it is back already, on another stream
 * - `left`: it said goodbye
 * - `sent-away`: it broke the protocol, or we disconnected on purpose
 */
export type DepartureKind = 'lost' | 'replaced' | 'left' | 'sent-away'

export interface Departure {
  reason: string
  kind: DepartureKind
  lastedMs: number
  addresses: readonly string[]
}

/** After what was written has gone out, at once, or at once and with an effect on others from the same address. */
export type HangUp = 'close' | 'abort' | 'banish'

export interface NeighbourhoodHooks {
  /** @param place  the other end of its connection */
  onJoined(peer: PeerId, addresses: readonly string[], place: string, inbound: boolean): void
  onLeft(peer: PeerId, departure: Departure): void
  onMessages(peer: PeerId, messages: readonly Uint8Array[]): void | Promise<void>
  /** It broke the protocol, or sent more than its budget for most of a second. */
  onMisdeed(peer: PeerId, misdeed: Misdeed): void
  /** What this node tells others of itself. */
  ownAddresses(): readonly string[]
  /** Ends every connection to the peer. */
  hangUp(peer: PeerId, how: HangUp, reason: string): void
}

export interface NeighbourhoodOptions {
  self: PeerId
  protocol: string
  neighboursMax: number
  /** A neighbour silent for so long is dead, milliseconds. */
  silenceMs: number
  /** What has not introduced itself after so long is cut, milliseconds. */
  handshakeMs: number
  budgets: NeighbourBudgets
  nowMs(): number
}

/** What neighbours may use up; Infinity: no bound. */
export interface NeighbourBudgets {
  /** Handled and received, a neighbour; twice as much may come at once. */
  messagesPerSecond: number
  bytesPerSecond: number
  /** Held in memory for all of them together: received and not handled, and not sent yet. */
  receiveBytesMax: number
  sendBytesMax: number
  /** The part of its budget that a neighbour has, 0 to 1. */
  shareOf(peer: PeerId): number
}

export interface NeighbourTraffic extends IntakeCounts {
  receiveBytes: number
  receiveBytesPeak: number
  sendBytes: number
  sendBytesPeak: number
  /** Neighbours that held most when all together held too much. */
  cutForMemory: number
}

type LineState = 'greeting' | 'opening' | 'joined' | 'gone'

/** One mail stream and how far it has come. */
interface Line {
  readonly peer: PeerId
  readonly connection: Connection
  readonly mail: MailStream
  readonly silence: Silence
  readonly inbound: boolean
  state: LineState
  addresses: readonly string[]
  /** Opens of the peer up to this serial are stale. */
  remoteSerial: number
  joinedMs: number
  /** For how long mail has waited for it, and none went out. */
  stalledMs: number
  departure: { kind: DepartureKind; reason: string } | undefined
}

interface Opening {
  /** Undefined while the stream is being negotiated, and once it has lost to the peer's own. */
  line: Line | undefined
  promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

export class Neighbourhood {
  readonly #options: NeighbourhoodOptions
  readonly #hooks: NeighbourhoodHooks
  readonly #neighbours = new Map<PeerId, Line>()
  readonly #openings = new Map<PeerId, Opening>()
  readonly #greeting = new Set<Line>()
  readonly #intake: Intake<Line>
  readonly #mailBudgets: MailBudgets
  /** Starts at the clock, so that a restarted node's serials are above those of its former life. */
  #serial = Date.now() * 1000

  constructor(options: NeighbourhoodOptions, hooks: NeighbourhoodHooks) {
    this.#options = options
    this.#hooks = hooks
    const { budgets } = options
    const cut = (mail: MailStream, bytes: number) =>
      mail.abort(`${bytes} bytes are held for it, and all together hold too much`)
    this.#mailBudgets = {
      received: new HeldBytes(budgets.receiveBytesMax, cut),
      queued: new HeldBytes(budgets.sendBytesMax, cut),
    }
    this.#intake = new Intake({
      ...budgets,
      shareOf: ({ peer }) => budgets.shareOf(peer),
      handle: ({ peer }, messages) => hooks.onMessages(peer, messages),
      onFlooding: ({ peer }) => hooks.onMisdeed(peer, 'flooding'),
      nowMs: options.nowMs,
    })
  }

  /** What came in so far, and what is held for neighbours. */
  traffic(): NeighbourTraffic {
    const { received, queued } = this.#mailBudgets
    return {
      ...this.#intake.counts,
      receiveBytes: received.total,
      receiveBytesPeak: received.peak,
      sendBytes: queued.total,
      sendBytesPeak: queued.peak,
      cutForMemory: received.cuts + queued.cuts,
    }
  }

  has(peer: PeerId): boolean {
    return this.#neighbours.has(peer)
  }

  /** A neighbour, or about to be one. */
  isKnown(peer: PeerId): boolean {
    return this.#neighbours.has(peer) || this.#openings.has(peer)
  }

  /** The connection that carries the mail of a neighbour. */
  connectionOf(peer: PeerId): Connection | undefined {
    return this.#neighbours.get(peer)?.connection
  }

  list(): PeerId[] {
    return [...this.#neighbours.keys()]
  }

  send(peer: PeerId, messages: readonly Uint8Array[]): boolean {
    const line = this.#neighbours.get(peer)
    if (line === undefined) return false
    line.mail.sendMessages(messages)
    return true
  }

  /** Resolves once the connection's peer is a neighbour, by this stream or by one that the peer opened. */
  async open(connection: Connection, signal: AbortSignal): Promise<void> {
    const peer = peerIdOf(connection)
    if (this.#neighbours.has(peer)) return
    const running = this.#openings.get(peer)
    if (running !== undefined) return orAborted(running.promise, signal)
    const opening = newOpening()
    this.#openings.set(peer, opening)
    this.#beginOpening(opening, peer, connection, signal).catch(opening.reject)
    try {
      await orAborted(opening.promise, signal)
    } catch (error) {
      if (this.#openings.get(peer) === opening) this.#openings.delete(peer)
      if (opening.line !== undefined) this.#cut(opening.line, 'the attempt was given up')
      throw error
    }
  }

  /** A stream that the peer opened. */
  accept(stream: Stream, connection: Connection): void {
    const line = this.#newLine(stream, connection, 'greeting', true)
    this.#greeting.add(line)
  }

  /** Says goodbye and hangs up; nothing when it is no neighbour. */
  dismiss(peer: PeerId, reason: string): void {
    const line = this.#neighbours.get(peer)
    if (line === undefined) return
    line.departure = { kind: 'sent-away', reason }
    line.mail.sayBye(reason)
    this.#hooks.hangUp(peer, 'close', reason)
  }

  dismissAll(reason: string): void {
    for (const peer of this.list()) this.dismiss(peer, reason)
    for (const opening of [...this.#openings.values()]) opening.reject(new Error(reason))
    for (const line of [...this.#greeting]) this.#cut(line, reason)
  }

  /** @param tickMs  silence that this tick stands for, milliseconds */
  tick(tickMs: number): void {
    const { silenceMs, handshakeMs } = this.#options
    for (const line of [...this.#neighbours.values()]) {
      const { silence } = line
      silence.count(tickMs, line.mail.takeActivity())
      if (silence.isOver)
        this.#cut(line, `nothing came from it for ${(silence.heardMs / 1000).toFixed(1)} s`)
      else if (silence.asksForBeat) line.mail.sendControl('beat')
      line.stalledMs = line.mail.takeStall() ? line.stalledMs + tickMs : 0
      if (line.stalledMs >= silenceMs)
        this.#cut(line, `it read nothing for ${(silenceMs / 1000).toFixed(1)} s`)
    }
    for (const line of [...this.#greeting]) {
      line.silence.count(tickMs, { heard: false, spoke: false, mailed: false })
      if (line.silence.heardMs >= handshakeMs) this.#cut(line, 'it never introduced itself')
    }
  }

  async #beginOpening(
    opening: Opening,
    peer: PeerId,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<void> {
    const stream = await connection.newStream([this.#options.protocol], { signal })
    if (this.#openings.get(peer) !== opening) {
      // Joined by the peer's own stream in the meantime, or given up.
      stream.abort(new Error('no longer needed'))
      return
    }
    opening.line = this.#newLine(stream, connection, 'opening', false)
    this.#serial++
    opening.line.mail.sendControl('open', this.#greet())
  }

  #newLine(stream: Stream, connection: Connection, state: LineState, inbound: boolean): Line {
    const hooks = {
      onBytes: (bytes: number) => this.#intake.arrive(line, bytes),
      onFrame: (frame: Frame) => this.#onFrame(line, frame),
      onGone: (reason: string, fault?: GridError) => this.#onGone(line, reason, fault),
    }
    announceRoomSeldom(stream)
    const mail = new MailStream(stream, hooks, this.#mailBudgets)
    const line: Line = {
      peer: peerIdOf(connection),
      connection,
      mail,
      silence: new Silence(this.#options.silenceMs),
      inbound,
      state,
      addresses: [],
      remoteSerial: 0,
      joinedMs: 0,
      stalledMs: 0,
      departure: undefined,
    }
    return line
  }

  #onFrame(line: Line, frame: Frame): void | Promise<void> {
    const turn = `${line.state} ${frame.kind}`
    switch (turn) {
      case 'greeting open':
        return this.#settle(line, parseGreeting(frame))
      case 'opening accept':
        return this.#join(line, parseGreeting(frame))
      case 'opening reject':
        return this.#onReject(line, textOf(frame))
      case 'joined mail':
        return this.#intake.take(line, frame.body)
      case 'joined beat':
        return
      case 'joined bye':
        line.departure = { kind: 'left', reason: `it left: ${textOf(frame)}` }
        return this.#cut(line, line.departure.reason)
      default:
        if (line.state === 'gone') return
        throw new GridError('MH_BAD_MESSAGE', `a ${frame.kind} frame came out of turn`, {
          blame: 'remote',
        })
    }
  }

  /** A peer introduced itself on a stream of its own: which one stays? */
  #settle(line: Line, greeting: Greeting): void {
    const { peer } = line
    this.#greeting.delete(line)
    const current = this.#neighbours.get(peer)
    if (current !== undefined && greeting.serial <= current.remoteSerial) {
      this.#reject(line, crossed)
      return
    }
    const opening = this.#openings.get(peer)
    if (opening?.line !== undefined && this.#options.self < peer) {
      this.#reject(line, crossed)
      return
    }
    if (current !== undefined) this.#replace(current, line)
    if (this.#neighbours.size >= this.#options.neighboursMax) {
      this.#reject(line, 'it has as many neighbours as it wants')
      return
    }
    const loser = opening?.line
    if (opening !== undefined) opening.line = undefined
    if (loser !== undefined) this.#cut(loser, crossed)
    line.mail.sendControl('accept', this.#greet())
    this.#join(line, greeting)
  }

  #replace(current: Line, next: Line): void {
    const reason = 'it connected anew'
    current.departure = { kind: 'replaced', reason }
    this.#cut(current, reason)
    if (current.connection !== next.connection) abortConnection(current.connection, reason)
  }

  #reject(line: Line, reason: string): void {
    line.state = 'gone'
    line.mail.sendControl('reject', new TextEncoder().encode(reason))
    line.mail.finish(reason)
  }

  #onReject(line: Line, reason: string): void {
    line.state = 'gone'
    line.mail.abort(reason)
    const opening = this.#openings.get(line.peer)
    if (opening?.line !== line) return
    opening.line = undefined
    // The peer's own stream is on its way; `open` waits for it.
    if (reason !== crossed) opening.reject(new Error(reason))
  }

  #join(line: Line, greeting: Greeting): void {
    const { peer, connection } = line
    const heardFrom = String(connection.remoteAddr)
    const told = sanitiseAddresses(greeting.addresses, peer)
    line.state = 'joined'
    line.remoteSerial = greeting.serial
    line.addresses = line.inbound ? told : [...new Set([heardFrom, ...told])]
    line.joinedMs = this.#options.nowMs()
    const opening = this.#openings.get(peer)
    this.#openings.delete(peer)
    this.#neighbours.set(peer, line)
    this.#hooks.onJoined(peer, line.addresses, heardFrom, line.inbound)
    opening?.resolve()
  }

  #cut(line: Line, reason: string): void {
    line.mail.abort(reason)
  }

  #onGone(line: Line, reason: string, fault: GridError | undefined): void {
    const { peer, state } = line
    line.state = 'gone'
    this.#greeting.delete(line)
    this.#intake.forget(line)
    if (fault !== undefined) this.#hooks.hangUp(peer, 'banish', reason)
    const opening = this.#openings.get(peer)
    if (state === 'opening' && opening?.line === line) opening.reject(new Error(reason))
    if (state !== 'joined') return
    this.#neighbours.delete(peer)
    const departure = line.departure ?? { kind: fault ? 'sent-away' : 'lost', reason }
    this.#hooks.onLeft(peer, {
      ...departure,
      lastedMs: this.#options.nowMs() - line.joinedMs,
      addresses: line.addresses,
    })
    if (fault !== undefined) this.#hooks.onMisdeed(peer, misdeedOf(fault))
  }

  #greet(): Uint8Array {
    return encode({
      serial: this.#serial,
      addresses: this.#hooks.ownAddresses(),
    } satisfies { serial: number; addresses: readonly string[] })
  }
}

/** `abort` itself throws where the muxer has not yet heard that the socket is gone. */
export function abortConnection(connection: Connection, reason: string): void {
  try {
    connection.abort(new Error(reason))
  } catch {
    // Gone is what it should be.
  }
}

function newOpening(): Opening {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Whoever waits hears of it; when nobody does, it is no unhandled rejection.
  promise.catch(() => {})
  return { line: undefined, promise, resolve, reject }
}

function peerIdOf(connection: Connection): PeerId {
  return connection.remotePeer.toString() as PeerId
}

export function parseGreeting(frame: Frame): Greeting {
  return decode(frame.body, greetingSchema, 'a greeting')
}

function textOf(frame: Frame): string {
  return new TextDecoder().decode(frame.body).slice(0, limits.textCharsMax)
}
