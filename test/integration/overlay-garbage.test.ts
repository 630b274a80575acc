/** What strangers and hostile peers may throw at a node: it costs them the connection, and the node nothing. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { WebSocket } from 'ws'
import { nextUint32, seedRandom } from '../../coordinator-free-node/core/kit/random.js'
import { encode } from '../../coordinator-free-node/protocol/codec.js'
import { hashOf } from '../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import { openDesk } from '../../coordinator-free-node/shell/overlay/credentials.js'
import { encodeFrame } from '../../coordinator-free-node/shell/overlay/frames.js'
import { countDenials, openGate } from '../../coordinator-free-node/shell/overlay/gate.js'
import {
  createLibp2pNode,
  stopLibp2pNode,
} from '../../coordinator-free-node/shell/overlay/libp2p-node.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { join, type Station, startStation } from '../contract/overlay-recorder.js'

const handshakeMs = 400
const fleet = libp2pFleet({ dht: 'off', times: { handshakeMs, silenceMs: 4_000, blobIdleMs: 500 } })
const port = (station: Station) => Number(/tcp\/(\d+)/.exec(station.overlay.addresses()[0]!)![1])

let victim: Station
let friend: Station
let crash: unknown
const onCrash = (error: unknown) => {
  crash = error
}

beforeEach(async () => {
  crash = undefined
  process.on('unhandledRejection', onCrash)
  process.on('uncaughtException', onCrash)
  victim = await startStation(await fleet.create())
  friend = await startStation(await fleet.create())
  await join(friend, victim)
})

afterEach(async () => {
  // Still there, and still serving its friend.
  friend.overlay.send(victim.overlay.self, [Uint8Array.of(7)])
  await victim.seen.untilMail(1)
  await fleet.dispose()
  process.removeListener('unhandledRejection', onCrash)
  process.removeListener('uncaughtException', onCrash)
  expect(crash).toBeUndefined()
})

describe('a stranger on the port', () => {
  function untilClosed(socket: net.Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it is still connected')), 5_000)
      // A reset is as good as a close.
      socket.on('error', () => {})
      socket.resume()
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  test('who sends noise is cut off', async () => {
    const socket = net.connect(port(victim), '127.0.0.1')
    const closed = untilClosed(socket)
    socket.write(randomBytes(100_000))
    await closed
  })

  test('who says nothing is cut off', async () => {
    await untilClosed(net.connect(port(victim), '127.0.0.1'))
  })

  test('who begins a request and never ends it is cut off', async () => {
    const socket = net.connect(port(victim), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
    await untilClosed(socket)
  })

  test('with a browser is told what this is', async () => {
    const answer = await fetch(`http://127.0.0.1:${port(victim)}/`)
    expect(answer.status).toBe(426)
    expect(await answer.text()).toContain('manyhands')
  })

  async function webSocket(): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port(victim)}`)
    await once(socket, 'open')
    return socket
  }

  test('whose WebSocket stays silent is cut off', async () => {
    const socket = await webSocket()
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
  })

  test('whose WebSocket speaks noise is cut off', async () => {
    const socket = await webSocket()
    socket.send(randomBytes(50_000))
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
  })

  test('whose WebSocket speaks text is cut off', async () => {
    const socket = await webSocket()
    socket.send('good morning')
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
  })

  test('whose WebSocket frame is too large is cut off', async () => {
    const socket = await webSocket()
    socket.on('error', () => {})
    socket.send(new Uint8Array(3 * 1024 * 1024))
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
  })
})

describe('a peer that breaks the protocol', () => {
  let attacker: Libp2p
  let connection: Connection
  let stream: Stream

  beforeEach(async () => {
    attacker = await createLibp2pNode({
      privateKey: loadIdentity(createIdentity()).privateKey,
      grid: 'test',
      listen: [],
      announce: [],
      lan: undefined,
      dht: 'off',
      dialMs: 2_000,
      handshakeMs: 2_000,
      gate: countDenials(openGate),
      credentials: openDesk,
      onListenError: () => {},
    })
    await attacker.start()
    connection = await attacker.dial(multiaddr(victim.overlay.addresses()[0]!))
    stream = await connection.newStream(['/manyhands/test/mail/1'])
  })

  afterEach(async () => {
    await stopLibp2pNode(attacker)
  })

  const greeting = () => encodeFrame('open', encode({ serial: 1, addresses: [] }))
  const self = () => attacker.peerId.toString() as Station['overlay']['self']

  async function untilCut(): Promise<void> {
    if (connection.status !== 'open') return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it is still connected')), 5_000)
      connection.addEventListener('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  function head(length: number, kind: number): Uint8Array {
    const bytes = Buffer.alloc(5)
    bytes.writeUInt32BE(length)
    bytes[4] = kind
    return bytes
  }

  const openings: [string, () => Uint8Array][] = [
    ['random bytes', () => randomBytes(1_000)],
    ['a greeting that does not decode', () => encodeFrame('open', randomBytes(40))],
    ['a greeting of the wrong shape', () => encodeFrame('open', encode({ serial: -1 }))],
    ['mail before the greeting', () => encodeFrame('mail', Uint8Array.of(0, 0, 0, 1, 9))],
    ['a frame of no known kind', () => head(10, 200)],
    ['a greeting of megabytes', () => head(5_000_000, 1)],
  ]
  test.each(openings)('by opening with %s is disconnected', async (_what, bytes) => {
    stream.send(bytes())
    await untilCut()
    expect(victim.seen.countOf('neighbour-joined', self())).toBe(0)
  })

  test('by opening a stream and saying nothing loses the stream', async () => {
    await once(stream as unknown as NodeJS.EventEmitter, 'close', {
      signal: AbortSignal.timeout(5_000),
    })
    expect(victim.seen.countOf('neighbour-joined', self())).toBe(0)
  })

  const crowd = () => encodeFrame('mail', new Uint8Array(4 * (limits.frameMessagesMax + 1)))
  const later: [string, () => Uint8Array][] = [
    ['a frame over the bound', () => head(limits.frameBytesMax + 1, 0)],
    ['more messages than a frame may hold', crowd],
    ['a message longer than its frame', () => encodeFrame('mail', Uint8Array.of(0, 0, 1, 0, 9))],
    ['a cut-off length', () => encodeFrame('mail', Uint8Array.of(0, 0))],
    ['a second greeting', greeting],
    ['an empty frame', () => head(0, 0)],
  ]
  test.each(later)('as a neighbour with %s is disconnected', async (_what, bytes) => {
    stream.send(greeting())
    await victim.seen.untilJoined(self())
    stream.send(bytes())
    await untilCut()
    await victim.seen.until('it is gone', () => !victim.seen.isJoined(self()))
    expect(victim.seen.countOf('neighbour-left', self())).toBe(1)
    expect(victim.overlay.neighbours()).toEqual([friend.overlay.self])
  })

  test('a request for a blob that is too long gets no answer', async () => {
    const blobs = await connection.newStream(['/manyhands/test/blob/1'])
    blobs.send(randomBytes(500))
    await once(blobs as unknown as NodeJS.EventEmitter, 'close', {
      signal: AbortSignal.timeout(5_000),
    })
  })

  const hash = hashOf(new Uint8Array(1))
  const answers: [string, string, (blobs: Stream) => void][] = [
    ['falls silent', 'MH_PEER_UNREACHABLE', () => {}],
    ['falls silent halfway', 'MH_PEER_UNREACHABLE', (blobs) => blobs.send(found(1000, 10))],
    [
      'hangs up halfway',
      'MH_PEER_UNREACHABLE',
      (blobs) => {
        blobs.send(found(1000, 10))
        void blobs.close()
      },
    ],
    ['announces gigabytes', 'MH_TOO_LARGE', (blobs) => blobs.send(found(0xffff_ffff, 10))],
    ['sends more than it announced', 'MH_BAD_MESSAGE', (blobs) => blobs.send(found(10, 1000))],
    ['sends noise', 'MH_BAD_MESSAGE', (blobs) => blobs.send(new Uint8Array(100).fill(200))],
    ['sends something else', 'MH_BLOB_MISMATCH', (blobs) => blobs.send(found(10, 10))],
  ]
  test.each(answers)('by an answer to a fetch that %s fails it', async (_what, code, answer) => {
    await attacker.handle('/manyhands/test/blob/1', (blobs) => answer(blobs))
    stream.send(greeting())
    await victim.seen.untilJoined(self())
    await expect(victim.overlay.fetchBlob(self(), hash, 2_000)).rejects.toMatchObject({ code })
  })

  function found(announced: number, sent: number): Uint8Array {
    const answer = Buffer.alloc(5 + sent)
    answer[0] = 1
    answer.writeUInt32BE(announced, 1)
    return answer
  }

  // Below our own frames: what libp2p itself makes of it. It once ended the process.
  const layers: [string, () => Uint8Array][] = [
    ['yamux', () => Buffer.concat([Uint8Array.of(0xff), randomBytes(500)])],
    ['noise', () => Buffer.concat([Uint8Array.of(0, 64), randomBytes(64)])],
  ]
  test.each(layers)('by nonsense to %s is disconnected', async (layer, nonsense) => {
    stream.send(greeting())
    await victim.seen.untilJoined(self())
    const wire = wireOf(layer)
    for (let i = 0; i < 10 && connection.status === 'open'; i++) wire.send(nonsense())
    await untilCut()
    await victim.seen.until('it is gone', () => !victim.seen.isJoined(self()))
  })

  test.each([...Array(10).keys()])('by any frames of yamux harms nobody, seed %i', async (seed) => {
    const random = seedRandom(seed)
    stream.send(greeting())
    await victim.seen.untilJoined(self())
    const wire = wireOf('yamux')
    for (let i = 0; i < 100 && connection.status === 'open'; i++) {
      const body = nextUint32(random) % 50
      const frame = Buffer.alloc(12 + body, 7)
      frame[0] = 0
      frame[1] = nextUint32(random) % (seed % 2 === 0 ? 3 : 4)
      frame.writeUInt16BE(nextUint32(random) % 16, 2)
      frame.writeUInt32BE(nextUint32(random) % 8, 4)
      frame.writeUInt32BE(frame[1] === 0 ? body : nextUint32(random) % 1000, 8)
      wire.send(frame[1] === 0 ? frame : frame.subarray(0, 12))
      if (i % 10 === 0) await new Promise(setImmediate)
    }
    connection.abort(new Error('enough'))
    await victim.seen.until('it is gone', () => !victim.seen.isJoined(self()))
  })

  /** The connection under the streams (`yamux` reads from it), or the one under the encryption (`noise`). */
  function wireOf(reader: string): { send(bytes: Uint8Array): void } {
    type Wire = { send(bytes: Uint8Array): boolean; status: string }
    const inner = connection as unknown as { muxer: { maConn: Wire }; maConn: Wire }
    const wire = reader === 'yamux' ? inner.muxer.maConn : inner.maConn
    return {
      send(bytes) {
        if (wire.status === 'open') wire.send(bytes)
      },
    }
  }
})
