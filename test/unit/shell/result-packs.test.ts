import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ResultRecord } from '../../../coordinator-free-node/protocol/gateway-api.js'
import { createJournal } from '../../../coordinator-free-node/shell/journal.js'
import {
  readCanonical,
  readResults,
  readRevised,
  readUnits,
} from '../../../coordinator-free-node/shell/result-packs.js'
import { under } from '../../../coordinator-free-node/shell/store-keys.js'
import { createMemoryStore } from '../../contract/memory-store.js'
import { job } from '../core/lone-node.js'

const recordOf = (unit: number, output: Uint8Array, agreed = 2): ResultRecord => ({
  unit,
  kind: unit % 3 === 0 ? 'hit' : 'done',
  agreed,
  output,
})

async function readAll(batches: AsyncIterable<ResultRecord[]>): Promise<ResultRecord[]> {
  const all: ResultRecord[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}

function bench() {
  const store = createMemoryStore()
  const journal = createJournal(store, { durable() {}, failed() {} })
  const accept = (...results: ResultRecord[]) =>
    journal.append(
      1,
      results.map((result) => ({ type: 'result', job, result })),
    )
  const withdraw = (unit: number) => journal.append(1, [{ type: 'result-withdrawn', job, unit }])
  const keys = async (kind: string) => {
    const found = []
    for await (const key of store.keys(under(`${kind}/${job}`))) found.push(key)
    return found
  }
  const read = (from: number, resultsMax = 1_000) =>
    readAll(readResults(store, job, from, { resultsMax, bytesMax: 1e6 }))
  return { store, journal, accept, withdraw, keys, read }
}

describe('results in the store', () => {
  test('of consecutive units are one entry, whichever votes brought them', async () => {
    const { journal, accept, keys, read } = bench()
    const results = [0, 1, 2, 3].map((unit) => recordOf(unit, new Uint8Array(unit).fill(unit)))
    accept(...results.slice(0, 2))
    accept(...results.slice(2))
    accept(recordOf(7, Uint8Array.of(7), 1))
    await journal.idle()
    expect(await keys('out')).toHaveLength(2)
    expect(await read(0)).toEqual([...results, recordOf(7, Uint8Array.of(7), 1)])
  })

  test('are found from the middle of their entry', async () => {
    const { store, journal, accept, read } = bench()
    accept(...[10, 11, 12, 13].map((unit) => recordOf(unit, Uint8Array.of(unit))))
    await journal.idle()
    expect((await read(12)).map(({ unit }) => unit)).toEqual([12, 13])
    expect(await read(14)).toEqual([])
    const found = await readAll(readUnits(store, job, [9, 11, 13, 20]))
    expect(found.map(({ unit }) => unit)).toEqual([11, 13])
  })

  test('that are large are entries of their own', async () => {
    const { journal, accept, keys, read } = bench()
    const results = [0, 1, 2].map((unit) => recordOf(unit, new Uint8Array(200_000).fill(unit)))
    accept(...results)
    await journal.idle()
    expect(await keys('out')).toHaveLength(3)
    expect(await read(0)).toEqual(results)
  })

  test('withdrawn and found again in the same write are right', async () => {
    const { store, journal, accept, withdraw, read } = bench()
    accept(recordOf(4, Uint8Array.of(1)), recordOf(5, Uint8Array.of(1)))
    withdraw(4)
    accept(recordOf(4, Uint8Array.of(2)))
    await journal.idle()
    expect((await read(0)).map(({ output }) => output[0])).toEqual([2, 1])
    expect(await readRevised(store, job, 4)).toMatchObject({ unit: 4, revised: true })
    expect(await readCanonical(store, job)).toEqual([[4, 2]])
  })

  test('withdrawn by a later life of the node are known to it', async () => {
    const first = bench()
    first.accept(recordOf(0, Uint8Array.of(1)), recordOf(1, Uint8Array.of(1)))
    first.withdraw(1)
    await first.journal.idle()
    const later = createJournal(first.store, { durable() {}, failed() {} })
    later.append(1, [{ type: 'result', job, result: recordOf(1, Uint8Array.of(3)) }])
    await later.idle()
    expect((await first.read(0)).map(({ output }) => output[0])).toEqual([1, 3])
    later.append(1, [{ type: 'result-withdrawn', job, unit: 1 }])
    await later.idle()
    expect(await readCanonical(first.store, job)).toEqual([[0, 1]])
  })

  test('are what a plain table would hold, after any acceptances and withdrawals', async () => {
    const action = fc.record({
      first: fc.nat(40),
      count: fc.integer({ min: 1, max: 12 }),
      withdraws: fc.boolean(),
      byte: fc.nat(3),
      waits: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const { store, journal, accept, withdraw, read } = bench()
        const table = new Map<number, ResultRecord>()
        for (const { first, count, withdraws, byte, waits } of actions) {
          const units = Array.from({ length: count }, (_, i) => first + i)
          for (const unit of units) {
            if (withdraws && table.delete(unit)) withdraw(unit)
            if (withdraws || table.has(unit)) continue
            const result = recordOf(unit, new Uint8Array(byte).fill(byte))
            table.set(unit, result)
            accept(result)
          }
          if (waits) await journal.idle()
        }
        await journal.idle()
        const expected = [...table.values()].sort((a, b) => a.unit - b.unit)
        expect(await read(0, 5)).toEqual(expected)
        const known = expected.map(({ unit }) => unit)
        const all = Array.from({ length: 60 }, (_, unit) => unit)
        expect((await readAll(readUnits(store, job, all))).map(({ unit }) => unit)).toEqual(known)
        const runs = await readCanonical(store, job)
        expect(runs.flatMap(([from, n]) => all.slice(from, from + n))).toEqual(known)
      }),
      { numRuns: 60 },
    )
  })
})
