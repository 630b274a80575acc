import { describe, expect, test } from '@jest/globals'
import type { JobRecord } from '../../../coordinator-free-node/core/kit/records.js'
import type { Store } from '../../../coordinator-free-node/ports/store.js'
import { encode } from '../../../coordinator-free-node/protocol/codec.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'
import { readInputs, writeInputs } from '../../../coordinator-free-node/shell/input-packs.js'
import { createJournal, forgetJob, recall } from '../../../coordinator-free-node/shell/journal.js'
import { createMail } from '../../../coordinator-free-node/shell/mail.js'
import { receiptViews } from '../../../coordinator-free-node/shell/receipts.js'
import { readResults } from '../../../coordinator-free-node/shell/result-packs.js'
import { under } from '../../../coordinator-free-node/shell/store-keys.js'
import { createMemoryStore } from '../../contract/memory-store.js'
import { job, manifest, peer, self } from '../core/lone-node.js'
import { receiptOf } from '../core/made-receipt.js'

function record(change: Partial<JobRecord> = {}): JobRecord {
  return {
    job,
    phase: 'running',
    appended: 10,
    appendedBytes: 0,
    inputsClosed: true,
    hit: undefined,
    errorCode: undefined,
    error: undefined,
    submittedMs: 1_000.5,
    endedMs: undefined,
    unchecked: 0,
    executions: 3,
    reassigned: 0,
    recomputed: 0,
    aborted: 0,
    disputed: 0,
    audited: 0,
    withdrawn: 0,
    corrected: 0,
    verified: 2,
    hosts: [{ peer: peer(1), executed: 2, accepted: 2, rejected: 0, aborted: 0, spentMs: 4.5 }],
    ...change,
  }
}

const result = (unit: number) => ({
  type: 'result' as const,
  job,
  result: { unit, kind: 'hit' as const, agreed: 2, output: Uint8Array.of(unit) },
})

function journalOn(store: Store) {
  const durable: number[] = []
  const failed: string[] = []
  const journal = createJournal(store, {
    durable: (entry) => durable.push(entry),
    failed: (_entry, reason) => failed.push(reason),
  })
  return { journal, durable, failed }
}

describe('journal', () => {
  test('gives back jobs, results, leases, ledger, standing and peers', async () => {
    const store = createMemoryStore()
    const { journal, durable } = journalOn(store)
    const ledger = {
      peer: peer(1),
      receivedMs: 5,
      givenMs: 1,
      balanceMs: 4,
      lentMs: 0,
      bookedMs: 7,
    }
    const standing = {
      peer: peer(2),
      accepted: 1,
      checked: 1,
      audited: 0,
      refuted: 1,
      bannedUntilMs: 9,
    }
    const known = { peer: peer(3), addresses: ['/ip4/192.0.2.1/tcp/1/ws'], seenMs: 7 }
    journal.append(1, [
      { type: 'job', record: record() },
      { type: 'lease-granted', job, lease: 12, host: self, runs: [[4, 2]] },
      { type: 'lease-granted', job, lease: 13, host: peer(1), runs: [[8, 1]] },
    ])
    journal.append(2, [result(0), result(1), result(3), { type: 'lease-settled', job, lease: 13 }])
    journal.append(0, [
      { type: 'ledger', record: ledger },
      { type: 'standing', record: standing },
      { type: 'peer', record: known },
    ])
    await journal.idle()
    expect(durable).toEqual([1, 2])
    const memory = await recall(store, async () => manifest())
    expect(memory.jobs).toEqual([
      {
        record: record(),
        manifest: manifest(),
        canonical: [
          [0, 2],
          [3, 1],
        ],
        leases: [{ lease: 12, host: self, runs: [[4, 2]] }],
        trailLength: 0,
      },
    ])
    expect(memory).toMatchObject({ ledger: [ledger], standing: [standing], peers: [known] })
  })

  test('gives back receipts as they were signed, one for each piece of work', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    const steward = createMail(loadIdentity(createIdentity()).signer)
    const { receipt } = receiptOf()
    const said = (accepted: number, serial: number) => {
      const statement = { ...receipt, version: 1, issuedUtcMs: 7, accepted, serial }
      const sealed = steward.seal('receipt', encode(statement))
      return { type: 'receipt' as const, receipt: { ...receipt, serial }, sealed }
    }
    const other = { ...receipt, period: 9 }
    journal.append(0, [said(3, 6), said(5, 8)])
    journal.append(0, [{ ...said(1, 9), receipt: other }])
    journal.append(0, [{ type: 'receipt-forgotten', receipt: other }])
    await journal.idle()
    const { receipts } = await recall(store, async () => manifest())
    expect(receipts).toEqual([{ steward: peer(1), job, period: 5, serial: 8, accepted: 5 }])
    expect(await receiptViews(store)).toMatchObject([{ accepted: 5, issuedUtcMs: 7 }])
  })

  test('inputs that the record does not count yet are found', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    const list = record({ appended: 1, inputsClosed: false })
    journal.append(1, [{ type: 'job', record: list }])
    await journal.idle()
    await writeInputs(store, job, 0, [new Uint8Array(), new Uint8Array()])
    await writeInputs(store, job, 2, [new Uint8Array()])
    const memory = await recall(store, async () => manifest({ inputs: { kind: 'list' } }))
    expect(memory.jobs[0]?.record.appended).toBe(3)
  })

  test('a withdrawn result is computed again after a restart, from its input', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    await writeInputs(store, job, 1, [Uint8Array.of(5)])
    journal.append(1, [{ type: 'job', record: record() }, result(0), result(1), result(2)])
    journal.append(2, [{ type: 'result-withdrawn', job, unit: 1 }])
    await journal.idle()
    const memory = await recall(store, async () => manifest())
    expect(memory.jobs[0]?.canonical).toEqual([
      [0, 1],
      [2, 1],
    ])
    expect(await readInputs(store, job, [1])).toEqual([Uint8Array.of(5)])
  })

  test('inputs are kept until the job ends, and go with it', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    const inputs = async () => {
      const keys = []
      for await (const key of store.keys(under(`in/${job}`))) keys.push(key)
      return keys.length
    }
    const long = new Uint8Array(100_000)
    for (const unit of [0, 1]) await writeInputs(store, job, unit, [long])
    journal.append(1, [{ type: 'job', record: record() }, result(0), result(1)])
    await journal.idle()
    expect(await inputs()).toBe(2)
    expect(await store.listSpools()).toEqual([`${job}-in`])
    journal.append(2, [{ type: 'job', record: record({ phase: 'done' }) }])
    await journal.idle()
    expect(await inputs()).toBe(0)
    expect(await store.listSpools()).toEqual([])
  })

  test.each([
    ['running', ['in', 'out']],
    ['done', ['out']],
  ] as const)('of spools only those stay that a %s job needs', async (phase, kinds) => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    journal.append(1, [{ type: 'job', record: record({ phase }) }])
    await journal.idle()
    for (const id of [job, 'ff'.repeat(32)])
      for (const kind of ['in', 'out']) await store.appendSpool(`${id}-${kind}`, [Uint8Array.of(1)])
    await recall(store, async () => manifest())
    expect([...(await store.listSpools())].sort()).toEqual(kinds.map((kind) => `${job}-${kind}`))
  })

  test('long results lie in a spool, which goes when the job is forgotten', async () => {
    const store = createMemoryStore()
    const { journal, durable } = journalOn(store)
    const long = [0, 1].map((unit) => ({
      ...result(unit),
      result: { ...result(unit).result, output: new Uint8Array(200_000).fill(unit) },
    }))
    journal.append(1, [{ type: 'job', record: record({ phase: 'done' }) }, ...long, result(2)])
    await journal.idle()
    expect(durable).toEqual([1])
    expect(await store.listSpools()).toEqual([`${job}-out`])
    const read = []
    const bounds = { resultsMax: 9, bytesMax: 1_000_000 }
    for await (const some of readResults(store, job, 0, bounds)) read.push(...some)
    expect(read).toEqual([...long, result(2)].map(({ result }) => result))
    await forgetJob(store, job)
    expect(await store.listSpools()).toEqual([])
  })

  test('a result that the disk has lost is an error in words, not a gap', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    const output = new Uint8Array(200_000)
    journal.append(1, [{ ...result(0), result: { ...result(0).result, output } }])
    await journal.idle()
    await store.removeSpool(`${job}-out`)
    const bounds = { resultsMax: 9, bytesMax: 1_000_000 }
    await expect(readResults(store, job, 0, bounds).next()).rejects.toMatchObject({
      code: 'MH_STATE_CORRUPT',
      message: expect.stringContaining('unit 0'),
    })
  })

  test('a job whose manifest is gone is forgotten with all its keys', async () => {
    const store = createMemoryStore()
    const { journal } = journalOn(store)
    journal.append(1, [{ type: 'job', record: record() }, result(0)])
    await journal.idle()
    expect((await recall(store, async () => undefined)).jobs).toEqual([])
    const left = []
    for await (const key of store.keys(under(`out/${job}`))) left.push(key)
    expect(left).toEqual([])
  })

  test.each([[1_234.5], [Number.POSITIVE_INFINITY], [undefined]])(
    'a pause until %p is remembered, and replaces the one before',
    async (untilUtcMs) => {
      const store = createMemoryStore()
      const { journal } = journalOn(store)
      journal.append(0, [{ type: 'pause', untilUtcMs: 7 }])
      journal.append(0, [{ type: 'pause', untilUtcMs }])
      await journal.idle()
      const { pausedUntilUtcMs } = await recall(store, async () => undefined)
      expect(pausedUntilUtcMs).toBe(untilUtcMs)
    },
  )

  test('a write that fails fails its entries, in words, and the next one is tried', async () => {
    const store = createMemoryStore()
    const write = store.write.bind(store)
    let full = true
    store.write = async (...given) => {
      if (full) throw new Error('no space left')
      await write(...given)
    }
    const { journal, durable, failed } = journalOn(store)
    journal.append(1, [result(0)])
    await journal.idle()
    expect(failed).toEqual(['no space left'])
    expect(journal.backlogBytes).toBe(0)
    full = false
    journal.append(2, [result(1)])
    await journal.idle()
    expect(durable).toEqual([2])
  })
})
