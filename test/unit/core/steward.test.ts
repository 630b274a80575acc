import { describe, expect, test } from '@jest/globals'
import { whyView } from '../../../coordinator-free-node/core/why-view.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

function withJob(change = {}) {
  const node = new LoneNode()
  node.event({ type: 'job-submitted', job, manifest: manifest(change) })
  return node
}

describe('steward', () => {
  test('a lease is sent only once it is on disk', () => {
    const node = withJob()
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    node.event(
      { type: 'message-received', from: peer(1), message: { type: 'want', job, slots: 1 } },
      false,
    )
    expect(node.sent('lease')).toHaveLength(0)
    const entry = node.effects.findLast((effect) => effect.type === 'journal')
    node.event({ type: 'journal-durable', entry: entry?.type === 'journal' ? entry.entry : 0 })
    expect(node.sent('lease')).toHaveLength(1)
  })

  test('a unit is accepted when two hosts agree, and its result told once it is on disk', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 } })
    node.want(peer(1))
    node.want(peer(2))
    node.vote(peer(1))
    expect(node.stewarded.job.canonical.size).toBe(0)
    node.vote(peer(2))
    expect(node.stewarded.job.canonical.size).toBe(1)
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.effects.filter(({ type }) => type === 'results-ready')).toHaveLength(1)
  })

  test('the same host never gets a unit twice', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 } })
    node.want(peer(1))
    node.vote(peer(1))
    node.want(peer(1))
    expect(node.sent('lease', peer(1))).toHaveLength(1)
  })

  test('a dispute goes to a third host, and the liar gets no more units', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 } })
    for (const n of [1, 2]) node.want(peer(n))
    node.vote(peer(1), 1)
    node.vote(peer(2))
    expect(node.stewarded.counters.disputed).toBe(1)
    node.want(peer(3))
    node.vote(peer(3))
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.schedule.hosts.get(peer(1))?.refused).toMatch(/refuted/)
    node.event({ type: 'job-submitted', job: 'c3'.repeat(32) as typeof job, manifest: manifest() })
    node.hear(peer(1), { type: 'want', job: 'c3'.repeat(32) as typeof job, slots: 1 })
    expect(node.sent('decline', peer(1)).at(-1)?.final).toBe(true)
  })

  test('units of a lease go out again soon after its deadline, not before', () => {
    const node = withJob()
    node.want(peer(1))
    node.want(peer(2))
    node.vote(peer(2))
    const before = node.stewarded.counters.reassigned
    node.pass(9_990)
    expect(node.stewarded.counters.reassigned).toBe(before)
    node.pass(510)
    expect(node.stewarded.counters.reassigned).toBe(before + 1)
    expect(node.sent('revoke', peer(1))).not.toHaveLength(0)
  })

  test('a renewed lease lives on', () => {
    const node = withJob()
    node.want(peer(1))
    const lease = node.sent('lease', peer(1)).at(-1)?.lease ?? 0
    node.pass(6_000)
    node.hear(peer(1), { type: 'renew', job, leases: [lease] })
    node.pass(6_000)
    expect(node.stewarded.schedule.leases.has(lease)).toBe(true)
  })

  test('units of a host that left go to another at once', () => {
    const node = withJob({ acceptance: { rule: 'quorum', quorum: 1 } })
    node.want(peer(1))
    node.event({ type: 'neighbour-left', peer: peer(1) })
    node.want(peer(2))
    expect(node.sent('lease', peer(2)).at(-1)?.runs).toEqual(
      node.sent('lease', peer(1)).at(-1)?.runs,
    )
  })

  // Its vote, accepted after it had left, made it count as present: units waited for it, and the job said so.
  test('a host that left stays gone when a vote of it is accepted', () => {
    const node = withJob()
    for (const n of [1, 2]) node.want(peer(n))
    node.vote(peer(1))
    node.event({ type: 'neighbour-left', peer: peer(1) })
    node.vote(peer(2))
    const host = node.stewarded.schedule.hosts.get(peer(1))
    expect(host).toMatchObject({ accepted: 1, connected: false })
  })

  test('a first-hit job ends with the first verified hit', () => {
    const node = withJob({ goal: 'first-hit', acceptance: { rule: 'quorum', quorum: 1 } })
    node.want(peer(1))
    const lease = node.sent('lease', peer(1)).at(-1)
    const output = Uint8Array.of(1)
    node.hear(peer(1), {
      type: 'vote',
      body: {
        job,
        lease: lease?.lease ?? 0,
        runs: [[0, 1]],
        kinds: Uint8Array.of(1),
        digests: new Uint8Array(32),
        spentMs: 1,
        fuel: 0,
      },
      outputs: [output],
    })
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.stewarded.job.hit).toBe(0)
  })

  test('a unit that no host can finish fails the job, and says why', () => {
    const node = withJob({ acceptance: { rule: 'quorum', quorum: 1 } })
    for (let i = 0; i < 6; i++) {
      node.want(peer(1))
      const lease = node.sent('lease', peer(1)).at(-1)
      const unit = lease?.runs[0]?.[0] ?? 0
      const abort = { type: 'abort', job, unit, reason: 'memory', message: 'too big' } as const
      node.hear(peer(1), { ...abort, lease: lease?.lease ?? 0 })
    }
    expect(node.stewarded.job.phase).toBe('failed')
    expect(node.stewarded.job.error).toMatch(/unit 0 .*6 times: too big/)
  })

  test('a job without hosts warns after a few seconds and says what to do', () => {
    const node = withJob()
    node.pass(1_000)
    expect(node.stewarded.warning).toBeUndefined()
    node.pass(3_000)
    expect(node.stewarded.warning).toMatch(/no host .*manyhands node/)
    expect(whyView(node.state, job, node.nowMs)?.waits).toMatchObject([
      { reason: 'warning', hint: expect.stringMatching(/no host/) },
      { reason: 'no-host', units: 10, runs: [[0, 10]] },
    ])
  })

  test('a full disk ends the job with its reason', () => {
    const node = withJob()
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    node.event(
      { type: 'message-received', from: peer(1), message: { type: 'want', job, slots: 1 } },
      false,
    )
    const entry = node.effects.findLast((effect) => effect.type === 'journal')
    node.event({
      type: 'journal-failed',
      entry: entry?.type === 'journal' ? entry.entry : 0,
      reason: 'no space left',
    })
    expect(node.stewarded.job.phase).toBe('failed')
    expect(node.stewarded.job.error).toMatch(/no space left/)
  })

  test('an empty input is done at once', () => {
    const node = withJob({ inputs: { kind: 'range', start: 5, end: 5, unitItems: 1 } })
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('inputs of a list are leased as they come; the job ends after the last', () => {
    const node = withJob({ inputs: { kind: 'list' }, acceptance: { rule: 'quorum', quorum: 1 } })
    node.want(peer(1))
    expect(node.sent('lease')).toHaveLength(0)
    node.event({ type: 'inputs-appended', job, first: 0, count: 1, bytes: 5 })
    node.vote(peer(1))
    expect(node.stewarded.job.phase).toBe('running')
    node.event({ type: 'inputs-closed', job, units: 1, error: undefined })
    expect(node.stewarded.job.phase).toBe('done')
  })

  test('inputs that fail end the job', () => {
    const node = withJob({ inputs: { kind: 'list' } })
    node.event({ type: 'inputs-closed', job, units: 3, error: 'the file vanished' })
    expect(node.stewarded.job.error).toMatch(/after unit 3: the file vanished/)
  })

  test('inputs that the disk has lost end the job, and what comes after that is too late', () => {
    const node = withJob({ inputs: { kind: 'list' } })
    for (const reason of ['unit 3 is gone', 'unit 4 is gone'])
      node.event({ type: 'inputs-lost', job, reason })
    expect(node.stewarded.job).toMatchObject({ phase: 'failed', errorCode: 'MH_STORE_FAILED' })
    expect(node.stewarded.job.error).toMatch(/cannot be read any more: unit 3 is gone/)
  })

  test('favours are booked for accepted work only', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 } })
    for (const n of [1, 2, 3]) node.want(peer(n))
    node.vote(peer(1), 1)
    node.vote(peer(2))
    node.want(peer(3))
    node.vote(peer(3))
    expect(node.state.ledger.get(peer(1))).toBeUndefined()
    expect(node.state.ledger.get(peer(2))?.receivedMs).toBeGreaterThan(0)
  })
})

describe('the end of a job', () => {
  test('hosts get their receipts before they forget the job', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 } })
    node.want(peer(1))
    node.want(peer(2))
    node.vote(peer(1))
    node.vote(peer(2))
    const told = node.effects.flatMap((effect) =>
      effect.type === 'send-message' && effect.to === peer(1) ? [effect.message.type] : [],
    )
    expect(told.indexOf('receipt')).toBeGreaterThan(-1)
    expect(told.indexOf('receipt')).toBeLessThan(told.lastIndexOf('advert'))
  })

  test('the oldest ended job is forgotten when there are too many', () => {
    const node = new LoneNode()
    const inputs = { kind: 'range', start: 0, end: 0, unitItems: 1 } as const
    for (let i = 0; i <= limits.endedJobsMax; i++) {
      node.nowMs += 1
      const id = i.toString(16).padStart(64, '0') as typeof job
      node.event({ type: 'job-submitted', job: id, manifest: manifest({ inputs }) })
    }
    expect(node.state.stewarded.size).toBe(limits.endedJobsMax)
    const forgotten = node.effects.find(({ type }) => type === 'forget-job')
    expect(forgotten).toMatchObject({ job: '0'.repeat(64) })
  })
})
