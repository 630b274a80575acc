/** What users must not have to write: casts. Checked by the compiler; the bodies never run. */
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Found, Grid, JobHandle, RawResult } from '../../../sdk/types.js'
import { defineTask } from '../../../tasks/contract.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(..._proof: Same<A, B> extends true ? [] : ['types differ', A, B]) => {}

interface Point {
  x: number
  tags: string[]
  note?: string
}

const range = { kind: 'range', start: 0, end: 9 } as const
const task = defineTask({
  name: 'add',
  summary: 'adds',
  params: z.object({ n: z.number(), by: z.coerce.number().default(1) }),
  result: z.object({ sum: z.string().transform(Number) }),
  kernel: { tier: 'js', source: '() => ({ value: 1 })' },
  plan: ({ n, by }) => ({ inputs: { start: 0, end: n + by, unitItems: 1 } }),
  decode: (output): number => output.length,
  assemble: async (parts) => {
    let sum = 0
    for await (const { part } of parts) sum += part
    return { sum: String(sum) }
  },
})

function inference(grid: Grid): void {
  const squares = grid.map([1, 2, 3], (n) => n * n)
  same<typeof squares, JobHandle<number[], number>>()
  const ranged = grid.map(range, (n) => ({ n, text: n.toFixed(2) }))
  same<typeof ranged, JobHandle<{ n: number; text: string }[], { n: number; text: string }>>()
  const points = grid.map(
    async function* (): AsyncGenerator<Point> {}.call(undefined),
    (point): Point => ({ ...point, x: point.x + 1 }),
  )
  same<typeof points, JobHandle<Point[], Point>>()
  const withParams = grid.map(new Set(['a']), (text, { word }) => text.includes(word), {
    params: { word: 'fox' },
  })
  same<typeof withParams, JobHandle<boolean[], boolean>>()
  const pairs = grid.map([1], (n): [number, bigint, Uint8Array | null] => [n, 1n, null])
  same<
    typeof pairs,
    JobHandle<[number, bigint, Uint8Array | null][], [number, bigint, Uint8Array | null]>
  >()
  const tupleItems = grid.map([[1, 'a']] as const, ([n, text]) => text.repeat(n))
  same<typeof tupleItems, JobHandle<string[], string>>()
  grid.map([1], () => {})

  const found = grid.find(['a', 'b'], (text) => text > 'a')
  same<typeof found, JobHandle<Found<string> | undefined, Found<string>>>()
  const sum = grid.reduce(
    range,
    (n) => n,
    (a, b) => a + b,
    { params: undefined },
  )
  same<typeof sum, JobHandle<number | undefined, number>>()
  const longest = grid.reduce(
    ['a'],
    (text, least) => ({ text, long: text.length > least }),
    (a, b) => (a.text > b.text ? a : b),
    { params: 3, unitItems: 4 },
  )
  same<Awaited<typeof longest>, { text: string; long: boolean } | undefined>()

  const run = grid.run(task, { n: 1 })
  same<typeof run, JobHandle<{ sum: number }, number>>()
  const raw = grid.attach('abcd')
  same<typeof raw, JobHandle<RawResult[], RawResult>>()
  const again = grid.attach('abcd', task, { n: 1 })
  same<typeof again, JobHandle<{ sum: number }, number>>()
}

function refusals(grid: Grid): void {
  // @ts-expect-error a Date does not cross the grid
  grid.map([1], () => new Date())
  // @ts-expect-error a Map does not cross the grid
  grid.map([1], () => new Map([[1, 2]]))
  // @ts-expect-error kernels answer at once
  grid.map([1], async (n) => n)
  // @ts-expect-error a function does not cross the grid
  grid.map([1], (n) => ({ next: () => n }))
  // @ts-expect-error the second argument comes from `params`
  grid.map([1], (n, { by }: { by: number }) => n * by)
  // @ts-expect-error of this type
  grid.map([1], (n, { by }: { by: number }) => n * by, { params: { by: 'two' } })
  // @ts-expect-error parameters do not hold functions
  grid.map([1], (n) => n, { params: { f: () => 1 } })
  // @ts-expect-error predicates are true or false
  grid.find([1], (n) => n)
  // @ts-expect-error a number is no input
  grid.map(7, (n) => n)
  // @ts-expect-error n is missing
  grid.run(task, {})
  // @ts-expect-error n is a number
  grid.run(task, { n: 'x' })
  // @ts-expect-error no such option
  grid.map([1], (n) => n, { redundance: 2 })
}

test('types hold', () => expect([inference, refusals]).toHaveLength(2))
