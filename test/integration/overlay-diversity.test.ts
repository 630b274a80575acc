/** The directory's routing table on real sockets; where the connections come from is pretended. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { SubnetCounts } from '../../coordinator-free-node/core/membership/diversity.js'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import { openDesk } from '../../coordinator-free-node/shell/overlay/credentials.js'
import { keepTableDiverse } from '../../coordinator-free-node/shell/overlay/diverse-table.js'
import { countDenials, openGate } from '../../coordinator-free-node/shell/overlay/gate.js'
import {
  createLibp2pNode,
  stopLibp2pNode,
} from '../../coordinator-free-node/shell/overlay/libp2p-node.js'

const nodes: Libp2p[] = []

async function start(subnetOf?: (address: string) => string | undefined) {
  const libp2p = await createLibp2pNode({
    privateKey: loadIdentity(createIdentity()).privateKey,
    grid: 'test',
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    announce: [],
    lan: undefined,
    dht: 'server',
    dialMs: 5_000,
    handshakeMs: 5_000,
    credentials: openDesk,
    gate: countDenials(openGate),
    onListenError: () => {},
  })
  const counts = subnetOf && keepTableDiverse(libp2p, subnetOf)
  nodes.push(libp2p)
  await libp2p.start()
  return { libp2p, counts: counts as SubnetCounts<string> }
}

type Table = {
  size: number
  find(peer: unknown): Promise<unknown>
  remove(peer: unknown): Promise<void>
}
const tableOf = (libp2p: Libp2p) =>
  (libp2p.services as unknown as { dht: { routingTable: Table } }).dht.routingTable

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(stopLibp2pNode))
})

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 15_000; !holds(); ) {
    if (Date.now() > endMs) throw new Error('it never came to that')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe("the directory's routing table", () => {
  const crowd = 8

  test('takes two peers of a subnet, and others as before', async () => {
    // All dial from loopback: who is in the crowd goes by the order of arrival.
    const crowded = new Set<string>()
    const { libp2p, counts } = await start((address) =>
      crowded.has(/tcp\/(\d+)/.exec(address)?.[1] ?? '') ? '203.0.113' : undefined,
    )
    const [own] = libp2p.getMultiaddrs()
    const dialled = await Promise.all(Array.from({ length: crowd + 3 }, () => start()))
    for (const [i, other] of dialled.entries()) {
      // Outbound from here, so that the port tells who it is.
      const [address] = other.libp2p.getMultiaddrs()
      if (i < crowd) crowded.add(/tcp\/(\d+)/.exec(String(address))?.[1] ?? '')
      await libp2p.dial(multiaddr(String(address)))
    }
    expect(own).toBeDefined()
    const table = tableOf(libp2p)
    await until(() => table.size === limits.tablePerSubnetMax + 3)
    // Whoever is kept out goes on trying, by every answer that names it.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(table.size).toBe(limits.tablePerSubnetMax + 3)
    expect(counts.members.get('203.0.113')?.size).toBe(limits.tablePerSubnetMax)

    const [inside] = counts.members.get('203.0.113') ?? []
    const gone = dialled.find((other) => other.libp2p.peerId.toString() === inside)
    await table.remove(gone?.libp2p.peerId)
    expect(counts.members.get('203.0.113')?.size).toBe(limits.tablePerSubnetMax - 1)
  })

  test('takes everybody where addresses say nothing', async () => {
    const { libp2p } = await start(() => undefined)
    for (let i = 0; i < crowd; i++) {
      const [address] = (await start()).libp2p.getMultiaddrs()
      await libp2p.dial(multiaddr(String(address)))
    }
    await until(() => tableOf(libp2p).size === crowd)
  })
})
