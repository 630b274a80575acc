import { describe, expect, test } from '@jest/globals'
import { hasFresh } from '../../../coordinator-free-node/core/jobs/job.js'
import { countUnits, unitsOf } from '../../../coordinator-free-node/protocol/unit-runs.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

const [first, second, third] = [peer(1), peer(2), peer(3)]

/** A steward whose units are all leased: two hosts with a pace of 100 ms a unit, `first` with the most of them. */
function leasedOut(units = 24) {
  const node = new LoneNode({ donates: false })
  const acceptance = { rule: 'quorum', quorum: 1 } as const
  const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
  node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance, inputs }) })
  for (const host of [first, second]) {
    node.want(host)
    node.vote(host)
  }
  for (let i = 0; i < 3; i++) node.want(first)
  for (let i = 0; i < units && hasFresh(node.stewarded.job); i++) {
    node.want(second)
    node.vote(second)
  }
  return node
}

const leftWith = (node: LoneNode, host = first) =>
  [...node.stewarded.schedule.leases.values()]
    .filter((lease) => lease.host === host)
    .flatMap(({ remaining }) => [...remaining])

const recalled = (node: LoneNode, host = first) =>
  node.sent('recall', host).flatMap(({ runs }) => [...unitsOf(runs)])

function release(node: LoneNode): void {
  for (const { lease, runs } of node.sent('recall', first))
    node.hear(first, { type: 'release', job, lease, runs })
}

describe('a host that asks when all is leased', () => {
  test('gets about half of the end of what the latest host holds', () => {
    const node = leasedOut()
    const held = leftWith(node)
    expect(held.length).toBeGreaterThan(8)
    node.want(third)
    const asked = recalled(node)
    expect(asked.length).toBeGreaterThanOrEqual(Math.floor(held.length / 2) - 1)
    expect(asked.length).toBeLessThanOrEqual(Math.ceil(held.length / 2))
    expect([...asked].sort((a, b) => a - b)).toEqual(held.slice(-asked.length))
    release(node)
    const given = node.sent('lease', third).flatMap(({ runs }) => [...unitsOf(runs)])
    expect(given.length).toBeGreaterThan(0)
    for (const unit of given) expect(asked).toContain(unit)
  })

  test('waits where the latest host was asked a moment ago, and is served once that one answers', () => {
    const node = leasedOut()
    node.want(third)
    const asked = recalled(node).length
    node.want(peer(4))
    expect(recalled(node)).toHaveLength(asked)
    release(node)
    expect(node.sent('lease', peer(4))).toHaveLength(1)
  })

  test('is helped later when nothing came back', () => {
    const node = leasedOut()
    node.want(third)
    const asked = recalled(node).length
    node.pass(600)
    expect(recalled(node).length + recalled(node, second).length).toBeGreaterThan(asked)
  })

  test('gets nothing that its asking would cost more than it gains', () => {
    const node = leasedOut(2)
    node.want(third)
    expect(node.sent('recall')).toEqual([])
  })

  test('gets nothing of units that a host has never heard of, or has computed', () => {
    const node = leasedOut()
    node.want(third)
    const counts = new Map<number, number>()
    for (const unit of recalled(node)) counts.set(unit, (counts.get(unit) ?? 0) + 1)
    expect(Math.max(...counts.values())).toBe(1)
    for (const { runs, lease } of node.sent('recall', first)) {
      const leased = node.sent('lease', first).find((one) => one.lease === lease)
      for (const unit of unitsOf(runs)) expect([...unitsOf(leased?.runs ?? [])]).toContain(unit)
      expect(countUnits(runs)).toBeGreaterThan(0)
    }
  })

  test('gets nothing while leases are of a fixed length', () => {
    const node = leasedOut()
    node.state.config.leaseRule = 'fixed'
    node.want(third)
    expect(node.sent('recall')).toEqual([])
  })
})

describe('a host that is asked to give units back', () => {
  const steward = peer(9)

  function hosting() {
    const node = new LoneNode({ donates: true })
    const { taskHash } = manifest()
    const body = {
      ...{ job, steward, addresses: [], serial: 1, ttlMs: 45_000, closed: false, name: 'test' },
      ...{ requester: steward, taskHash, tier: 'builtin' as const, unitMemoryBytesMax: 65_536 },
    }
    node.event({ type: 'neighbour-joined', peer: steward, addresses: [] })
    node.hear(steward, { type: 'advert', body, sealed: undefined, hops: 0 })
    node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
    const terms = { leaseMs: 60_000, voteMs: 5_000, inputs: [] }
    node.hear(steward, { type: 'lease', job, lease: 1, runs: [[0, 10]], ...terms })
    return node
  }

  const cancelled = (node: LoneNode) => node.effects.filter(({ type }) => type === 'cancel-units')

  test('calls off those that have not begun, and hands back what was', () => {
    const node = hosting()
    node.hear(steward, { type: 'recall', job, lease: 1, runs: [[6, 4]] })
    expect(cancelled(node)).toMatchObject([{ job, lease: 1, which: [[6, 4]] }])
    const reason = 'cancelled' as const
    const outcomes = [8, 9].map((unit) => ({ unit, kind: 'abort' as const, reason, message: '' }))
    node.event({ type: 'units-executed', job, lease: 1, outcomes })
    expect(node.sent('release', steward)).toMatchObject([{ job, lease: 1, runs: [[8, 2]] }])
  })

  test('does not listen to anybody but its steward, nor for leases it does not have', () => {
    const node = hosting()
    node.event({ type: 'neighbour-joined', peer: first, addresses: [] })
    node.hear(first, { type: 'recall', job, lease: 1, runs: [[6, 4]] })
    node.hear(steward, { type: 'recall', job, lease: 2, runs: [[6, 4]] })
    expect(cancelled(node)).toEqual([])
  })
})
