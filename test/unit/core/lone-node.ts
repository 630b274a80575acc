/** A core under test: events in by hand, effects out in a list, its state validated after every event. */
import type { CoreConfig } from '../../../coordinator-free-node/core/config.js'
import type { Effect } from '../../../coordinator-free-node/core/effect.js'
import type { EventBody } from '../../../coordinator-free-node/core/event.js'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import { createState } from '../../../coordinator-free-node/core/state.js'
import { step } from '../../../coordinator-free-node/core/step.js'
import { validateState } from '../../../coordinator-free-node/core/validate.js'
import type { BlobHash, JobId, PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import type { Manifest } from '../../../coordinator-free-node/protocol/manifest.js'
import {
  digestOf,
  type ResultKind,
  resultKinds,
} from '../../../coordinator-free-node/protocol/outcome.js'
import { countUnits } from '../../../coordinator-free-node/protocol/unit-runs.js'

export const self = '12D3KooWrequester' as PeerId
export const job = 'a1'.repeat(32) as JobId
export const peer = (n: number) => `12D3KooWhost${n}` as PeerId

export function manifest(change: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    requester: self,
    nonce: '12345678',
    name: 'test',
    task: { name: 'test', tier: 'builtin', unitMsMax: 1_000, unitMemoryBytesMax: 65_536 },
    taskHash: 'b2'.repeat(32) as BlobHash,
    params: new Uint8Array(),
    inputs: { kind: 'range', start: 0, end: 10, unitItems: 1 },
    goal: 'all',
    acceptance: { rule: 'quorum', quorum: 2 },
    ...change,
  }
}

export class LoneNode {
  nowMs = 1_000
  readonly state
  readonly effects: Effect[] = []
  #id = 0

  constructor(config: Partial<CoreConfig> = { donates: false }) {
    this.state = createState(self, 1, config)
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
  }

  /** Handles an event; journal entries are durable at once unless `durable` is false. */
  event(body: EventBody, durable = true): Effect[] {
    const effects = step(this.state, { ...body, id: ++this.#id, nowMs: this.nowMs })
    validateState(this.state)
    this.effects.push(...effects)
    if (durable)
      for (const effect of effects)
        if (effect.type === 'journal' && effect.entry !== 0)
          this.event({ type: 'journal-durable', entry: effect.entry })
    return effects
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.event({ type: 'deadline-reached' })
  }

  hear(from: PeerId, message: CoreMessage): Effect[] {
    return this.event({ type: 'message-received', from, message })
  }

  /** A host joins and asks for work. */
  want(from: PeerId, slots = 1): void {
    if (!this.state.neighbours.neighbours.has(from))
      this.event({ type: 'neighbour-joined', peer: from, addresses: [] })
    this.hear(from, { type: 'want', job, slots })
  }

  /** Messages of a type sent to a peer so far. */
  sent<Type extends CoreMessage['type']>(type: Type, to?: PeerId) {
    return this.effects.flatMap((effect) =>
      effect.type === 'send-message' &&
      effect.message.type === type &&
      (to === undefined || effect.to === to)
        ? [effect.message as Extract<CoreMessage, { type: Type }>]
        : [],
    )
  }

  /** The host votes on the whole of its last lease; `lie` changes every result. */
  vote(from: PeerId, lie = 0, kind: ResultKind = 'done', wantSlots?: number): void {
    const lease = this.sent('lease', from).at(-1)
    if (lease === undefined) throw new Error(`${from} has no lease`)
    const units = countUnits(lease.runs)
    const output = Uint8Array.of(7 + lie)
    const digests = new Uint8Array(32 * units)
    for (let i = 0; i < units; i++) digests.set(digestOf(kind, output), 32 * i)
    this.hear(from, {
      type: 'vote',
      body: {
        job,
        lease: lease.lease,
        runs: lease.runs,
        kinds: new Uint8Array(units).fill(resultKinds.indexOf(kind)),
        digests,
        spentMs: units * 100,
        fuel: 0,
      },
      outputs: Array.from({ length: units }, () => output),
      ...(wantSlots === undefined ? {} : { wantSlots }),
    })
  }

  get stewarded() {
    const stewarded = this.state.stewarded.get(job)
    if (stewarded === undefined) throw new Error('no job')
    return stewarded
  }
}
