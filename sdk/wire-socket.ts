/** A WebSocket, whoever brings it: browsers their own, Node the `ws` package. */
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import type { GatewayFile } from '../coordinator-free-node/protocol/gateway-api.js'

/** What the two have in common. */
export interface WireSocket {
  binaryType: string
  onopen: ((event: unknown) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: unknown) => void) | null
  onerror: ((event: unknown) => void) | null
  send(data: Uint8Array): void
  close(): void
}

type SocketClass = new (url: string, options?: object) => WireSocket

export type GatewayAddress = Pick<GatewayFile, 'url' | 'token'>

/** How long a gateway, a process of this machine, may take to shake hands. */
const openMsMax = 5_000

/**
 * Connects to a gateway.
 *
 * @throws {GridError} MH_GATEWAY_REFUSED when it does not take the token; MH_GATEWAY_LOST when nothing answers there
 */
export async function openSocket(address: GatewayAddress): Promise<WireSocket> {
  const Socket = await socketClass()
  const url = `${address.url}?token=${encodeURIComponent(address.token)}`
  const socket = isNode()
    ? new Socket(url, { perMessageDeflate: false, generateMask: zeroMask })
    : new Socket(url)
  socket.binaryType = 'arraybuffer'
  return await new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer)
      // The socket may still fail in its own time; nobody listens any more.
      socket.onerror = () => {}
      socket.close()
      reject(openError(address.url, why))
    }
    const timer = setTimeout(() => fail(`no answer within ${openMsMax} ms`), openMsMax)
    socket.onopen = () => {
      clearTimeout(timer)
      resolve(socket)
    }
    socket.onerror = (event) => fail(messageOf(event))
    socket.onclose = () => fail('it closed the connection')
  })
}

/** Masks guard strangers' proxies against chosen bytes; there is none on the way to one's own node. */
function zeroMask(mask: Uint8Array): void {
  mask.fill(0)
}

function openError(url: string, why: string): GridError {
  if (/\b(401|403|503)\b/.test(why)) {
    return new GridError('MH_GATEWAY_REFUSED', `the gateway at ${url} refused: ${why}`, {
      blame: 'user',
      hint: 'see that the state directory is that of the running node',
    })
  }
  return new GridError('MH_GATEWAY_LOST', `no node answers at ${url}: ${why}`, {
    blame: 'local',
    retryable: true,
    hint: 'see whether the node is running: manyhands status',
  })
}

function messageOf(event: unknown): string {
  const isSaid = typeof event === 'object' && event !== null && 'message' in event
  return isSaid ? String(event.message) : 'connection failed'
}

async function socketClass(): Promise<SocketClass> {
  if (!isNode()) return globalThis.WebSocket as unknown as SocketClass
  const { WebSocket } = await import('ws')
  return WebSocket as unknown as SocketClass
}

/** Node's own WebSocket, where it has one, says nothing about why it was refused. */
function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined
}
