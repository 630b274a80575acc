import { describe, expect, test } from '@jest/globals'
import { job, LoneNode, manifest, peer, self } from './lone-node.js'

type Verdict = 'passed' | 'refused' | 'failed' | 'unavailable'

/** A requester whose task has a check; lies are what it refuses. */
function withJob(units = 1, donates = false): LoneNode {
  const node = new LoneNode({ donates, leaseTargetMs: 1, aloneGraceMs: 500 })
  const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
  node.event({
    type: 'job-submitted',
    job,
    manifest: manifest({ inputs, acceptance: { rule: 'check' } }),
  })
  return node
}

/** Lets `check` say of all results that it has not been asked about before. */
function check(node: LoneNode, verdict: (output: Uint8Array) => Verdict = byHonesty): number {
  let asked = 0
  for (const effect of node.effects.splice(0)) {
    if (effect.type !== 'check-results') {
      kept(node).push(effect)
      continue
    }
    asked += effect.results.length
    const outcomes = effect.results.map(({ unit, digest, output }) => ({
      unit,
      digest,
      verdict: verdict(output),
      reason: 'TypeError: no such thing',
    }))
    node.event({ type: 'results-checked', job, outcomes })
  }
  node.effects.unshift(...kept(node).splice(0))
  return asked
}

const keptOf = new WeakMap<LoneNode, LoneNode['effects']>()
function kept(node: LoneNode): LoneNode['effects'] {
  const list = keptOf.get(node) ?? []
  keptOf.set(node, list)
  return list
}

const byHonesty = ([first]: Uint8Array): Verdict => (first === 7 ? 'passed' : 'refused')
const canonical = (node: LoneNode) => node.stewarded.job.canonical.size
const isBanned = (node: LoneNode, n: number) =>
  (node.state.standing.get(peer(n))?.bannedUntilMs ?? 0) > node.nowMs

describe('a job with a check', () => {
  test('takes a result that passes from one unknown host, once', () => {
    const node = withJob(3)
    for (let unit = 0; unit < 3; unit++) {
      node.want(peer(1))
      node.vote(peer(1))
      expect(canonical(node)).toBe(unit)
      check(node)
      expect(canonical(node)).toBe(unit + 1)
    }
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.counters.executions).toBe(3)
  })

  test('bans a host whose result is refused, and gives the unit to another', () => {
    const node = withJob(2)
    node.want(peer(1))
    node.vote(peer(1))
    check(node)
    node.want(peer(2))
    node.vote(peer(2), 1)
    check(node)
    expect(isBanned(node, 2)).toBe(true)
    expect(isBanned(node, 1)).toBe(false)
    node.want(peer(3))
    node.vote(peer(3))
    check(node)
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('bans nobody before its check has passed anything, and all it refused once it has', () => {
    const node = withJob()
    node.want(peer(1))
    node.vote(peer(1), 1)
    check(node)
    expect(isBanned(node, 1)).toBe(false)
    node.want(peer(2))
    node.vote(peer(2))
    check(node)
    expect(isBanned(node, 1)).toBe(true)
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('fails, and bans nobody, when no result of any host passes', () => {
    const node = withJob()
    for (const n of [1, 2]) {
      node.want(peer(n))
      node.vote(peer(n))
      check(node, () => 'refused')
    }
    for (let i = 0; i < 5; i++) node.pass(500)
    expect(node.stewarded.job).toMatchObject({
      phase: 'failed',
      error: expect.stringContaining('check passed none of the results of 2 hosts'),
    })
    expect(isBanned(node, 1) || isBanned(node, 2)).toBe(false)
  })

  test('fails with the words of a check that ends in a fault on the results of three hosts', () => {
    const node = withJob()
    for (const n of [1, 2, 3]) {
      expect(node.stewarded.job.phase).toBe('running')
      node.want(peer(n))
      node.vote(peer(n), n)
      check(node, () => 'failed')
    }
    expect(node.stewarded.job.error).toBe('check failed on unit 0: TypeError: no such thing')
    expect(isBanned(node, 1)).toBe(false)
  })

  test('goes on with another host where a check ends in a fault on one', () => {
    const node = withJob()
    node.want(peer(1))
    node.vote(peer(1), 1)
    check(node, () => 'failed')
    node.want(peer(2))
    node.vote(peer(2))
    check(node)
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('asks again where a check could not run, and gives up after a while', () => {
    const node = withJob()
    node.want(peer(1))
    node.vote(peer(1))
    for (let i = 0; i < 4; i++) expect(check(node, () => 'unavailable')).toBe(1)
    expect(node.stewarded.job.phase).toBe('running')
    check(node, () => 'unavailable')
    expect(node.stewarded.job.error).toMatch(/^check cannot run on this node/)
  })

  test('believes two hosts that a unit fails, not one', () => {
    const node = withJob()
    node.want(peer(1))
    node.vote(peer(1), 0, 'trap')
    expect(check(node)).toBe(0)
    expect(node.stewarded.job.phase).toBe('running')
    node.want(peer(2))
    node.vote(peer(2), 0, 'trap')
    expect(node.stewarded.job.errorCode).toBe('MH_UNIT_FAILED')
  })

  test('asks once about what several hosts say alike while the check runs', () => {
    const node = withJob()
    node.want(peer(1))
    node.vote(peer(1))
    node.vote(peer(1))
    expect(check(node)).toBe(1)
    expect(node.sent('lease', self)).toHaveLength(0)
  })
})
