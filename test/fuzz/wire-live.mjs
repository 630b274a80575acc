/**
 * A real node in a process of its own, among peers that talk nonsense to it over sockets. It has to stay alive, to go on
 * answering the one honest neighbour that it has, and to keep its memory.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { multiaddr } from '@multiformats/multiaddr'
import { decode, encode } from '../../dist/coordinator-free-node/protocol/codec.js'
import { peerMessageSchema } from '../../dist/coordinator-free-node/protocol/messages.js'
import { createMail } from '../../dist/coordinator-free-node/shell/mail.js'
import {
  encodeFrame,
  takeMailFrame,
} from '../../dist/coordinator-free-node/shell/overlay/frames.js'
import { countDenials, openGate } from '../../dist/coordinator-free-node/shell/overlay/gate.js'
import {
  createLibp2pNode,
  stopLibp2pNode,
} from '../../dist/coordinator-free-node/shell/overlay/libp2p-node.js'
import { greetingSchema } from '../../dist/coordinator-free-node/shell/overlay/neighbourhood.js'
import { createOverlay } from '../../dist/coordinator-free-node/shell/overlay/overlay.js'
import { connect, range } from '../../dist/sdk/index.js'
import { Dice } from './dice.mjs'
import { makeMessage, surroundingsOf } from './wire-checks.mjs'
import { makeBytes, makeValue } from './wire-maker.mjs'
import { makeBomb, mutateBytes } from './wire-mutator.mjs'
import { makePerson } from './wire-persons.mjs'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))

/** Attackers at once; each that is sent away comes back under another name. */
const attackersMax = 4
/** Attacks between two questions of the honest neighbour. */
const askEvery = 10
const answerMsMax = 10_000
/** A node that just started has 110 MB, one that has read frames of 16 MiB some more. */
const residentBytesMax = 600 * 1024 * 1024
/** JavaScript heap of the node, MiB: what it keeps shows early. */
const heapMiB = 200
const dialMs = 5_000
const grid = 'open'

export class LiveNode {
  runs = 0
  /** Attacks that found nobody to listen to them: the attacker was kept out. */
  keptOut = 0
  residentBytesMax = 0
  #attackers = []
  #names = 1_000
  #ended
  #errors = ''

  static async start() {
    const live = new LiveNode()
    try {
      await live.#start()
    } catch (error) {
      await live.stop()
      throw error
    }
    return live
  }

  async #start() {
    this.folder = await mkdtemp(pathOf(tmpdir(), 'manyhands-fuzz-'))
    const args = [
      'node',
      '--json',
      '--no-lan',
      '--listen',
      '/ip4/127.0.0.1/tcp/0/ws',
      '--cpus',
      '1',
      '--state',
      this.folder,
    ]
    this.child = spawn(process.execPath, [`--max-old-space-size=${heapMiB}`, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: this.folder },
    })
    this.child.stderr.on('data', (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-4_000)
    })
    this.child.once('exit', (code, signal) => {
      this.#ended ??= `the node ended (${code ?? signal}): ${this.#errors.slice(-1_500)}`
    })
    const ready = await this.#readLines()
    this.address = ready.addresses[0]
    this.peer = ready.peer
    const { privateKey, signer } = await makePerson(999)
    const mail = createMail(signer)
    this.honest = createOverlay({ privateKey, grid, listen: [], lan: false, dht: 'off' })
    await this.honest.start({
      onEvent: () => {},
      onMessages: (_peer, messages) => {
        for (const bytes of messages)
          if (decode(bytes, peerMessageSchema, 'an answer').type === 'decline') this.answered?.()
      },
      readBlob: async () => undefined,
    })
    await this.honest.connect([this.address])
    this.question = mail.pack({ type: 'want', job: '9'.repeat(64), slots: 1 })
    await this.check()
  }

  #readLines() {
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error(this.#errors)))
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        if (!line.startsWith('{')) return
        const { event, status, ...more } = JSON.parse(line)
        if (event === 'ready') resolve(more)
        if (status !== undefined)
          this.residentBytesMax = Math.max(this.residentBytesMax, status.residentBytes)
      })
    })
  }

  /** @returns what broke, in words */
  async run(seed) {
    const dice = new Dice(seed)
    this.runs++
    try {
      await this.#attack(dice)
      if (this.runs % askEvery === 0) await this.check()
    } catch (error) {
      return `${error?.message ?? error}`
    }
    return this.#ended
  }

  /** Alive, answering, and no larger than it may be. */
  async check() {
    if (this.#ended !== undefined) throw new Error(this.#ended)
    if (!this.honest.neighbours().includes(this.peer)) await this.honest.connect([this.address])
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the honest neighbour got no answer within ${answerMsMax} ms`)),
        answerMsMax,
      )
      this.answered = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.honest.send(this.peer, [this.question])
    await answer
    if (this.residentBytesMax > residentBytesMax)
      throw new Error(`the node has grown to ${this.residentBytesMax >> 20} MiB`)
  }

  /** A job of the node's own user still gives the right result. */
  async checkJob() {
    for (const attacker of this.#attackers.splice(0))
      if (attacker) await stopLibp2pNode(attacker.libp2p)
    const sdk = await connect({ stateDirectory: this.folder, node: 'running' })
    try {
      const got = await sdk.map(range(0, 50), (x) => x * x)
      if (got.some((y, x) => y !== x * x)) throw new Error('a job gave a wrong result')
    } finally {
      await sdk.close()
    }
  }

  async #attack(dice) {
    const place = dice.below(attackersMax)
    const attacker = await this.#attacker(place)
    if (attacker === undefined) {
      this.keptOut++
      return
    }
    const { stream, connection, person, around } = attacker
    try {
      if (dice.oneIn(8)) await this.#attackProtocol(dice, connection)
      else stream.send(makeMail(dice, around, person))
    } catch {
      // It was sent away in the middle of it.
    }
    await new Promise(setImmediate)
  }

  /** One that listens and is a neighbour; undefined when nobody is let in. */
  async #attacker(place) {
    const known = this.#attackers[place]
    if (known?.stream.status === 'open' && known.connection.status === 'open') return known
    if (known !== undefined) await stopLibp2pNode(known.libp2p)
    this.#attackers[place] = undefined
    const { privateKey, signer } = await makePerson(this.#names++)
    const person = { signer, mail: createMail(signer) }
    const libp2p = await createLibp2pNode({
      privateKey,
      grid,
      listen: [],
      announce: [],
      lan: undefined,
      dht: 'off',
      dialMs,
      handshakeMs: dialMs,
      gate: countDenials(openGate),
      onListenError: () => {},
    })
    await libp2p.start()
    try {
      const signal = AbortSignal.timeout(dialMs)
      const connection = await libp2p.dial(multiaddr(this.address), { signal })
      const stream = await connection.newStream([`/manyhands/${grid}/mail/1`], { signal })
      stream.send(encodeFrame('open', encode({ serial: 1, addresses: [] })))
      const persons = [{ signer: { self: this.peer } }, person]
      const around = surroundingsOf({ persons }, person)
      this.#attackers[place] = { libp2p, connection, stream, person, around }
      return this.#attackers[place]
    } catch {
      await stopLibp2pNode(libp2p)
      return undefined
    }
  }

  /** Blobs, names of protocols that nobody speaks, and what lies under them. */
  async #attackProtocol(dice, connection) {
    const name = dice.pick([
      `/manyhands/${grid}/blob/1`,
      `/manyhands/${grid}/kad/1.0.0`,
      `/manyhands/${grid}/mail/1`,
      `/manyhands/${grid}/ping/1.0.0`,
      `/manyhands/${grid}/id/1.0.0`,
    ])
    const stream = await connection.newStream([name], { signal: AbortSignal.timeout(1_000) })
    stream.send(makeBytes(dice, [1, 36, 37, 100, 3_000]))
    const end = dice.below(4)
    if (end === 0) stream.abort(new Error('nonsense'))
    else if (end < 3) await stream.close({ signal: AbortSignal.timeout(200) })
  }

  async stop() {
    for (const attacker of this.#attackers) if (attacker) await stopLibp2pNode(attacker.libp2p)
    await this.honest?.stop()
    if (
      this.child !== undefined &&
      this.child.exitCode === null &&
      this.child.signalCode === null
    ) {
      this.#ended = 'it was stopped'
      this.child.kill('SIGKILL')
      await once(this.child, 'exit')
    }
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true })
  }
}

/** Mostly well-formed messages, so that most of them are heard and not only the first. */
function makeMail(dice, around, person) {
  const messages = Array.from({ length: 1 + dice.below(12) }, () =>
    encode(makeMessage(dice, around, person)),
  )
  switch (dice.below(12)) {
    case 0:
      return mutateBytes(takeMailFrame(messages), dice)
    case 1:
      return takeMailFrame([makeBomb(dice)])
    case 2:
      return encodeFrame('open', encode(makeValue(greetingSchema, dice, around)))
    case 3:
      return makeBytes(dice, [1, 5, 100, 3_000])
    default:
      return takeMailFrame(messages)
  }
}
