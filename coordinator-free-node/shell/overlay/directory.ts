/**
 * The directory: Kademlia provider records under SHA-256 of the key.
 *
 * A record goes to the peers that are known when it is made. A steward often provides its job before anybody has
 * joined, so while the grid is small every new neighbour gets the recent records again.
 */
import { createHash } from 'node:crypto'
import type { Libp2p, PeerInfo } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { mergeAnswers } from '../../core/membership/naming.js'
import type { PeerAddresses } from '../../ports/overlay.js'
import type { PeerId } from '../../protocol/ids.js'
import { sortAddresses, withPeer } from './addresses.js'
import { startDeadline } from './deadline.js'
import { askProviders } from './provider-walk.js'

const sha256Code = 0x12
/** Keys announced again to newcomers; the oldest goes first. */
const keysMax = 256
/** Up to here a newcomer is among the 20 closest to any key, so it should hold every record. */
const smallGridPeers = 20
/** Newcomers come in bunches; identify and the routing table also take their moment. */
const announceDelayMs = 500
/** Names that one lookup gives: the first of everybody who was asked, and some more. */
const providersMax = 64

export interface DirectoryOptions {
  /** Time for one query, milliseconds. */
  queryMs: number
  stopped: AbortSignal
}

export class Directory {
  readonly #libp2p: Libp2p
  readonly #options: DirectoryOptions
  readonly #keys = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #announcing = false

  constructor(libp2p: Libp2p, options: DirectoryOptions) {
    this.#libp2p = libp2p
    this.#options = options
  }

  async provide(key: string, signal?: AbortSignal): Promise<void> {
    this.#keys.delete(key)
    this.#keys.add(key)
    const [oldest] = this.#keys
    if (this.#keys.size > keysMax && oldest !== undefined) this.#keys.delete(oldest)
    await this.#announce(key, signal)
  }

  /**
   * What is found within the time; the time running out is no error. All who are asked on the way are heard, each with
   * few names: kad-dht by itself ends a query at the first twenty names, which a single liar has at hand.
   */
  async lookup(key: string, signal?: AbortSignal): Promise<PeerAddresses[]> {
    const deadline = startDeadline(this.#options.queryMs, signal, this.#options.stopped)
    const answers: PeerInfo[][] = []
    try {
      for await (const names of askProviders(this.#libp2p, cidOf(key), deadline.signal))
        answers.push(names)
    } catch {
      // A directory without an answer is an empty one.
    } finally {
      deadline.clear()
    }
    const self = this.#libp2p.peerId
    const told = answers.map((names) => names.filter(({ id }) => !id.equals(self)))
    return mergeAnswers(told, ({ id }) => id.toString(), providersMax).map(({ id, multiaddrs }) => {
      const peer = id.toString() as PeerId
      return { peer, addresses: sortAddresses(multiaddrs).map((a) => withPeer(a, peer)) }
    })
  }

  /** @param neighbours  how many there are now */
  onJoined(neighbours: number): void {
    if (neighbours > smallGridPeers || this.#keys.size === 0 || this.#announcing) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#announceAll(), announceDelayMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#keys.clear()
  }

  async #announceAll(): Promise<void> {
    this.#announcing = true
    try {
      for (const key of [...this.#keys]) {
        if (this.#options.stopped.aborted) return
        await this.#announce(key)
      }
    } finally {
      this.#announcing = false
    }
  }

  async #announce(key: string, signal?: AbortSignal): Promise<void> {
    const deadline = startDeadline(this.#options.queryMs, signal, this.#options.stopped)
    try {
      await this.#libp2p.contentRouting.provide(cidOf(key), { signal: deadline.signal })
    } catch {
      // Best effort: adverts reach neighbours without a directory.
    } finally {
      deadline.clear()
    }
  }
}

function cidOf(key: string): CID {
  const digest = createHash('sha256').update(key).digest()
  return CID.createV1(raw.code, createDigest(sha256Code, new Uint8Array(digest)))
}
