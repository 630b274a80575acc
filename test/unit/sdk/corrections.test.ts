import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { range } from '../../../sdk/index.js'
import { defineTask } from '../../../tasks/contract.js'
import { decodeValue, encodeValue } from '../../../tasks/value.js'
import { type FakeGrid, openFakeGrid } from './fake-grid.js'

let under: FakeGrid
beforeEach(async () => {
  under = await openFakeGrid({ reconnectMsMax: 2_000 })
})
afterEach(async () => await under.dispose())

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Has the first units verified, one of them wrong; `wrong` is what a liar said. */
function lieIn(unit: number, wrong: unknown): void {
  const { fake } = under
  fake.unitsMax = 4
  fake.compute = (job, at, input) => {
    if (at === unit) return { unit, kind: 'done', output: encodeValue(wrong), agreed: 2 }
    const manifest = job.submission.manifest.inputs
    if (manifest.kind === 'range') {
      const start = manifest.start + at * manifest.unitItems
      const end = Math.min(manifest.end, start + manifest.unitItems)
      return {
        unit: at,
        kind: 'done',
        agreed: 2,
        output: outputOf(job.program?.({ range: { start, end } })),
      }
    }
    return {
      unit: at,
      kind: 'done',
      agreed: 2,
      output: outputOf(job.program?.({ input: decodeValue(input) })),
    }
  }
}

function outputOf(given: { value: unknown } | undefined): Uint8Array {
  return encodeValue(given?.value)
}

const sumsTask = defineTask({
  name: 'sums',
  summary: 'sums',
  params: z.object({}),
  result: z.number(),
  kernel: { tier: 'js' as const, source: '({ range }) => ({ value: range.start })' },
  plan: () => ({ inputs: { start: 0, end: 6, unitItems: 1 } }),
  decode: (output) => decodeValue(output) as number,
  async assemble(parts) {
    let sum = 0
    for await (const { part } of parts) {
      sum += part
    }
    if (sum > 1_000) throw new Error('what is this?')
    return sum
  },
})

describe('a result that turns out wrong', () => {
  test('is replaced in the whole of a map, whatever its length was', async () => {
    const { grid, fake } = under
    lieIn(1, [666])
    const job = grid.map(range(0, 12), (n) => n * n, { unitItems: 2 })
    const whole = job.result
    await fake.until(() => fake.delivered === 4)
    fake.revise(1, [4, 9])
    fake.release()
    expect(await whole).toEqual(Array.from({ length: 12 }, (_, n) => n * n))
  })

  test('is folded anew by reduce', async () => {
    const { grid, fake } = under
    lieIn(1, 666)
    const job = grid.reduce(
      range(0, 6),
      (n) => n,
      (a, b) => a + b,
      { unitItems: 1 },
    )
    const whole = job.result
    const partial = job[Symbol.asyncIterator]()
    for (const expected of [0, 666]) expect((await partial.next()).value).toBe(expected)
    await fake.until(() => fake.delivered === 8)
    fake.revise(1, 1)
    fake.release()
    expect(await whole).toBe(15)
    // The loop that had it goes on, each unit once; the next one has the right value.
    expect((await partial.next()).value).toBe(2)
    expect(await collect(job)).toEqual([0, 1, 2, 3, 4, 5])
  })

  test.each([[3], [7_777]])('is assembled anew, also when %p made that fail', async (wrong) => {
    const { grid, fake } = under
    lieIn(1, wrong)
    const whole = grid.run(sumsTask, {}).result
    await fake.until(() => fake.delivered === 4)
    fake.revise(1, 1)
    fake.release()
    expect(await whole).toBe(15)
  })

  test('is told by corrections, with its place in the input, and later again', async () => {
    const { grid, fake } = under
    lieIn(1, [666, 667])
    const job = grid.map(range(10, 22), (n) => n, { unitItems: 2 })
    const told = collect(job.corrections())
    await fake.until(() => fake.jobs.size > 0 && fake.job.results.size === 4)
    fake.revise(1, [12, 13])
    fake.revise(3, [16, 17])
    fake.release()
    const expected = [
      { unit: 1, index: 2, values: [12, 13] },
      { unit: 3, index: 6, values: [16, 17] },
    ]
    expect(await told).toEqual(expected)
    expect(await collect(job.corrections())).toEqual(expected)
  })

  test('is told with its place where units are as long as the source was fast', async () => {
    const { grid, fake } = under
    async function* source() {
      for (let n = 0; n < 2_000; n++) yield n
    }
    const job = grid.map(source(), (n) => n)
    const whole = await job
    const unit = fake.job.results.size - 1
    const { first, items } = decodeValue(fake.job.inputs[unit] as Uint8Array) as {
      first: number
      items: number[]
    }
    fake.revise(unit, items)
    expect(await collect(job.corrections())).toEqual([{ unit, index: first, values: items }])
    expect(whole).toHaveLength(2_000)
  })

  test('is told once, also when the node goes and comes back', async () => {
    const { grid, fake } = under
    lieIn(0, 666)
    const job = grid.run(sumsTask, {})
    const corrections = job.corrections()[Symbol.asyncIterator]()
    await fake.until(() => fake.jobs.size > 0 && fake.job.results.size === 4)
    fake.revise(0, 0)
    expect((await corrections.next()).value).toEqual({ unit: 0, index: 0, values: [0] })
    await under.stopNode()
    await under.startNode()
    const next = corrections.next()
    fake.revise(2, 2)
    fake.release()
    expect((await next).value).toEqual({ unit: 2, index: 2, values: [2] })
    expect((await corrections.next()).done).toBe(true)
  })

  test('of an attached job stands in the place of the wrong one', async () => {
    const { grid, fake } = under
    lieIn(1, 666)
    const id = await grid.run(sumsTask, {}).id
    const raw = grid.attach(id).result
    await fake.until(() => fake.delivered === 4)
    fake.revise(1, 1)
    fake.release()
    expect((await raw).map(({ output }) => decodeValue(output))).toEqual([0, 1, 2, 3, 4, 5])
  })
})
