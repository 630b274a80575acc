/** What the overlay on libp2p can be told. */
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import type { CredentialsDesk } from './credentials.js'
import type { OverlayGate } from './gate.js'
import type { DhtMode, LanOptions } from './libp2p-node.js'
import type { NeighbourBudgets } from './neighbourhood.js'

/** Times in milliseconds. Raise them for bad lines, lower them in tests. */
export interface OverlayTimes {
  /** A neighbour silent for so long is dead, four times as long where no messages pass; each side speaks more than twice as often. Default 15,000. */
  silenceMs: number
  /** From a dial to a neighbour. Default 5,000. */
  dialMs: number
  /** A socket or stream that has not introduced itself after so long is cut. Default 5,000. */
  handshakeMs: number
  /** First and longest wait before a lost peer is dialled again. Default 500 and 60,000. */
  redialMsMin: number
  redialMsMax: number
  /** No byte for so long ends the transfer of a blob. Default 10,000. */
  blobIdleMs: number
  /** One query of the directory. Default 10,000. */
  queryMs: number
}

/** What neighbours may use up: see docs/abuse.md. */
export interface OverlayBudgets extends NeighbourBudgets {
  /** WebSocket frames of one connection. */
  framesPerSecond: number
}

export const defaultBudgets: OverlayBudgets = {
  messagesPerSecond: Number.POSITIVE_INFINITY,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  framesPerSecond: Number.POSITIVE_INFINITY,
  receiveBytesMax: limits.receiveBytesMax,
  sendBytesMax: limits.sendBytesMax,
  shareOf: () => 1,
}

export interface OverlayOptions {
  /** Of `loadIdentity`. */
  privateKey: Ed25519PrivateKey
  /** The grid's name: nodes of different grids do not talk. Letters, digits, dashes. */
  grid: string
  /** Multiaddrs or host:port to listen on. Default: any free port on every interface. Empty: dial only. */
  listen?: readonly string[]
  /** Multiaddrs to tell others instead of those listened on (port forwarding). */
  announce?: readonly string[]
  /** Peers to stay connected to, one address each. */
  peers?: readonly string[]
  /** Find peers on the local network by mDNS. Default false. */
  lan?: boolean | LanOptions
  /** Part in the directory. Default `server`. */
  dht?: DhtMode
  /** Whom to let in and to dial. Default: everybody. */
  gate?: OverlayGate
  /** What nodes show each other before they talk. Default: nothing. */
  credentials?: CredentialsDesk
  /** Which part of the internet an address lies in, as far as peers there may be one person's. Default: none. */
  subnetOf?: ((address: string) => string | undefined) | undefined
  /** Default: bounds of memory, none of rates. */
  budgets?: Partial<OverlayBudgets>
  /** Told why a peer refused this node; resolves to whether it is worth another try. */
  earn?: ((refusal: string) => Promise<boolean>) | undefined
  /** Default `limits.neighboursMax`. */
  neighboursMax?: number
  /** Of the jitter between redials. Default: the clock. */
  seed?: number
  times?: Partial<OverlayTimes>
  /** Told what happened on the wire, for a person who looks for a fault. */
  log?(text: string): void
}

export const defaultTimes: OverlayTimes = {
  silenceMs: 15_000,
  dialMs: 5_000,
  handshakeMs: 5_000,
  redialMsMin: 500,
  redialMsMax: 60_000,
  blobIdleMs: 10_000,
  queryMs: 10_000,
}

/** @throws {GridError} MH_USAGE when it cannot stand in a protocol's name */
export function checkGrid(grid: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(grid)) return
  throw new GridError('MH_USAGE', `"${grid}" cannot be a grid's name`, {
    blame: 'user',
    hint: 'Use up to 63 letters, digits and dashes.',
  })
}
