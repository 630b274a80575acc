/**
 * What holds for every byte that a peer sends. A run is one seed:
 *
 * - whatever the bytes, a decoder returns or throws a GridError that blames the remote, within a bound of time
 * - whatever well-formed nonsense peers say in whatever order, the core's state stays whole
 */
import { createState } from '../../dist/coordinator-free-node/core/state.js'
import { nextDeadlineMs, step } from '../../dist/coordinator-free-node/core/step.js'
import { validateState } from '../../dist/coordinator-free-node/core/validate.js'
import { decode, encode } from '../../dist/coordinator-free-node/protocol/codec.js'
import { requestSchemas } from '../../dist/coordinator-free-node/protocol/gateway-api.js'
import {
  clientFrameSchema,
  nodeFrameSchema,
} from '../../dist/coordinator-free-node/protocol/gateway-frames.js'
import {
  manifestSchema,
  unpackManifest,
} from '../../dist/coordinator-free-node/protocol/manifest.js'
import {
  advertBodySchema,
  peerMessageSchema,
  voteBodySchema,
} from '../../dist/coordinator-free-node/protocol/messages.js'
import { digestOf, resultKinds } from '../../dist/coordinator-free-node/protocol/outcome.js'
import { sealedSchema, sealPurposes } from '../../dist/coordinator-free-node/protocol/seal.js'
import {
  taskBundleSchema,
  unpackBundle,
} from '../../dist/coordinator-free-node/protocol/task-bundle.js'
import { countUnits, unitsOf } from '../../dist/coordinator-free-node/protocol/unit-runs.js'
import { createMail } from '../../dist/coordinator-free-node/shell/mail.js'
import {
  encodeFrame,
  FrameReader,
  frameKinds,
  parseMail,
  takeMailFrame,
} from '../../dist/coordinator-free-node/shell/overlay/frames.js'
import {
  greetingSchema,
  parseGreeting,
} from '../../dist/coordinator-free-node/shell/overlay/neighbourhood.js'
import { Dice } from './dice.mjs'
import { makeAnything, makeBytes, makeValue, Surroundings } from './wire-maker.mjs'
import { encodeStrangely, join, makeBomb, mutateBytes, mutateValue } from './wire-mutator.mjs'

/** A run takes a millisecond; on a busy machine, one of the largest, two hundred. */
const slowMs = 4_000
const coreEvents = 60

/** Of the node under test. */
const ownJob = 'a1'.repeat(32)

class Broken extends Error {}

/** One in fifty is an attack on a real node (wire-live.mjs). */
export function isLive(seed) {
  return seed % 50 === 49
}

/**
 * @param {number} seed
 * @param {{ persons: { signer: object }[] }} world  from `makeWorld`
 * @returns {{ verdict: string, broken?: string }}
 */
export function checkSeed(seed, world) {
  const dice = new Dice(seed)
  const startMs = performance.now()
  try {
    const verdict = seed % 10 === 8 ? checkCore(seed, dice, world) : checkDecoder(dice, world)
    const ms = performance.now() - startMs
    if (ms > slowMs) return { verdict, broken: `took ${Math.round(ms)} ms` }
    return { verdict }
  } catch (error) {
    const broken = error instanceof Broken ? error.message : `${error?.stack ?? error}`
    return { verdict: 'broken', broken }
  }
}

/** @param {{ signer: object }[]} persons  identities: the node itself, then its peers */
export function makeWorld(persons) {
  return { persons: persons.map(({ signer }) => ({ signer, mail: createMail(signer) })) }
}

/** What messages are about: a few peers, jobs and leases, some of them nobody's. */
export function surroundingsOf({ persons }, person, more = {}) {
  const peers = [...persons.map(({ signer }) => signer.self), '12D3KooWnobody', '1111111111']
  const around = new Surroundings({
    peers,
    jobs: [ownJob, ownJob, 'a2'.repeat(32), '0'.repeat(64)],
    hashes: ['b2'.repeat(32), 'f'.repeat(64)],
    leases: [1, 2, 3, 4, 5, 2 ** 53 - 1],
    runs: [],
    ...more,
    seal: (dice) => makeSealed(dice, around, person),
  })
  return around
}

function makeSealed(dice, around, { mail }) {
  const schema = dice.pick([advertBodySchema, voteBodySchema, manifestSchema])
  const body = dice.oneIn(4) ? makeBytes(dice) : encode(makeValue(schema, dice, around))
  const sealed = mail.seal(dice.pick(sealPurposes), body)
  if (dice.oneIn(6)) sealed.signer = dice.pick(around.peers)
  if (dice.oneIn(6)) sealed.signature = makeBytes(dice, [64])
  return sealed
}

/** A message whose seals are true and whose columns fit, however senseless it is. */
export function makeMessage(dice, around, person) {
  const message = makeValue(peerMessageSchema, dice, around)
  const { mail, signer } = person
  if (message.type === 'advert' && !dice.oneIn(5)) {
    const body = makeValue(advertBodySchema, dice, around)
    if (!dice.oneIn(5)) body.steward = signer.self
    message.sealed = mail.seal('advert', encode(body))
  }
  if (message.type === 'vote' && !dice.oneIn(5)) {
    const body = makeValue(voteBodySchema, dice, around)
    const units = countUnits(body.runs)
    message.outputs = Array.from({ length: units }, () => Uint8Array.of(dice.below(3)))
    body.kinds = Uint8Array.from({ length: units }, () => dice.below(resultKinds.length))
    body.digests = join(
      ...message.outputs.map((output, i) => digestOf(resultKinds[body.kinds[i]], output)),
    )
    message.sealed = mail.seal('vote', encode(body))
  }
  return message
}

/* The decoders */

const readers = {
  message: {
    make: (dice, around, person) => makeMessage(dice, around, person),
    read: (bytes, { persons }) => persons[0].mail.unpack(persons[1].signer.self, bytes),
  },
  greeting: {
    make: (dice, around) => makeValue(greetingSchema, dice, around),
    read: (bytes) => parseGreeting({ kind: 'open', body: bytes }),
  },
  manifest: {
    make: (dice, around) => makeValue(manifestSchema, dice, around),
    read: unpackManifest,
  },
  sealed: {
    make: (dice, around) => makeValue(sealedSchema, dice, around),
    read(bytes, { persons }) {
      const sealed = decode(bytes, sealedSchema, 'a sealed manifest')
      return unpackManifest(persons[0].mail.open('manifest', sealed))
    },
  },
  bundle: {
    make: (dice, around) => makeValue(taskBundleSchema, dice, around),
    read: unpackBundle,
  },
  request: {
    make(dice, around) {
      const frame = makeValue(clientFrameSchema, dice, around)
      if ('method' in frame) frame.params = makeValue(requestSchemas[frame.method], dice, around)
      return frame
    },
    read(bytes) {
      const frame = decode(bytes, clientFrameSchema, 'a gateway frame')
      if ('method' in frame) requestSchemas[frame.method].safeParse(frame.params)
      return frame
    },
  },
  answer: {
    make: (dice, around) => makeValue(nodeFrameSchema, dice, around),
    read: (bytes) => decode(bytes, nodeFrameSchema, 'a gateway frame'),
  },
}

function checkDecoder(dice, world) {
  const person = world.persons[1]
  const around = surroundingsOf(world, person)
  if (dice.oneIn(4)) return checkFrames(dice, world, around, person)
  const name = dice.oneIn(2) ? 'message' : dice.pick(Object.keys(readers))
  const reader = readers[name]
  const bytes = makeInput(dice, () => reader.make(dice, around, person))
  return judge(name, bytes, (input) => reader.read(input, world))
}

/** What arrives: sound, damaged before or after encoding, a heap of structure, or noise. */
function makeInput(dice, make) {
  const kind = dice.below(40)
  if (kind === 0) return makeBomb(dice)
  if (kind < 4) return makeBytes(dice, [0, 1, 2, 7, 40, 300])
  const value = make()
  if (kind < 8) return encode(value)
  if (kind < 22) return encodeStrangely(mutateValue(value, dice), dice)
  if (kind < 24) return encodeStrangely(makeAnything(dice, 4), dice)
  return mutateBytes(encode(value), dice, encode(make()))
}

function checkFrames(dice, world, around, person) {
  const { mail } = world.persons[0]
  const from = person.signer.self
  const parts = Array.from({ length: 1 + dice.below(4) }, () => {
    const kind = dice.pick(frameKinds)
    if (kind !== 'mail')
      return encodeFrame(
        kind,
        makeInput(dice, () => readers.greeting.make(dice, around)).subarray(0, 8_000),
      )
    const messages = Array.from({ length: 1 + dice.below(4) }, () =>
      makeInput(dice, () => makeMessage(dice, around, person)),
    )
    return takeMailFrame(messages)
  })
  const bytes = dice.oneIn(3) ? join(...parts) : mutateBytes(join(...parts), dice)
  const cut = dice.pick([1, 3, 5, 64, 1_000, bytes.length + 1])
  return judge('frames', bytes, (input) => {
    const reader = new FrameReader()
    for (let at = 0; at < input.length; at += cut) {
      reader.push(input.subarray(at, at + cut))
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (frame.kind === 'mail')
          for (const message of parseMail(frame.body)) mail.unpack(from, message)
        else if (frame.kind === 'open' || frame.kind === 'accept') parseGreeting(frame)
      }
    }
  })
}

function judge(name, bytes, read) {
  const fault = faultOf(bytes, read)
  if (fault === undefined || fault.isFair) return fault === undefined ? 'taken' : 'refused'
  const least = minimise(bytes, (fewer) => faultOf(fewer, read)?.class === fault.class)
  const hex = Buffer.from(least.subarray(0, 400)).toString('hex')
  throw new Broken(`${name}: ${fault.words}\n  ${least.length} bytes: ${hex}`)
}

/** What is wrong with how bytes are read; undefined when they are taken. */
function faultOf(bytes, read) {
  const startMs = performance.now()
  try {
    read(bytes)
  } catch (error) {
    const isFair = error?.name === 'GridError' && error.blame === 'remote'
    if (isFair && error.message.length > 2_000)
      return { class: 'long', words: `an error of ${error.message.length} characters` }
    if (isFair) return { isFair }
    return { class: `${error?.name} ${error?.code}`, words: `${error?.stack ?? error}` }
  }
  const ms = performance.now() - startMs
  return ms > slowMs ? { class: 'slow', words: `took ${Math.round(ms)} ms` } : undefined
}

/** The shortest that halving finds within a bound of tries. */
function minimise(bytes, fails) {
  let least = bytes
  let tries = 0
  for (let piece = least.length >> 1; piece > 0; piece >>= 1)
    for (let at = 0; at + piece <= least.length && tries < 600; tries++) {
      const fewer = join(least.subarray(0, at), least.subarray(at + piece))
      if (fails(fewer)) least = fewer
      else at += piece
    }
  return least
}

/* The core */

function checkCore(seed, dice, world) {
  const node = new NonsenseNode(seed, dice, world)
  for (let i = 0; i < coreEvents; i++) node.happen()
  return 'core'
}

/** A core whose peers talk nonsense, among events that make sense. */
class NonsenseNode {
  nowMs = 1_000
  entries = []
  leases = []
  fetches = []
  story = []
  #id = 0

  constructor(seed, dice, world) {
    const [own, ...others] = world.persons
    this.dice = dice
    this.own = own
    this.others = others
    this.self = own.signer.self
    this.around = others.map((person) =>
      surroundingsOf(world, person, { leases: [1, 2, 2 ** 53 - 1], runs: [] }),
    )
    this.state = createState(this.self, seed, { donates: !dice.oneIn(3), slots: 1 + dice.below(2) })
    this.event({
      type: 'started',
      addresses: [],
      leaseBase: 1,
      jobs: [],
      ledger: [],
      standing: [],
      peers: [],
      receipts: [],
      members: [],
      revoked: [],
      pausedUntilUtcMs: undefined,
    })
    this.event({ type: 'job-submitted', job: ownJob, manifest: this.manifest() })
    for (const { signer } of others)
      this.event({ type: 'neighbour-joined', peer: signer.self, addresses: [] })
  }

  manifest() {
    const { dice } = this
    return {
      version: 1,
      requester: this.self,
      nonce: '12345678',
      name: 'nonsense',
      task: { name: 'nonsense', tier: 'builtin', unitMsMax: 1_000, unitMemoryBytesMax: 65_536 },
      taskHash: 'b2'.repeat(32),
      params: new Uint8Array(),
      inputs: dice.oneIn(4)
        ? { kind: 'list' }
        : { kind: 'range', start: 0, end: 1 + dice.below(30), unitItems: 1 },
      goal: dice.oneIn(4) ? 'first-hit' : 'all',
      acceptance: dice.pick([
        { rule: 'quorum', quorum: 1 + dice.below(3) },
        { rule: 'credibility', maxErrorRate: dice.pick([0.5, 1e-4]) },
        { rule: 'check' },
      ]),
    }
  }

  event(body) {
    this.story.push(body)
    let effects
    try {
      effects = step(this.state, { ...body, id: ++this.#id, nowMs: this.nowMs })
      validateState(this.state)
    } catch (error) {
      const last = this.story.slice(-4).map((event) => JSON.stringify(event, plainly))
      throw new Broken(
        `event ${this.story.length}: ${error?.stack ?? error}\n  ${last.join('\n  ')}`,
      )
    }
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect) {
    if (effect.type === 'journal' && effect.entry !== 0) this.entries.push(effect.entry)
    if (effect.type === 'execute-units') this.leases.push(effect)
    if (effect.type === 'fetch-job') this.fetches.push(effect.job)
    if (effect.type === 'send-message') {
      // It travels, whoever gets it.
      const bytes = this.own.mail.pack(effect.message)
      decode(bytes, peerMessageSchema, 'an own message')
      if (effect.message.type === 'lease') this.#remember(effect.to, effect.message)
    }
  }

  /** Who got a lease speaks of it from now on. */
  #remember(to, { lease, runs }) {
    const around = this.around[this.others.findIndex(({ signer }) => signer.self === to)]
    if (around === undefined) return
    around.leases = [1, lease, lease]
    around.runs = [runs.map((run) => [...run])]
  }

  happen() {
    const { dice, others } = this
    const n = dice.below(others.length)
    const { signer } = others[n]
    const peer = signer.self
    switch (dice.below(18)) {
      case 0:
        this.nowMs += dice.pick([1, 100, 1_000, 20_000, 600_000])
        if (nextDeadlineMs(this.state) <= this.nowMs) this.event({ type: 'deadline-reached' })
        return
      case 1:
        if (this.state.neighbours.neighbours.has(peer))
          this.event({ type: 'neighbour-left', peer, reason: 'nonsense' })
        else this.event({ type: 'neighbour-joined', peer, addresses: [] })
        return
      case 2:
      case 7: {
        const job = this.fetches.shift() ?? 'a2'.repeat(32)
        if (dice.oneIn(5))
          this.event({
            type: 'job-fetch-failed',
            job,
            reason: 'nonsense',
            retryable: dice.oneIn(2),
          })
        else this.event({ type: 'job-fetched', job, manifest: this.manifest() })
        return
      }
      case 3:
        return this.#execute()
      case 4:
        if (dice.oneIn(20)) this.event({ type: 'drain-requested' })
        else if (dice.oneIn(6)) this.event({ type: 'job-cancelled', job: ownJob })
        else if (dice.oneIn(4)) this.event({ type: 'dial-failed', peer, reason: 'nonsense' })
        return
      case 5:
      case 6:
        for (const entry of this.entries.splice(0)) this.event({ type: 'journal-durable', entry })
        return
      default:
        return this.#hear(n)
    }
  }

  #execute() {
    const { dice } = this
    const effect = this.leases.shift()
    if (effect === undefined) return
    const { job, lease, runs } = effect
    const outcomes = [...unitsOf(runs)].slice(0, dice.pick([1, 3, 1_000])).map((unit) => {
      const output = Uint8Array.of(dice.below(2))
      const kind = dice.pick(resultKinds)
      if (dice.oneIn(5))
        return {
          unit,
          kind: 'abort',
          reason: dice.pick(['time', 'cancelled', 'crash']),
          message: 'x',
        }
      return { unit, kind, output, digest: digestOf(kind, output), spentMs: 1, fuel: 0 }
    })
    this.event({ type: 'units-executed', job, lease, outcomes })
  }

  /** As its host would, but for the result. */
  #voteOn({ leases, runs: [runs] }, { mail }) {
    const { dice } = this
    const outputs = [...unitsOf(runs)].map(() => Uint8Array.of(dice.oneIn(5)))
    const kinds = outputs.map(() => (dice.oneIn(9) ? 1 : 0))
    const digests = join(...outputs.map((output, i) => digestOf(resultKinds[kinds[i]], output)))
    const columns = { kinds: Uint8Array.from(kinds), digests, spentMs: 1, fuel: 0 }
    const body = { job: ownJob, lease: leases.at(-1), runs, ...columns }
    return { type: 'vote', sealed: mail.seal('vote', encode(body)), outputs }
  }

  #hear(n) {
    const { dice } = this
    const person = this.others[n]
    const from = person.signer.self
    const around = this.around[n]
    const isVote = around.runs.length > 0 && dice.oneIn(5)
    const bytes = encode(isVote ? this.#voteOn(around, person) : makeMessage(dice, around, person))
    let message
    try {
      message = this.own.mail.unpack(from, bytes)
    } catch (error) {
      if (error?.name === 'GridError' && error.blame === 'remote') return
      throw new Broken(`unpack: ${error?.stack ?? error}`)
    }
    this.event({ type: 'message-received', from, message })
  }
}

function plainly(_key, value) {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'bigint' ? `${value}n` : value
}
