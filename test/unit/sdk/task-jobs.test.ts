import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Task, TaskDefinition, UnitPart } from '../../../tasks/contract.js'
import { defineTask } from '../../../tasks/contract.js'
import { decodeValue, encodeValue } from '../../../tasks/value.js'
import { type FakeGrid, openFakeGrid } from './fake-grid.js'

let under: FakeGrid
beforeEach(async () => {
  under = await openFakeGrid()
})
afterEach(async () => await under.dispose())

const params = z.object({
  start: z.number().int(),
  count: z.number().int().min(0).default(10),
})
const result = z.object({ parts: z.array(z.number()) })
type Parts = TaskDefinition<typeof params, typeof result, number>

function squares(change: Partial<Parts> = {}): Task<typeof params, typeof result, number> {
  return defineTask<typeof params, typeof result, number>({
    name: 'squares',
    summary: 'squares',
    params,
    result,
    kernel: { tier: 'js', source: '({ range, params }) => ({ value: range.start ** 2 + params })' },
    plan: ({ start, count }) => ({
      inputs: { start, end: start + count, unitItems: 1 },
      params: encodeValue(1000),
    }),
    decode: (output) => decodeValue(output) as number,
    async assemble(parts) {
      const all: number[] = []
      for await (const { part } of parts) all.push(part)
      return { parts: all }
    },
    ...change,
  })
}

describe('run', () => {
  test('plans, decodes and assembles in input order, with defaults filled in', async () => {
    const { grid, fake } = under
    fake.shuffle = 3
    const expected = Array.from({ length: 10 }, (_, i) => (i + 2) ** 2 + 1000)
    const job = grid.run(squares(), { start: 2 })
    expect(await job).toEqual({ parts: expected })
    const parts: number[] = []
    for await (const part of job) parts.push(part)
    expect(parts).toEqual(expected)
  })

  test('with inputs of bytes hands over each as one unit, lazily', async () => {
    const { grid, fake } = under
    let made = 0
    const task = squares({
      kernel: { tier: 'js', source: '({ input }) => ({ value: input * 2 })' },
      plan: ({ count }) => ({
        inputs: (function* () {
          for (; made < count; made++) yield encodeValue(made)
        })(),
      }),
    })
    expect((await grid.run(task, { start: 0, count: 700 })).parts[699]).toBe(1398)
    expect(fake.job.inputs).toHaveLength(700)
    expect(fake.job.submission.manifest.params).toHaveLength(0)
  })

  test('hears of every part before it resolves, in order of completion', async () => {
    const { grid, fake } = under
    fake.shuffle = 10
    const heard: UnitPart<number>[] = []
    await grid.run(squares({ onPart: (part) => heard.push(part) }), { start: 0 })
    expect(heard.map(({ unit }) => unit)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  })

  test('makes inputs from results', async () => {
    const { grid } = under
    let answer: (part: number) => void = () => {}
    const task = squares({
      kernel: { tier: 'js', source: '({ input }) => ({ value: input * 2 })' },
      plan: () => ({
        inputs: (async function* () {
          for (let value = 1; value < 1000; ) {
            const next = new Promise<number>((resolve) => {
              answer = resolve
            })
            yield encodeValue(value)
            value = await next
          }
        })(),
      }),
      onPart: ({ part }) => answer(part),
    })
    expect((await grid.run(task, { start: 0 })).parts.at(-1)).toBe(1024)
  })

  test('of a first-hit task assembles what was computed', async () => {
    const { grid, fake } = under
    const task = squares({
      kernel: {
        tier: 'js',
        source: '({ range }) => ({ hit: range.start === 7, value: range.start })',
      },
      plan: () => ({ inputs: { start: 0, end: 1e9, unitItems: 1 }, goal: 'first-hit' }),
      async assemble(parts) {
        for await (const { hit, part } of parts) if (hit) return { parts: [part] }
        return { parts: [] }
      },
    })
    expect(await grid.run(task, { start: 0 })).toEqual({ parts: [7] })
    expect(fake.job.phase).toBe('done')
  })

  test.each([
    [{ start: 'x' }, 'params.start: expected a number, got "x"'],
    [{}, 'params.start is missing: expected a number'],
    [{ start: 0.5 }, /params\.start: .*int.*got 0\.5/],
    [{ start: 0, count: -1 }, /params\.count: .*>=0.*got -1/],
    [undefined, /params is missing: expected an object/],
  ])('refuses %j', async (given, message) => {
    await expect(under.grid.run(squares(), given as never)).rejects.toMatchObject({
      code: 'MH_SCHEMA',
      message: expect.stringMatching(message),
    })
    expect(under.fake.jobs.size).toBe(0)
  })

  test('refuses a result that does not fit its schema', async () => {
    const task = squares({ assemble: () => ({ parts: ['x' as never] }) })
    await expect(under.grid.run(task, { start: 0 })).rejects.toMatchObject({
      code: 'MH_SCHEMA',
      message: 'result of squares.parts[0]: expected a number, got "x"',
    })
  })

  test('fails with what plan, decode, onPart or assemble throws', async () => {
    const { grid, fake } = under
    const error = new Error('mine')
    const fail = () => {
      throw error
    }
    for (const change of [{ plan: fail }, { decode: fail }, { assemble: fail }]) {
      await expect(grid.run(squares(change), { start: 0 })).rejects.toBe(error)
    }
    fake.jobs.clear()
    fake.unitsMax = 2
    await expect(grid.run(squares({ onPart: fail }), { start: 0 })).rejects.toBe(error)
    await fake.until(() => fake.job.phase === 'cancelled')
  })

  test('loads a kernel from a file, and says which is missing or broken', async () => {
    const { grid } = under
    const missing = new URL('./no-such.wasm', import.meta.url)
    await expect(
      grid.run(squares({ kernel: { tier: 'wasm', module: missing } }), { start: 0 }),
    ).rejects.toMatchObject({
      code: 'MH_FILE_NOT_FOUND',
      message: expect.stringContaining('no-such'),
    })
    const broken = new URL('./task-jobs.test.ts', import.meta.url)
    await expect(
      grid.run(squares({ kernel: { tier: 'wasm', module: broken } }), { start: 0 }),
    ).rejects.toMatchObject({ code: 'MH_BAD_MODULE' })
    await expect(
      grid.run(squares({ kernel: { tier: 'js', source: '({ range ) => 1' } }), { start: 0 }),
    ).rejects.toMatchObject({ code: 'MH_BAD_MODULE' })
  })

  test('sends a module as bytes', async () => {
    const { grid, fake } = under
    fake.compute = (_job, unit) => ({ unit, kind: 'done', output: encodeValue(unit), agreed: 1 })
    const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const task = squares({ kernel: { tier: 'wasm', module }, unitMsMax: 1234 })
    expect((await grid.run(task, { start: 0, count: 2 })).parts).toEqual([0, 1])
    expect(fake.job.submission.manifest.task).toMatchObject({ tier: 'wasm', unitMsMax: 1234 })
  })

  test('refuses what is no task', () => {
    expect(() => under.grid.run({ name: 'x' } as never, {})).toThrow(
      expect.objectContaining({ code: 'MH_NOT_A_TASK' }),
    )
  })
})

describe('attach with a task', () => {
  test('gives what run gave', async () => {
    const { grid } = under
    const job = grid.run(squares(), { start: 1, count: 2 })
    const again = grid.attach(await job.id, squares(), { start: 1, count: 2 })
    expect(await again).toEqual(await job)
  })
})
