/**
 * A network of reliable ordered links, as WebSockets are: what a real network loses shows as delay, or as a link that
 * breaks. Links that break are dialled again by whoever dialled them, as the overlay does.
 *
 * Every peer has a table of its own links, so that one that comes or goes costs what its own links cost.
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
  /** Where others see it. */
  readonly address: string
  joined(peer: PeerId, address: string): void
  left(peer: PeerId): void
  received(from: PeerId, message: CoreMessage): void
  dialFailed(peer: PeerId, reason: string): void
  /** Whether its gate keeps the peer out; nobody's does by default. */
  refuses?(peer: PeerId): boolean
}

/** A lost link is dialled again after this, twice as late each time. */
const redialMs = { first: 1_000, most: 32_000 }

interface Link {
  readonly dialler: PeerId
  readonly dialled: PeerId
  up: boolean
  /** Arrival of the last message in each direction: order is kept. */
  lastToDiallerMs: number
  lastToDialledMs: number
}

export class VirtualNetwork {
  readonly #clients = new Map<PeerId, NetworkClient>()
  /** Each link is in the tables of both its ends. */
  readonly #links = new Map<PeerId, Map<PeerId, Link>>()
  /** Peers in different sides of a partition cannot talk; all are on side 0 at first. */
  readonly #sides = new Map<PeerId, number>()
  /** Messages handed over so far. */
  messages = 0

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
    for (const link of [...(this.#links.get(peer)?.values() ?? [])]) this.#cut(link)
    this.#links.delete(peer)
  }

  /** Splits the network; links across break. An empty map heals it. */
  partition(sides: ReadonlyMap<PeerId, number>): void {
    this.#sides.clear()
    for (const [peer, side] of sides) this.#sides.set(peer, side)
    for (const links of [...this.#links.values()])
      for (const link of [...links.values()])
        if (!this.#canTalk(link.dialler, link.dialled)) this.#cut(link)
  }

  dial(from: PeerId, to: PeerId): void {
    this.clock.after(2 * this.#delayMs(), () => {
      const client = this.#clients.get(from)
      if (client === undefined) return
      const other = this.#clients.get(to)
      const isThere = from !== to && other !== undefined && this.#canTalk(from, to)
      if (!isThere || client.refuses?.(to) === true || other.refuses?.(from) === true) {
        client.dialFailed(to, 'no answer')
        return
      }
      if (this.#linkOf(from, to) !== undefined) return
      const link = { up: true, dialler: from, dialled: to, lastToDiallerMs: 0, lastToDialledMs: 0 }
      this.#tableOf(from).set(to, link)
      this.#tableOf(to).set(from, link)
      client.joined(to, other.address)
      other.joined(from, client.address)
    })
  }

  /** One end wants no more of the other. */
  hangUp(from: PeerId, to: PeerId): void {
    const link = this.#linkOf(from, to)
    if (link !== undefined) this.#cut(link)
  }

  send(from: PeerId, to: PeerId, message: CoreMessage): void {
    const link = this.#linkOf(from, to)
    if (link === undefined) return
    if (this.options.lossRate > 0 && nextFraction(this.random) < this.options.lossRate) {
      this.#cut(link)
      return
    }
    this.messages++
    const soonestMs = this.clock.nowMs() + this.#delayMs()
    const inwards = to === link.dialler
    const atMs = Math.max(soonestMs, inwards ? link.lastToDiallerMs : link.lastToDialledMs)
    if (inwards) link.lastToDiallerMs = atMs
    else link.lastToDialledMs = atMs
    this.clock.wakeAt(atMs, () => {
      if (link.up) this.#clients.get(to)?.received(from, message)
    })
  }

  #tableOf(peer: PeerId): Map<PeerId, Link> {
    let links = this.#links.get(peer)
    if (links === undefined) {
      links = new Map()
      this.#links.set(peer, links)
    }
    return links
  }

  #linkOf(a: PeerId, b: PeerId): Link | undefined {
    return this.#links.get(a)?.get(b)
  }

  #cut(link: Link): void {
    if (!link.up) return
    link.up = false
    const { dialler, dialled } = link
    this.#links.get(dialler)?.delete(dialled)
    this.#links.get(dialled)?.delete(dialler)
    // Both ends notice after a delay, never within the turn that sent.
    this.clock.after(1, () => {
      this.#clients.get(dialler)?.left(dialled)
      this.#clients.get(dialled)?.left(dialler)
    })
    this.#redial(dialler, dialled, redialMs.first)
  }

  #redial(from: PeerId, to: PeerId, waitMs: number): void {
    this.clock.after(waitMs * (1 + nextFraction(this.random)), () => {
      // A peer that started anew dials by itself.
      if (!this.#clients.has(from) || this.#linkOf(from, to) !== undefined) return
      if (this.#clients.has(to) && this.#canTalk(from, to)) this.dial(from, to)
      else this.#redial(from, to, Math.min(redialMs.most, 2 * waitMs))
    })
  }

  #canTalk(a: PeerId, b: PeerId): boolean {
    if (this.#sides.size === 0) return true
    return (this.#sides.get(a) ?? 0) === (this.#sides.get(b) ?? 0)
  }

  #delayMs(): number {
    return this.options.delayMs * (1 + nextFraction(this.random) / 2)
  }
}
