import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Store } from '../../../coordinator-free-node/ports/store.js'
import type { JobId } from '../../../coordinator-free-node/protocol/ids.js'
import {
  clearInputs,
  countInputs,
  readInputs,
  reasonOfLoss,
  writeInputs,
} from '../../../coordinator-free-node/shell/input-packs.js'
import { under } from '../../../coordinator-free-node/shell/store-keys.js'
import { createMemoryStore } from '../../contract/memory-store.js'

const job = 'ab'.repeat(32) as JobId
const other = 'ac'.repeat(32) as JobId

describe('inputs in packs', () => {
  test('every input comes back, however they arrived and whichever are asked for', async () => {
    const short = fc.uint8Array({ maxLength: 40 })
    const long = fc
      .tuple(fc.integer({ min: 30_000, max: 140_000 }), fc.nat(255))
      .map(([length, byte]) => new Uint8Array(length).fill(byte))
    const bytes = fc.oneof({ weight: 4, arbitrary: short }, { weight: 1, arbitrary: long })
    const chunks = fc.array(fc.array(bytes, { maxLength: 8 }), { maxLength: 6 })
    const asked = fc.array(fc.nat(50), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(chunks, asked, async (given, numbers) => {
        const store = createMemoryStore()
        await append(store, other, [[Uint8Array.of(9)]])
        await append(store, job, given)
        const all = given.flat()
        const units = numbers.filter((unit) => unit < all.length)
        expect(await readInputs(store, job, units)).toEqual(units.map((unit) => all[unit]))
        expect(await countInputs(store, job, 0)).toBe(all.length)
        await clearInputs(store, job)
        expect(await countInputs(store, job, 0)).toBe(0)
      }),
    )
  })

  test('packs have a bound in units and in bytes', async () => {
    const tiny = Array.from({ length: 3_000 }, () => new Uint8Array(1))
    expect(await packsOf(tiny)).toHaveLength(3)
    const large = Array.from({ length: 3 }, () => new Uint8Array(1_000_000))
    expect(await packsOf(large)).toHaveLength(3)
  })

  test('long ones lie in the spool, what is short in the database', async () => {
    const store = createMemoryStore()
    const [short, long] = [new Uint8Array(1_000).fill(1), new Uint8Array(200_000).fill(2)]
    await append(store, job, [[short], [long, long], [short]])
    const sizes = []
    for await (const [, value] of store.scan(under(`in/${job}`))) sizes.push(value.length)
    expect(Math.max(...sizes)).toBe(1_000)
    expect(await store.readSpool(`${job}-in`, 200_000, 200_000)).toEqual(long)
    expect(await store.readSpool(`${job}-in`, 200_001, 200_000)).toBeUndefined()
  })

  test('counting begins anywhere and ends at the first gap', async () => {
    const store = createMemoryStore()
    const two = [Uint8Array.of(1), Uint8Array.of(2)]
    for (const first of [0, 2, 5]) await writeInputs(store, job, first, two)
    for (const from of [0, 1, 2, 3, 4]) expect(await countInputs(store, job, from)).toBe(4)
  })

  test('a pack that is shorter than it says is an error of this machine', async () => {
    const store = createMemoryStore()
    await writeInputs(store, job, 0, [Uint8Array.of(1), Uint8Array.of(2)])
    for await (const [key, value] of store.scan(under(`in/${job}`)))
      await store.write([{ type: 'put', key, value: value.subarray(1) }])
    await isLost(readInputs(store, job, [0]), 'another length')
  })

  test('an input of a spool that changed on disk, or is gone, is lost for good', async () => {
    const store = createMemoryStore()
    const long = new Uint8Array(100_000)
    await writeInputs(store, job, 0, [long])
    await store.removeSpool(`${job}-in`)
    await isLost(readInputs(store, job, [0]), 'unit 0 is gone')
    await store.appendSpool(`${job}-in`, [new Uint8Array(100_000).fill(1, 99_999)])
    await isLost(readInputs(store, job, [0]), 'something else than was written')
    await isLost(readInputs(store, other, [7]), 'unit 7 is gone')
    expect(reasonOfLoss(new Error('the disk is away for a moment'))).toBeUndefined()
  })
})

async function isLost(reading: Promise<unknown>, why: string): Promise<void> {
  const error = await reading.catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'MH_STATE_CORRUPT', blame: 'local' })
  expect(reasonOfLoss(error)).toContain(why)
}

async function packsOf(inputs: readonly Uint8Array[]): Promise<string[]> {
  const store = createMemoryStore()
  await writeInputs(store, job, 0, inputs)
  const keys = []
  for await (const key of store.keys(under(`in/${job}`))) keys.push(key)
  return keys
}

async function append(store: Store, to: JobId, chunks: readonly (readonly Uint8Array[])[]) {
  let first = 0
  for (const chunk of chunks) {
    await writeInputs(store, to, first, chunk)
    first += chunk.length
  }
}
