/** Several nodes that connect, cross, lose and find each other: in the end both sides agree on who is who. */
import net from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { nextUint32, seedRandom } from '../../coordinator-free-node/core/kit/random.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { type Station, startStation } from '../contract/overlay-recorder.js'

const fleet = libp2pFleet({ dht: 'off', times: { redialMsMin: 100, silenceMs: 8_000 } })

afterEach(() => fleet.dispose())

async function stations(count: number): Promise<Station[]> {
  return Promise.all(Array.from({ length: count }, async () => startStation(await fleet.create())))
}

/** Everybody's neighbours, as everybody sees them and has been told. */
function expectWhole(all: readonly Station[]): void {
  for (const { overlay, seen } of all) {
    const others = all.map((one) => one.overlay.self).filter((self) => self !== overlay.self)
    expect([...overlay.neighbours()].sort()).toEqual(others.sort())
    for (const other of others) {
      const joined = seen.countOf('neighbour-joined', other)
      expect(joined).toBe(seen.countOf('neighbour-left', other) + 1)
    }
  }
}

async function connectAll(all: readonly Station[]): Promise<void> {
  const connects = all.flatMap((from) =>
    all.filter((to) => to !== from).map((to) => from.overlay.connect(to.overlay.addresses())),
  )
  await Promise.all(connects)
}

async function untilWhole(all: readonly Station[]): Promise<void> {
  for (const { seen, overlay } of all) {
    for (const other of all) {
      if (other.overlay !== overlay) await seen.untilJoined(other.overlay.self)
    }
  }
}

describe('a mesh', () => {
  test('in which everybody dials everybody at once has one stream a pair', async () => {
    const all = await stations(6)
    await connectAll(all)
    await untilWhole(all)
    expectWhole(all)
    for (const { seen } of all) {
      expect(seen.changes.filter(({ type }) => type === 'neighbour-left')).toEqual([])
    }
  })

  test.each([1, 2, 3])(
    'agrees with itself after connects and disconnects, seed %i',
    async (seed) => {
      const all = await stations(4)
      const random = seedRandom(seed)
      const pick = () => all[nextUint32(random) % all.length]!
      for (let round = 0; round < 30; round++) {
        const turns = Array.from({ length: 6 }, () => [pick(), pick()] as const)
        await Promise.all(
          turns.map(async ([from, to], i) => {
            if (from === to) return
            if (i % 3 === 0) from.overlay.disconnect(to.overlay.self, 'as the dice fell')
            // It may lose to a disconnect of the same moment.
            else await from.overlay.connect(to.overlay.addresses()).catch(() => {})
          }),
        )
      }
      await connectAll(all).catch(() => connectAll(all))
      await untilWhole(all)
      for (const a of all) {
        for (const b of all) {
          if (a !== b) expect(a.overlay.send(b.overlay.self, [Uint8Array.of(99)])).toBe(true)
        }
      }
      const last = ({ seen }: Station) => seen.mail.filter(({ bytes }) => bytes[0] === 99).length
      await Promise.all(all.map((one) => one.seen.until('all mail', () => last(one) === 3)))
      expectWhole(all)
    },
  )

  test('heals when the network between two nodes is cut', async () => {
    const [a, b] = (await stations(2)) as [Station, Station]
    const port = Number(/tcp\/(\d+)/.exec(b.overlay.addresses()[0]!)![1])
    const wires: net.Socket[] = []
    const proxy = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1')
      wires.push(
        near.on('error', () => {}),
        far.on('error', () => {}),
      )
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    await a.overlay.connect([`127.0.0.1:${(proxy.address() as net.AddressInfo).port}`])
    await b.seen.untilJoined(a.overlay.self)
    const lost = [a.seen.untilLeft(b.overlay.self), b.seen.untilLeft(a.overlay.self)]
    for (const wire of wires) wire.destroy()
    await Promise.all(lost)
    await untilWhole([a, b])
    expectWhole([a, b])
    proxy.close()
  })
})
