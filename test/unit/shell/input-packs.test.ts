import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Store } from '../../../coordinator-free-node/ports/store.js'
import type { JobId } from '../../../coordinator-free-node/protocol/ids.js'
import {
  countInputs,
  packInputs,
  readInputs,
} from '../../../coordinator-free-node/shell/input-packs.js'
import { createMemoryStore } from '../../contract/memory-store.js'

const job = 'ab'.repeat(32) as JobId
const other = 'ac'.repeat(32) as JobId

describe('inputs in packs', () => {
  test('every input comes back, however they arrived and whichever are asked for', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    const chunks = fc.array(fc.array(bytes, { maxLength: 8 }), { maxLength: 6 })
    const asked = fc.array(fc.nat(50), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(chunks, asked, async (given, units) => {
        const store = createMemoryStore()
        await append(store, other, [[Uint8Array.of(9)]])
        await append(store, job, given)
        const all = given.flat()
        expect(await readInputs(store, job, units)).toEqual(units.map((unit) => all[unit]))
        expect(await countInputs(store, job, 0)).toBe(all.length)
      }),
    )
  })

  test('packs have a bound in units and in bytes', () => {
    const tiny = Array.from({ length: 3_000 }, () => new Uint8Array(1))
    expect(packInputs(job, 0, tiny)).toHaveLength(3)
    const large = Array.from({ length: 3 }, () => new Uint8Array(1_000_000))
    expect(packInputs(job, 0, large)).toHaveLength(3)
  })

  test('counting begins anywhere and ends at the first gap', async () => {
    const store = createMemoryStore()
    const two = [Uint8Array.of(1), Uint8Array.of(2)]
    await store.write([...packInputs(job, 0, two), ...packInputs(job, 2, two)])
    await store.write(packInputs(job, 5, two))
    for (const from of [0, 1, 2, 3, 4]) expect(await countInputs(store, job, from)).toBe(4)
  })

  test('a pack that is shorter than it says is an error of this machine', async () => {
    const store = createMemoryStore()
    const [write] = packInputs(job, 0, [Uint8Array.of(1), Uint8Array.of(2)])
    if (write?.type !== 'put') throw new Error('nothing is written')
    await store.write([{ ...write, value: write.value.subarray(1) }])
    await expect(readInputs(store, job, [0])).rejects.toMatchObject({
      code: 'MH_STATE_CORRUPT',
      blame: 'local',
    })
  })
})

async function append(store: Store, to: JobId, chunks: readonly (readonly Uint8Array[])[]) {
  let first = 0
  for (const chunk of chunks) {
    await store.write(packInputs(to, first, chunk))
    first += chunk.length
  }
}
