/** Whatever a volunteer does and whenever, a host accounts for every unit that it was given, once. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { UnitOutcome } from '../../coordinator-free-node/protocol/outcome.js'
import { unitsOf } from '../../coordinator-free-node/protocol/unit-runs.js'
import { job, LoneNode, manifest, peer } from '../unit/core/lone-node.js'

const steward = peer(9)
const leaseUnits = 5
const { taskHash } = manifest()

/** A host with an executor of one slot that does what it is told, and cancels when it is told. */
class Volunteer {
  readonly node = new LoneNode({ donates: true, graceMs: 2_000 })
  /** Units by lease that the executor has; the first of all runs. */
  queue: { lease: number; unit: number }[] = []
  leases = 0
  #seen = 0

  constructor() {
    this.node.event({ type: 'neighbour-joined', peer: steward, addresses: [] })
    this.node.hear(steward, {
      type: 'advert',
      body: {
        job,
        steward,
        addresses: [],
        serial: 1,
        ttlMs: 60_000,
        closed: false,
        name: 'n',
        requester: steward,
        taskHash,
        tier: 'js',
        unitMemoryBytesMax: 65_536,
      },
      sealed: undefined,
      hops: 0,
    })
    this.node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
  }

  lease(): void {
    const lease = ++this.leases
    const runs: [number, number][] = [[lease * leaseUnits, leaseUnits]]
    this.node.hear(steward, {
      type: 'lease',
      job,
      lease,
      runs,
      leaseMs: 1e7,
      voteMs: 100,
      inputs: [],
    })
    this.obey()
  }

  finishOne(): void {
    const next = this.queue.shift()
    if (next !== undefined)
      this.report(next.lease, [
        {
          unit: next.unit,
          kind: 'done',
          output: Uint8Array.of(1),
          digest: new Uint8Array(32),
          spentMs: 1,
          fuel: 1,
        },
      ])
  }

  pass(ms: number): void {
    this.node.pass(ms)
    this.obey()
  }

  report(lease: number, outcomes: UnitOutcome[]): void {
    this.node.event({ type: 'units-executed', job, lease, outcomes })
    this.obey()
  }

  /** Executes and cancels what the core asked for since the last time. */
  obey(): void {
    while (this.#seen < this.node.effects.length) {
      const effect = this.node.effects[this.#seen++]
      if (effect?.type === 'execute-units')
        for (const unit of unitsOf(effect.runs)) this.queue.push({ lease: effect.lease, unit })
      if (effect?.type !== 'cancel-units') continue
      const goes = this.queue.filter(
        ({ lease }, at) => lease === effect.lease && (at > 0 || effect.which === 'all'),
      )
      this.queue = this.queue.filter((entry) => !goes.includes(entry))
      if (goes.length === 0) continue
      this.report(
        effect.lease,
        goes.map(({ unit }) => ({ unit, kind: 'abort', reason: 'cancelled', message: '' })),
      )
    }
  }

  /** How often each unit came back, as a vote or a release. */
  returned(): Map<number, number> {
    const counts = new Map<number, number>()
    const runs = [
      ...this.node.sent('vote', steward).flatMap(({ body }) => body.runs),
      ...this.node.sent('release', steward).flatMap((release) => release.runs),
    ]
    for (const unit of unitsOf(runs)) counts.set(unit, (counts.get(unit) ?? 0) + 1)
    return counts
  }
}

const acts: Record<string, (host: Volunteer) => void> = {
  lease: (host) => host.lease(),
  finish: (host) => host.finishOne(),
  pause: (host) => {
    host.node.event({ type: 'pause-requested', untilUtcMs: Number.POSITIVE_INFINITY })
    host.obey()
  },
  resume: (host) => {
    host.node.event({ type: 'resume-requested' })
    host.obey()
  },
  wait: (host) => host.pass(500),
  'wait long': (host) => host.pass(2_500),
}

describe('a volunteer who changes its mind', () => {
  test('every unit comes back exactly once, as a vote or unexecuted', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 60 }), (names) => {
        const host = new Volunteer()
        for (const name of names) acts[name]?.(host)
        acts.pause?.(host)
        host.pass(2_100)
        host.pass(200)
        expect(host.queue).toEqual([])
        const returned = host.returned()
        expect([...returned.values()].every((times) => times === 1)).toBe(true)
        expect(returned.size).toBe(host.leases * leaseUnits)
        expect(host.node.sent('abort')).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
