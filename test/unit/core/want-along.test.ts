import { describe, expect, test } from '@jest/globals'
import { digestOf } from '../../../coordinator-free-node/protocol/outcome.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

const steward = peer(9)

/** A host whose neighbour stewards a job that it serves. */
function servingHost() {
  const node = new LoneNode({ donates: true })
  const { taskHash } = manifest()
  const body = {
    ...{ job, steward, addresses: [], serial: 1, ttlMs: 45_000, closed: false, name: 'test' },
    ...{ requester: steward, taskHash, tier: 'builtin' as const, unitMemoryBytesMax: 65_536 },
  }
  node.event({ type: 'neighbour-joined', peer: steward, addresses: [] })
  node.hear(steward, { type: 'advert', body, sealed: undefined, hops: 0 })
  node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
  return node
}

function lend(node: LoneNode, lease: number, first: number, count: number): void {
  const runs: [number, number][] = [[first, count]]
  const terms = { leaseMs: 60_000, voteMs: 5_000 }
  node.hear(steward, { type: 'lease', job, lease, runs, ...terms, inputs: [] })
}

function execute(node: LoneNode, lease: number, units: readonly number[], spentMs: number): void {
  const output = Uint8Array.of(1)
  const result = { kind: 'done' as const, output, digest: digestOf('done', output) }
  const outcomes = units.map((unit) => ({ unit, ...result, fuel: 1, spentMs }))
  node.nowMs += units.length * spentMs
  node.event({ type: 'units-executed', job, lease, outcomes })
}

describe('a host that asks for more', () => {
  test('asks with the vote that ends its lease, where another lies behind it', () => {
    const node = servingHost()
    lend(node, 1, 0, 4)
    execute(node, 1, [0, 1], 500)
    lend(node, 2, 4, 4)
    execute(node, 1, [2], 500)
    const asked = node.sent('want').length
    execute(node, 1, [3], 500)
    expect(node.sent('vote').map(({ wantSlots }) => wantSlots)).toEqual([1])
    expect(node.sent('want')).toHaveLength(asked)
    expect(node.state.hosting.jobs.get(job)?.wanting).toBe(true)
  })

  test('asks at once where what lies behind would be through before an answer came', () => {
    const node = servingHost()
    lend(node, 1, 0, 4)
    execute(node, 1, [0, 1], 20)
    const asked = node.sent('want').length
    lend(node, 2, 4, 4)
    expect(node.sent('want')).toHaveLength(asked + 1)
  })

  test('asks alone once its steward took the lease back whose vote it waited for', () => {
    const node = servingHost()
    lend(node, 1, 0, 4)
    execute(node, 1, [0, 1], 500)
    lend(node, 2, 4, 4)
    const asked = node.sent('want').length
    node.hear(steward, { type: 'revoke', job, leases: [1] })
    expect(node.sent('want')).toHaveLength(asked + 1)
  })
})

describe('a steward that hears a vote with a want', () => {
  const inputs = { kind: 'range' as const, start: 0, end: 1_000, unitItems: 1 }
  const acceptance = { rule: 'quorum' as const, quorum: 1 }

  function stewarding() {
    const node = new LoneNode()
    node.event({ type: 'job-submitted', job, manifest: manifest({ inputs, acceptance }) })
    node.want(peer(1))
    return node
  }

  test('leases out as if it had been asked', () => {
    const node = stewarding()
    node.vote(peer(1), 0, 'done', 2)
    expect(node.sent('lease', peer(1))).toHaveLength(2)
    expect(node.stewarded.schedule.hosts.get(peer(1))?.slots).toBe(2)
  })

  test('answers the want even where the vote counts no more', () => {
    const node = stewarding()
    node.event({ type: 'job-cancelled', job })
    node.vote(peer(1), 0, 'done', 1)
    expect(node.sent('decline', peer(1)).at(-1)).toMatchObject({ job, final: true })
  })
})
