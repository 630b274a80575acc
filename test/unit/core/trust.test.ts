import { describe, expect, test } from '@jest/globals'
import type { CoreConfig } from '../../../coordinator-free-node/core/config.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { digestOf } from '../../../coordinator-free-node/protocol/outcome.js'
import { unitsOf } from '../../../coordinator-free-node/protocol/unit-runs.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

/** A requester whose hosts have a history of checked units. */
function withJob(
  options: {
    units?: number
    maxErrorRate?: number
    checked?: Record<PeerId, number>
    config?: Partial<CoreConfig>
  } = {},
): LoneNode {
  const { units = 1, maxErrorRate = 1e-4, checked = {}, config = {} } = options
  const node = new LoneNode({ donates: false, leaseTargetMs: 1, ...config })
  for (const [host, n] of Object.entries(checked))
    node.state.standing.set(host as PeerId, {
      peer: host as PeerId,
      accepted: n,
      checked: n,
      audited: 0,
      refuted: 0,
      bannedUntilMs: 0,
    })
  const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
  const acceptance = { rule: 'credibility', maxErrorRate } as const
  node.event({ type: 'job-submitted', job, manifest: manifest({ inputs, acceptance }) })
  return node
}

const canonical = (node: LoneNode) => node.stewarded.job.canonical.size
const standing = (node: LoneNode, n: number) => node.state.standing.get(peer(n))

/** This node's own host gets to know its job. */
function fetchOwn(node: LoneNode): void {
  const fetched = node.effects.some(({ type }) => type === 'execute-units')
  if (!fetched) node.event({ type: 'job-fetched', job, manifest: node.stewarded.job.manifest })
}

/** This node's own host computes all that it is given. */
function compute(node: LoneNode): void {
  fetchOwn(node)
  let done = 0
  for (let round = 0; round < 5; round++) {
    const given = node.effects.filter((effect) => effect.type === 'execute-units')
    for (const { lease, runs } of given.slice(done)) {
      const output = Uint8Array.of(7)
      const outcomes = [...unitsOf(runs)].map((unit) => ({
        unit,
        kind: 'done' as const,
        output,
        digest: digestOf('done', output),
        spentMs: 100,
        fuel: 1,
      }))
      node.event({ type: 'units-executed', job, lease, outcomes })
    }
    done = given.length
    node.pass(100)
  }
}

/** Votes on a unit each until the job has nothing more for these hosts. */
function work(
  node: LoneNode,
  hosts: readonly number[],
  lie: (host: number) => number = () => 0,
): void {
  for (let round = 0; round < 60; round++)
    for (const n of hosts) {
      const before = node.sent('lease', peer(n)).length
      node.want(peer(n))
      if (node.sent('lease', peer(n)).length > before) node.vote(peer(n), lie(n))
    }
}

describe('acceptance by credibility', () => {
  test('two strangers that agree are not believed, and nobody is asked a third time while fresh units are left', () => {
    const node = withJob({ units: 3 })
    node.want(peer(1))
    node.want(peer(2))
    node.vote(peer(1))
    node.vote(peer(2))
    expect(canonical(node)).toBe(0)
    expect(node.stewarded.watches.waiting.size).toBe(1)
    node.want(peer(3))
    expect(node.sent('lease', peer(3)).at(-1)?.runs).toEqual([[1, 1]])
  })

  test('their units are accepted once they have agreed often enough', () => {
    const node = withJob({ units: 40 })
    work(node, [1, 2])
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.counters.executions).toBe(80)
    expect(standing(node, 1)?.checked).toBe(40)
  })

  test('where nothing fresh is left further hosts are asked', () => {
    const node = withJob({ units: 1 })
    for (const n of [1, 2, 3, 4]) {
      node.want(peer(n))
      node.vote(peer(n))
      expect(canonical(node)).toBe(0)
    }
    node.want(peer(5))
    node.vote(peer(5))
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('known hosts are believed in pairs', () => {
    const node = withJob({ checked: { [peer(1)]: 20, [peer(2)]: 20 } })
    node.want(peer(1))
    node.want(peer(2))
    node.vote(peer(1))
    node.vote(peer(2))
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('a host known for long is mostly believed alone, and a check is drawn when its vote is in', () => {
    const node = withJob({
      units: 400,
      checked: { [peer(1)]: 100_000 },
      config: { leaseTargetMs: 1_000 },
    })
    work(node, [1])
    const checks = node.stewarded.schedule.open.size
    expect(canonical(node) + checks).toBe(400)
    // Doubt 9.2e-7 against 1e-4: about one in a hundred.
    expect(checks).toBeGreaterThan(0)
    expect(checks).toBeLessThan(20)
    // Unchecked work earns nothing.
    expect(standing(node, 1)?.checked).toBe(100_000)
  })

  test("this node's own result is final", () => {
    const node = withJob({ config: { donates: true } })
    compute(node)
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.counters).toMatchObject({ executions: 1, unchecked: 0 })
  })

  test('hosts of one subnet do not confirm each other', () => {
    const node = withJob({ checked: { [peer(1)]: 20, [peer(2)]: 20 } })
    for (const n of [1, 2]) {
      const addresses = [`/ip4/198.51.100.${n}/tcp/1/ws`]
      node.event({ type: 'neighbour-joined', peer: peer(n), addresses })
      node.want(peer(n))
    }
    expect(node.sent('lease', peer(2))).toHaveLength(0)
    node.vote(peer(1))
    expect(node.sent('lease', peer(2))).toHaveLength(0)
    node.want(peer(3))
    node.vote(peer(3))
    expect(standing(node, 1)?.checked).toBe(21)
  })

  test('two hosts are enough for a trap, one never is', () => {
    const node = withJob({ checked: { [peer(1)]: 1e6 } })
    node.want(peer(1))
    node.vote(peer(1), 0, 'trap')
    expect(node.stewarded.job.phase).toBe('running')
    node.want(peer(2))
    node.vote(peer(2), 0, 'trap')
    expect(node.stewarded.job).toMatchObject({ phase: 'failed', errorCode: 'MH_UNIT_FAILED' })
  })

  test('says what to do when the hosts that are here will never be enough', () => {
    const node = withJob()
    for (const n of [1, 2]) {
      node.want(peer(n))
      node.vote(peer(n))
    }
    node.pass(4_000)
    expect(node.stewarded.warning).toContain('not known well enough for an error rate of 0.0001')
    expect(node.stewarded.warning).toContain('quorum')
  })
})

describe('a caught host', () => {
  /** Host 1 gives wrong results for a while beside accomplice 2, then meets honest hosts. */
  function betrayed(): LoneNode {
    const known = { [peer(1)]: 30, [peer(2)]: 30, [peer(3)]: 500, [peer(4)]: 500 }
    const node = withJob({ units: 10, checked: known })
    for (let unit = 0; unit < 4; unit++)
      for (const n of [1, 2]) {
        node.want(peer(n))
        node.vote(peer(n), 5)
      }
    expect(canonical(node)).toBe(4)
    return node
  }

  function catchThem(node: LoneNode): void {
    node.want(peer(1))
    node.vote(peer(1), 5)
    // Which copies they get first is drawn.
    for (let n = 3; node.stewarded.schedule.hosts.get(peer(1))?.refused === undefined; n = 7 - n) {
      node.want(peer(n))
      node.vote(peer(n))
    }
  }

  test('is banned for every job, and its accepted results are withdrawn', () => {
    const node = betrayed()
    catchThem(node)
    expect(node.stewarded.schedule.hosts.get(peer(1))?.refused).toMatch(/refuted/)
    expect(node.stewarded.counters.withdrawn).toBe(4)
    const withdrawn = node.effects.filter(({ type }) => type === 'results-withdrawn')
    expect(withdrawn).toMatchObject([{ units: [0, 1, 2, 3] }])
    const journalled = node.effects.flatMap((effect) =>
      effect.type === 'journal' ? effect.records.filter((r) => r.type === 'result-withdrawn') : [],
    )
    expect(journalled).toHaveLength(4)
    expect(standing(node, 1)).toMatchObject({ checked: 0, refuted: 1 })
    node.hear(peer(1), { type: 'want', job, slots: 1 })
    expect(node.sent('decline', peer(1)).at(-1)?.final).toBe(true)
  })

  test('brings its accomplices down, and what they said comes again as a correction', () => {
    const node = betrayed()
    catchThem(node)
    work(node, [3, 4])
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.schedule.hosts.get(peer(2))?.refused).toMatch(/refuted/)
    expect(node.stewarded.counters.corrected).toBe(4)
    const results = node.effects.flatMap((e) => (e.type === 'results-ready' ? e.results : []))
    for (const unit of [0, 1, 2, 3]) {
      const ofUnit = results.filter((result) => result.unit === unit)
      expect(ofUnit.map(({ output }) => output[0])).toEqual([12, 7])
      expect(ofUnit.map(({ revised }) => revised)).toEqual([undefined, true])
    }
    expect(
      results.filter(({ unit }) => unit > 3).every(({ revised }) => revised === undefined),
    ).toBe(true)
  })

  test('does not take back what others said alike', () => {
    const known = { [peer(1)]: 500, [peer(2)]: 500, [peer(3)]: 500, [peer(4)]: 500 }
    const node = withJob({ units: 3, checked: known, maxErrorRate: 1e-9 })
    for (const n of [1, 2, 3]) {
      node.want(peer(n))
      node.vote(peer(n))
    }
    work(node, [2, 3, 4])
    expect(node.stewarded.counters.withdrawn).toBe(0)
  })

  test('takes with it the credit that others had for agreeing with it', () => {
    const node = betrayed()
    expect(standing(node, 2)?.checked).toBe(34)
    catchThem(node)
    expect(standing(node, 2)?.checked).toBe(30)
  })

  test('comes back as a stranger when its ban is over', () => {
    const node = betrayed()
    catchThem(node)
    node.nowMs += node.state.config.banMs + 1
    node.want(peer(1))
    expect(standing(node, 1)?.checked).toBe(0)
  })
})

describe('audits', () => {
  const config = { donates: true, auditShare: 1 }
  const known = { [peer(1)]: 30, [peer(2)]: 30 }

  function accepted(lie: number): LoneNode {
    const node = withJob({ checked: known, config })
    for (const n of [1, 2]) node.want(peer(n))
    fetchOwn(node)
    for (const n of [1, 2]) node.vote(peer(n), lie)
    return node
  }

  test('a job waits for them, and they make a result final', () => {
    const node = accepted(0)
    expect(canonical(node)).toBe(1)
    expect(node.stewarded.job.phase).toBe('running')
    compute(node)
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.counters.audited).toBe(1)
    expect(standing(node, 1)).toMatchObject({ checked: 31, audited: 1 })
  })

  test('a contradiction takes back the favour that was booked for the result', () => {
    const node = accepted(3)
    const received = (n: number) => node.state.ledger.get(peer(n))?.receivedMs
    expect([received(1), received(2)]).toEqual([100, 100])
    compute(node)
    expect([received(1), received(2)]).toEqual([0, 0])
  })

  test('a contradiction catches everyone behind the result, and this node decides', () => {
    const node = accepted(3)
    compute(node)
    expect(node.stewarded.counters).toMatchObject({ audited: 1, withdrawn: 1, corrected: 1 })
    for (const n of [1, 2])
      expect(node.stewarded.schedule.hosts.get(peer(n))?.refused).toMatch(/differs from this node/)
    expect(node.stewarded.job.phase).toBe('done')
    const results = node.effects.flatMap((e) => (e.type === 'results-ready' ? e.results : []))
    expect(results.at(-1)).toMatchObject({
      output: Uint8Array.of(7),
      revised: true,
    })
  })

  test('a lie of a host that was known for long puts everything in doubt that rests on one host', () => {
    const node = withJob({
      units: 2,
      checked: { [peer(1)]: 100_000, [peer(2)]: 100_000 },
      config,
    })
    for (const n of [1, 2]) node.want(peer(n))
    fetchOwn(node)
    node.vote(peer(1), 3)
    node.vote(peer(2))
    expect(canonical(node)).toBe(2)
    compute(node)
    expect(node.stewarded.counters).toMatchObject({ withdrawn: 2, corrected: 1 })
    expect(node.state.betrayedUntilMs).toBeGreaterThan(node.nowMs)
    for (let round = 0; round < 3; round++) compute(node)
    expect(node.stewarded.job.phase).toBe('done')
    expect(standing(node, 2)?.refuted).toBe(0)
  })

  test('are given up after a while where this node is too slow', () => {
    const node = accepted(0)
    node.pass(500)
    expect(node.stewarded.job.phase).toBe('running')
    node.pass(1_000)
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('are not drawn where this node computes nothing', () => {
    const node = withJob({ units: 1, checked: known, config: { auditShare: 1 } })
    for (const n of [1, 2]) {
      node.want(peer(n))
      node.vote(peer(n))
    }
    expect(node.stewarded.job.phase).toBe('done')
  })
})
