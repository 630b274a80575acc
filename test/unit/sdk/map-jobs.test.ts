import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { range } from '../../../sdk/index.js'
import { decodeValue } from '../../../tasks/value.js'
import { type FakeGrid, openFakeGrid } from './fake-grid.js'

let under: FakeGrid
beforeEach(async () => {
  under = await openFakeGrid()
})
afterEach(async () => await under.dispose())

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function* slowly<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    yield item
  }
}

describe('map', () => {
  test('of an array gives its results in order', async () => {
    const { grid, fake } = under
    fake.shuffle = 7
    const items = Array.from({ length: 1000 }, (_, i) => i)
    expect(await grid.map(items, (n) => n * n)).toEqual(items.map((n) => n * n))
    // 1000 items: four a unit, sent in one batch.
    expect(fake.job.results.size).toBe(250)
    expect(fake.job.appends).toEqual([250])
  })

  test('of a range sends no inputs', async () => {
    const { grid, fake } = under
    expect(await grid.map(range(-3, 4), (n) => n * 2)).toEqual([-6, -4, -2, 0, 2, 4, 6])
    expect(fake.job.appends).toEqual([])
    expect(fake.job.submission.manifest.inputs).toEqual({
      kind: 'range',
      start: -3,
      end: 4,
      unitItems: 1,
    })
  })

  test('of nothing gives nothing', async () => {
    const { grid } = under
    expect(await grid.map([], (n: number) => n)).toEqual([])
    expect(await grid.map(range(5, 5), (n) => n)).toEqual([])
    expect(await grid.map(slowly<string>([]), (text) => text.length)).toEqual([])
  })

  test('of other iterables, with values of every kind', async () => {
    const { grid } = under
    const items = new Set([
      1n,
      'a',
      null,
      undefined,
      true,
      -0,
      [1, [2]],
      { a: { b: 1 } },
      Uint8Array.of(1, 2),
    ])
    expect(await grid.map(items, (item) => [item, typeof item])).toEqual(
      [...items].map((item) => [item, typeof item]),
    )
    expect(await grid.map('héé', (letter) => letter + letter)).toEqual(['hh', 'éé', 'éé'])
    expect(await grid.map(Float64Array.of(1.5, 2.5), (x) => x * 2)).toEqual([3, 5])
  })

  test('of a slow source hands out each item as it comes', async () => {
    const { grid, fake } = under
    const job = grid.map(slowly([1, 2, 3, 4, 5]), (n) => n + 1)
    expect(await job).toEqual([2, 3, 4, 5, 6])
    expect(fake.job.appends.length).toBeGreaterThan(3)
  })

  test('of a fast endless-looking source uses larger and larger units', async () => {
    const { grid, fake } = under
    function* numbers() {
      for (let n = 0; n < 20_000; n++) yield n
    }
    const results = await grid.map(numbers(), (n) => n % 7)
    expect(results).toHaveLength(20_000)
    expect(results[12_345]).toBe(12_345 % 7)
    expect(fake.job.results.size).toBeLessThan(1500)
  })

  test('cuts units of exactly `unitItems`', async () => {
    const { grid, fake } = under
    expect(await grid.map(slowly([1, 2, 3, 4, 5]), (n) => n, { unitItems: 2 })).toEqual([
      1, 2, 3, 4, 5,
    ])
    const units = fake.job.inputs.map((input) => (decodeValue(input) as { items: unknown[] }).items)
    expect(units).toEqual([[1, 2], [3, 4], [5]])
  })

  test('cuts units smaller where items are large', async () => {
    const { grid, fake } = under
    const items = Array.from({ length: 6 }, (_, i) => new Uint8Array(700_000).fill(i))
    fake.compute = (_job, unit, input) => ({
      unit,
      kind: 'done',
      output: input.subarray(0, 0),
      agreed: 2,
    })
    const job = grid.map(items, (bytes) => bytes.length, { name: 'large' })
    await fake.until(() => fake.jobs.size > 0 && fake.job.phase === 'done')
    await job.cancel()
    expect(fake.job.appends.every((units) => units <= 2)).toBe(true)
  })

  test('hands `params` to the kernel', async () => {
    const { grid } = under
    const words = ['fox', 'hen']
    const params = { word: 'fox', table: new Map([[1, 2]]).size }
    expect(await grid.map(words, (text, { word }) => text === word, { params })).toEqual([
      true,
      false,
    ])
    expect(await grid.map(range(0, 3), (n, by) => n * by, { params: 10 })).toEqual([0, 10, 20])
  })

  test('says in the manifest what was asked for', async () => {
    const { grid, fake } = under
    const square = function square(n: number) {
      return n * n
    }
    await grid.map([1], square, {
      quorum: 3,
      unitMsMax: 5000,
      unitMemoryBytesMax: 1_000_000,
      unitFuelMax: 1e9,
    })
    expect(fake.job.submission.manifest).toMatchObject({
      name: 'square',
      acceptance: { rule: 'quorum', quorum: 3 },
      goal: 'all',
      task: {
        name: 'square',
        tier: 'js',
        unitMsMax: 5000,
        unitMemoryBytesMax: 1_000_000,
        unitFuelMax: 1e9,
      },
    })
  })

  test('tolerates one wrong result in ten thousand where nothing else is said', async () => {
    const { grid, fake } = under
    await grid.map([1], (n) => n)
    await grid.map([1], (n) => n, { maxErrorRate: 1e-9 })
    expect([...fake.jobs.values()].map(({ submission }) => submission.manifest.acceptance)).toEqual(
      [
        { rule: 'credibility', maxErrorRate: 1e-4 },
        { rule: 'credibility', maxErrorRate: 1e-9 },
      ],
    )
  })

  test('refuses at once what cannot work', () => {
    const { grid } = under
    const outside = 3
    expect(() => grid.map([1], (n) => n + outside)).toThrow(
      expect.objectContaining({ code: 'MH_CAPTURED_VARIABLE' }),
    )
    expect(() => grid.map([1], (n) => n, { quorum: 9 })).toThrow(
      expect.objectContaining({
        code: 'MH_BOUNDS',
        message: expect.stringContaining('options.quorum'),
      }),
    )
    expect(() => grid.map([1], (n) => n, { maxErrorRate: 0 })).toThrow(/options.maxErrorRate/)
    expect(() => grid.map([1], (n) => n, { quorum: 2, maxErrorRate: 1e-6 })).toThrow(
      expect.objectContaining({
        code: 'MH_BOUNDS',
        message: expect.stringContaining('both set'),
        hint: expect.stringContaining('plain voting'),
      }),
    )
    expect(() => grid.map([1], (n) => n, { redundance: 1 } as object)).toThrow(/redundance/)
    expect(() => grid.map(7 as never, (n: never) => n)).toThrow(
      expect.objectContaining({ code: 'MH_USAGE' }),
    )
    expect(() => grid.map({ kind: 'range', start: 3, end: 1 }, (n) => n)).toThrow(
      expect.objectContaining({ code: 'MH_BOUNDS' }),
    )
    expect(() => range(0, 0.5)).toThrow(expect.objectContaining({ code: 'MH_BOUNDS' }))
    expect(() => grid.map([1], (n) => n, { params: 'x'.repeat(40_000) })).toThrow(
      expect.objectContaining({ code: 'MH_TOO_LARGE' }),
    )
    expect(() => grid.map([1], (n) => n, { params: { f: Symbol('x') } as never })).toThrow(
      expect.objectContaining({
        code: 'MH_NOT_ENCODABLE',
        message: expect.stringContaining('params.f'),
      }),
    )
  })
})

describe('find', () => {
  test('in a range gives the item and its position', async () => {
    const { grid, fake } = under
    const found = await grid.find(range(100, 100_000), (n) => n % 777 === 0)
    expect(found).toEqual({ item: 777, index: 677 })
    expect(fake.job.phase).toBe('done')
    expect(fake.job.submission.manifest.goal).toBe('first-hit')
  })

  test('in a list and in a stream', async () => {
    const { grid } = under
    const items = Array.from({ length: 900 }, (_, i) => ({ id: `n${i}` }))
    const is = ({ id }: { id: string }) => id === 'n701'
    expect(await grid.find(items, is)).toEqual({ item: { id: 'n701' }, index: 701 })
    expect(await grid.find(items.values(), is)).toEqual({ item: { id: 'n701' }, index: 701 })
  })

  test('stops reading a source whose rest is needless, even one that is silent', async () => {
    const { grid } = under
    let returned = false
    async function* source() {
      try {
        yield 1
        yield 2
        await new Promise((resolve) => setTimeout(resolve, 50))
        yield 3
        for (let n = 4; ; n++) yield n
      } finally {
        returned = true
      }
    }
    expect(await grid.find(source(), (n) => n === 2)).toEqual({ item: 2, index: 1 })
    while (!returned) await new Promise((resolve) => setImmediate(resolve))
  })

  test('is undefined where there is nothing; iteration is then empty', async () => {
    const { grid } = under
    expect(await grid.find([1, 2], (n) => n > 2)).toBeUndefined()
    expect(await collect(grid.find(range(0, 9), (n) => n > 9))).toEqual([])
    expect(await collect(grid.find(range(0, 9), (n) => n > 7))).toEqual([{ item: 8, index: 8 }])
  })
})

describe('reduce', () => {
  test('folds in input order, partly there and partly here', async () => {
    const { grid, fake } = under
    fake.shuffle = 5
    const letters = [...'the quick brown fox jumps over the lazy dog']
    const options = { unitItems: 4, params: '.' }
    const job = grid.reduce(
      letters,
      (letter, dot) => letter + dot,
      (a, b) => a + b,
      options,
    )
    expect(await job).toBe(letters.map((letter) => `${letter}.`).join(''))
    expect((await collect(job))[0]).toBe('t.h.e. .')
  })

  test('of nothing is undefined', async () => {
    expect(
      await under.grid.reduce(
        [],
        (n: number) => n,
        (a, b) => a + b,
      ),
    ).toBeUndefined()
  })

  test('wants a `combine` that can travel', () => {
    const outside = 1
    expect(() =>
      under.grid.reduce(
        [1],
        (n) => n,
        (a, b) => a + b + outside,
      ),
    ).toThrow(/combine.*outside/)
  })
})

describe('a failing source', () => {
  test('ends the job with its error as the cause', async () => {
    const { grid, fake } = under
    const cause = new Error('tape torn')
    async function* source() {
      yield 1
      throw cause
    }
    const job = grid.map(source(), (n) => n)
    await expect(job).rejects.toMatchObject({ code: 'MH_INPUT_FAILED', cause })
    await expect(collect(job)).rejects.toMatchObject({ code: 'MH_INPUT_FAILED' })
    expect(fake.job.phase).toBe('failed')
    expect(fake.job.error).toContain('tape torn')
  })

  test('with an item that does not cross is named by its place', async () => {
    const { grid, fake } = under
    const items: unknown[] = Array.from({ length: 600 }, (_, i) => ({ n: i }))
    items[417] = { when: new Date() }
    let closed = false
    function* source() {
      try {
        yield* items
      } finally {
        closed = true
      }
    }
    await expect(grid.map(source(), () => 1)).rejects.toMatchObject({
      code: 'MH_NOT_ENCODABLE',
      message: expect.stringContaining('items[417].when'),
    })
    expect(closed).toBe(true)
    expect(fake.job.phase).toBe('failed')
  })

  test('with an item larger than a unit may be is refused', async () => {
    const job = under.grid.map([new Uint8Array(9 * 1024 * 1024)], (bytes) => bytes.length)
    await expect(job).rejects.toMatchObject({ code: 'MH_TOO_LARGE' })
  })
})

describe('a source', () => {
  test('is read no further than the grid has room', async () => {
    const { grid, fake } = under
    fake.aheadMax = 300
    fake.unitsMax = 0
    let pulled = 0
    function* source() {
      for (; pulled < 100_000; pulled++) yield pulled
    }
    const job = grid.map(source(), (n) => n, { unitItems: 1 })
    await fake.until(() => fake.jobs.size > 0 && fake.job.inputs.length >= 300)
    await new Promise((resolve) => setTimeout(resolve, 30))
    // What was taken, a batch on its way and one that waits, each twice the one before: 256 + 512 + 1024.
    expect(pulled).toBeLessThan(1800)
    await job.cancel()
  })

  test('is returned when the job is cancelled, though it hangs', async () => {
    const { grid, fake } = under
    let returned = 0
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned++
          return { done: true, value: undefined }
        },
      }),
    }
    const job = grid.map(source, (n) => n)
    await job.id
    await job.cancel()
    await fake.until(() => returned === 1)
    await expect(job).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
  })
})
