import { describe, expect, test } from '@jest/globals'
import type { JournalRecord } from '../../../coordinator-free-node/core/effect.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import type { Manifest } from '../../../coordinator-free-node/protocol/manifest.js'
import { job, LoneNode, manifest, peer, self } from './lone-node.js'
import { receiptOf } from './made-receipt.js'

function withJob(change: Partial<Manifest> = {}): LoneNode {
  const node = new LoneNode()
  const acceptance = { rule: 'quorum', quorum: 1 } as const
  node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance, ...change }) })
  return node
}

const many = { kind: 'range', start: 0, end: 100_000, unitItems: 1 } as const

describe('the steward', () => {
  test('signs once for many units, some seconds after the first of them', () => {
    const node = withJob({ inputs: many })
    node.want(peer(1))
    for (let i = 0; i < 9; i++) {
      node.vote(peer(1))
      node.pass(1_000)
      node.want(peer(1))
    }
    expect(node.sent('receipt')).toEqual([])
    node.pass(2_000)
    const [only] = node.sent('receipt', peer(1))
    expect(node.sent('receipt')).toHaveLength(1)
    const { accepted } = node.state.standing.get(peer(1)) ?? { accepted: 0 }
    expect(only?.receipt).toMatchObject({
      steward: self,
      host: peer(1),
      job,
      taskName: 'test',
      accepted,
    })
    expect(accepted).toBeGreaterThan(8)
    expect(only?.receipt.creditMs).toBeCloseTo(node.state.ledger.get(peer(1))?.receivedMs ?? 0)
  })

  test('counts on from receipt to receipt, under rising numbers, ever more rarely', () => {
    const node = withJob({ inputs: many })
    node.want(peer(1))
    const sentAtMs: number[] = []
    for (let second = 0; second < 400; second++) {
      node.vote(peer(1))
      const before = node.sent('receipt').length
      node.pass(1_000)
      node.want(peer(1))
      if (node.sent('receipt').length > before) sentAtMs.push(second)
    }
    const receipts = node.sent('receipt').map(({ receipt }) => receipt)
    for (const [i, { serial, accepted, period }] of receipts.entries()) {
      const before = receipts[i - 1]
      if (before === undefined) continue
      expect(serial).toBeGreaterThan(before.serial)
      expect(accepted).toBeGreaterThan(before.accepted)
      expect(period).toBe(before.period)
    }
    expect(receipts.length).toBeGreaterThan(6)
    expect(receipts.length).toBeLessThan(11)
    const waits = sentAtMs.map((at, i) => at - (sentAtMs[i - 1] ?? 0)).slice(1)
    expect(Math.max(...waits)).toBeLessThan(64)
  })

  test('says nothing where nothing is new', () => {
    const node = withJob({ inputs: many })
    node.want(peer(1))
    node.vote(peer(1))
    for (let i = 0; i < 120; i++) node.pass(1_000)
    expect(node.sent('receipt')).toHaveLength(1)
  })

  test('gives a host that was away its receipt when it comes back, also after the job', () => {
    const node = withJob({ inputs: { kind: 'range', start: 0, end: 2, unitItems: 1 } })
    node.want(peer(1))
    node.vote(peer(1))
    node.event({ type: 'neighbour-left', peer: peer(1) })
    for (let i = 0; i < 20; i++) node.pass(1_000)
    node.want(peer(2))
    if (node.stewarded.job.phase === 'running') node.vote(peer(2))
    expect(node.stewarded.job.phase).toBe('done')
    expect(node.sent('receipt', peer(1))).toEqual([])
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    node.pass(100)
    expect(node.sent('receipt', peer(1))).toHaveLength(1)
    expect(node.stewarded.settlements.hosts.size).toBe(0)
    node.event({ type: 'neighbour-left', peer: peer(1) })
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    node.pass(100)
    expect(node.sent('receipt', peer(1))).toHaveLength(1)
  })

  test('signs nothing for a host that was caught', () => {
    const node = withJob({ inputs: many, acceptance: { rule: 'quorum', quorum: 2 } })
    for (const n of [1, 2, 3]) node.want(peer(n))
    node.vote(peer(1))
    node.vote(peer(2))
    node.vote(peer(3), 1)
    node.pass(1_000)
    for (const n of [1, 2]) {
      node.want(peer(n))
      if ((node.sent('lease', peer(n)).at(-1)?.lease ?? 0) > 3) node.vote(peer(n))
    }
    node.state.standing.set(peer(2), {
      ...{ peer: peer(2), accepted: 1, checked: 0, audited: 0, refuted: 1 },
      bannedUntilMs: node.nowMs + 1e9,
    })
    for (let i = 0; i < 20; i++) node.pass(1_000)
    expect(node.sent('receipt', peer(2))).toEqual([])
    expect(node.sent('receipt', peer(3))).toEqual([])
  })

  test('signs for thousands of hosts of a job that ends some at a time', () => {
    const node = withJob({ inputs: many })
    const hosts = 3 * limits.receiptsAtOnceMax
    for (let n = 0; n < hosts; n++) {
      node.event({ type: 'neighbour-joined', peer: peer(n), addresses: [] })
      node.stewarded.settlements.hosts.set(peer(n), {
        ...{ accepted: 1, creditMs: 1, fuel: 0, told: 0, dueMs: Number.POSITIVE_INFINITY },
        waitMs: 10_000,
      })
    }
    node.event({ type: 'job-cancelled', job })
    expect(node.sent('receipt')).toHaveLength(limits.receiptsAtOnceMax)
    for (let i = 0; i < 3; i++) node.pass(100)
    expect(node.sent('receipt')).toHaveLength(hosts)
    expect(node.stewarded.settlements.hosts.size).toBe(0)
  })
})

describe('the host', () => {
  /** A node that worked for peer 1. */
  function worker(): LoneNode {
    const node = new LoneNode()
    const booked = { receivedMs: 0, givenMs: 1_000, balanceMs: 0, lentMs: 0, bookedMs: 0 }
    node.state.ledger.set(peer(1), { peer: peer(1), ...booked })
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    return node
  }
  const written = (node: LoneNode) =>
    node.effects.flatMap((effect) =>
      effect.type === 'journal'
        ? effect.records.filter(
            (record): record is Extract<JournalRecord, { type: 'receipt' | 'receipt-forgotten' }> =>
              record.type === 'receipt' || record.type === 'receipt-forgotten',
          )
        : [],
    )

  test('keeps one receipt of a job: the latest, which contains the others', () => {
    const node = worker()
    node.hear(peer(1), receiptOf({ serial: 6, accepted: 3 }))
    node.hear(peer(1), receiptOf({ serial: 9, accepted: 5 }))
    expect(node.state.receipts.size).toBe(1)
    expect(written(node).map(({ receipt }) => receipt.serial)).toEqual([6, 9])
  })

  test('keeps no receipt twice, and none that is older than what it has', () => {
    const node = worker()
    node.hear(peer(1), receiptOf({ serial: 9 }))
    node.hear(peer(1), receiptOf({ serial: 9 }))
    node.hear(peer(1), receiptOf({ serial: 6 }))
    expect(written(node)).toHaveLength(1)
    expect(node.state.receipts.replayed).toBe(2)
  })

  test('knows after a restart what it had, and takes a new life of its steward for new work', () => {
    const node = worker()
    node.event({
      ...{ type: 'started', addresses: [], leaseBase: 1, jobs: [], standing: [], peers: [] },
      ...{ members: [], revoked: [] },
      ledger: [{ peer: peer(1), receivedMs: 0, givenMs: 1, balanceMs: 0, lentMs: 0, bookedMs: 0 }],
      receipts: [{ steward: peer(1), job, period: 5, serial: 9, accepted: 3 }],
      pausedUntilUtcMs: undefined,
    })
    node.hear(peer(1), receiptOf({ serial: 9 }))
    expect(written(node)).toEqual([])
    node.hear(peer(1), receiptOf({ period: 20, serial: 21 }))
    expect(node.state.receipts.size).toBe(2)
  })

  test('keeps nothing of a steward that it never worked for', () => {
    const node = worker()
    node.event({ type: 'neighbour-joined', peer: peer(2), addresses: [] })
    node.hear(peer(2), receiptOf({ steward: peer(2) }))
    expect(node.state.receipts.size).toBe(0)
  })

  test('books nothing on the word of a steward', () => {
    const node = worker()
    const before = { ...node.state.ledger.get(peer(1)) }
    node.hear(peer(1), receiptOf({ accepted: 1e6, creditMs: 1e12 }))
    expect(node.state.ledger.get(peer(1))).toEqual(before)
  })

  test('drops the oldest of the steward that fills its table, and of nobody else', () => {
    const node = worker()
    const booked = { receivedMs: 0, givenMs: 1, balanceMs: 0, lentMs: 0, bookedMs: 0 }
    node.state.ledger.set(peer(2), { peer: peer(2), ...booked })
    node.hear(peer(2), receiptOf({ steward: peer(2) }))
    const jobs = limits.receiptsMax + 10
    for (let n = 0; n < jobs; n++) {
      const id = n.toString(16).padStart(64, '0') as typeof job
      node.hear(peer(1), receiptOf({ job: id, serial: 6 + n }))
    }
    expect(node.state.receipts.size).toBe(limits.receiptsMax)
    expect(node.state.receipts.held.get(peer(2))?.size).toBe(1)
    const gone = written(node).filter(({ type }) => type === 'receipt-forgotten')
    expect(gone.map(({ receipt }) => receipt.serial).slice(0, 2)).toEqual([6, 7])
  })
})
