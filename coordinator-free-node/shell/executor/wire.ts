/**
 * One end of what connects daemon and executor process: small messages on Node's own channel, and beside it a stream
 * for large bytes, called parcels. A parcel is written from where it lies and read into where it is used; on the
 * channel it would be copied four times.
 *
 * A message names the lengths of its parcels, and the stream carries nothing but them, in the order of the messages.
 * Messages arrive in the order of their sending, each with its parcels complete. Both ends of a wire live as long as
 * one process: what was half sent when it died is never seen by the next.
 */
import type { OnReadOpts, Socket } from 'node:net'

/** Bytes from here on are a parcel; below it a message of its own costs more than a copy. */
export const parcelBytesMin = 256 * 1024

/** What a message becomes on the channel. Without a stream it takes its parcels along. */
export interface Posted {
  parcels?: (number | Uint8Array)[] | undefined
}

export interface WireOptions<In> {
  /** Puts a message on the channel. */
  post(message: object): void
  /** Longest parcel that may arrive. */
  parcelBytesMax: number
  heard(message: In, parcels: readonly Uint8Array[]): void
  /** Bytes of a parcel came in. */
  felt?(): void
  /** The other end does not keep to the rules. */
  broken(reason: string): void
}

interface Arriving<In> {
  message: In
  parcels: (number | Uint8Array)[]
  /** Of the parcels. */
  complete: number
}

/** Where bytes go that come before a message has named them; so few that they belong to one parcel. */
const scratchBytes = 1024

export class Wire<Out extends object, In extends object> {
  readonly #options: WireOptions<In>
  #stream: Socket | undefined
  readonly #scratch = new Uint8Array(scratchBytes)
  /** The first waits for its parcels, the others for their turn. */
  readonly #inbox: Arriving<In>[] = []
  /** The parcel that is being read. */
  #parcel: Uint8Array | undefined
  #filled = 0
  /** Nothing that comes after a breach is heard. */
  #isDeaf = false

  constructor(options: WireOptions<In>) {
    this.#options = options
  }

  /** How a socket has to be opened to be this wire's stream: it reads straight into the parcels. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#parcel?.subarray(this.#filled) ?? this.#scratch,
    callback: (count, bytes) => this.#read(count, bytes),
  }

  /** @param stream  opened with `onread`, and nothing read from it yet; undefined where there is none */
  open(stream: Socket | undefined): void {
    this.#stream = stream
    stream?.pause()
    // Whichever end goes says so on the channel.
    stream?.on('error', () => {})
  }

  close(): void {
    this.#stream?.destroy()
  }

  /**
   * @param parcels  not to be changed until they are sent
   * @param sent  called when the stream has taken them
   */
  send(message: Out, parcels: readonly Uint8Array[] = [], sent?: () => void): void {
    if (parcels.length === 0) return this.#options.post(message)
    const stream = this.#stream
    if (stream === undefined) {
      this.#options.post({ ...message, parcels })
      sent?.()
      return
    }
    this.#options.post({ ...message, parcels: parcels.map(({ length }) => length) })
    for (const [i, parcel] of parcels.entries()) {
      const isLast = i === parcels.length - 1
      stream.write(parcel, isLast ? () => sent?.() : undefined)
    }
  }

  /** A message has come in on the channel. */
  hear(posted: In & Posted): void {
    if (this.#isDeaf) return
    if (posted.parcels === undefined && this.#inbox.length === 0)
      return this.#options.heard(posted, [])
    const { parcels = [], ...rest } = posted
    if (!Array.isArray(parcels)) return this.#break('it announced bytes in no list')
    const fault = parcels
      .map((parcel) => this.#faultOf(parcel))
      .find((found) => found !== undefined)
    if (fault !== undefined) return this.#break(fault)
    this.#inbox.push({ message: rest as In, parcels, complete: 0 })
    if (this.#inbox.length === 1) this.#advance()
  }

  #faultOf(parcel: unknown): string | undefined {
    if (parcel instanceof Uint8Array && this.#stream === undefined) return undefined
    const { parcelBytesMax } = this.#options
    if (Number.isInteger(parcel)) {
      const bytes = Number(parcel)
      if (bytes >= parcelBytesMin && bytes <= parcelBytesMax) return undefined
    }
    return `it announced bytes that it may not send: ${String(parcel).slice(0, 40)}`
  }

  /** Hears nothing any more. */
  deafen(): void {
    this.#isDeaf = true
    this.#inbox.length = 0
    this.#parcel = undefined
  }

  #break(fault: string): void {
    this.deafen()
    this.#options.broken(fault)
  }

  /** Passes on what is complete, and makes room for the parcel that comes next. */
  #advance(): void {
    for (;;) {
      const [next] = this.#inbox
      if (next === undefined) return
      const announced = next.parcels[next.complete]
      if (typeof announced === 'number') {
        this.#parcel = new Uint8Array(announced)
        this.#filled = 0
        this.#stream?.resume()
        return
      }
      if (announced !== undefined) {
        next.complete++
        continue
      }
      this.#inbox.shift()
      this.#options.heard(next.message, next.parcels as Uint8Array[])
    }
  }

  /** @returns whether to go on reading */
  #read(count: number, bytes: Uint8Array): boolean {
    const parcel = this.#parcel
    const [next] = this.#inbox
    if (parcel === undefined || next === undefined) {
      this.#break('it sent bytes that it had not announced')
      return false
    }
    if (bytes.buffer === this.#scratch.buffer)
      parcel.set(this.#scratch.subarray(0, count), this.#filled)
    this.#filled += count
    this.#options.felt?.()
    if (this.#filled < parcel.length) return true
    next.parcels[next.complete] = parcel
    this.#parcel = undefined
    this.#advance()
    return this.#parcel !== undefined
  }
}
