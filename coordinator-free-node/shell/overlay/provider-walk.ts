/**
 * Asks the directory who provides a key, and hears everybody out.
 *
 * `findProviders` of kad-dht ends at the first twenty names, which a single liar has at hand. The walk below it does not:
 * it is run here with the same question. Not part of kad-dht's interface: when a new version has it elsewhere, the
 * contract test of the overlay finds nobody.
 */
import type { Libp2p, PeerInfo } from '@libp2p/interface'
import type { QueryEvent } from '@libp2p/kad-dht'
import type { CID } from 'multiformats/cid'

interface Walker {
  queryManager: {
    run(key: Uint8Array, ask: Ask, options: { signal: AbortSignal }): AsyncIterable<QueryEvent>
  }
  network: {
    sendRequest(
      to: PeerInfo['id'],
      message: { type: string; key: Uint8Array },
      options: object,
    ): AsyncIterable<QueryEvent>
  }
  providers: { getProviders(key: CID, options: object): Promise<PeerInfo['id'][]> }
}

type Ask = (asked: {
  peer: PeerInfo
  signal: AbortSignal
  path: unknown
}) => AsyncIterable<QueryEvent>

/** What each peer said, as it comes; what this node keeps for others comes first. */
export async function* askProviders(
  libp2p: Libp2p,
  key: CID,
  signal: AbortSignal,
): AsyncGenerator<PeerInfo[]> {
  const { dht } = libp2p.services as { dht?: Walker }
  if (dht === undefined) return
  yield await keptHere(libp2p, dht, key, signal)
  const request = { type: 'GET_PROVIDERS', key: key.multihash.bytes }
  const ask: Ask = ({ peer, ...options }) => dht.network.sendRequest(peer.id, request, options)
  for await (const event of dht.queryManager.run(request.key, ask, { signal }))
    if (event.name === 'PEER_RESPONSE' && event.providers.length > 0) yield event.providers
}

async function keptHere(
  { peerStore }: Libp2p,
  { providers }: Walker,
  key: CID,
  signal: AbortSignal,
): Promise<PeerInfo[]> {
  const names: PeerInfo[] = []
  for (const id of await providers.getProviders(key, { signal })) {
    const known = await peerStore.get(id, { signal }).catch(() => undefined)
    if (known !== undefined)
      names.push({ id, multiaddrs: known.addresses.map(({ multiaddr }) => multiaddr) })
  }
  return names
}
