/** What an overlay told its node, and waiting for it with a bound. */
import type {
  Overlay,
  OverlayEvent,
  OverlayHandlers,
} from '../../coordinator-free-node/ports/overlay.js'
import { type BlobHash, hashOf, type PeerId } from '../../coordinator-free-node/protocol/ids.js'

export interface Mail {
  from: PeerId
  bytes: Uint8Array
}

export class Recorder implements OverlayHandlers {
  readonly events: OverlayEvent[] = []
  readonly mail: Mail[] = []
  readonly blobs = new Map<BlobHash, Uint8Array>()
  /** How often a batch of messages came. */
  batches = 0
  /** Set to hold the overlay back. */
  hold: (() => Promise<void>) | undefined
  #waiters = new Set<() => void>()

  onEvent(event: OverlayEvent): void {
    this.events.push(event)
    this.#wake()
  }

  onMessages(peer: PeerId, messages: readonly Uint8Array[]): void | Promise<void> {
    this.batches++
    for (const bytes of messages) this.mail.push({ from: peer, bytes })
    this.#wake()
    return this.hold?.()
  }

  async readBlob(hash: BlobHash): Promise<Uint8Array | undefined> {
    return this.blobs.get(hash)
  }

  keep(blob: Uint8Array): BlobHash {
    const hash = hashOf(blob)
    this.blobs.set(hash, blob)
    return hash
  }

  /** Comings and goings; who is merely heard of is left out. */
  get changes(): OverlayEvent[] {
    return this.events.filter(({ type }) => type !== 'peer-discovered')
  }

  countOf(type: OverlayEvent['type'], peer: PeerId): number {
    return this.events.filter((event) => event.type === type && event.peer === peer).length
  }

  /** True while the last word about the peer is that it is a neighbour. */
  isJoined(peer: PeerId): boolean {
    return this.countOf('neighbour-joined', peer) > this.countOf('neighbour-left', peer)
  }

  /** Resolves once `holds()` does; looked at whenever something is recorded. */
  async until(what: string, holds: () => boolean, boundMs = 15_000): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(look)
        const seen = this.events.map((e) => `${e.type} ${'reason' in e ? e.reason : ''}`).join('; ')
        reject(new Error(`waited ${boundMs} ms for: ${what}. Events: ${seen}`))
      }, boundMs)
      const look = () => {
        if (!holds()) return
        clearTimeout(timer)
        this.#waiters.delete(look)
        resolve()
      }
      this.#waiters.add(look)
    })
  }

  untilJoined(peer: PeerId, boundMs?: number): Promise<void> {
    return this.until(`${peer} joins`, () => this.isJoined(peer), boundMs)
  }

  untilLeft(peer: PeerId, boundMs?: number): Promise<void> {
    const before = this.countOf('neighbour-left', peer)
    const left = () => this.countOf('neighbour-left', peer) > (this.isJoined(peer) ? before : 0)
    return this.until(`${peer} leaves`, left, boundMs)
  }

  untilMail(count: number, boundMs?: number): Promise<void> {
    return this.until(`${count} messages`, () => this.mail.length >= count, boundMs)
  }

  #wake(): void {
    for (const look of [...this.#waiters]) look()
  }
}

/** An overlay with what it recorded. */
export interface Station {
  overlay: Overlay
  seen: Recorder
}

export async function startStation(overlay: Overlay): Promise<Station> {
  const seen = new Recorder()
  await overlay.start(seen)
  return { overlay, seen }
}

/** Makes the second a neighbour of the first; resolves once both know. */
export async function join(first: Station, second: Station): Promise<void> {
  await first.overlay.connect(second.overlay.addresses())
  await Promise.all([
    first.seen.untilJoined(second.overlay.self),
    second.seen.untilJoined(first.overlay.self),
  ])
}
