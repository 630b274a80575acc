/** What goes over the line beside the messages themselves. */
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { startStation } from '../contract/overlay-recorder.js'

const fleet = libp2pFleet({ dht: 'off' })

const proxies: net.Server[] = []

afterEach(async () => {
  for (const proxy of proxies.splice(0)) proxy.close()
  await fleet.dispose()
})

test('whoever only listens says next to nothing', async () => {
  const a = await startStation(await fleet.create())
  const b = await startStation(await fleet.create())
  let answers = 0
  const port = await countingProxy(b.overlay.addresses()[0] ?? '', () => answers++)
  await a.overlay.connect([`127.0.0.1:${port}`])
  await b.seen.untilJoined(a.overlay.self)
  await pause(300)
  answers = 0
  const messages = 60
  for (let n = 1; n <= messages; n++) {
    a.overlay.send(b.overlay.self, [Uint8Array.of(n)])
    await b.seen.until(`message ${n}`, () => b.seen.mail.length === n)
  }
  expect(answers).toBeLessThan(messages / 10)
})

test('far more than a window goes through all the same', async () => {
  const a = await startStation(await fleet.create())
  const b = await startStation(await fleet.create())
  await a.overlay.connect(b.overlay.addresses())
  const message = new Uint8Array(300_000).fill(7)
  for (let n = 1; n <= 60; n++) {
    expect(a.overlay.send(b.overlay.self, [message])).toBe(true)
    await b.seen.until(`message ${n}`, () => b.seen.mail.length === n)
  }
})

/** @param onAnswer  called for each piece that comes back from the address */
async function countingProxy(address: string, onAnswer: () => void): Promise<number> {
  const port = Number(/tcp\/(\d+)/.exec(address)?.[1])
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1')
    for (const wire of [near, far]) wire.setNoDelay(true).on('error', () => {})
    far.on('data', onAnswer)
    near.pipe(far).pipe(near)
  })
  proxies.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as net.AddressInfo).port
}
