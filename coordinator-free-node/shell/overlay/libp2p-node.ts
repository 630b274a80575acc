/** The one place that knows how libp2p is put together; every protocol stands under the grid's own prefix. */
import './with-resolvers.js'
import { createHash } from 'node:crypto'
import { identify } from '@libp2p/identify'
import type { Ed25519PrivateKey, Libp2p, PeerDiscovery } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import { type CredentialsDesk, noiseWithCredentials } from './credentials.js'
import { Door } from './door.js'
import { type CountedGate, connectionGater, gatedDesk } from './gate.js'
import { wsTransport } from './ws-transport.js'

const MIB = 1024 * 1024

/** Neighbours' lines have beats of their own: this finds out that a line of the directory alone is dead. */
const keepAliveMs = 120_000

/** Neighbours, and as many again that only the directory talks to. */
const connectionsMax = 2 * limits.neighboursMax
/** Connections that are still shaking hands. */
const pendingMax = 64
/** New connections a second from one host: many nodes share one behind a NAT, and on one machine in a trial. */
const inboundPerSecond = 100

export type DhtMode = 'server' | 'client' | 'off'

export interface LanOptions {
  /** UDP port; 5353 is everybody's. */
  port?: number
  /** Multicast group. */
  ip?: string
}

export interface Libp2pNodeOptions {
  privateKey: Ed25519PrivateKey
  grid: string
  listen: readonly string[]
  announce: readonly string[]
  lan: LanOptions | undefined
  dht: DhtMode
  dialMs: number
  handshakeMs: number
  gate: CountedGate
  /** Default: one of its own. */
  door?: Door
  credentials: CredentialsDesk
  /** WebSocket frames of one connection. */
  framesPerSecond?: number
  onListenError(error: GridError): void
}

/** Not started yet. */
export function createLibp2pNode(options: Libp2pNodeOptions): Promise<Libp2p> {
  const { privateKey, grid, dht, lan, dialMs, handshakeMs } = options
  const prefix = `manyhands/${grid}`
  return createLibp2p({
    start: false,
    privateKey,
    nodeInfo: { name: 'manyhands', version: '1', userAgent: 'manyhands/1' },
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [
      wsTransport({
        handshakeMs,
        connectMs: dialMs / 4,
        socketsMax: connectionsMax + pendingMax,
        framesPerSecond: options.framesPerSecond ?? Number.POSITIVE_INFINITY,
        gate: options.gate,
        door: options.door ?? new Door(() => performance.now()),
        onListenError: options.onListenError,
      }),
    ],
    connectionEncrypters: [
      noiseWithCredentials(grid, gatedDesk(options.gate, options.credentials)),
    ],
    streamMuxers: [
      sturdyYamux({
        keepAliveInterval: keepAliveMs,
        streamOptions: {
          // A paused stream is reset when more than its buffer arrives: the window must stay below.
          maxStreamWindowSize: 4 * MIB,
          maxReadBufferLength: 8 * MIB,
        },
      }),
    ],
    connectionManager: {
      maxConnections: connectionsMax,
      maxIncomingPendingConnections: pendingMax,
      inboundConnectionThreshold: inboundPerSecond,
      inboundUpgradeTimeout: handshakeMs,
      dialTimeout: dialMs,
      addressDialTimeout: dialMs,
      // What the peer told, what was dialled, and what the directory knew.
      maxPeerAddrsToDial: 3 * limits.addressesMax,
      // Our own redialer does that.
      reconnectRetries: 0,
    },
    // Under load its pings fail on every connection, and by default it then cuts them all. The neighbour
    // streams have a watch of their own (liveness.ts).
    connectionMonitor: { enabled: false, abortConnectionOnPingFailure: false },
    connectionGater: connectionGater(options.gate),
    peerDiscovery: lan === undefined ? [] : [lanDiscovery(grid, lan)],
    services: {
      identify: identify({ protocolPrefix: prefix }),
      ping: ping({ protocolPrefix: prefix }),
      ...(dht === 'off'
        ? {}
        : {
            dht: kadDHT({
              protocol: `/${prefix}/kad/1.0.0`,
              clientMode: dht === 'client',
              // The default drops private and loopback addresses: no grid at home, none in a laboratory.
              peerInfoMapper: passthroughMapper,
              allowQueryWithZeroPeers: true,
            }),
          }),
    },
  })
}

/**
 * Yamux that does not throw when it writes to a connection that is gone. As it comes, a peer's nonsense makes it
 * abort, it then says so to the closed connection, and that error ends the process: nobody stands around it.
 */
function sturdyYamux(init: Parameters<typeof yamux>[0]): ReturnType<typeof yamux> {
  return () => {
    const factory = yamux(init)()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = create(connection)
      const send = muxer.send.bind(muxer)
      muxer.send = (data) => {
        try {
          return send(data)
        } catch {
          return false
        }
      }
      return muxer
    }
    return factory
  }
}

/** Stops it without the timer that libp2p's address manager leaves behind for a second. */
export async function stopLibp2pNode(libp2p: Libp2p): Promise<void> {
  await libp2p.stop()
  // Not part of its interface: when a new version has it elsewhere, a process ends a second later.
  const { components } = libp2p as unknown as WithAddressManager
  components?.addressManager?._updatePeerStoreAddresses?.stop?.()
}

interface WithAddressManager {
  components?: { addressManager?: { _updatePeerStoreAddresses?: { stop?(): void } } }
}

type LanDiscovery = ReturnType<typeof mdns>

/** A service name of the grid's own, so that grids do not see each other; a DNS label holds 63 bytes. */
function lanDiscovery(
  grid: string,
  lan: LanOptions,
): (...args: Parameters<LanDiscovery>) => PeerDiscovery {
  const tag = createHash('sha256').update(grid).digest('hex').slice(0, 16)
  return mdns({ serviceTag: `_mh-${tag}._udp.local`, ...lan })
}
