/** Loops that are paid for before they turn, beside the same loops with a `nop` that hides what they are. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { kernel, type Ran, run } from './wat.js'

interface Shape {
  /** What the loop counts by. */
  from: number
  bound: number
  body: string
}

type Write = (shape: Shape, hide: string) => Uint8Array

const locals = '(local $i i32) (local $n i32) (local $sum i32) (local $turns i32)'
const rest = 'local.get $sum'

/** The ways in which compilers count, by name. */
const ways: Record<string, Write> = {
  'down by adding -1': ({ from, body }, hide) =>
    kernel(`${locals} i32.const ${from} local.set $i
      loop ${body} local.get $i ${hide} i32.const -1 i32.add local.tee $i br_if 0 end ${rest}`),
  'down by taking 1': ({ from, body }, hide) =>
    kernel(`${locals} i32.const ${from} local.set $i
      loop ${body} local.get $i ${hide} i32.const 1 i32.sub local.tee $i br_if 0 end ${rest}`),
  ...Object.fromEntries(
    ['s', 'u'].flatMap((sign) => [
      [`up to a constant, lt_${sign}`, up((bound) => `i32.const ${bound} i32.lt_${sign}`)],
      [`up to a local, lt_${sign}`, up(() => `local.get $n i32.lt_${sign}`)],
      [`up to a local, gt_${sign}`, up(() => `i32.gt_${sign}`, 'local.get $n')],
    ]),
  ),
}

function up(compare: (bound: number) => string, before = ''): Write {
  return ({ from, bound, body }, hide) =>
    kernel(`${locals} i32.const ${from} local.set $i i32.const ${bound} local.set $n
      loop ${before} local.get $i ${compare(bound)} if ${body}
        local.get $i ${hide} i32.const 1 i32.add local.set $i br 1 end end ${rest}`)
}

/** Bodies of loops that are left at their end alone. */
const plain: Record<string, string> = {
  nothing: '',
  sums: 'local.get $sum local.get $i i32.add local.set $sum',
  stores: '(i32.store (i32.and (local.get $i) (i32.const 1020)) (local.get $i))',
  'arms and blocks': `
    (block (br_if 0 (i32.and (local.get $i) (i32.const 1))) (local.set $sum (i32.add (local.get $sum) (i32.const 3))))
    (if (i32.and (local.get $i) (i32.const 2))
      (then (local.set $sum (i32.mul (local.get $sum) (i32.const 5))))
      (else (local.set $sum (i32.div_u (local.get $sum) (i32.const 3)))))`,
  'a float that may be NaN':
    '(f32.store (i32.const 8) (f32.sqrt (f32.convert_i32_s (local.get $i))))',
}

/** Bodies that make another kind of loop of it; none turns for ever. */
const others: Record<string, string> = {
  'a change of what it counts': `(local.set $turns (i32.add (local.get $turns) (i32.const 1)))
    (if (i32.eq (local.get $turns) (i32.const 3)) (then (local.set $i (i32.const 77))))`,
  'a change of the bound': '(local.set $n (i32.shr_u (local.get $n) (i32.const 1)))',
  'a way out': `(local.set $sum (i32.add (local.get $sum) (i32.const 1)))
    (if (i32.eq (local.get $sum) (i32.const 5)) (then (return (local.get $sum))))`,
  'a loop inside': `(local.set $turns (i32.const 3))
    (loop (br_if 0 (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))`,
  'a fill': '(memory.fill (i32.const 0) (i32.const 1) (i32.and (local.get $i) (i32.const 255)))',
  growth: '(drop (memory.grow (i32.const 0)))',
}

const shapes = fc.record({
  from: fc.oneof(fc.integer({ min: -3, max: 60 }), fc.integer()),
  bound: fc.oneof(fc.integer({ min: -3, max: 60 }), fc.integer()),
})

function isOut({ fuel }: Ran, fuelMax: number) {
  return fuel > fuelMax
}

describe.each(Object.entries(ways))('a loop that counts %s', (_, write) => {
  test('costs what its turns cost', () => {
    const body = fc.constantFrom(...Object.values({ ...plain, ...others }))
    const fuelMax = fc.integer({ min: 0, max: 30_000 })
    fc.assert(
      fc.property(shapes, body, fuelMax, (shape, body, fuelMax) => {
        const counted = run(write({ ...shape, body }, ''), fuelMax)
        const turned = run(write({ ...shape, body }, 'nop'), fuelMax)
        expect(isOut(counted, fuelMax)).toBe(isOut(turned, fuelMax))
        if (isOut(counted, fuelMax)) return
        expect(counted.memory.every((byte, at) => byte === turned.memory[at])).toBe(true)
        const { memory: _, ...left } = counted
        expect(turned).toMatchObject(left)
      }),
      { numRuns: 40 },
    )
  })

  const trap = '(drop (i32.div_u (i32.const 1) (i32.const 0)))'
  test('is paid for before it turns', () => {
    const [from, bound] = write === ways['down by adding -1'] ? [1_000, 0] : [500, 1_000]
    const shape = { from, bound, body: trap }
    expect(isOut(run(write(shape, ''), 100), 100)).toBe(true)
    expect(isOut(run(write(shape, 'nop'), 100), 100)).toBe(false)
  })

  test.each(Object.entries(others))('is not when there is %s', (name, body) => {
    // A bound that is a constant, or nothing to count up to, cannot change.
    if (name === 'a change of the bound') return
    const shape = { from: 500, bound: 1_000, body: `${trap} ${body}` }
    expect(isOut(run(write(shape, ''), 10_000), 10_000)).toBe(false)
  })
})

test('what only begins like a counted loop is read to its end', () => {
  const odd = [
    'loop end i32.const 0',
    'loop i32.const 0 br_if 0 end i32.const 0',
    'loop local.get $i drop end i32.const 0',
    'loop local.get $i i32.const 5 drop drop end i32.const 0',
    'loop local.get $i i32.const 5 i32.lt_u drop end i32.const 0',
    'loop local.get $i i32.const 5 i32.lt_u if end end i32.const 0',
    'loop (result i32) local.get $i i32.const 1 i32.lt_u end',
    'block i32.const 1 br_if 0 loop br 1 end end i32.const 0',
  ]
  for (const body of odd) expect(typeof run(kernel(`(local $i i32) ${body}`)).end).toBe('number')
})
