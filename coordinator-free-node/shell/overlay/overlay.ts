/**
 * The overlay on libp2p: puts transport, neighbourhood, blobs, directory and redialer together behind the port.
 * Nothing of libp2p leaves this folder but the private key that goes in.
 */
import './with-resolvers.js'
import { setMaxListeners } from 'node:events'
import type { Connection, Libp2p, PeerInfo } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { getNetConfig } from '@libp2p/utils'
import { nextFraction, seedRandom } from '../../core/kit/random.js'
import type {
  Overlay,
  OverlayEvent,
  OverlayHandlers,
  OverlayTraffic,
  PeerAddresses,
} from '../../ports/overlay.js'
import { GridError, isGridError } from '../../protocol/errors.js'
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { Misdeed } from '../../protocol/misdeeds.js'
import { parseAddress, parseTarget, sortAddresses, type Target, withPeer } from './addresses.js'
import { Blobs } from './blobs.js'
import { openDesk } from './credentials.js'
import { orAborted, startDeadline } from './deadline.js'
import { dialReason, isDenied } from './dial-reason.js'
import { Directory } from './directory.js'
import { keepTableDiverse } from './diverse-table.js'
import { Door } from './door.js'
import { messageBytesMax } from './frames.js'
import { type CountedGate, countDenials, type GateCounts, openGate } from './gate.js'
import { createLibp2pNode, stopLibp2pNode } from './libp2p-node.js'
import { tickClock } from './liveness.js'
import { abortConnection, type Departure, type HangUp, Neighbourhood } from './neighbourhood.js'
import {
  checkGrid,
  defaultBudgets,
  defaultTimes,
  type OverlayOptions,
  type OverlayTimes,
} from './overlay-options.js'
import { Redialer } from './redialer.js'

export type { OverlayOptions, OverlayTimes }

/** Each peer is reported as discovered once in so long. */
const rediscoverMs = 30_000
const stopMsMax = 3_000
/** For a peer that is sent away to read why; then it is cut. */
const farewellMsMax = 1_000

/** @throws {GridError} MH_USAGE for the grid's name, MH_BAD_ADDRESS */
export function createOverlay(options: OverlayOptions): Overlay {
  return new Libp2pOverlay(options)
}

/** An attempt that others who want the same may wait for. */
interface Connecting {
  readonly addresses: readonly string[]
  readonly peer: Promise<PeerId>
}

class Libp2pOverlay implements Overlay {
  readonly self: PeerId
  readonly #options: OverlayOptions
  readonly #times: OverlayTimes
  readonly #stopped = new AbortController()
  readonly #neighbourhood: Neighbourhood
  readonly #redialer: Redialer
  readonly #gate: CountedGate
  readonly #door = new Door(() => performance.now())
  readonly #listen: string[]
  readonly #connects = new Map<string, Connecting>()
  readonly #discoveredMs = new Map<PeerId, number>()
  #node: { libp2p: Libp2p; directory: Directory; blobs: Blobs } | undefined
  #handlers: OverlayHandlers | undefined
  #ticker: NodeJS.Timeout | undefined

  constructor(options: OverlayOptions) {
    checkGrid(options.grid)
    setMaxListeners(0, this.#stopped.signal)
    this.self = peerIdFromPrivateKey(options.privateKey).toString() as PeerId
    this.#options = options
    this.#gate = countDenials(options.gate ?? openGate)
    this.#times = { ...defaultTimes, ...options.times }
    this.#listen = (options.listen ?? ['/ip4/0.0.0.0/tcp/0/ws']).map((a) => String(parseAddress(a)))
    for (const address of options.peers ?? []) parseTarget([address])
    const random = seedRandom(options.seed ?? Date.now())
    this.#neighbourhood = new Neighbourhood(
      {
        self: this.self,
        protocol: this.#protocol('mail'),
        neighboursMax: options.neighboursMax ?? limits.neighboursMax,
        silenceMs: this.#times.silenceMs,
        handshakeMs: this.#times.handshakeMs,
        budgets: { ...defaultBudgets, ...options.budgets },
        nowMs: () => performance.now(),
      },
      {
        onJoined: (...joined) => this.#onJoined(...joined),
        onMisdeed: (peer, misdeed) => this.#misdeed(peer, misdeed),
        onLeft: (peer, departure) => this.#onLeft(peer, departure),
        onMessages: (peer, messages) => this.#handlers?.onMessages(peer, messages),
        ownAddresses: () => this.addresses(),
        hangUp: (peer, how, reason) => this.#hangUp(peer, how, reason),
      },
    )
    this.#redialer = new Redialer({
      msMin: this.#times.redialMsMin,
      msMax: this.#times.redialMsMax,
      random: () => nextFraction(random),
      isNeighbour: (peer) => this.#neighbourhood.has(peer),
      dial: (addresses) => this.connect(addresses),
      isHopeless: (error) => isGridError(error) && !error.retryable,
    })
  }

  async start(handlers: OverlayHandlers): Promise<void> {
    if (this.#handlers !== undefined) throw stoppedError('it was started before')
    this.#handlers = handlers
    let listenError: GridError | undefined
    const lan = this.#options.lan
    const libp2p = await createLibp2pNode({
      privateKey: this.#options.privateKey,
      grid: this.#options.grid,
      listen: this.#listen,
      announce: this.#options.announce ?? [],
      lan: lan === true ? {} : lan === false ? undefined : lan,
      dht: this.#options.dht ?? 'server',
      dialMs: this.#times.dialMs,
      handshakeMs: this.#times.handshakeMs,
      gate: this.#gate,
      door: this.#door,
      credentials: this.#options.credentials ?? openDesk,
      framesPerSecond: this.#options.budgets?.framesPerSecond ?? Number.POSITIVE_INFINITY,
      onListenError: (error) => {
        listenError ??= error
      },
    })
    const blobs = new Blobs({
      protocol: this.#protocol('blob'),
      idleMs: this.#times.blobIdleMs,
      readBlob: (hash) => handlers.readBlob(hash),
      onFlooding: (peer) => this.#misdeed(peer, 'flooding'),
    })
    if (this.#options.subnetOf !== undefined) keepTableDiverse(libp2p, this.#options.subnetOf)
    const { queryMs } = this.#times
    const directory = new Directory(libp2p, { queryMs, stopped: this.#stopped.signal })
    this.#node = { libp2p, blobs, directory }
    try {
      await this.#handleProtocols(libp2p, blobs)
      await libp2p.start()
    } catch (error) {
      await this.stop()
      throw listenError ?? error
    }
    if (this.#stopped.signal.aborted) {
      await stopLibp2pNode(libp2p)
      throw stoppedError('it was stopped while it started')
    }
    this.#startTicks()
    for (const address of this.#options.peers ?? []) {
      this.#redialer.pin([address], parseTarget([address]).peer)
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort(new Error('the node stops'))
    clearInterval(this.#ticker)
    this.#redialer.stop()
    this.#neighbourhood.dismissAll('the node stops')
    const node = this.#node
    if (node === undefined) return
    node.directory.stop()
    const deadline = startDeadline(stopMsMax)
    try {
      await orAborted(this.#closeConnections(node.libp2p, deadline.signal), deadline.signal)
    } catch {
      for (const connection of node.libp2p.getConnections()) abortConnection(connection, 'stop')
    } finally {
      deadline.clear()
    }
    await stopLibp2pNode(node.libp2p)
  }

  addresses(): readonly string[] {
    const own = this.#node?.libp2p.getMultiaddrs() ?? []
    return sortAddresses(own).map((address) => withPeer(address, this.self))
  }

  neighbours(): readonly PeerId[] {
    return this.#neighbourhood.list()
  }

  async connect(addresses: readonly string[], signal?: AbortSignal): Promise<PeerId> {
    const target = parseTarget(addresses)
    const { peer } = target
    if (peer === this.self) {
      throw new GridError('MH_BAD_ADDRESS', `"${addresses[0]}" is this very node`, {
        blame: 'user',
        hint: 'Give the address of another node.',
      })
    }
    const libp2p = this.#running().libp2p
    if (peer !== undefined && this.#neighbourhood.has(peer)) return peer
    const key = peer ?? addresses.join(' ')
    try {
      for (;;) {
        const running =
          this.#connects.get(key) ?? this.#beginConnect(key, libp2p, target, addresses)
        // One at other addresses may fail where these are right: the peer may have moved.
        const isSame = addresses.every((address) => running.addresses.includes(address))
        if (isSame) return await orAborted(running.peer, signal)
        const found = await orAborted(
          running.peer.catch(() => undefined),
          signal,
        )
        if (found !== undefined) return found
      }
    } catch (error) {
      throw isGridError(error) ? error : unreachable(target, error)
    }
  }

  #beginConnect(
    key: string,
    libp2p: Libp2p,
    target: Target,
    addresses: readonly string[],
  ): Connecting {
    const peer = this.#connectNow(libp2p, target).finally(() => this.#connects.delete(key))
    peer.catch(() => {})
    const connecting = { addresses, peer }
    this.#connects.set(key, connecting)
    return connecting
  }

  disconnect(peer: PeerId, reason: string): void {
    this.#redialer.forget(peer)
    this.#neighbourhood.dismiss(peer, reason)
  }

  turnAway(): void {
    const libp2p = this.#node?.libp2p
    if (libp2p === undefined) return
    for (const connection of libp2p.getConnections()) {
      const peer = connection.remotePeer.toString() as PeerId
      const place = String(connection.remoteAddr)
      const denial = this.#gate.denialOfPeer(peer) ?? this.#gate.denialOfPlace(place)
      if (denial === undefined) continue
      this.#blame(connection)
      this.#neighbourhood.dismiss(peer, denial)
      const signal = AbortSignal.timeout(farewellMsMax)
      connection.close({ signal }).catch(() => abortConnection(connection, denial))
      // A peer that the user named is tried again, in vain as long as the gate denies it.
      this.#redialer.onLeft(peer)
    }
  }

  traffic(): OverlayTraffic {
    return this.#neighbourhood.traffic()
  }

  denials(): GateCounts {
    return { ...this.#gate.counts }
  }

  send(peer: PeerId, messages: readonly Uint8Array[]): boolean {
    for (const message of messages) {
      if (message.length <= messageBytesMax) continue
      throw new GridError('MH_TOO_LARGE', `a message of ${message.length} bytes fits no frame`, {
        blame: 'local',
      })
    }
    return this.#neighbourhood.send(peer, messages)
  }

  async fetchBlob(
    peer: PeerId,
    hash: BlobHash,
    bytesMax: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { blobs } = this.#running()
    const connection = this.#neighbourhood.connectionOf(peer)
    if (connection === undefined) {
      throw new GridError('MH_PEER_UNREACHABLE', `${peer} is no neighbour`, {
        blame: 'remote',
        retryable: true,
      })
    }
    return blobs.fetch(connection, peer, hash, bytesMax, signal)
  }

  async provide(key: string, signal?: AbortSignal): Promise<void> {
    if (this.#options.dht !== 'off') await this.#running().directory.provide(key, signal)
  }

  async lookup(key: string, signal?: AbortSignal): Promise<readonly PeerAddresses[]> {
    return this.#options.dht === 'off' ? [] : this.#running().directory.lookup(key, signal)
  }

  #protocol(name: string): string {
    return `/manyhands/${this.#options.grid}/${name}/1`
  }

  #running() {
    if (this.#node === undefined || this.#stopped.signal.aborted)
      throw stoppedError('it is stopped')
    return this.#node
  }

  async #handleProtocols(libp2p: Libp2p, blobs: Blobs): Promise<void> {
    await libp2p.handle(
      this.#protocol('mail'),
      (stream, connection) => this.#neighbourhood.accept(stream, connection),
      { maxInboundStreams: 4, maxOutboundStreams: 4 },
    )
    await libp2p.handle(
      this.#protocol('blob'),
      (stream, connection) => void blobs.serve(stream, connection),
      { maxInboundStreams: 16, maxOutboundStreams: 16 },
    )
    libp2p.addEventListener('peer:discovery', (event) => this.#onDiscovered(event.detail))
  }

  #startTicks(): void {
    const tickMs = Math.min(1_000, Math.max(20, this.#times.silenceMs / 10))
    const clock = tickClock(tickMs, performance.now())
    this.#ticker = setInterval(() => {
      this.#neighbourhood.tick(clock.weighTick(performance.now()))
    }, tickMs)
  }

  /** Once more, where the peer asked for something that this node has by now. */
  async #connectNow(libp2p: Libp2p, target: Target): Promise<PeerId> {
    try {
      return await this.#dialNow(libp2p, target)
    } catch (error) {
      if ((await this.#options.earn?.(String(error))) !== true) throw error
      return await this.#dialNow(libp2p, target)
    }
  }

  async #dialNow(libp2p: Libp2p, target: Target): Promise<PeerId> {
    const startMs = Date.now()
    const deadline = startDeadline(this.#times.dialMs, this.#stopped.signal)
    try {
      while (true) {
        const connection = await libp2p.dial(target.addresses, { signal: deadline.signal })
        try {
          await this.#neighbourhood.open(connection, deadline.signal)
          const peer = connection.remotePeer.toString() as PeerId
          this.#closeSpare(connection, peer)
          return peer
        } catch (error) {
          // It may be dead or on its way out, and libp2p would hand it out again.
          abortConnection(connection, 'no mail stream')
          const isFresh = connection.timeline.open >= startMs
          if (isFresh || deadline.signal.aborted) throw error
        }
      }
    } catch (error) {
      throw unreachable(target, error, deadline.isExpired() ? this.#times.dialMs : undefined)
    } finally {
      deadline.clear()
    }
  }

  /** Both dialled, or the address was of somebody who is a neighbour already. */
  #closeSpare(connection: Connection, peer: PeerId): void {
    const used = this.#neighbourhood.connectionOf(peer)
    if (used === undefined || used === connection) return
    connection.close().catch(() => abortConnection(connection, 'spare'))
  }

  #connectionsTo(libp2p: Libp2p, peer: PeerId): Connection[] {
    return libp2p.getConnections(peerIdFromString(peer))
  }

  #hangUp(peer: PeerId, how: HangUp, reason: string): void {
    const libp2p = this.#node?.libp2p
    if (libp2p === undefined) return
    for (const connection of this.#connectionsTo(libp2p, peer)) {
      if (how === 'banish') this.#blame(connection)
      if (how !== 'close') abortConnection(connection, reason)
      else {
        const signal = AbortSignal.timeout(farewellMsMax)
        connection.close({ signal }).catch(() => abortConnection(connection, reason))
      }
    }
  }

  /** Others from the same place wait a little longer. */
  #blame({ direction, remoteAddr }: Connection): void {
    if (direction === 'inbound') this.#door.blame(getNetConfig(remoteAddr).host)
  }

  async #closeConnections(libp2p: Libp2p, signal: AbortSignal): Promise<void> {
    const close = async (connection: Connection) => {
      await connection.close({ signal }).catch(() => abortConnection(connection, 'stop'))
    }
    await Promise.all(libp2p.getConnections().map(close))
  }

  #onJoined(peer: PeerId, addresses: readonly string[], place: string, inbound: boolean): void {
    this.#options.log?.(`joined ${peer} at ${addresses[0] ?? 'an unknown address'}`)
    this.#node?.directory.onJoined(this.#neighbourhood.list().length)
    this.#emit({ type: 'neighbour-joined', peer, addresses, place, inbound })
  }

  #onLeft(peer: PeerId, departure: Departure): void {
    const { kind, reason, addresses, lastedMs } = departure
    this.#options.log?.(`${kind} ${peer}: ${reason}`)
    if (kind === 'lost') this.#hangUp(peer, 'abort', reason)
    if (kind === 'lost') this.#redialer.onLost(peer, addresses, lastedMs)
    if (kind === 'left') this.#redialer.onLeft(peer)
    this.#emit({ type: 'neighbour-left', peer, reason })
  }

  #onDiscovered(info: PeerInfo): void {
    const peer = info.id.toString() as PeerId
    if (peer === this.self || this.#neighbourhood.isKnown(peer)) return
    if (info.multiaddrs.length === 0) return
    const nowMs = performance.now()
    const lastMs = this.#discoveredMs.get(peer)
    if (lastMs !== undefined && nowMs - lastMs < rediscoverMs) return
    this.#discoveredMs.delete(peer)
    this.#discoveredMs.set(peer, nowMs)
    const [oldest] = this.#discoveredMs.keys()
    if (this.#discoveredMs.size > limits.knownPeersMax && oldest !== undefined) {
      this.#discoveredMs.delete(oldest)
    }
    const addresses = sortAddresses(info.multiaddrs).map((address) => withPeer(address, peer))
    this.#emit({ type: 'peer-discovered', peer, addresses })
  }

  #misdeed(peer: PeerId, misdeed: Misdeed): void {
    this.#emit({ type: 'peer-misbehaved', peer, misdeed, times: 1 })
  }

  #emit(event: OverlayEvent): void {
    this.#handlers?.onEvent(event)
  }
}

function unreachable(target: Target, cause: unknown, waitedMs?: number): GridError {
  const where = target.peer ?? target.addresses.join(', ')
  if (isDenied(cause))
    return new GridError('MH_DENIED', `this node keeps ${where} out`, {
      blame: 'user',
      // Lists change.
      retryable: true,
      hint: '"manyhands lists" shows which entry does; a peer that misbehaved is let in again after a while',
      cause,
    })
  const why = waitedMs === undefined ? dialReason(cause) : `no answer within ${waitedMs / 1000} s`
  return new GridError('MH_PEER_UNREACHABLE', `cannot reach ${where}: ${why}`, {
    blame: 'remote',
    retryable: true,
    hint: 'Check that the other node runs, that its port is open, and that both use the same grid.',
    cause,
  })
}

function stoppedError(why: string): GridError {
  return new GridError('MH_STOPPED', `the overlay cannot do that: ${why}`, { blame: 'local' })
}
