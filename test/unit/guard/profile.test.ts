/** What the guard lets in, and what it says of the rest. */
import { describe, expect, test } from '@jest/globals'
import { ModuleFault } from '../../../coordinator-free-node/guard/guard.js'
import { assemble, binary, guard, kernel, run } from './wat.js'

function faultOf(module: Uint8Array): ModuleFault {
  try {
    guard(module)
  } catch (error) {
    if (error instanceof ModuleFault) return error
    throw error
  }
  throw new Error('the guard let it in')
}

const empty = '(func (export "run") (result i32) i32.const 0)'
const page = '(memory (export "memory") 1)'

describe('the profile', () => {
  const inside = {
    'sign extension': 'i32.const 200 i32.extend8_s',
    'saturating truncation': 'f64.const 1e99 i32.trunc_sat_f64_s',
    'several results': '(block (result i32 i32) i32.const 1 i32.const 2) i32.add',
    'blocks that take values': 'i32.const 1 (block (param i32) (result i32) i32.const 2 i32.add)',
    'bulk memory': '(memory.copy (i32.const 0) (i32.const 8) (i32.const 8)) i32.const 0',
    'integer SIMD':
      '(i32x4.extract_lane 0 (i32x4.add (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)))',
    'float SIMD':
      '(i32x4.extract_lane 0 (f32x4.mul (v128.const f32x4 1 2 3 4) (v128.const f32x4 1 2 3 4)))',
    'null references': '(ref.is_null (ref.null func))',
  }
  test.each(Object.entries(inside))('has %s', (_, body) => {
    expect(WebAssembly.validate(new Uint8Array(guard(kernel(body)).module))).toBe(true)
  })

  const outside: Record<string, [Uint8Array, RegExp]> = {
    'tail calls': [kernel('return_call $run'), /tail calls are not offered/],
    exceptions: [kernel('throw $t', '(tag $t)'), /exceptions are not offered/],
    'shared memories': [
      assemble(`(module (memory (export "memory") 1 2 shared) ${empty})`),
      /shared memories are not offered/,
    ],
    atomics: [kernel('(i32.atomic.load (i32.const 0))'), /threads and atomics are not offered/],
    '64-bit memories': [
      assemble(`(module (memory (export "memory") i64 1) ${empty})`),
      /64-bit memories are not offered/,
    ],
    'several memories': [
      assemble(`(module ${page} (memory 1) ${empty})`),
      /several memories are not offered/,
    ],
    'computed constants': [
      kernel('i32.const 0', '(global i32 (i32.add (i32.const 1) (i32.const 2)))'),
      /computed constants are not offered/,
    ],
    'relaxed SIMD': [
      kernel(
        '(i32x4.extract_lane 0 (i8x16.relaxed_swizzle (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)))',
      ),
      /relaxed SIMD is not offered/,
    ],
  }
  test.each(Object.entries(outside))('leaves %s out, and names the byte', (_, [module, words]) => {
    const { reason, offset, message } = faultOf(module)
    expect(reason).toMatch(words)
    expect(offset).toBeGreaterThan(7)
    expect(offset).toBeLessThan(module.length)
    expect(message).toBe(`${reason}, at byte ${offset}`)
  })
})

describe('a malformed module', () => {
  const faults: Record<string, [Uint8Array, RegExp]> = {
    'no bytes': [new Uint8Array(), /does not begin/],
    'another file': [new TextEncoder().encode('#!/bin/sh\n'), /does not begin/],
    'a component': [Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0), /a component, perhaps/],
    'the head alone': [
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      /does not export its memory/,
    ],
    'operands of the wrong type': [
      kernel('i32.const 1 f32.const 2 i32.add'),
      /expected i32, found f32/,
    ],
    'a missing operand': [kernel('i32.add'), /an operand is missing/],
    'operands left over': [kernel('i32.const 1 i32.const 2'), /operands are left over/],
    'a branch to nowhere': [kernel('br 7'), /there is no block 7 outwards/],
    'a function that does not exist': [kernel('call 99'), /there is no function 99/],
    'an alignment beyond nature': [kernel('(i32.load align=8 (i32.const 0))'), /alignment larger/],
  }
  test.each(Object.entries(faults))('is refused: %s', (_, [module, words]) => {
    expect(faultOf(module).reason).toMatch(words)
  })

  test('is refused wherever it is cut off', () => {
    const module = kernel(
      '(call_indirect (type $t) (i32.const 0))',
      '(type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) $run)',
    )
    expect(guard(module).module.length).toBeGreaterThan(module.length)
    for (let end = 0; end < module.length; end++) faultOf(module.slice(0, end))
  })
})

describe('a number that is longer than it has to be', () => {
  test.each([
    ['of a select', [0, 0x41, 3, 0x41, 5, 0x41, 1, 0x1c, 0x81, 0x80, 0x80, 0x80, 0, 0x7f, 0x0b]],
    ['of a constant', [0, 0x41, 0x83, 0x80, 0x80, 0x80, 0, 0x0b]],
    ['of a block', [0, 0x02, 0x80, 0x80, 0x80, 0x80, 0, 0x41, 3, 0x0b, 0x0b]],
    ['of a local', [1, 0x81, 0, 0x7f, 0x41, 3, 0x22, 0x80, 0x80, 0, 0x0b]],
    ['in dead code', [0, 0x41, 3, 0x0f, 0x1c, 0x81, 0x80, 0x80, 0x80, 0, 0x7f, 0x0b]],
  ])('is read as the engine reads it: %s', (_, body) => {
    expect(run(binary([body])).end).toBe(3)
  })
})

describe('imports and exports', () => {
  test('of the grid and of WASI come in with their types', () => {
    const module = assemble(`(module
      (import "grid" "random" (func (param i32 i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      ${page} (func (export "_start")))`)
    expect(guard(module).shape).toBe('command')
  })

  const refused: Record<string, [string, RegExp]> = {
    'of another module': [
      '(import "env" "abort" (func))',
      /imports env\.abort, which the grid does not offer/,
    ],
    'of a name on the prototype': [
      '(import "grid" "constructor" (func))',
      /imports grid\.constructor/,
    ],
    'of a memory': ['(import "grid" "memory" (memory 1))', /imports the memory grid\.memory/],
    'of another type': [
      '(import "grid" "random" (func (param i64 i32)))',
      /grid\.random with another type than \(i32, i32\)/,
    ],
  }
  test.each(Object.entries(refused))('%s are refused', (_, [text, words]) => {
    expect(
      faultOf(assemble(`(module ${text} (func (export "run") (result i32) i32.const 0))`)).reason,
    ).toMatch(words)
  })

  test('with names of any kind are told in one line', () => {
    const text = `(module (import "a\\0a\\e2\\80\\a8b" "${'c'.repeat(500)}" (func)))`
    const { reason } = faultOf(assemble(text))
    expect(reason).toMatch(
      /^the module imports a {2}b\.c{60}\.\.\., which the grid does not offer$/,
    )
  })

  test('that no task needs are taken away', () => {
    const { module } = guard(
      kernel('i32.const 0', '(func (export "other")) (global (export "g") i32 (i32.const 1))'),
    )
    const names = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(module)))
    expect(names.map(({ name }) => name)).toEqual(['memory', 'run', 'guard:fuel', 'guard:stack'])
  })

  test('a function that only an export declared can still be referred to', () => {
    const module = kernel('(ref.is_null (ref.func $other))', '(func $other (export "other"))')
    expect(WebAssembly.validate(new Uint8Array(guard(module).module))).toBe(true)
  })

  test('a run of another type is refused', () => {
    expect(faultOf(assemble(`(module ${page} (func (export "run")))`)).reason).toMatch(
      /"run" has to take nothing and give one i32/,
    )
  })
})

describe('memory and tables', () => {
  test('get the maximum of the task', () => {
    const { module, memoryBytes } = guard(kernel('i32.const 0'), { memoryBytesMax: 10 * 65_536 })
    expect(memoryBytes).toEqual({ least: 65_536, most: 655_360 })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)))
    const memory = exports.memory as WebAssembly.Memory
    expect(memory.grow(9)).toBe(1)
    expect(() => memory.grow(1)).toThrow(RangeError)
  })

  test('keep a maximum of their own that is smaller', () => {
    const module = assemble(`(module (memory (export "memory") 1 3) ${empty})`)
    expect(guard(module).memoryBytes.most).toBe(3 * 65_536)
  })

  test('that begin larger are refused', () => {
    const module = assemble(`(module (memory (export "memory") 1000) ${empty})`)
    expect(faultOf(module).reason).toBe(
      'the module begins with 65536000 bytes of memory, its task allows 16777216',
    )
    const table = assemble(`(module ${page} (table 200000 funcref) ${empty})`)
    expect(faultOf(table).reason).toBe('a table begins with 200000 elements, 100000 are allowed')
  })
})

describe('a module that would be slow to compile', () => {
  test('with many branches among many locals is refused', () => {
    const locals = '(local '.concat('i32 '.repeat(5_000), ')')
    const targets = '0 '.repeat(60_000)
    expect(
      faultOf(kernel(`${locals} (block (br_table ${targets} (i32.const 0))) i32.const 0`)).reason,
    ).toMatch(/too many branches between too many locals/)
  })

  test('with many operands at every branch or call is refused', () => {
    const list = 'i32 '.repeat(250)
    const many = `(func $many (param ${list}) (result ${list}) unreachable)`
    const calls = 'call $many '.repeat(40_000)
    expect(
      faultOf(kernel(`${'i32.const 0 '.repeat(250)} ${calls} unreachable`, many)).reason,
    ).toMatch(/too many branches between too many locals/)
  })

  test('with many locals in many functions is refused before they are all looked at', () => {
    const locals = [1, 0xc0, 0x3e, 0x7f]
    const module = binary(Array.from({ length: 20_000 }, () => [...locals, 0x41, 0, 0x0b]))
    const { reason, offset } = faultOf(module)
    expect(reason).toMatch(/too many locals in too many functions/)
    expect(offset).toBeLessThan(module.length - 10_000)
  })

  test('with more operands than a stack should hold is refused where it has them', () => {
    const many = `(func $many (result ${'i32 '.repeat(250)}) unreachable)`
    const module = kernel(`${'call $many '.repeat(100_000)} unreachable`, many)
    const { reason, offset } = faultOf(module)
    expect(reason).toBe('a function whose operands need more than 1048576 bytes of call stack')
    expect(offset).toBeLessThan(10_000)
  })

  test('with more locals than a stack should hold is refused', () => {
    expect(faultOf(kernel(`(local ${'i32 '.repeat(8_001)}) i32.const 0`)).reason).toMatch(
      /more than 8000 locals/,
    )
  })

  test('with loops in loops in loops is refused', () => {
    expect(
      faultOf(kernel(`${'(loop '.repeat(101)} ${')'.repeat(101)} i32.const 0`)).reason,
    ).toMatch(/more than 100 loops inside each other/)
  })

  test('a chain of calls that doubles the work each time is charged for all of it', () => {
    const chain = Array.from(
      { length: 40 },
      (_, i) => `(func $f${i} call $f${i + 1} call $f${i + 1})`,
    )
    const module = kernel('call $f0 i32.const 0', `${chain.join('')} (func $f40)`)
    expect(guard(module).functions).toBe(42)
  })
})
