/**
 * A libp2p transport on `ws` for both ends: `/ip4|ip6|dns|dns4|dns6/.../tcp/N/ws`.
 * It talks to the stock `@libp2p/websockets` as well, so that a browser tab can be a peer.
 */
import { type LookupAddress, lookup } from 'node:dns'
import { setMaxListeners } from 'node:events'
import http from 'node:http'
import type { AddressInfo, LookupFunction, Socket } from 'node:net'
import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
  type Upgrader,
} from '@libp2p/interface'
import { getNetConfig, getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSockets } from '@multiformats/multiaddr-matcher'
import { WebSocket, WebSocketServer } from 'ws'
import { GridError } from '../../protocol/errors.js'
import type { Door } from './door.js'
import type { CountedGate } from './gate.js'
import { payloadBytesMax, WsConnection, zeroMask } from './ws-connection.js'

/** What both sides of a WebSocket are told. */
const socketOptions = {
  maxPayload: payloadBytesMax,
  // Noise output does not compress, and inflating is work that a stranger could ask for.
  perMessageDeflate: false,
  skipUTF8Validation: true,
} as const

export interface WsTransportOptions {
  /** A socket that has not become a WebSocket after this long is cut, milliseconds. */
  handshakeMs: number
  /**
   * A dialled host that has not accepted after this long is not there, milliseconds. A part of the time for a
   * whole dial: a peer's addresses are tried one after the other, and some are of networks that we are not on.
   */
  connectMs: number
  /** Sockets that one listener holds at once; more are closed unread. */
  socketsMax: number
  /** Frames of one connection that are read in a second; Infinity: no bound. */
  framesPerSecond: number
  /** Counts the sockets of each address. */
  door: Door
  /** Asked for every socket from outside, and for what a dialled name stands for. */
  gate: CountedGate
  /** Told why a listener did not come up: libp2p passes on the text only. */
  onListenError(error: GridError): void
}

type Log = ConstructorParameters<typeof WsConnection>[1]['log']

interface WsTransportComponents {
  logger: { forComponent(name: string): Log }
}

/** @returns the factory that libp2p's `transports` takes */
export function wsTransport(
  options: WsTransportOptions,
): (components: WsTransportComponents) => Transport {
  return (components) => new WsTransport(components, options)
}

class WsTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'manyhands/ws'
  readonly #log: Log
  readonly #options: WsTransportOptions

  constructor(components: WsTransportComponents, options: WsTransportOptions) {
    this.#log = components.logger.forComponent('manyhands:ws')
    this.#options = options
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    options.signal.throwIfAborted()
    const socket = await openSocket(address, this.#options, options.signal)
    const connection = new WsConnection(socket, {
      remoteAddr: address,
      direction: 'outbound',
      framesPerSecond: this.#options.framesPerSecond,
      log: this.#log,
    })
    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  createListener(options: CreateListenerOptions): Listener {
    return new WsListener(options.upgrader, this.#log, this.#options)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => WebSockets.exactMatch(address))
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.listenFilter(addresses)
  }
}

function openSocket(address: Multiaddr, options: WsTransportOptions, signal: AbortSignal) {
  const { host, port, type } = getNetConfig(address)
  const url = `ws://${host.includes(':') ? `[${host}]` : host}:${port}/`
  const family = type === 'dns4' ? 4 : type === 'dns6' ? 6 : undefined
  return new Promise<WebSocket>((resolve, reject) => {
    const socket = new WebSocket(url, {
      ...socketOptions,
      handshakeTimeout: options.handshakeMs,
      finishRequest: (request) => {
        request.once('socket', (tcp) => limitConnect(tcp, options.connectMs))
        request.end()
      },
      followRedirects: false,
      lookup: admittedLookup(options.gate),
      generateMask: zeroMask,
      ...(family === undefined ? {} : { family }),
    })
    const settle = () => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('open', onOpen)
    }
    const onOpen = () => {
      settle()
      socket.removeListener('error', onError)
      resolve(socket)
    }
    // Stays on after a failure: terminate() on a half-open socket emits another one.
    const onError = (error: Error) => {
      settle()
      reject(error)
    }
    const onAbort = () => {
      settle()
      socket.terminate()
      reject(signal.reason instanceof Error ? signal.reason : new Error('the dial was given up'))
    }
    socket.once('open', onOpen)
    socket.on('error', onError)
    signal.addEventListener('abort', onAbort)
  })
}

/** Looks a name up, and knows nothing of addresses that the gate denies. */
function admittedLookup(gate: CountedGate): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const admitted = found.filter(({ address }) => gate.denialOfHost(address) === undefined)
      const [first] = admitted
      if (first === undefined) {
        gate.counts.dials++
        const denied = new Error(`the gate denies all addresses of ${hostname}`)
        return callback(Object.assign(denied, { code: 'EDENIED' }), [])
      }
      if (options.all === true) callback(null, admitted satisfies LookupAddress[])
      else callback(null, first.address, first.family)
    })
  }
}

function limitConnect(socket: Socket, connectMs: number): void {
  if (!socket.connecting) return
  const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), connectMs)
  socket.once('connect', () => clearTimeout(timer))
  socket.once('close', () => clearTimeout(timer))
}

class WsListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #upgrader: Upgrader
  readonly #log: Log
  readonly #options: WsTransportOptions
  readonly #http: http.Server
  readonly #ws = new WebSocketServer({ ...socketOptions, noServer: true, clientTracking: false })
  readonly #sockets = new Set<Socket>()
  /** Those that are through with their handshake. */
  readonly #settled = new WeakSet<Socket>()
  readonly #shutdown = new AbortController()
  #address: Multiaddr | undefined

  constructor(upgrader: Upgrader, log: Log, options: WsTransportOptions) {
    super()
    this.#upgrader = upgrader
    this.#log = log
    this.#options = options
    setMaxListeners(0, this.#shutdown.signal)
    this.#http = http.createServer({
      headersTimeout: options.handshakeMs,
      requestTimeout: options.handshakeMs,
      // Node looks for slow clients only this often.
      connectionsCheckingInterval: Math.max(50, options.handshakeMs / 4),
      maxHeaderSize: 8192,
    })
    this.#http.maxConnections = options.socketsMax
    this.#http.on('connection', (socket) => this.#track(socket))
    this.#http.on('clientError', (_error, socket) => socket.destroy())
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', 'content-type': 'text/plain' })
      response.end('This is a manyhands node: it speaks libp2p over WebSocket.\n')
    })
    this.#http.on('upgrade', (request, socket, head) => {
      this.#ws.handleUpgrade(request, socket, head, (ws) => this.#onSocket(ws, request))
    })
    // ws answers these with a 400 by itself; without a listener it would throw.
    this.#ws.on('wsClientError', (_error, socket) => socket.destroy())
  }

  async listen(address: Multiaddr): Promise<void> {
    const { host, port } = getNetConfig(address)
    this.#address = address
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: Error) => {
        const error = listenError(address, cause)
        this.#options.onListenError(error)
        reject(error)
      }
      this.#http.once('error', onError)
      this.#http.listen({ host, port, ipv6Only: host.includes(':') }, () => {
        this.#http.removeListener('error', onError)
        this.#http.on('error', (error) => this.#log.error('listener - %e', error))
        resolve()
      })
    })
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#http.address() as AddressInfo | null
    if (bound === null) return []
    return getThinWaistAddresses(this.#address, bound.port).map((a) => multiaddr(`${a}/ws`))
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    this.#shutdown.abort(new Error('the node stops'))
    this.#ws.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.safeDispatchEvent('close')
  }

  #track(socket: Socket): void {
    const { gate } = this.#options
    if (gate.denialOfHost(socket.remoteAddress ?? '') !== undefined) {
      // Before a byte is read, and without a word.
      gate.counts.sockets++
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    const host = socket.remoteAddress ?? ''
    socket.on('error', () => socket.destroy())
    if (!this.#options.door.enter(host)) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#options.door.leave(host, this.#settled.has(socket))
    })
    // Nagle waits for an answer before it sends the rest: a round trip lost on every small frame.
    socket.setNoDelay(true)
    // Cleared by the upgrade; the http time-outs do not cover a socket that never says anything.
    const silent = setTimeout(() => socket.destroy(), this.#options.handshakeMs)
    silent.unref()
    const clear = () => clearTimeout(silent)
    socket.once('data', clear)
    socket.once('close', clear)
  }

  #onSocket(ws: WebSocket, request: http.IncomingMessage): void {
    const { remoteAddress, remotePort } = request.socket
    if (remoteAddress === undefined || remotePort === undefined) {
      ws.terminate()
      return
    }
    const connection = new WsConnection(ws, {
      remoteAddr: ipPortToMultiaddr(remoteAddress, remotePort).encapsulate('/ws'),
      direction: 'inbound',
      framesPerSecond: this.#options.framesPerSecond,
      log: this.#log,
    })
    this.#upgrader
      .upgradeInbound(connection, { signal: this.#shutdown.signal })
      .then(() => {
        if (request.socket.destroyed) return
        this.#settled.add(request.socket)
        this.#options.door.settle(remoteAddress)
      })
      .catch((error: unknown) => {
        connection.abort(error instanceof Error ? error : new Error(String(error)))
      })
  }
}

function listenError(address: Multiaddr, cause: Error): GridError {
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    const why = code === 'EACCES' ? 'may not be used by this account' : 'is in use'
    return new GridError('MH_PORT_TAKEN', `cannot listen on ${address}: the port ${why}`, {
      blame: 'user',
      hint: 'Stop the other program, choose another port, or use port 0 for any free one.',
      cause,
    })
  }
  return new GridError('MH_BAD_ADDRESS', `cannot listen on ${address}: ${cause.message}`, {
    blame: 'user',
    hint: 'Use an address of this machine, or /ip4/0.0.0.0/tcp/0/ws for all of them.',
    cause,
  })
}
