/**
 * Who may speak to the gateway: whoever can read `gateway.json`, that is, this machine's user. Any web page can reach
 * a loopback port, by its own name or (DNS rebinding) by one that points here, so Host and Origin are checked as well.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface Refusal {
  /** HTTP status. */
  status: number
  reason: string
}

/**
 * @param port  where the gateway listens
 * @returns why a request is refused whatever it asks, undefined when it is not
 */
export function refuseForeign(request: IncomingMessage, port: number): Refusal | undefined {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`]
  const { host, origin } = request.headers
  if (host === undefined || !own.includes(host.toLowerCase())) {
    return { status: 403, reason: `this is the gateway of a manyhands node, not ${host}` }
  }
  // Browsers always send Origin with a WebSocket and never let a page forge it; programs send none.
  if (origin !== undefined && !own.some((name) => origin.toLowerCase() === `http://${name}`)) {
    return { status: 403, reason: 'pages of other origins may not speak to this node' }
  }
  return undefined
}

/** @returns why a request does not carry the gateway's token; compared in constant time */
export function refuseStranger(request: IncomingMessage, token: string): Refusal | undefined {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  const { searchParams } = new URL(request.url ?? '/', 'http://gateway')
  const given = bearer ?? searchParams.get('token') ?? ''
  // Hashes have one length, whatever was given.
  return timingSafeEqual(digest(given), digest(token))
    ? undefined
    : {
        status: 401,
        reason: 'wrong token; the right one is in gateway.json of the state directory',
      }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
