/**
 * The gateway's server: HTTP and WebSocket on the loopback interface, for this machine's user alone.
 *
 *     GET /health            200 {"ok":true}: something to ask before one speaks the protocol
 *     GET /metrics           for Prometheus, with the token as a bearer's or as /metrics?token=TOKEN
 *     GET /api?token=TOKEN   the WebSocket of protocol/gateway-api.ts
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import { hasCode } from '../store/store-errors.js'
import { type Refusal, refuseForeign, refuseStranger } from './admission.js'
import type { GatewayBackend } from './backend.js'
import { type SessionLog, serveClient } from './client-session.js'
import { removeGatewayFile, writeGatewayFile } from './gateway-file.js'

export interface GatewayOptions {
  /** Where `gateway.json` goes; the caller holds its lock. */
  stateDirectory: string
  /** This node's peer id, for the file. */
  peer: string
  backend: GatewayBackend
  /** What `/metrics` answers. */
  metrics?: MetricsSource
  /** TCP port; 0: one that is free. @default 0 */
  port?: number
  /** @default silence */
  log?: SessionLog
}

export interface MetricsSource {
  readonly contentType: string
  text(): Promise<string>
}

export interface Gateway {
  /** `ws://127.0.0.1:PORT/api`, without the token. */
  readonly url: string
  /** Disconnects the clients, stops listening, removes `gateway.json`. */
  close(): Promise<void>
}

const silence: SessionLog = { debug: () => {} }

/** How long clients get to answer the closing of their connection. */
const closeMsMax = 1_000

/**
 * Listens for clients and says where in `gateway.json` (mode 0600).
 *
 * @throws {GridError} MH_PORT_TAKEN, MH_DISK_FULL, MH_STORE_FAILED
 * @example
 * const gateway = await startGateway({ stateDirectory, peer: '12D3KooW...', backend })
 * await gateway.close()
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stateDirectory, peer, backend, log = silence } = options
  const token = randomBytes(32).toString('hex')
  const clients = new WebSocketServer({
    noServer: true,
    maxPayload: limits.gatewayFrameBytesMax,
    perMessageDeflate: false,
  })
  const http = createServer({ requestTimeout: 10_000 }, (request, response) => {
    if (/^\/metrics(\?|$)/.test(request.url ?? '') && options.metrics !== undefined)
      void answerMetrics(request, response, portOf(http), token, options.metrics)
    else answerHttp(request, response, portOf(http))
  })
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that resets during its handshake is no news.
    socket.on('error', () => socket.destroy())
    const refusal = refuseUpgrade(request, portOf(http), token, clients.clients.size)
    if (refusal !== undefined) {
      log.debug({ ...refusal }, 'gateway client refused')
      refuseSocket(socket, refusal)
      return
    }
    clients.handleUpgrade(request, socket, head, (client) => serveClient(client, backend, log))
  })
  await listen(http, options.port ?? 0)
  const url = `ws://127.0.0.1:${portOf(http)}/api`
  try {
    await writeGatewayFile(stateDirectory, { url, token, pid: process.pid, peer })
  } catch (error) {
    http.close()
    throw error
  }
  let closing: Promise<void> | undefined
  const close = async () => {
    await removeGatewayFile(stateDirectory, token)
    await closeClients(clients.clients)
    const closed = once(http, 'close')
    http.close()
    http.closeAllConnections()
    await closed
  }
  return {
    url,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

async function listen(http: ReturnType<typeof createServer>, port: number): Promise<void> {
  const listening = once(http, 'listening')
  http.listen(port, '127.0.0.1')
  try {
    await listening
  } catch (cause) {
    if (!hasCode(cause, 'EADDRINUSE')) throw cause
    throw new GridError('MH_PORT_TAKEN', `port ${port} on 127.0.0.1 is taken`, {
      blame: 'user',
      hint: 'choose another port, or none to get one that is free',
      cause,
    })
  }
}

function portOf(http: ReturnType<typeof createServer>): number {
  return (http.address() as AddressInfo | null)?.port ?? 0
}

function answerHttp(request: IncomingMessage, response: ServerResponse, port: number): void {
  const refusal = refuseForeign(request, port)
  const status = refusal?.status ?? (request.url === '/health' ? 200 : 404)
  const body = status === 200 ? { ok: true } : { ok: false, reason: refusal?.reason ?? 'not found' }
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body))
}

async function answerMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  token: string,
  metrics: MetricsSource,
): Promise<void> {
  const refusal = refuseForeign(request, port) ?? refuseStranger(request, token)
  if (refusal !== undefined) {
    response.writeHead(refusal.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ok: false, reason: refusal.reason }))
    return
  }
  const body = await metrics.text().catch((error: unknown) => String(error))
  response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function refuseUpgrade(
  request: IncomingMessage,
  port: number,
  token: string,
  clientCount: number,
): Refusal | undefined {
  const foreign = refuseForeign(request, port)
  if (foreign !== undefined) return foreign
  if (!/^\/api(\?|$)/.test(request.url ?? '')) return { status: 404, reason: 'not found' }
  const stranger = refuseStranger(request, token)
  if (stranger !== undefined) return stranger
  return clientCount < limits.gatewayClientsMax
    ? undefined
    : { status: 503, reason: `${clientCount} clients are connected, which is all there may be` }
}

function refuseSocket(socket: Duplex, { status, reason }: Refusal): void {
  const body = JSON.stringify({ ok: false, reason })
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

async function closeClients(clients: Iterable<WebSocket>): Promise<void> {
  const closed = [...clients].map(async (client) => {
    const gone = once(client, 'close')
    client.close(1001, 'the node stops')
    const timer = setTimeout(() => client.terminate(), closeMsMax)
    await gone
    clearTimeout(timer)
  })
  await Promise.all(closed)
}
