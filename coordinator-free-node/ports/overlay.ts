/**
 * The network as the node sees it: authenticated neighbours, one long stream to each, bulk content by hash, and a
 * directory. Both the libp2p overlay and the simulator's pass test/contract/overlay.
 */
import type { BlobHash, PeerId } from '../protocol/ids.js'
import type { Misdeed } from '../protocol/misdeeds.js'

export interface PeerAddresses {
  peer: PeerId
  /** Multiaddrs, most useful first. */
  addresses: readonly string[]
}

/** Why a neighbour is gone, for a person. */
export type OverlayEvent =
  | {
      type: 'neighbour-joined'
      peer: PeerId
      /** What it says of itself, after what was dialled. */
      addresses: readonly string[]
      /** The other end of its connection. */
      place: string
      inbound: boolean
    }
  | { type: 'neighbour-left'; peer: PeerId; reason: string }
  /** It broke the protocol, or sends more than it may. */
  | { type: 'peer-misbehaved'; peer: PeerId; misdeed: Misdeed; times: number }
  /** Somebody heard of by mDNS or the directory, not connected. */
  | { type: 'peer-discovered'; peer: PeerId; addresses: readonly string[] }

export interface OverlayHandlers {
  onEvent(event: OverlayEvent): void
  /** Whole messages in the order sent. The overlay reads no more from this peer until the promise resolves. */
  onMessages(peer: PeerId, messages: readonly Uint8Array[]): void | Promise<void>
  /** Content that this node serves; undefined when it has none such. */
  readBlob(hash: BlobHash): Promise<Uint8Array | undefined>
}

export interface OverlayTraffic {
  /** Mail that was handled. */
  messages: number
  bytes: number
  /** Times that a neighbour had to wait because its budget was used up. */
  waits: number
  /** Received and not handled, and waiting to be sent; for all neighbours together, and the most there ever was. */
  receiveBytes: number
  receiveBytesPeak: number
  sendBytes: number
  sendBytesPeak: number
  /** Neighbours cut because they held most of that when it was too much. */
  cutForMemory: number
}

export interface Overlay {
  readonly self: PeerId
  /** @throws {GridError} MH_PORT_TAKEN, MH_BAD_ADDRESS */
  start(handlers: OverlayHandlers): Promise<void>
  /** Closes every connection and socket; resolves when nothing is left. */
  stop(): Promise<void>
  /** Where others reach this node: multiaddrs that end in its peer id. */
  addresses(): readonly string[]
  neighbours(): readonly PeerId[]
  /**
   * Makes a peer a neighbour; at once if it is one.
   * @throws {GridError} MH_BAD_ADDRESS, MH_PEER_UNREACHABLE
   */
  connect(addresses: readonly string[], signal?: AbortSignal): Promise<PeerId>
  disconnect(peer: PeerId, reason: string): void
  /** Hangs up on everybody whom the gate no longer admits, neighbours or not. */
  turnAway(): void
  /** What came from neighbours since the start, and what is held for them now. */
  traffic(): OverlayTraffic
  /** How often the gate said no: to connections from outside, at the socket and by name, and to own dials. */
  denials(): { sockets: number; peers: number; dials: number }
  /**
   * Queues messages towards a neighbour; those of one tick share a frame.
   * @returns false when there is no such neighbour; one whose queue is over its bound is dropped as stuck
   */
  send(peer: PeerId, messages: readonly Uint8Array[]): boolean
  /**
   * Content by hash from one peer, checked against the hash.
   * @throws {GridError} MH_BLOB_MISSING, MH_BLOB_MISMATCH, MH_PEER_UNREACHABLE, MH_TOO_LARGE
   */
  fetchBlob(
    peer: PeerId,
    hash: BlobHash,
    bytesMax: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>
  /** Announces in the directory that this node answers for a key (a job id, a blob's hash). Best effort. */
  provide(key: string, signal?: AbortSignal): Promise<void>
  /** Who answers for a key; empty when nobody is known. */
  lookup(key: string, signal?: AbortSignal): Promise<readonly PeerAddresses[]>
}
