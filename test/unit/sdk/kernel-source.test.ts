import { describe, expect, test } from '@jest/globals'
import { kernelSource } from '../../../sdk/kernel-source.js'

const outer = 5
const another = { deep: 1 }

/** Made from text, so that no compiler changes what is tested. */
const fn = (source: string): unknown => new Function(`return (${source}\n)`)()
const refusal = (kernel: unknown) => {
  try {
    kernelSource(kernel, 'kernel')
  } catch (error) {
    return error as { code: string; message: string; hint: string }
  }
  throw new Error('was accepted')
}
/** Runs what would travel. */
const arrived = (kernel: unknown) =>
  new Function(`'use strict'; return ${kernelSource(kernel, 'kernel').source}`)() as (
    ...args: unknown[]
  ) => unknown

describe('a function travels', () => {
  test.each([
    ['arrow', '(n) => n * 2', [3], 6],
    ['bare parameter', 'n => n * 2', [3], 6],
    ['function', 'function (n) { return n * 2 }', [3], 6],
    ['recursion by its own name', 'function f(n) { return n < 2 ? 1 : n * f(n - 1) }', [5], 120],
    ['method', '({ f(n) { return n * 2 } }).f', [3], 6],
    ['quoted method', '({ "a b"(n) { return n + 1 } })["a b"]', [3], 4],
    [
      'defaults and patterns',
      '({ a: [x = 1, ...rest], ["b"]: y = x }, z = y) => x + y + z + rest.length',
      [{ a: [2, 3, 4] }],
      8,
    ],
    ['var hoisting', '(n) => { if (n) { var hoisted = n } return hoisted }', [3], 3],
    [
      'blocks and loops',
      '(n) => { let s = 0; for (const i of [1, 2]) { s += i } for (let i = 0; i < n; i++) s += i; for (const k in { a: 1 }) s += k.length; return s }',
      [3],
      7,
    ],
    [
      'catch',
      '(n) => { try { throw new Error("x") } catch ({ message }) { return message + n } }',
      [1],
      'x1',
    ],
    [
      'labels',
      '(n) => { outer: for (;;) { for (;;) { if (n) break outer; else continue outer } } return n }',
      [1],
      1,
    ],
    [
      'switch',
      '(n) => { switch (n) { case 1: { const a = n; return a } default: let b = 2; return b } }',
      [7],
      2,
    ],
    [
      'class inside',
      '(n) => { class P { #x = n; static s = 1; get x() { return this.#x + P.s } static { this.t = 1 } } return new P().x }',
      [3],
      4,
    ],
    [
      'inner functions before they are defined',
      '(n) => { return later(n); function later(x) { return x + 1 } }',
      [3],
      4,
    ],
    ['arguments', 'function () { return arguments.length }', [1, 2], 2],
    ['keys named like variables', '(o) => ({ outer: o.another, ...o }).outer', [{ another: 4 }], 4],
    [
      'language globals',
      '(n) => Math.max(n, Number(BigInt(n)), [...new Set([n])].length, parseInt("9"))',
      [3],
      9,
    ],
    ['typeof what is not there', '(n) => typeof process === "undefined" ? n : n', [3], 3],
    ['a tagged template', '(n) => String.raw`a` + n', [3], 'a3'],
    ['names that a compiler keeps', '(n) => n', [3], 3],
    ['a trailing comment', '(n) => n // done', [3], 3],
    ['new.target', 'function () { return new.target }', [], undefined],
  ])('%s', (_name, source, args, expected) => {
    expect(arrived(fn(source))(...args)).toEqual(expected)
  })

  test('with its name', () => {
    expect(kernelSource(fn('function square(n) { return n * n }'), 'kernel').name).toBe('square')
  })

  test('though esbuild wrapped what is inside', () => {
    expect(() =>
      kernelSource(fn('(n) => { const f = __name((x) => x, "f"); return f(n) }'), 'kernel'),
    ).not.toThrow()
  })
})

describe('a captured variable', () => {
  test('is refused, all of them named with their lines', () => {
    const error = refusal((n: number) => {
      const inner = n + outer
      return inner + another.deep + outer
    })
    expect(error.code).toBe('MH_CAPTURED_VARIABLE')
    expect(error.message).toMatch(/outer \(line 2\)/)
    expect(error.message).toMatch(/another \(line 3\)/)
    expect(error.hint).toMatch(/params/)
  })

  test.each([
    ['n => m', 'm'],
    ['n => { m = n }', 'm'],
    ['n => ({ m })', 'm'],
    ['(n = m) => n', 'm'],
    ['({ [m]: n }) => n', 'm'],
    ['n => { { let m = 1 } return m }', 'm'],
    ['n => { for (let m = 0; m < 1; m++); return m }', 'm'],
    ['n => { const f = () => { var m = 1; return m }; return f() + m }', 'm'],
    ['n => { try {} catch (m) {} return m }', 'm'],
    ['n => typeof m', 'm'],
    ['n => class extends m {}', 'm'],
    ['n => m`x`', 'm'],
    ['n => this.m', 'this'],
    ['function (n) { return this.m }', 'this'],
    ['n => import("m")', 'import()'],
  ])('is found in %s', (source, name) => {
    expect(refusal(fn(source))).toMatchObject({
      code: 'MH_CAPTURED_VARIABLE',
      message: expect.stringContaining(`${name} (line 1)`),
    })
  })

  test('super in a method is one', () => {
    expect(refusal(fn('({ f(n) { return super.f(n) } }).f')).message).toContain('super')
  })

  test('is told apart when it is the function itself', () => {
    const recursive: unknown = new Function(
      'const fib = (n) => n < 2 ? n : fib(n - 1); return fib',
    )()
    expect(refusal(recursive)).toMatchObject({
      code: 'MH_CAPTURED_VARIABLE',
      hint: expect.stringContaining('function fib(item)'),
    })
  })

  test.each([
    ['Date.now()', /Date is not available.*clocks differ/],
    ['setTimeout(() => {}, 1)', /setTimeout is not available.*answers at once/],
    ['fetch("x")', /fetch is not available.*inputs/],
    ['process.env', /process is not available.*Node/],
    ['require("fs")', /require is not available/],
    ['console.log(n)', /console is not available.*result/],
    ['Buffer.from(n)', /Buffer is not available.*Uint8Array/],
    ['eval("n")', /eval is not available/],
    ['globalThis.x', /globalThis is not available/],
    ['new TextEncoder()', /TextEncoder is not available/],
    ['Promise.resolve(n)', /Promise is not available/],
  ])('as a global that the grid has not: %s', (use, message) => {
    const error = refusal(fn(`(n) => ${use}`))
    expect(error.code).toBe('MH_CAPTURED_VARIABLE')
    expect(error.message).toMatch(message)
  })
})

describe('what is no portable function', () => {
  class Point {}
  test.each([
    ['a number', 7, /a number/],
    ['null', null, /null/],
    ['an object', {}, /an object/],
    ['a class', Point, /a class/],
    ['a native function', Math.sqrt, /native function sqrt/],
    ['a bound function', ((n: number) => n).bind(null), /bound/],
    ['an async function', fn('async (n) => n'), /async/],
    ['an async method', fn('({ async f(n) { return n } }).f'), /async/],
    ['a generator', fn('function* (n) { yield n }'), /generator/],
    ['a generator method', fn('({ *f(n) { yield n } }).f'), /generator/],
    [
      'a getter',
      Object.getOwnPropertyDescriptor(fn('({ get x() { return 1 } })'), 'x')?.get,
      /stand alone/,
    ],
    ['a method of a computed name', fn('({ ["a" + "b"](n) { return n } }).ab'), /stand alone/],
  ])('%s', (_name, value, message) => {
    const error = refusal(value)
    expect(error.code).toBe('MH_NOT_A_FUNCTION')
    expect(error.message).toMatch(message)
    expect(error.hint).toBeTruthy()
  })
})
