/** Who is kept out while overlays are up: neighbours and others, by name and by address, and back again. */
import net from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
import type { OverlayGate } from '../../coordinator-free-node/shell/overlay/gate.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { join, startStation } from '../contract/overlay-recorder.js'

const fleet = libp2pFleet({ times: { redialMsMin: 20, redialMsMax: 100 } })

afterEach(() => fleet.dispose())

/** A gate that a test opens and closes. */
function door() {
  const denied = { peers: new Set<PeerId>(), hosts: new Set<string>() }
  const gate: OverlayGate = {
    denialOfHost: (host) => (denied.hosts.has(host) ? 'not that host' : undefined),
    denialOfPlace: (place) =>
      denied.hosts.has(place.split('/')[2] ?? '') ? 'not that place' : undefined,
    denialOfPeer: (peer) => (denied.peers.has(peer) ? 'not you' : undefined),
  }
  return { denied, gate }
}

describe('a gate that closes', () => {
  test('sends a neighbour away with the reason; a named one comes back when it opens', async () => {
    const { denied, gate } = door()
    const b = await startStation(await fleet.create())
    const [address = ''] = b.overlay.addresses()
    const a = await startStation(await fleet.create({ gate, peers: [address] }))
    await a.seen.untilJoined(b.overlay.self)
    denied.peers.add(b.overlay.self)
    a.overlay.turnAway()
    await Promise.all([a.seen.untilLeft(b.overlay.self), b.seen.untilLeft(a.overlay.self)])
    expect(b.seen.changes.at(-1)).toMatchObject({ reason: expect.stringContaining('not you') })
    expect(a.overlay.neighbours()).toEqual([])
    await expect(a.overlay.connect([address])).rejects.toMatchObject({ code: 'MH_DENIED' })
    await expect(b.overlay.connect(a.overlay.addresses())).rejects.toMatchObject({
      message: expect.stringContaining('not you'),
    })
    const before = a.overlay.denials()
    expect(before.peers).toBeGreaterThan(0)
    expect(before.dials).toBeGreaterThan(0)
    denied.peers.clear()
    await a.seen.untilJoined(b.overlay.self)
  }, 30_000)

  test('leaves the others alone', async () => {
    const { denied, gate } = door()
    const a = await startStation(await fleet.create({ gate }))
    const [b, c] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    await join(b, a)
    await join(c, a)
    denied.peers.add(b.overlay.self)
    a.overlay.turnAway()
    await a.seen.untilLeft(b.overlay.self)
    expect(a.overlay.neighbours()).toEqual([c.overlay.self])
    expect(c.seen.countOf('neighbour-left', a.overlay.self)).toBe(0)
  }, 30_000)

  test('cuts a peer that does not go when it is told to', async () => {
    const { denied, gate } = door()
    const a = await startStation(await fleet.create({ gate }))
    const b = await startStation(await fleet.create())
    await join(b, a)
    // Its messages are not taken: nothing of what it says is read to the end.
    b.seen.hold = () => new Promise(() => {})
    a.overlay.send(b.overlay.self, [new Uint8Array(100)])
    await b.seen.untilMail(1)
    denied.peers.add(b.overlay.self)
    const startMs = performance.now()
    a.overlay.turnAway()
    await a.seen.untilLeft(b.overlay.self)
    expect(performance.now() - startMs).toBeLessThan(4_000)
  }, 30_000)

  test('on an address ends what comes from there, and hears nothing more of it', async () => {
    const { denied, gate } = door()
    const a = await startStation(await fleet.create({ gate }))
    const b = await startStation(await fleet.create())
    await join(b, a)
    denied.hosts.add('127.0.0.1')
    a.overlay.turnAway()
    await a.seen.untilLeft(b.overlay.self)
    const port = Number(/tcp\/(\d+)/.exec(a.overlay.addresses()[0] ?? '')?.[1])
    const bytes = await new Promise<number>((resolve) => {
      let heard = 0
      const socket = net.connect(port, '127.0.0.1', () => socket.write('anything'))
      socket.on('data', (data) => {
        heard += data.length
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(heard))
    })
    expect(bytes).toBe(0)
    expect(a.overlay.denials().sockets).toBeGreaterThan(0)
  }, 30_000)
})
