/** Ports, addresses, named peers, grids, and stock libp2p: how nodes come together and stay so. */
import net from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { WebSocket } from 'ws'
import { encode } from '../../coordinator-free-node/protocol/codec.js'
import { hashOf } from '../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import {
  noiseWithCredentials,
  openDesk,
} from '../../coordinator-free-node/shell/overlay/credentials.js'
import { encodeFrame, takeMailFrame } from '../../coordinator-free-node/shell/overlay/frames.js'
import { stopLibp2pNode } from '../../coordinator-free-node/shell/overlay/libp2p-node.js'
import { createOverlay } from '../../coordinator-free-node/shell/overlay/overlay.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { join, startStation } from '../contract/overlay-recorder.js'

const fleet = libp2pFleet({ times: { redialMsMin: 50, redialMsMax: 200 } })
const portOf = (address: string | undefined) => Number(/tcp\/(\d+)/.exec(address ?? '')?.[1])

afterEach(() => fleet.dispose())

describe('listening', () => {
  test('on a port that is taken is a fault of the user, with a way out', async () => {
    const first = await startStation(await fleet.create())
    const port = portOf(first.overlay.addresses()[0])
    const second = await fleet.create({ listen: [`127.0.0.1:${port}`] })
    await expect(startStation(second)).rejects.toMatchObject({
      code: 'MH_PORT_TAKEN',
      blame: 'user',
      message: expect.stringContaining(String(port)),
      hint: expect.stringContaining('another port'),
    })
  })

  test('on an address of another machine is a bad address', async () => {
    const overlay = await fleet.create({ listen: ['/ip4/198.51.100.1/tcp/0/ws'] })
    await expect(startStation(overlay)).rejects.toMatchObject({ code: 'MH_BAD_ADDRESS' })
  })

  test('on every interface tells their addresses, loopback last', async () => {
    const overlay = await fleet.create({ listen: ['/ip4/0.0.0.0/tcp/0/ws'] })
    await startStation(overlay)
    const addresses = overlay.addresses()
    expect(addresses.at(-1)).toMatch(/^\/ip4\/127\./)
    for (const address of addresses) expect(portOf(address)).toBeGreaterThan(0)
  })

  test('is optional: a node that only dials is a neighbour like any other', async () => {
    const [quiet, open] = [await fleet.create({ listen: [] }), await fleet.create()]
    const [a, b] = [await startStation(quiet), await startStation(open)]
    await a.overlay.connect(b.overlay.addresses())
    await b.seen.untilJoined(a.overlay.self)
    expect(b.overlay.send(a.overlay.self, [Uint8Array.of(1)])).toBe(true)
    await a.seen.untilMail(1)
  })

  test('under a name that is no grid name is a fault of the user', () => {
    const { privateKey } = loadIdentity(createIdentity())
    expect(() => createOverlay({ privateKey, grid: 'a/b' })).toThrow('grid')
  })
})

describe('connecting', () => {
  test('works by host and port alone', async () => {
    const [a, b] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    const port = portOf(b.overlay.addresses()[0])
    expect(await a.overlay.connect([`127.0.0.1:${port}`])).toBe(b.overlay.self)
    expect(await a.overlay.connect([`localhost:${port}`])).toBe(b.overlay.self)
    expect(a.seen.changes).toHaveLength(1)
  })

  test('to another grid fails and says so', async () => {
    const a = await startStation(await fleet.create())
    const b = await startStation(await fleet.create({ grid: 'another' }))
    await expect(a.overlay.connect(b.overlay.addresses())).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringContaining('another grid'),
    })
    expect(b.seen.changes).toEqual([])
  })

  test('to somebody else than the address names fails and says so', async () => {
    const [a, b] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    const stranger = loadIdentity(createIdentity()).signer.self
    const address = b.overlay.addresses()[0]?.replace(b.overlay.self, stranger) ?? ''
    await expect(a.overlay.connect([address])).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringContaining('another node'),
    })
  })

  test('to a port that accepts and says nothing ends in time', async () => {
    const mute = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const sockets: net.Socket[] = []
    mute.on('connection', (socket) => sockets.push(socket.on('error', () => {})))
    const a = await startStation(await fleet.create({ times: { dialMs: 300 } }))
    const { port } = mute.address() as net.AddressInfo
    await expect(a.overlay.connect([`127.0.0.1:${port}`])).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringMatching(/no answer/),
    })
    for (const socket of sockets) socket.destroy()
    mute.close()
  })

  test('to where a peer is now does not fail with an attempt at where it was', async () => {
    const a = await startStation(await fleet.create())
    const b = await startStation(await fleet.create())
    const free = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => free.once('listening', resolve))
    const { port } = free.address() as net.AddressInfo
    await new Promise((resolve) => free.close(resolve))
    const now = b.overlay.addresses()[0] ?? ''
    const before = now.replace(/tcp\/\d+/, `tcp/${port}`)
    const attempts = [before, now].map((address) => a.overlay.connect([address]))
    expect((await Promise.allSettled(attempts)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
    ])
  })

  test('ends when the caller gives up', async () => {
    const mute = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const sockets: net.Socket[] = []
    mute.on('connection', (socket) => sockets.push(socket.on('error', () => {})))
    const a = await startStation(await fleet.create())
    const { port } = mute.address() as net.AddressInfo
    const caller = new AbortController()
    const connecting = a.overlay.connect([`127.0.0.1:${port}`], caller.signal)
    caller.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'MH_PEER_UNREACHABLE' })
    for (const socket of sockets) socket.destroy()
    mute.close()
  })

  test('to a node that has as many neighbours as it wants fails and says so', async () => {
    const full = await startStation(await fleet.create({ neighboursMax: 1 }))
    const [a, b] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    await join(a, full)
    await expect(b.overlay.connect(full.overlay.addresses())).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringContaining('as many neighbours'),
    })
    expect(full.overlay.neighbours()).toEqual([a.overlay.self])
  })
})

describe('a named peer', () => {
  test('is dialled until it is up, and again whenever it comes back', async () => {
    const identity = loadIdentity(createIdentity())
    const probe = await fleet.create()
    await startStation(probe)
    const address = `127.0.0.1:${portOf(probe.addresses()[0])}`
    await probe.stop()
    const a = await startStation(await fleet.create({ peers: [address] }))
    for (let life = 1; life <= 2; life++) {
      const named = await fleet.create({ privateKey: identity.privateKey, listen: [address] })
      await startStation(named)
      await a.seen.until('it is reached', () => a.seen.isJoined(named.self))
      expect(a.seen.countOf('neighbour-joined', named.self)).toBe(life)
      await named.stop()
      await a.seen.until('it is gone', () => !a.seen.isJoined(named.self))
    }
  })
})

describe('a neighbour', () => {
  test('that takes nothing is dropped once too much waits for it', async () => {
    const [a, b] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    await join(a, b)
    b.seen.hold = () => new Promise(() => {})
    const message = new Uint8Array(1024 * 1024)
    a.overlay.send(b.overlay.self, [message])
    await b.seen.untilMail(1)
    const count = limits.sendQueueBytesMax / message.length + 20
    for (let i = 0; i < count; i++) a.overlay.send(b.overlay.self, [message])
    await a.seen.until('it is dropped', () => !a.seen.isJoined(b.overlay.self))
    expect(a.seen.changes.at(-1)).toMatchObject({ reason: expect.stringContaining('stuck') })
    b.seen.hold = undefined
  })

  test('that is slow gets everything in the end, without being taken for dead', async () => {
    const times = { silenceMs: 500, redialMsMin: 50 }
    const [a, b] = [
      await startStation(await fleet.create({ times })),
      await startStation(await fleet.create({ times })),
    ]
    await join(a, b)
    b.seen.hold = () => new Promise((resolve) => setTimeout(resolve, 900))
    const message = new Uint8Array(2 * 1024 * 1024)
    for (let i = 0; i < 12; i++) {
      message[0] = i
      a.overlay.send(b.overlay.self, [message.slice()])
    }
    await b.seen.untilMail(12)
    expect(b.seen.mail.map(({ bytes }) => bytes[0])).toEqual([...Array(12).keys()])
    expect(a.seen.changes).toHaveLength(1)
    expect(b.seen.changes).toHaveLength(1)
  })
})

describe('the directory', () => {
  test('tells newcomers what was provided when nobody else was there', async () => {
    const [a, b] = [
      await startStation(await fleet.create()),
      await startStation(await fleet.create()),
    ]
    const key = hashOf(new Uint8Array(3))
    await a.overlay.provide(key)
    await join(b, a)
    const c = await startStation(await fleet.create())
    await join(c, b)
    const boundMs = performance.now() + 10_000
    let found = await c.overlay.lookup(key)
    while (found.length === 0 && performance.now() < boundMs) {
      await new Promise(setImmediate)
      found = await c.overlay.lookup(key)
    }
    expect(found[0]?.peer).toBe(a.overlay.self)
  })
})

describe('stock libp2p', () => {
  const components = {
    transports: [webSockets()],
    connectionEncrypters: [noiseWithCredentials('test', openDesk)],
    streamMuxers: [yamux()],
  }

  test('dials a node over WebSocket, and mail goes both ways', async () => {
    // Stock libp2p dials with the browser's WebSocket, which Node 20 lacks.
    globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket
    const a = await startStation(await fleet.create({ dht: 'off' }))
    const stock = await createLibp2p({
      ...components,
      privateKey: await generateKeyPair('Ed25519'),
      connectionGater: { denyDialMultiaddr: () => false },
    })
    const connection = await stock.dial(multiaddr(a.overlay.addresses()[0]!))
    const stream = await connection.newStream(['/manyhands/test/mail/1'])
    let received = 0
    stream.addEventListener('message', ({ data }) => {
      received += data.byteLength
      a.seen.onEvent({ type: 'peer-discovered', peer: a.overlay.self, addresses: [] })
    })
    stream.send(encodeFrame('open', encode({ serial: 1, addresses: [] })))
    const peer = stock.peerId.toString() as typeof a.overlay.self
    await a.seen.untilJoined(peer)
    stream.send(takeMailFrame([new Uint8Array(3_000_000)]))
    a.overlay.send(peer, [new Uint8Array(3_000_000)])
    await a.seen.untilMail(1)
    expect(a.seen.mail[0]?.bytes).toHaveLength(3_000_000)
    await a.seen.until('the answer', () => received > 3_000_000)
    await stopLibp2pNode(stock)
  })

  test('that listens over WebSocket can be dialled', async () => {
    const stock = await createLibp2p({
      ...components,
      privateKey: await generateKeyPair('Ed25519'),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    })
    const a = await startStation(await fleet.create({ dht: 'off' }))
    // It is reached and speaks libp2p, but not this grid's protocol.
    await expect(a.overlay.connect(stock.getMultiaddrs().map(String))).rejects.toMatchObject({
      message: expect.stringContaining('another grid'),
    })
    await stopLibp2pNode(stock)
  })
})
