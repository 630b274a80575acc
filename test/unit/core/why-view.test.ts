import { describe, expect, test } from '@jest/globals'
import { peerViews } from '../../../coordinator-free-node/core/peer-views.js'
import { jobView } from '../../../coordinator-free-node/core/views.js'
import { whyView } from '../../../coordinator-free-node/core/why-view.js'
import type { WhyView } from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { Manifest } from '../../../coordinator-free-node/protocol/manifest.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

function withJob(units: number, acceptance: Manifest['acceptance']): LoneNode {
  const node = new LoneNode({ donates: false, leaseTargetMs: 1 })
  const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
  node.event({ type: 'job-submitted', job, manifest: manifest({ inputs, acceptance }) })
  return node
}

const strict = { rule: 'credibility', maxErrorRate: 1e-4 } as const

function why(node: LoneNode): WhyView {
  const view = whyView(node.state, job, node.nowMs)
  if (view === undefined) throw new Error('no job')
  return view
}

const reasons = (node: LoneNode) =>
  why(node).waits.map(({ reason, units, runs }) => [reason, units, runs])

describe('why', () => {
  test('tells leased units from those not leased out yet, and to whom they went', () => {
    const node = withJob(10, strict)
    node.want(peer(1))
    node.nowMs += 500
    expect(reasons(node)).toEqual([
      ['fresh', 9, [[1, 9]]],
      ['leased', 1, [[0, 1]]],
    ])
    expect(why(node).leases).toMatchObject([
      { peer: peer(1), self: false, units: 1, runs: [[0, 1]], agoMs: 500 },
    ])
  })

  test('a unit with one vote waits for a second host, and says that there is none', () => {
    const node = withJob(1, strict)
    node.want(peer(1))
    node.vote(peer(1))
    expect(reasons(node)).toEqual([['second-host', 1, [[0, 1]]]])
    expect(why(node).waits[0]?.hint).toMatch(/only 1 of at least 2 hosts .*manyhands node/)
  })

  test('two strangers without a third: more hosts, own CPU, or a quorum', () => {
    const node = withJob(1, strict)
    for (const n of [1, 2]) node.want(peer(n))
    for (const n of [1, 2]) node.vote(peer(n))
    expect(reasons(node)).toEqual([['standing', 1, [[0, 1]]]])
    expect(why(node).waits[0]?.hint).toMatch(
      /2 hosts here cannot reach an error rate of 0.0001 .*--cpus 1.*--quorum 2/,
    )
  })

  test('hosts that disagree are told as a dispute', () => {
    const node = withJob(1, strict)
    for (const n of [1, 2]) node.want(peer(n))
    node.vote(peer(1))
    node.vote(peer(2), 1)
    expect(reasons(node)).toEqual([['disputed', 1, [[0, 1]]]])
  })

  test('a caught host stands with its ground, in why, show and peers', () => {
    const node = withJob(2, { rule: 'quorum', quorum: 2 })
    for (const n of [1, 2, 3]) node.want(peer(n))
    node.vote(peer(1), 1)
    node.vote(peer(2))
    node.want(peer(3))
    for (let i = 0; i < 3 && why(node).refused.length === 0; i++) {
      for (const n of [2, 3]) node.want(peer(n))
      node.vote(peer(3))
    }
    node.nowMs += 2_000
    const refusal = { peer: peer(1), ground: expect.stringMatching(/refuted/), agoMs: 2_000 }
    expect(why(node).refused).toEqual([refusal])
    const view = jobView(node.state, job, node.nowMs)
    expect(view?.verification.caught).toEqual([refusal])
    const [known] = peerViews(node.state, node.nowMs).filter(({ refuted }) => refuted > 0)
    expect(known).toMatchObject({ peer: peer(1), checked: 0, banned: true })
    expect(known?.bannedForMs).toBe(node.state.config.banMs - 2_000)
  })

  test('a job that has ended waits for nothing', () => {
    const node = withJob(4, strict)
    node.event({ type: 'job-cancelled', job })
    expect(why(node)).toMatchObject({ phase: 'cancelled', waits: [], leases: [] })
  })
})

describe('verification in show', () => {
  test('counts executions a unit, confirmations, and what may still be wrong', () => {
    const node = withJob(40, strict)
    for (let round = 0; round < 60; round++)
      for (const n of [1, 2]) {
        const before = node.sent('lease', peer(n)).length
        node.want(peer(n))
        if (node.sent('lease', peer(n)).length > before) node.vote(peer(n))
      }
    const view = jobView(node.state, job, node.nowMs)
    expect(view?.phase).toBe('done')
    expect(view?.verification).toMatchObject({
      executionsPerUnit: 2,
      confirmations: 40,
      audited: 0,
      auditedShare: 0,
      withdrawn: 0,
      corrected: 0,
      caught: [],
    })
    const expected = view?.verification.expectedErrorRate ?? 1
    expect(expected).toBeGreaterThan(0)
    expect(expected).toBeLessThan(1e-4)
  })
})
