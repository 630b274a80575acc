/**
 * Ways to abuse a node, each as a peer or a stranger would: over real sockets, in the real protocol where it needs one.
 * A flood that loses its connection comes back under another name at once, as somebody who means it would.
 */
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { WebSocket } from 'ws'
import { encode } from '../../dist/coordinator-free-node/protocol/codec.js'
import { limits } from '../../dist/coordinator-free-node/protocol/limits.js'
import { sealedBytes } from '../../dist/coordinator-free-node/protocol/seal.js'
import { createIdentity, loadIdentity } from '../../dist/coordinator-free-node/shell/identity.js'
import { openDesk } from '../../dist/coordinator-free-node/shell/overlay/credentials.js'
import {
  encodeFrame,
  takeMailFrame,
} from '../../dist/coordinator-free-node/shell/overlay/frames.js'
import { countDenials, openGate } from '../../dist/coordinator-free-node/shell/overlay/gate.js'
import {
  createLibp2pNode,
  stopLibp2pNode,
} from '../../dist/coordinator-free-node/shell/overlay/libp2p-node.js'

const grid = 'open'
const dialMs = 5_000
/** What all floods of messages together try to send. */
const messagesPerSecond = 100_000
/** Messages in a frame of a flood. */
const batch = 500

/** What an abuser saw, for the table. */
export class Diary {
  /** Messages, frames, sockets or requests that left. */
  sent = 0
  /** Connections that were let in, and from the first abuse to the end of each that was cut: milliseconds. */
  entered = 0
  droppedMs = []
  /** Connections that were not let in. */
  refused = 0
}

/** One identity that is a neighbour of the node. */
class Neighbour {
  static async join(target, diary, handlers = {}) {
    const identity = loadIdentity(createIdentity())
    const libp2p = await createLibp2pNode({
      privateKey: identity.privateKey,
      grid,
      listen: [],
      announce: [],
      lan: undefined,
      dht: 'off',
      dialMs,
      handshakeMs: dialMs,
      gate: countDenials(openGate),
      credentials: openDesk,
      onListenError: () => {},
    })
    try {
      await libp2p.start()
      for (const [name, handle] of Object.entries(handlers))
        await libp2p.handle(`/manyhands/${grid}/${name}/1`, handle)
      const signal = AbortSignal.timeout(dialMs)
      const connection = await libp2p.dial(multiaddr(target.address), { signal })
      const stream = await connection.newStream([`/manyhands/${grid}/mail/1`], { signal })
      stream.send(encodeFrame('open', encode({ serial: 1, addresses: [] })))
      diary.entered++
      return new Neighbour(libp2p, connection, stream, identity)
    } catch (error) {
      diary.refused++
      await stopLibp2pNode(libp2p)
      throw error
    }
  }

  constructor(libp2p, connection, stream, identity) {
    Object.assign(this, { libp2p, connection, stream, identity, self: identity.signer.self })
    this.begunMs = performance.now()
  }

  get isIn() {
    return this.stream.status === 'open' && this.connection.status === 'open'
  }

  /** Sends as fast as the other side reads, and no faster than `perSecond` messages. */
  async flood(frames, { perSecond, perFrame, diary, stopped }) {
    const startMs = performance.now()
    for (let n = 0; this.isIn && !stopped.aborted; n++) {
      this.stream.send(frames[n % frames.length])
      diary.sent += perFrame
      const dueMs = startMs + ((n * perFrame) / perSecond) * 1_000
      await this.#untilWritable(Math.max(0, dueMs - performance.now()), stopped)
    }
  }

  async #untilWritable(pauseMs, stopped) {
    await sleep(pauseMs)
    while (this.isIn && this.stream.writableNeedsDrain && !stopped.aborted) await sleep(5)
  }

  async leave(diary) {
    if (diary !== undefined && !this.isIn) diary.droppedMs.push(performance.now() - this.begunMs)
    await stopLibp2pNode(this.libp2p)
  }
}

/** Comes back for ever, under a new name each time; `abuse` lasts as long as it is let. */
async function persist(target, { diary, stopped, handlers }, abuse) {
  while (!stopped.aborted) {
    let neighbour
    try {
      neighbour = await Neighbour.join(target, diary, handlers?.())
      await abuse(neighbour)
    } catch {
      // Not let in, or cut in the middle of a sentence.
    }
    await neighbour?.leave(stopped.aborted ? undefined : diary)
    await sleep(100)
  }
}

const several = (count, one) => Promise.all(Array.from({ length: count }, (_, i) => one(i)))

/** A flood of frames by several neighbours. */
function floodOf(makeFrames, { neighbours = 4, perFrame = batch } = {}) {
  return (target, context) =>
    several(neighbours, () =>
      persist(target, context, async (neighbour) => {
        const perSecond = messagesPerSecond / neighbours
        const frames = await makeFrames(neighbour, target)
        await neighbour.flood(frames, { ...context, perSecond, perFrame })
      }),
    )
}

const mail = (messages) => Buffer.concat([takeMailFrame(messages.map((one) => encode(one)))])
const many = (count, make) => Array.from({ length: count }, (_, i) => make(i))
const hash = () => randomBytes(32).toString('hex')

function seal({ identity: { signer } }, purpose, value, isForged = false) {
  const body = encode(value)
  const signature = isForged
    ? new Uint8Array(randomBytes(64))
    : signer.sign(sealedBytes(purpose, body))
  return { body, signer: signer.self, signature }
}

function advertOf(neighbour, job = hash()) {
  const sealed = seal(neighbour, 'advert', {
    job,
    steward: neighbour.self,
    addresses: [],
    serial: 1,
    ttlMs: 60_000,
    closed: false,
    name: 'nothing',
    requester: neighbour.self,
    taskHash: hash(),
    tier: 'wasm',
    unitMemoryBytesMax: 65_536,
  })
  return { type: 'advert', sealed, hops: 0 }
}

function voteOf(neighbour, job, isForged) {
  const units = 8
  const sealed = seal(
    neighbour,
    'vote',
    {
      job,
      lease: 1 + Math.floor(Math.random() * 1e15),
      runs: [[0, units]],
      kinds: new Uint8Array(units),
      digests: new Uint8Array(32 * units),
      spentMs: 1,
      fuel: 1,
    },
    isForged,
  )
  return { type: 'vote', sealed, outputs: many(units, () => new Uint8Array(16)) }
}

export const floods = {
  valid: {
    about: 'well-formed messages that mean nothing here: answers, renewals, wants, releases',
    run: floodOf((_neighbour, { job }) => {
      const said = [
        { type: 'answer', job, verdict: 'queued', reason: 'busy' },
        { type: 'renew', job, leases: [1, 2, 3] },
        { type: 'want', job: hash(), slots: 1 },
        { type: 'release', job, lease: 7, runs: [[0, 1]] },
        { type: 'hello', version: 1, agent: 'x', donates: false, addresses: [] },
      ]
      return [mail(many(batch, (i) => said[i % said.length]))]
    }),
  },
  chatter: {
    about: 'messages that are in order, more of them than anybody needs',
    run: floodOf((_neighbour, { job }) => [
      mail(many(batch, () => ({ type: 'answer', job, verdict: 'serves', reason: 'soon' }))),
    ]),
  },
  invalid: {
    about: 'frames of messages that do not decode',
    run: floodOf(() => [takeMailFrame(many(batch, () => new Uint8Array(randomBytes(60))))]),
  },
  oversized: {
    about: 'frames that announce more than a frame may hold',
    run: floodOf(
      () => {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(limits.frameBytesMax + 1)
        return [Buffer.concat([head, Buffer.alloc(256 * 1024)])]
      },
      { perFrame: 1 },
    ),
  },
  'half-frames': {
    about: '48 neighbours that each send all but the end of a frame of 16 MiB',
    run: (target, context) =>
      several(48, async (i) => {
        await sleep(20 * i)
        await persist(target, context, async (neighbour) => {
          const head = Buffer.alloc(5)
          head.writeUInt32BE(limits.frameBytesMax - 8)
          neighbour.stream.send(head)
          const piece = Buffer.alloc(256 * 1024)
          for (let sent = 0; sent < 63 && neighbour.isIn && !context.stopped.aborted; sent++) {
            neighbour.stream.send(piece)
            context.diary.sent++
            while (neighbour.isIn && neighbour.stream.writableNeedsDrain) await sleep(5)
          }
          while (neighbour.isIn && !context.stopped.aborted) await sleep(50)
        })
      }),
  },
  connections: {
    about: '1,000 identities that want to be neighbours',
    run: (target, context) =>
      several(1_000, async (i) => {
        await sleep(5 * i)
        await persist(target, context, async (neighbour) => {
          while (neighbour.isIn && !context.stopped.aborted) await sleep(100)
        })
        await sleep(1_000)
      }),
  },
  'half-open': {
    about: '1,000 sockets that say nothing, half a request, or no more than WebSocket',
    run: (target, { diary, stopped }) =>
      several(1_000, async (i) => {
        await sleep(3 * i)
        while (!stopped.aborted) {
          const begunMs = performance.now()
          const isIn = await halfOpen(target, i % 3, stopped)
          diary.sent++
          if (isIn && !stopped.aborted) diary.droppedMs.push(performance.now() - begunMs)
          if (isIn) diary.entered++
          else diary.refused++
          await sleep(500)
        }
      }),
  },
  'slow-readers': {
    about: 'neighbours that ask all the time and read nothing',
    run: (target, context) =>
      several(16, () =>
        persist(target, context, async (neighbour) => {
          const { job } = target
          // Below libp2p, so that nothing acknowledges anything.
          socketOf(neighbour.connection)?.pause()
          const wants = many(20, () => ({ type: 'want', job: hash(), slots: 1 }))
          const frame = mail([...wants, { type: 'renew', job, leases: many(64, (i) => i + 1) }])
          await neighbour.flood([frame], { ...context, perSecond: 2_000, perFrame: 21 })
        }),
      ),
  },
  adverts: {
    about: 'adverts of jobs that do not exist, well signed',
    run: floodOf(
      async (neighbour, _target) => {
        const frames = []
        for (let i = 0; i < 5; i++) {
          frames.push(mail(many(100, () => advertOf(neighbour))))
          await sleep(0)
        }
        return frames
      },
      { perFrame: 100 },
    ),
  },
  votes: {
    about: 'votes on leases that nobody granted, some of them with a wrong signature',
    run: floodOf(
      (neighbour, { job }) => [
        mail(many(200, (i) => voteOf(neighbour, job, i % 100 === 99))),
        mail(many(200, () => voteOf(neighbour, job, false))),
      ],
      { perFrame: 200 },
    ),
  },
  receipts: {
    about: 'the same receipt again and again',
    run: floodOf((neighbour, { peer, job }) => {
      const sealed = seal(neighbour, 'receipt', {
        version: 1,
        steward: neighbour.self,
        host: peer,
        job,
        taskName: 'nothing',
        taskHash: hash(),
        period: 1,
        serial: 1,
        units: 5,
        accepted: 5,
        fuel: 5,
        spentMs: 5,
        issuedUtcMs: Date.now(),
      })
      return [mail(many(batch, () => ({ type: 'receipt', sealed })))]
    }),
  },
  blobs: {
    about:
      'adverts whose manifests and tasks are other bytes than their hashes say; and fetches without end',
    run: (target, context) =>
      several(4, () => {
        const wrong = Buffer.alloc(5 + 60_000, 1)
        wrong.writeUInt32BE(60_000, 1)
        const serve = (stream) => {
          stream.addEventListener('message', () => {
            context.diary.sent++
            stream.send(wrong)
            stream.close().catch(() => {})
          })
        }
        const handlers = () => ({ blob: serve })
        return persist(target, { ...context, handlers }, async (neighbour) => {
          neighbour.stream.send(mail(many(8, () => advertOf(neighbour))))
          while (neighbour.isIn && !context.stopped.aborted)
            await fetchBlob(neighbour, target.job, context.diary).catch(() => sleep(5))
        })
      }),
  },
  streams: {
    about: 'streams opened and dropped under every protocol, and pings',
    run: (target, context) =>
      several(4, () =>
        persist(target, context, async ({ connection, ...neighbour }) => {
          const names = ['mail', 'blob', 'ping', 'nothing'].map((x) => `/manyhands/${grid}/${x}/1`)
          for (let n = 0; connection.status === 'open' && !context.stopped.aborted; n++) {
            const signal = AbortSignal.timeout(1_000)
            const stream = await connection.newStream([names[n % names.length]], { signal })
            context.diary.sent++
            stream.send(randomBytes(100))
            stream.abort(new Error('on to the next'))
          }
          return neighbour
        }),
      ),
  },
}

async function fetchBlob({ connection }, hashText, diary) {
  const stream = await connection.newStream([`/manyhands/${grid}/blob/1`], {
    signal: AbortSignal.timeout(1_000),
  })
  const request = Buffer.alloc(36, 255)
  request.write(hashText, 0, 'hex')
  stream.send(request)
  diary.sent++
  await sleep(1)
}

/** @returns whether the socket was let in; resolves when it is closed */
function halfOpen({ host, port }, kind, stopped) {
  return new Promise((resolve) => {
    const startMs = performance.now()
    const socket = kind === 2 ? new WebSocket(`ws://${host}:${port}`) : net.connect(port, host)
    const end = () => {
      stopped.removeEventListener('abort', kill)
      resolve(performance.now() - startMs > 500)
    }
    const kill = () => (kind === 2 ? socket.terminate() : socket.destroy())
    socket.on('error', () => {})
    socket.once('close', end)
    if (kind === 1) socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
    if (kind !== 2) socket.resume()
    stopped.addEventListener('abort', kill)
  })
}

/** The WebSocket under a connection: what it does not read nobody acknowledges. */
function socketOf(connection) {
  const seen = new Set()
  const look = (thing, depth) => {
    if (thing === null || typeof thing !== 'object' || depth > 6 || seen.has(thing))
      return undefined
    seen.add(thing)
    if (thing instanceof WebSocket) return thing
    for (const key of ['maConn', 'conn', 'connection', 'stream', 'source']) {
      const found = look(thing[key], depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  return look(connection, 0)
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
