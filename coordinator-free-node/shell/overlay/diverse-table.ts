/**
 * The directory's routing table takes few peers of one public subnet. Kademlia lets in whoever answers a ping, so that
 * somebody with a thousand names in one /24 could be all that a node asks.
 *
 * kad-dht has no place for such a rule: it is put around the one function that adds to a bucket. A peer lies where its
 * connection comes from, never where it says. When a new version does this elsewhere, a test says so.
 */
import type { Libp2p } from '@libp2p/interface'
import {
  countIn,
  countOut,
  createCounts,
  hasRoom,
  type SubnetCounts,
} from '../../core/membership/diversity.js'
import { limits } from '../../protocol/limits.js'

interface Contact {
  peerId: { toString(): string; equals(other: unknown): boolean }
  kadId: Uint8Array
  /** When it last answered; 0 before it did. */
  lastPing: number
}

interface Buckets {
  _add(contact: Contact, options?: unknown): Promise<void>
  get(kadId: Uint8Array): Contact | undefined
  onRemove?(contact: Contact, ...rest: unknown[]): Promise<void>
}

/** @param subnetOf  of a multiaddr; undefined where it says nothing */
export function keepTableDiverse(
  libp2p: Libp2p,
  subnetOf: (address: string) => string | undefined,
): SubnetCounts<string> {
  const counts = createCounts<string>()
  const { dht } = libp2p.services as { dht?: { routingTable?: { kb?: Buckets } } }
  const buckets = dht?.routingTable?.kb
  if (buckets === undefined) return counts
  const add = buckets._add.bind(buckets)
  const remove = buckets.onRemove?.bind(buckets)
  buckets._add = async (contact, options) => {
    const key = contact.peerId.toString()
    const places = libp2p
      .getConnections(contact.peerId as Parameters<Libp2p['getConnections']>[0])
      .map(({ remoteAddr }) => String(remoteAddr))
    // It answered a ping and hung up before anybody could see where it is.
    if (contact.lastPing > 0 && places.length === 0) return
    const subnet = counts.of.get(key) ?? places.map(subnetOf).find((found) => found !== undefined)
    if (!counts.of.has(key) && !hasRoom(counts, subnet, limits.tablePerSubnetMax)) return
    const added = add(contact, options)
    // Without a ping it is in the table by now; after a ping this function is called again.
    if (buckets.get(contact.kadId) !== undefined) countIn(counts, key, subnet)
    await added
  }
  buckets.onRemove = async (contact, ...rest) => {
    countOut(counts, contact.peerId.toString())
    await remove?.(contact, ...rest)
  }
  return counts
}
