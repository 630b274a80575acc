/**
 * The node's gate as the network asks it: at the socket, before a byte is read; before a dial; and after the handshake
 * that proves who is there. It judges nothing by itself.
 */
import type { ConnectionGater } from '@libp2p/interface'
import type { PeerId } from '../../protocol/ids.js'
import { peerOf } from './addresses.js'
import type { CredentialsDesk } from './credentials.js'

/** Each says why not; undefined: come in. */
export interface OverlayGate {
  /** @param host  an internet address, as a socket shows it */
  denialOfHost(host: string): string | undefined
  /** @param address  a multiaddr; a name in it says nothing yet */
  denialOfPlace(address: string): string | undefined
  denialOfPeer(peer: PeerId): string | undefined
}

/** Of a node without lists. */
export const openGate: OverlayGate = {
  denialOfHost: () => undefined,
  denialOfPlace: () => undefined,
  denialOfPeer: () => undefined,
}

/** What the gate kept out, since the start. */
export interface GateCounts {
  /** Connections: from outside at the socket, and by whom they turned out to be. */
  sockets: number
  peers: number
  /** Own dials: they were asked for and not made. */
  dials: number
}

export interface CountedGate extends OverlayGate {
  readonly counts: GateCounts
}

export function countDenials(gate: OverlayGate): CountedGate {
  return { ...gate, counts: { sockets: 0, peers: 0, dials: 0 } }
}

/** The gate's word before the desk's: whoever is denied is not worth checking a chain or a proof of work. */
export function gatedDesk(gate: CountedGate, desk: CredentialsDesk): CredentialsDesk {
  return {
    own: () => desk.own(),
    refused: (reason) => desk.refused?.(reason),
    judge(peer, theirs) {
      const denial = gate.denialOfPeer(peer)
      if (denial === undefined) return desk.judge(peer, theirs)
      gate.counts.peers++
      return denial
    },
  }
}

/** For libp2p. Other keys than Ed25519 have no place on the grid: signatures of votes are made with them. */
export function connectionGater(gate: CountedGate): ConnectionGater {
  const { counts } = gate
  const isNoPeer = (peer: { type: string; toString(): string }) =>
    peer.type !== 'Ed25519' || gate.denialOfPeer(peer.toString() as PeerId) !== undefined
  const count = (what: keyof GateCounts, isDenied: boolean) => {
    if (isDenied) counts[what]++
    return isDenied
  }
  return {
    denyDialPeer: (peer) => count('dials', isNoPeer(peer)),
    denyDialMultiaddr: (address) => {
      const peer = peerOf(address)
      const isDenied =
        gate.denialOfPlace(String(address)) !== undefined ||
        (peer !== undefined && gate.denialOfPeer(peer) !== undefined)
      return count('dials', isDenied)
    },
    denyInboundEncryptedConnection: (peer) => count('peers', isNoPeer(peer)),
    denyOutboundEncryptedConnection: (peer) => count('dials', isNoPeer(peer)),
    filterMultiaddrForPeer: (peer, address) =>
      !isNoPeer(peer) && gate.denialOfPlace(String(address)) === undefined,
  }
}
