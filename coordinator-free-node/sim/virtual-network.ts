/**
 * A network of reliable ordered links, as WebSockets are: what a real network loses shows as delay, or as a link that
 * breaks. Links that break are dialled again by whoever dialled them, as the overlay does.
 */
import { nextFraction, type Random } from '../core/kit/random.js'
import type { CoreMessage } from '../core/messages.js'
import type { PeerId } from '../protocol/ids.js'
import type { VirtualClock } from './virtual-clock.js'

export interface NetworkOptions {
  /** One way, milliseconds; each message adds up to half as much again. */
  delayMs: number
  /** Share of messages that break their link instead of arriving. */
  lossRate: number
}

export interface NetworkClient {
  joined(peer: PeerId): void
  left(peer: PeerId): void
  received(from: PeerId, message: CoreMessage): void
  dialFailed(peer: PeerId, reason: string): void
}

/** A lost link is dialled again after this; the overlay backs off further, a simulation is short. */
const redialMs = 1_000

interface Link {
  up: boolean
  dialler: PeerId
  /** Arrival of the last message in each direction: order is kept. */
  lastMs: Map<PeerId, number>
}

export class VirtualNetwork {
  readonly #clients = new Map<PeerId, NetworkClient>()
  readonly #links = new Map<string, Link>()
  /** Peers in different sides of a partition cannot talk; all are on side 0 at first. */
  readonly #sides = new Map<PeerId, number>()

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly options: NetworkOptions,
  ) {}

  attach(peer: PeerId, client: NetworkClient): void {
    this.#clients.set(peer, client)
  }

  /** The peer's process is gone: its links break at once. */
  detach(peer: PeerId): void {
    this.#clients.delete(peer)
    for (const [key, link] of this.#links) if (key.split(' ').includes(peer)) this.#cut(key, link)
  }

  /** Splits the network; links across break. An empty map heals it. */
  partition(sides: ReadonlyMap<PeerId, number>): void {
    this.#sides.clear()
    for (const [peer, side] of sides) this.#sides.set(peer, side)
    for (const [key, link] of this.#links) {
      const [a, b] = ends(key)
      if (!this.#canTalk(a, b)) this.#cut(key, link)
    }
  }

  dial(from: PeerId, to: PeerId): void {
    this.clock.after(2 * this.#delayMs(), () => {
      const client = this.#clients.get(from)
      if (client === undefined) return
      if (from === to || !this.#clients.has(to) || !this.#canTalk(from, to)) {
        client.dialFailed(to, 'no answer')
        return
      }
      const key = keyOf(from, to)
      if (this.#links.get(key)?.up === true) return
      this.#links.set(key, { up: true, dialler: from, lastMs: new Map() })
      client.joined(to)
      this.#clients.get(to)?.joined(from)
    })
  }

  send(from: PeerId, to: PeerId, message: CoreMessage): void {
    const key = keyOf(from, to)
    const link = this.#links.get(key)
    if (link?.up !== true) return
    if (nextFraction(this.random) < this.options.lossRate) {
      this.#cut(key, link)
      return
    }
    const atMs = Math.max(this.clock.nowMs() + this.#delayMs(), link.lastMs.get(to) ?? 0)
    link.lastMs.set(to, atMs)
    this.clock.wakeAt(atMs, () => {
      if (link.up) this.#clients.get(to)?.received(from, message)
    })
  }

  #cut(key: string, link: Link): void {
    if (!link.up) return
    link.up = false
    this.#links.delete(key)
    const [a, b] = ends(key)
    // Both ends notice after a delay, never within the turn that sent.
    this.clock.after(1, () => {
      this.#clients.get(a)?.left(b)
      this.#clients.get(b)?.left(a)
    })
    this.#redial(link.dialler, link.dialler === a ? b : a)
  }

  #redial(from: PeerId, to: PeerId): void {
    this.clock.after(redialMs * (1 + nextFraction(this.random)), () => {
      if (!this.#clients.has(from) || this.#links.has(keyOf(from, to))) return
      if (this.#clients.has(to) && this.#canTalk(from, to)) this.dial(from, to)
      else this.#redial(from, to)
    })
  }

  #canTalk(a: PeerId, b: PeerId): boolean {
    return (this.#sides.get(a) ?? 0) === (this.#sides.get(b) ?? 0)
  }

  #delayMs(): number {
    return this.options.delayMs * (1 + nextFraction(this.random) / 2)
  }
}

function keyOf(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

function ends(key: string): [PeerId, PeerId] {
  const [a, b] = key.split(' ')
  return [a as PeerId, b as PeerId]
}
