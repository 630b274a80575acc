/**
 * Comes back to peers that were lost: an overloaded node drops everybody at once, and nobody else will mend it.
 *
 * Attempt n waits min(msMax, msMin * 2**n), of which a random half is taken off: after a power cut a hundred nodes
 * must not dial the one that is up again in the same instant.
 */
import type { PeerId } from '../../protocol/ids.js'

/** Peers that nobody named are worth about ten minutes. */
const attemptsMax = 15
/** Peers kept in mind at once; more losses than this mean that the fault is here. */
const entriesMax = 512
/** A neighbour that stayed for less flaps: start slower. */
const steadyMs = 5_000
const flappingAttempt = 3
/** One that said goodbye will be back when it pleases. */
const leftAttempt = 5

export interface RedialerOptions {
  msMin: number
  msMax: number
  /** [0, 1) */
  random(): number
  isNeighbour(peer: PeerId): boolean
  /** @returns who answered */
  dial(addresses: readonly string[]): Promise<PeerId>
  /** A failure after which there is no point in another attempt. */
  isHopeless(error: unknown): boolean
}

interface Entry {
  addresses: readonly string[]
  peer: PeerId | undefined
  pinned: boolean
  attempt: number
  timer: NodeJS.Timeout | undefined
}

export class Redialer {
  readonly #options: RedialerOptions
  readonly #entries = new Set<Entry>()
  #stopped = false

  constructor(options: RedialerOptions) {
    this.#options = options
  }

  /** A peer that the user named: dialled now, and for ever after. */
  pin(addresses: readonly string[], peer: PeerId | undefined): void {
    const entry: Entry = { addresses, peer, pinned: true, attempt: 0, timer: undefined }
    this.#entries.add(entry)
    this.#dialNow(entry)
  }

  /** A neighbour is gone against our will. */
  onLost(peer: PeerId, addresses: readonly string[], lastedMs: number): void {
    this.#retry(peer, addresses, lastedMs < steadyMs ? flappingAttempt : 0, true)
  }

  /** A neighbour said goodbye: only a pinned one is tried again. */
  onLeft(peer: PeerId): void {
    this.#retry(peer, [], leftAttempt, false)
  }

  /** No more attempts, pinned or not. */
  forget(peer: PeerId): void {
    for (const entry of this.#entries) if (entry.peer === peer) this.#remove(entry)
  }

  stop(): void {
    this.#stopped = true
    for (const entry of [...this.#entries]) this.#remove(entry)
  }

  #retry(peer: PeerId, addresses: readonly string[], attempt: number, create: boolean): void {
    if (this.#stopped) return
    let entry = [...this.#entries].find((one) => one.peer === peer)
    if (entry === undefined) {
      if (!create || addresses.length === 0 || this.#entries.size >= entriesMax) return
      entry = { addresses, peer, pinned: false, attempt: 0, timer: undefined }
      this.#entries.add(entry)
    }
    if (addresses.length > 0 && !entry.pinned) entry.addresses = addresses
    entry.attempt = Math.max(entry.attempt, attempt)
    this.#schedule(entry)
  }

  #schedule(entry: Entry): void {
    if (this.#stopped || !this.#entries.has(entry)) return
    clearTimeout(entry.timer)
    const { msMin, msMax, random } = this.#options
    const fullMs = Math.min(msMax, msMin * 2 ** entry.attempt)
    entry.timer = setTimeout(() => this.#dialNow(entry), fullMs * (1 - random() / 2))
  }

  #dialNow(entry: Entry): void {
    if (entry.peer !== undefined && this.#options.isNeighbour(entry.peer)) {
      this.#onReached(entry, entry.peer)
      return
    }
    this.#options.dial(entry.addresses).then(
      (peer) => this.#onReached(entry, peer),
      (error: unknown) => {
        entry.attempt++
        const hopeless = this.#options.isHopeless(error)
        if (hopeless || (!entry.pinned && entry.attempt >= attemptsMax)) this.#remove(entry)
        else this.#schedule(entry)
      },
    )
  }

  #onReached(entry: Entry, peer: PeerId): void {
    entry.peer = peer
    entry.attempt = 0
    if (!entry.pinned) this.#remove(entry)
    // Lost again between the answer and now: nobody would have told us of the peer before.
    else if (!this.#options.isNeighbour(peer)) this.#schedule(entry)
  }

  #remove(entry: Entry): void {
    clearTimeout(entry.timer)
    this.#entries.delete(entry)
  }
}
