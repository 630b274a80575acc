/**
 * Sockets from outside, counted by address: so that no address has them all, nor keeps this node busy with handshakes.
 * What one address may have is bounded in number, in handshakes at a time, and in new ones a second.
 */
import { limits } from '../../protocol/limits.js'
import { parseIp, prefixOf } from '../../protocol/subnet.js'

interface Address {
  sockets: number
  handshakes: number
  tokens: number
  filledMs: number
}

/** Addresses without a socket that are remembered until their tokens are back. */
const addressesMax = 10_000

export class Door {
  readonly #addresses = new Map<string, Address>()
  readonly #nowMs: () => number
  /** Sockets closed unread, since the start. */
  refused = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** @returns false when the address has enough; `leave` must follow otherwise */
  enter(host: string): boolean {
    const address = this.#addressOf(host)
    const isFull =
      address.sockets >= limits.socketsPerAddressMax ||
      address.handshakes >= limits.handshakesPerAddressMax ||
      address.tokens < 1
    if (isFull) {
      this.refused++
      return false
    }
    address.tokens--
    address.sockets++
    address.handshakes++
    return true
  }

  /** Somebody from there was sent away: a name costs nothing, so its address has fewer sockets for a while. */
  blame(host: string): void {
    const address = this.#addressOf(host)
    address.tokens = Math.max(-limits.socketsPerBan, address.tokens - limits.socketsPerBan)
  }

  /** It has proven who it is. */
  settle(host: string): void {
    const address = this.#addresses.get(keyOf(host))
    if (address !== undefined) address.handshakes--
  }

  /** @param isSettled  whether it had */
  leave(host: string, isSettled: boolean): void {
    const address = this.#addresses.get(keyOf(host))
    if (address === undefined) return
    address.sockets--
    if (!isSettled) address.handshakes--
  }

  #addressOf(host: string): Address {
    const key = keyOf(host)
    const nowMs = this.#nowMs()
    const most = limits.socketsPerAddressMax
    const address = this.#addresses.get(key) ?? {
      sockets: 0,
      handshakes: 0,
      tokens: most,
      filledMs: nowMs,
    }
    const gained = ((nowMs - address.filledMs) / 1000) * limits.socketsPerAddressPerSecond
    address.tokens = Math.min(most, address.tokens + gained)
    address.filledMs = nowMs
    this.#addresses.delete(key)
    this.#addresses.set(key, address)
    if (this.#addresses.size > addressesMax) this.#forgetOne()
    return address
  }

  #forgetOne(): void {
    for (const [host, { sockets }] of this.#addresses)
      if (sockets === 0) {
        this.#addresses.delete(host)
        return
      }
  }
}

/** What one person has for nothing: an address of IPv4, a /64 of IPv6. */
function keyOf(host: string): string {
  const ip = parseIp(host)
  return ip === undefined ? host : prefixOf(ip, ip.version === 4 ? 32 : 64)
}
