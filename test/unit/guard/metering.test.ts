/** Fuel, depth and NaNs of guarded modules, as their host sees them. */
import { describe, expect, test } from '@jest/globals'
import { stackSlotsMax } from '../../../coordinator-free-node/guard/bounds.js'
import { assemble, guard, kernel, run } from './wat.js'

const counted = (turns: number, body = '') =>
  kernel(
    `(local $i i32)
     (loop ${body}
       (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${turns}))))
     i32.const 0`,
  )

describe('fuel', () => {
  test('is the same each time, and grows with the turns of a loop', () => {
    const [ten, thousand] = [run(counted(10)), run(counted(1_000))]
    expect(ten).toMatchObject({ end: 0, fuel: 52 })
    expect(thousand).toMatchObject({ end: 0, fuel: 5_002 })
    expect(run(counted(10)).fuel).toBe(ten.fuel)
  })

  const endless: Record<string, Uint8Array> = {
    'a bare loop': kernel('(loop br 0) i32.const 0'),
    'a loop by a table': kernel('(loop (br_table 0 0 (i32.const 1))) i32.const 0'),
    'a loop by a condition': kernel('(loop (br_if 0 (i32.const 1))) i32.const 0'),
    'a loop that takes a value': kernel(
      'i32.const 1 (loop (param i32) (result i32) i32.const 1 i32.add br 0)',
    ),
    'a loop inside dead ends': kernel('(loop (block (loop (br 2)))) i32.const 0'),
    'a loop that calls': kernel('(loop call $f br 0) i32.const 0', '(func $f)'),
    'a loop that asks the grid': assemble(`(module
      (import "grid" "input_size" (func $size (result i32))) (memory (export "memory") 1)
      (func (export "run") (result i32) (loop (drop (call $size)) br 0) i32.const 0))`),
    'a start function': kernel('i32.const 0', '(start $s) (func $s (loop br 0))'),
    'a fill of all memory, again and again': kernel(
      '(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) br 0) i32.const 0',
    ),
    'growth by nothing, again and again': kernel(
      '(loop (drop (memory.grow (i32.const 0))) br 0) i32.const 0',
    ),
  }
  test.each(Object.entries(endless))('ends %s', (_, module) => {
    const { end, fuel } = run(module)
    expect(end).toBe('RuntimeError')
    expect(fuel).toBeGreaterThan(1_000_000)
  })

  test('ends what is long without a loop: functions that each call the next twice', () => {
    const chain = Array.from(
      { length: 40 },
      (_, i) => `(func $f${i} call $f${i + 1} call $f${i + 1})`,
    )
    const { end, fuel } = run(kernel('call $f0 i32.const 0', `${chain.join('')} (func $f40)`))
    expect(end).toBe('RuntimeError')
    expect(fuel).toBeGreaterThan(1_000_000)
  })

  test('charges the dearer arm, not both', () => {
    const arms = (condition: number) =>
      run(
        kernel(
          `(if (result i32) (i32.const ${condition})
            (then (i32.div_u (i32.const 1) (i32.const 1)))
            (else (i32.add (i32.const 1) (i32.const 1))))`,
        ),
      ).fuel
    expect(arms(0)).toBe(arms(1))
    expect(arms(0)).toBe(2 + 1 + 15)
  })

  test('of a small function is paid by its caller, to the same sum', () => {
    const inlined = run(kernel('call $f', '(func $f (result i32) i32.const 1 i32.const 2 i32.add)'))
    const charged = run(
      kernel(
        'call $f',
        '(elem declare func $f) (func $f (result i32) i32.const 1 i32.const 2 i32.add)',
      ),
    )
    expect(inlined.fuel).toBe(charged.fuel)
  })

  test('of bulk operations goes by their length', () => {
    const fill = (bytes: number) =>
      run(kernel(`(memory.fill (i32.const 0) (i32.const 0) (i32.const ${bytes})) i32.const 0`)).fuel
    expect(fill(65_536) - fill(0)).toBe(8_192)
  })

  test('is not used up by asking for more memory than there may be', () => {
    const { end, stack } = run(kernel('(memory.grow (i32.const -1))'), 10_000_000)
    expect(end).toBe(-1)
    expect(stack).toBe(stackSlotsMax)
  })
})

describe('the call stack', () => {
  const recursions: Record<string, Uint8Array> = {
    'a function that calls itself': kernel('call $f i32.const 0', '(func $f call $f)'),
    'two that call each other': kernel(
      'call $f i32.const 0',
      '(func $f call $g) (func $g call $f)',
    ),
    'one that calls itself through a table': kernel(
      '(call_indirect (type $t) (i32.const 0)) i32.const 0',
      `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
       (func $f (call_indirect (type $t) (i32.const 0)))`,
    ),
    'run itself': kernel('call $run'),
    'one with a helper between': kernel(
      'call $f i32.const 0',
      '(func $f call $h) (func $h call $g) (func $g call $f)',
    ),
    'one with a hundred locals': kernel(
      'call $f i32.const 0',
      `(func $f (local ${'i64 '.repeat(100)}) call $f)`,
    ),
  }
  test.each(Object.entries(recursions))('ends %s before the engine does', (_, module) => {
    const { end, stack, fuel } = run(module, 1e9)
    expect(end).toBe('RuntimeError')
    expect(stack).toBe(-1)
    expect(fuel).toBeLessThan(1e6)
  })

  test('is as deep for every function of the same size, and given back', () => {
    const deep = (depth: number) =>
      run(
        kernel(
          `(call $f (i32.const ${depth})) (call $f (i32.const ${depth})) i32.const 0`,
          `(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))`,
        ),
        1e9,
      )
    // A frame of 16 slots, a parameter and two operands.
    const frames = Math.floor(stackSlotsMax / 19)
    expect(deep(frames - 10).end).toBe(0)
    expect(deep(frames + 10).stack).toBe(-1)
  })

  test('that no call could fit into is refused', () => {
    const chain = Array.from(
      { length: 20 },
      (_, i) => `(func $f${i} (local ${'i64 '.repeat(7_000)}) call $f${i + 1})`,
    )
    expect(() => guard(kernel('call $f0 i32.const 0', `${chain.join('')} (func $f20)`))).toThrow(
      /bytes of call stack, 1048576 are allowed/,
    )
  })
})

describe('NaNs', () => {
  const zero = '(f64.const 0)'
  const odd64 = '(f64.neg (f64.div (f64.const 0) (f64.const 0)))'
  const odd32 = '(f32.neg (f32.div (f32.const 0) (f32.const 0)))'
  const canonical64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]
  const canonical32 = [0, 0, 0xc0, 0x7f]
  const doors: Record<string, [string, number[]]> = {
    'f64.store': [`(f64.store (i32.const 0) ${odd64})`, canonical64],
    'f32.store': [`(f32.store (i32.const 0) ${odd32})`, canonical32],
    'i64.reinterpret_f64': [
      `(i64.store (i32.const 0) (i64.reinterpret_f64 ${odd64}))`,
      canonical64,
    ],
    'i32.reinterpret_f32': [
      `(i32.store (i32.const 0) (i32.reinterpret_f32 ${odd32}))`,
      canonical32,
    ],
    'a local': [
      `(local f64) (local.set 0 ${odd64}) (f64.store (i32.const 0) (local.get 0))`,
      canonical64,
    ],
    'a select': [`(f64.store (i32.const 0) (select ${odd64} ${zero} (i32.const 1)))`, canonical64],
    'the sign that copysign takes': [
      `(f64.store (i32.const 0) (f64.copysign (f64.const 1) ${odd64}))`,
      [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    ],
    'a splat': [
      `(v128.store (i32.const 0) (f64x2.splat ${odd64}))`,
      [...canonical64, ...canonical64],
    ],
    'a lane': [
      `(v128.store (i32.const 0) (f32x4.replace_lane 0 (v128.const i32x4 0 0 0 0) ${odd32}))`,
      [...canonical32, 0],
    ],
    'lanes of a quotient': [
      `(v128.store (i32.const 0) (f64x2.div (v128.const f64x2 0 -0) (v128.const f64x2 0 0)))`,
      [...canonical64, ...canonical64],
    ],
    'the stack, from below a constant that goes elsewhere': [
      `(local f64 i64) ${odd64} (f64.const 1) (local.set 0) i64.reinterpret_f64 (local.set 1)
       (i64.store (i32.const 0) (local.get 1))`,
      canonical64,
    ],
  }
  test.each(Object.entries(doors))('are canonical when they come out by %s', (_, [body, bytes]) => {
    const { end, memory } = run(kernel(`${body} i32.const 0`))
    expect(end).toBe(0)
    expect([...memory.subarray(0, bytes.length)]).toEqual(bytes)
  })

  test('that are copied from memory to memory as floats keep their bits', () => {
    const { memory } = run(
      kernel(
        '(f64.store (i32.const 8) (f64.load (i32.const 0))) i32.const 0',
        '(data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\f7\\ff")',
      ),
    )
    expect([...memory.subarray(8, 16)]).toEqual([1, 2, 3, 4, 5, 6, 0xf7, 0xff])
  })
})

describe('code that is never reached', () => {
  const bodies = {
    'after an unreachable': '(block (result i32) unreachable i32.add drop)',
    'after a return': 'i32.const 0 return (loop br 0)',
    'in both arms': '(if (result i32) (i32.const 1) (then i32.const 0 return) (else unreachable))',
    'with blocks in it':
      '(block unreachable (block (loop (if (i32.const 0) (then nop) (else nop))))) i32.const 0',
    'after a table of branches': '(block (br_table 0 0 (i32.const 0)) (block)) i32.const 0',
    'behind a loop that never ends': '(block (loop (br 1))) i32.const 0',
  }
  test.each(Object.entries(bodies))('is left out, and the rest is still valid: %s', (_, body) => {
    const module = kernel(body)
    expect(WebAssembly.validate(new Uint8Array(module))).toBe(true)
    expect(WebAssembly.validate(new Uint8Array(guard(module).module))).toBe(true)
  })
})
