/** Addresses as people type them and as peers pass them on: multiaddrs, and `host:port` for short. */
import { isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { isPrivate } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSockets } from '@multiformats/multiaddr-matcher'
import { GridError } from '../../protocol/errors.js'
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'

const example =
  '/ip4/192.168.1.5/tcp/4001/ws/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'

export interface Target {
  /** Undefined when no address names the peer. */
  peer: PeerId | undefined
  addresses: Multiaddr[]
}

/**
 * @param addresses  all of one peer; those that name no peer are taken to be of the one that others name
 * @throws {GridError} MH_BAD_ADDRESS
 */
export function parseTarget(addresses: readonly string[]): Target {
  if (addresses.length === 0) throw badAddress('', 'no address was given')
  const parsed = addresses.slice(0, limits.addressesMax).map((text) => parseAddress(text))
  const peers = new Set(parsed.map(peerOf).filter((peer) => peer !== undefined))
  const [peer] = peers
  if (peers.size > 1) throw badAddress(addresses.join(', '), 'the addresses name different peers')
  if (peer === undefined) return { peer, addresses: parsed }
  const complete = parsed.map((a) => (peerOf(a) === undefined ? a.encapsulate(`/p2p/${peer}`) : a))
  return { peer, addresses: complete }
}

/**
 * @param text  a multiaddr that ends in /ws or in /ws/p2p/PEER, or `host:port`
 * @throws {GridError} MH_BAD_ADDRESS
 */
export function parseAddress(text: string): Multiaddr {
  const trimmed = text.trim()
  if (trimmed.length > limits.addressCharsMax) throw badAddress(trimmed, 'it is too long')
  const short = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(trimmed)
  if (short !== null) {
    const host = short[1] ?? short[2] ?? ''
    const version = isIP(host)
    if (Number(short[3]) > 65_535) throw badAddress(trimmed, 'the port is over 65535')
    const kind = version === 0 ? 'dns4' : `ip${version}`
    return parseMultiaddr(`/${kind}/${host}/tcp/${short[3]}/ws`, trimmed)
  }
  return parseMultiaddr(trimmed, trimmed)
}

function parseMultiaddr(text: string, typed: string): Multiaddr {
  let address: Multiaddr
  try {
    address = multiaddr(text)
  } catch (cause) {
    throw badAddress(typed, 'it is neither host:port nor a multiaddr', cause)
  }
  if (!WebSockets.exactMatch(address)) {
    throw badAddress(typed, 'this node reaches only addresses that end in /tcp/PORT/ws')
  }
  const peer = peerOf(address)
  if (peer !== undefined && !isPeerId(peer)) {
    throw badAddress(typed, 'what follows /p2p/ is no peer id')
  }
  return address
}

function isPeerId(text: string): boolean {
  try {
    const id = peerIdFromString(text)
    return id.type === 'Ed25519' && id.toString() === text
  } catch {
    return false
  }
}

/** The peer that an address ends in. */
export function peerOf(address: Multiaddr): PeerId | undefined {
  const value = address.getComponents().findLast((part) => part.name === 'p2p')?.value
  return value as PeerId | undefined
}

export function withPeer(address: string, peer: PeerId): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peer}`
}

/** Most useful first: public, then private, loopback last; at most `limits.addressesMax`. */
export function sortAddresses(addresses: readonly Multiaddr[]): string[] {
  const rank = (a: Multiaddr) => (isLoopback(a) ? 2 : isPrivate(a) ? 1 : 0)
  const sorted = [...addresses].sort((a, b) => rank(a) - rank(b)).map(String)
  return [...new Set(sorted)].slice(0, limits.addressesMax)
}

function isLoopback(address: Multiaddr): boolean {
  const host = address.getComponents()[0]?.value ?? ''
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

/** What a peer says of itself, cut to what can be one of its addresses. */
export function sanitiseAddresses(addresses: readonly string[], peer: PeerId): string[] {
  const kept: string[] = []
  for (const text of addresses.slice(0, limits.addressesMax)) {
    try {
      const named = withPeer(String(parseAddress(text)), peer)
      if (peerOf(parseAddress(named)) === peer) kept.push(named)
    } catch {
      // One odd address is no reason to lose the others.
    }
  }
  return [...new Set(kept)]
}

function badAddress(text: string, why: string, cause?: unknown): GridError {
  return new GridError('MH_BAD_ADDRESS', `cannot use the address "${text}": ${why}`, {
    blame: 'user',
    hint: `A full address looks like ${example}; 192.168.1.5:4001 works as well.`,
    ...(cause === undefined ? {} : { cause }),
  })
}
