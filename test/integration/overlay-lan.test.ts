/** Finding each other on the local network. Needs multicast, which some containers do not have. */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from '@jest/globals'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { startStation } from '../contract/overlay-recorder.js'

const group = '224.0.0.251'

/** Whether a datagram to the group comes back, on a port that the system picks. */
async function findMulticastPort(): Promise<number | undefined> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind(0)
    await once(socket, 'listening')
    socket.addMembership(group)
    const { port } = socket.address()
    socket.send('anybody?', port, group)
    await once(socket, 'message', { signal: AbortSignal.timeout(1_000) })
    return port
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

const port = await findMulticastPort()
const lanTest = port === undefined ? test.skip : test
const fleet = libp2pFleet({ dht: 'off', lan: { port: port ?? 0 } })

afterEach(() => fleet.dispose())

describe(`the local network${port === undefined ? ' (no multicast here: skipped)' : ''}`, () => {
  lanTest('tells a node who else is on the grid, and where', async () => {
    const a = await startStation(await fleet.create())
    const b = await startStation(await fleet.create())
    const heardOf = () => b.seen.events.find(({ type }) => type === 'peer-discovered')
    await b.seen.until('a is discovered', () => heardOf() !== undefined)
    expect(heardOf()).toMatchObject({ peer: a.overlay.self, addresses: a.overlay.addresses() })
    expect(b.overlay.neighbours()).toEqual([])
  })

  lanTest('does not tell of nodes on another grid', async () => {
    await startStation(await fleet.create({ grid: 'another' }))
    const a = await startStation(await fleet.create())
    const b = await startStation(await fleet.create())
    await b.seen.until(
      'a is discovered',
      () => b.seen.countOf('peer-discovered', a.overlay.self) > 0,
    )
    const heardOf = new Set(b.seen.events.map(({ peer }) => peer))
    expect([...heardOf]).toEqual([a.overlay.self])
  })
})
