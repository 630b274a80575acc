import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { loadJsEngine } from '../../../../coordinator-free-node/shell/executor/js-engine.js'
import {
  createJsRuntime,
  type JsRequest,
  type JsRuntime,
} from '../../../../coordinator-free-node/shell/executor/js-runtime.js'
import { seededStream } from '../../../../coordinator-free-node/shell/executor/seeded-stream.js'
import { mapProgram } from '../../../../sdk/kernel-bundle.js'
import { kernelSource } from '../../../../sdk/kernel-source.js'
import { decodeValue, encodeValue } from '../../../../tasks/value.js'

const MIB = 2 ** 20
let runtime: JsRuntime
beforeAll(async () => {
  runtime = createJsRuntime(await loadJsEngine())
})

function run(source: string, more: Partial<JsRequest> = {}, used = runtime) {
  return used.run({
    source,
    inputs: 'list',
    input: encodeValue(null),
    params: new Uint8Array(),
    random: seededStream(new Uint8Array(32), 0),
    memoryBytesMax: 16 * MIB,
    outputBytesMax: MIB,
    ...more,
  })
}

async function resultOf(source: string, more: Partial<JsRequest> = {}) {
  const outcome = await run(source, more)
  if (outcome.kind === 'abort') throw new Error(`${outcome.reason}: ${outcome.message}`)
  if (outcome.kind === 'trap') throw new Error(new TextDecoder().decode(outcome.output))
  return decodeValue(outcome.output)
}

async function trapOf(source: string, more: Partial<JsRequest> = {}) {
  const outcome = await run(source, more)
  if (outcome.kind !== 'trap') throw new Error(`no trap but ${JSON.stringify(outcome)}`)
  return new TextDecoder().decode(outcome.output)
}

function rangeInput(start: bigint, end: bigint) {
  const input = new Uint8Array(16)
  const view = new DataView(input.buffer)
  view.setBigInt64(0, start, true)
  view.setBigInt64(8, end, true)
  return input
}

describe('a JavaScript kernel', () => {
  test('gets its range, and no input', async () => {
    const input = rangeInput(-3n, 2n ** 40n)
    const source = '(unit) => ({ value: [unit.range, "input" in unit, "params" in unit] })'
    const value = await resultOf(source, { inputs: 'range', input })
    expect(value).toEqual([{ start: -3, end: 2 ** 40 }, false, false])
  })

  test('gets its input and parameters decoded', async () => {
    const input = encodeValue({ a: [1n, Uint8Array.of(1, 2, 3, 4)], $: -0 })
    const params = encodeValue({ step: Number.NaN })
    const value = await resultOf('({ input, params }) => ({ value: { input, params } })', {
      input,
      params,
    })
    expect(value).toEqual({ input: decodeValue(input), params: { step: Number.NaN } })
  })

  test('gives back the bytes that the codec of the other side gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withSparseArray: false, withNullPrototype: false }),
        fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
        fc.uint8Array({ maxLength: 50 }),
        fc.double(),
        async (anything, text, bytes, number) => {
          const input = encodeValue([anything, text, bytes, number])
          const outcome = await run('({ input }) => ({ value: input })', { input })
          expect(outcome.kind).toBe('done')
          if (outcome.kind === 'done') expect(outcome.output).toEqual(input)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('reports a hit', async () => {
    expect(await run('() => ({ hit: true, value: 7 })')).toMatchObject({ kind: 'hit' })
    expect(await run('() => ({ hit: false, value: 7 })')).toMatchObject({ kind: 'done' })
  })

  test('may return undefined as its value', async () => {
    expect(await resultOf('() => ({ value: undefined })')).toBeUndefined()
  })

  test('leaves nothing to the next unit', async () => {
    await resultOf('() => { globalThis.left = 1; Array.prototype.left = 1; return { value: 1 } }')
    expect(await resultOf('() => ({ value: [typeof left, [].left] })')).toEqual([
      'undefined',
      undefined,
    ])
  })
})

describe('every host', () => {
  const draws = '() => ({ value: [Math.random(), Math.random(), Math.random()] })'

  test('draws the same random numbers for a unit, others for another', async () => {
    const drawn = (unit: number) =>
      resultOf(draws, { random: seededStream(new Uint8Array(32), unit) }) as Promise<number[]>
    const first = await drawn(0)
    expect(await drawn(0)).toEqual(first)
    expect(await drawn(1)).not.toEqual(first)
    for (const number of first) expect(number >= 0 && number < 1).toBe(true)
    expect(new Set(first).size).toBe(3)
  })

  test('counts the same fuel, and more for more work', async () => {
    const work = (count: number) =>
      run(`() => { let s = 0; for (let i = 0; i < ${count}; i++) s += i; return { value: s } }`)
    const [one, same, more] = [await work(200_000), await work(200_000), await work(400_000)]
    if (one.kind === 'abort' || more.kind === 'abort') throw new Error('aborted')
    expect(one.fuel).toBeGreaterThan(1_000_000)
    expect(one.fuel % 1_000_000).toBe(0)
    expect(same).toEqual(one)
    expect(more.fuel).toBeGreaterThan(one.fuel)
  })

  test('ends a unit at the same place when it needs more fuel than its task allows', async () => {
    const out = { kind: 'trap', output: new TextEncoder().encode('out of fuel') }
    const forever = '() => { for (;;); }'
    expect(await run(forever, { fuelMax: 9_500_000 })).toEqual({ ...out, fuel: 9_500_000 })
    const caught = '() => { for (;;) try { for (;;); } catch {} finally { for (;;); } }'
    expect(await run(caught, { fuelMax: 5e6 })).toEqual({ ...out, fuel: 5e6 })
    // Its report would never end either.
    const thrown = '() => { throw { get name() { for (;;); } } }'
    expect(await run(thrown, { fuelMax: 5e6 })).toEqual({ ...out, fuel: 5e6 })
    const outside = 'for (;;); () => ({ value: 1 })'
    expect(await run(outside, { fuelMax: 5e6 })).toEqual({ ...out, fuel: 5e6 })
    expect(await run('() => ({ value: 1 })', { fuelMax: 999_999 })).toEqual({
      ...out,
      fuel: 999_999,
    })
    expect(await run('() => ({ value: 1 })', { fuelMax: 1e6 })).toMatchObject({ fuel: 1e6 })
  })

  test('explains what a unit does not have', async () => {
    expect(await trapOf('() => ({ value: Date.now() })')).toBe(
      'ReferenceError: Date is not available: units have no clock\n' +
        '    at kernel.js:1:17: () => ({ value: Date.now() })',
    )
    expect(await trapOf('() => { console.log(1) }')).toContain('console is not available: nobody')
  })

  test('counts lines and columns from the function that map was given', async () => {
    const oneLine = mapProgram(kernelSource((n: { x: { y: 1 } }) => n.x.y, 'kernel'))
    const input = encodeValue({ first: 0, items: [{}] })
    expect(await trapOf(oneLine, { input })).toMatch(
      /\n {4}at kernel\.js:1:\d\d: \(\(n\) ?=> ?n\.x\.y$/,
    )
    const source = new Function('return (n) => {\n  const y = 1\n  return n.x.y + y\n}')()
    expect(await trapOf(mapProgram(kernelSource(source, 'kernel')), { input })).toMatch(
      /\n {4}at kernel\.js:3:\d\d: return n\.x\.y \+ y$/,
    )
  })

  test('shows the part of a long line that the fault is in', async () => {
    const line = `() => { ${'let a = 1; { '.repeat(30)} null.x; ${'}'.repeat(30)} }`
    expect(await trapOf(line)).toMatch(
      /^TypeError: .*\n {4}at kernel\.js:1:404: \.\.\..* null\.x; \}+ \}$/,
    )
  })

  test('hides its clock and its language', async () => {
    const names = [
      'Date',
      'performance',
      'Intl',
      'console',
      'WeakRef',
      'FinalizationRegistry',
      'SharedArrayBuffer',
      'Atomics',
      'process',
      'require',
    ]
    const source = `() => ({ value: ${JSON.stringify(names)}.filter((name) => name in globalThis) })`
    expect(await resultOf(source)).toEqual([])
    const shown = '() => ({ value: [(1234.5).toLocaleString("de"), 10000n.toLocaleString()] })'
    expect(await resultOf(shown)).toEqual(['1234.5', '10000'])
  })
})

describe('a trap', () => {
  const mustReturn =
    'a kernel must return an object with a value, as in { value: 1 } or { hit: true, value: 1 }'
  const synchronous = 'kernels are synchronous: no async functions and no promises'
  const cases: [string, string, string][] = [
    [
      'the place of what cannot be sent',
      '() => ({ value: { a: [1, 2, 3, () => 1] } })',
      'result.a[3] is a function, which cannot be sent',
    ],
    [
      'a list that cannot be sent',
      '() => ({ value: [new Map()] })',
      'result[0] is a Map, which cannot be sent',
    ],
    [
      'a result that cannot be sent',
      '() => ({ value: Symbol() })',
      'result is a symbol, which cannot be sent',
    ],
    ['a result without a value', '() => ({ hit: true })', mustReturn],
    ['no result', '() => {}', mustReturn],
    ['a bare number', '() => 5', mustReturn],
    ['an async kernel', 'async () => ({ value: 1 })', synchronous],
    ['a promise as the value', '() => ({ value: Promise.resolve(1) })', synchronous],
    [
      'a source without a function',
      'function f() {}',
      'the source of a kernel must evaluate to a function, not to undefined',
    ],
    [
      'an error and its line',
      '() => {\n  throw new RangeError("too far")\n}',
      'RangeError: too far\n    at kernel.js:2:23: throw new RangeError("too far")',
    ],
    [
      'the line inside a nested call',
      'const f = () => {\n null.x }\n;() => [1].map(f)',
      "TypeError: cannot read property 'x' of null\n    at kernel.js:2:6: null.x }",
    ],
    [
      'a fault outside the function',
      '\n\nmissing()',
      "ReferenceError: 'missing' is not defined\n    at kernel.js:3:1: missing()",
    ],
    [
      'a fault of a getter',
      '() => ({ get value() { throw new Error("no") } })',
      'Error: no\n    at kernel.js:1:39: () => ({ get value() { throw new Error("no") } })',
    ],
    ['a thrown text', '() => { throw "a\\0b" }', 'threw a\0b'],
    ['thrown undefined', '() => { throw undefined }', 'threw undefined'],
    [
      'a thrown object',
      '() => { throw { toJSON() { throw 1 } } }',
      'threw an object that is no error',
    ],
    [
      'a thrown trick',
      '() => { throw new Proxy({}, { get() { throw 1 } }) }',
      'threw an object that cannot be read',
    ],
    [
      'a full stack',
      '() => { const f = () => f() + 1; f() }',
      'InternalError: stack overflow\n    at kernel.js:1:26: () => { const f = () => f() + 1; f() }',
    ],
  ]
  test.each(cases)('tells of %s', async (_, source, text) => {
    expect(await trapOf(source)).toBe(text)
  })

  test('tells of a source that is no JavaScript, modules included', async () => {
    expect(await trapOf('let a =\n;')).toMatch(/^SyntaxError: .*\n {4}at kernel\.js:2:1: ;$/)
    expect(await trapOf('export default 5')).toMatch(/^SyntaxError: /)
  })

  test('counts the bytes of a result that is too large', async () => {
    const text = await trapOf('() => ({ value: "é".repeat(100) })', { outputBytesMax: 100 })
    expect(text).toBe('the result has 202 bytes, at most 100 are allowed')
  })

  test('has an end, whatever the kernel throws', async () => {
    const text = await trapOf('() => { throw new Error("x".repeat(1e6)) }')
    expect(text.length).toBeLessThan(700)
    expect(text).toMatch(/x\.\.\.\n {4}at kernel\.js:1:24: .*\}$/)
    expect((await trapOf('() => ({ value: { ["k".repeat(1e6)]: () => 1 } })')).length).toBeLessThan(
      600,
    )
  })

  test('of a deep place still says what is wrong there', async () => {
    const deep =
      '() => { let v = 1; for (let i = 0; i < 201; i++) v = { child: v }; return { value: v } }'
    expect(await trapOf(deep)).toMatch(/^result\.child\..*\.\.\. is nested deeper than 200 levels$/)
  })

  test('is a fault of the input that does not decode', async () => {
    expect(await trapOf('() => ({ value: 1 })', { input: Uint8Array.of(0xff) })).toMatch(
      /^SyntaxError: /,
    )
  })
})

describe('a kernel that changes the built-ins', () => {
  test('changes nothing for the codec', async () => {
    const source = `() => {
      JSON.stringify = () => 1
      Object.keys = () => []
      Object.defineProperty(Array.prototype, 0, { set() {} })
      Object.defineProperty(Uint8Array, Symbol.hasInstance, { value: () => true })
      String.prototype.charAt = Function.prototype.call = Array.prototype.join = undefined
      Object.prototype.get = () => 1
      return { value: { a: [1, new Uint8Array(4)], b: 'x', $: 1 } }
    }`
    expect(await resultOf(source)).toEqual({ a: [1, new Uint8Array(4)], b: 'x', $: 1 })
  })

  test('changes nothing for the report of its faults', async () => {
    const source = '() => { JSON.stringify = String = null; String.prototype.slice = 0; null.x }'
    expect(await trapOf(source)).toMatch(/^TypeError: /)
  })
})

describe('memory', () => {
  const abort = { kind: 'abort', reason: 'memory' }

  // A heap full to the last byte leaves no room for an error: that was a vote, and must not be.
  const hungry = [
    '() => { globalThis.a = []; for (;;) a.push({ x: a.length }) }',
    'var l; () => { for (;;) l = { l } }',
    '() => { const a = []; for (;;) a.push(new Array(1000).fill(1)) }',
    '() => { const a = []; for (;;) a.push(new Uint8Array(1 << 16)) }',
    '() => ({ value: new Uint8Array(1e9) })',
    '() => ({ value: "x".repeat(1e9) })',
  ]
  test.each(hungry)('beyond the limit is an abort, and the next unit runs: %s', async (source) => {
    expect(await run(source)).toMatchObject(abort)
    expect(await resultOf('() => ({ value: 1 })')).toBe(1)
  })

  test('has room left when a kernel throws null', async () => {
    const memoryBytesMax = 64 * MIB
    expect(await trapOf('() => { throw null }', { memoryBytesMax })).toBe('threw null')
  })

  // Whose stack ends first depends on the thread: the engine's is a trap, the host's an abort.
  test('of the stack may end in deep source, and the next unit runs', async () => {
    const outcome = await run(`() => ${'['.repeat(20_000)}`)
    if (outcome.kind === 'abort') expect(outcome).toMatchObject(abort)
    else expect(new TextDecoder().decode(outcome.output)).toMatch(/^SyntaxError: stack overflow/)
    expect(await resultOf('() => ({ value: 1 })')).toBe(1)
  })

  test('has a hard end for many small pieces, not far beyond the limit', async () => {
    const held = `() => {
      const all = []
      try { for (;;) all.push(new Uint8Array(65536)) } catch { const { length } = all; all.length = 0; return { value: length } }
    }`
    const bytes = ((await resultOf(held)) as number) * 65_536
    expect(bytes).toBeGreaterThan(16 * MIB)
    expect(bytes).toBeLessThan(16 * MIB + 12 * MIB)
  })

  test('has room for the engine itself under the smallest limit', async () => {
    const memoryBytesMax = 65_536
    expect(
      await resultOf('() => ({ value: [..."abc"].map((c) => c + 1) })', { memoryBytesMax }),
    ).toEqual(['a1', 'b1', 'c1'])
    expect(
      await run('() => ({ value: new Uint8Array(1 << 20).length })', { memoryBytesMax }),
    ).toMatchObject(abort)
    expect(await resultOf('() => ({ value: new Uint8Array(4e6).length })')).toBe(4e6)
  })

  // It ended the thread: the engine cannot address more than 2 GiB.
  test('may be as large as a task can ask for', async () => {
    expect(await resultOf('() => ({ value: 1 })', { memoryBytesMax: 2 ** 31 })).toBe(1)
  })
})

describe('a fault of the caller', () => {
  test('is a crash, never an exception', async () => {
    const crash = { kind: 'abort', reason: 'crash' }
    const source = '() => ({ value: 1 })'
    expect(await run(source, { inputs: 'range', input: new Uint8Array(3) })).toMatchObject(crash)
    const random = () => {
      throw new Error('no seed')
    }
    expect(await run(source, { random })).toMatchObject({ ...crash, message: 'no seed' })
    expect(await run(source, { memoryBytesMax: -1e9 })).toMatchObject({ kind: 'abort' })
  })
})

/** One kernel that behaves as its input says: units of one kernel may run in one engine. */
const ways = `({ input }) => {
  const before = [typeof left, [1, 2].map((x) => -x), Math.sin(1), Math.random(), Object.keys({}).length]
  switch (input) {
    case 'leave': globalThis.left = 'x'.repeat(1e5); break
    case 'spoil': Array.prototype.map = () => 'spoilt'; Math.sin = () => 2; Math.random = () => 3; break
    case 'count': for (let i = 0; i < 123_456; i++); break
    case 'dive': { const deep = () => deep(); try { deep() } catch {} break }
    case 'fill': { const all = []; try { for (;;) all.push(new Uint8Array(1 << 16)) } catch {} break }
    case 'hoard': { const all = []; for (;;) all.push({ all }) }
    case 'throw': throw new RangeError('thrown')
    case 'spin': for (;;);
    case 'undefined': return
  }
  return { hit: input === 'hit', value: before }
}`
const inputs = 'leave spoil count dive fill hoard throw spin undefined hit'.split(' ')

test('a unit ends the same, in result and fuel, whatever units of its kernel ran before', async () => {
  const engine = await loadJsEngine()
  const outcomeOf = (used: JsRuntime, input: string) =>
    run(ways, { input: encodeValue(input), fuelMax: 2e7, memoryBytesMax: 4 * MIB }, used)
  const alone = new Map<string, unknown>()
  for (const input of inputs) alone.set(input, await outcomeOf(createJsRuntime(engine), input))
  const order = fc.array(fc.constantFrom(...inputs), { minLength: 2, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(order, async (order) => {
      for (const input of order) expect(await outcomeOf(runtime, input)).toEqual(alone.get(input))
    }),
    { numRuns: 25 },
  )
})

test('units leave no memory behind', async () => {
  // Warm: what the engine's first instances keep is no leak.
  for (let i = 0; i < 50; i++) await run('() => ({ value: 1 })')
  const before = process.memoryUsage().rss
  for (let i = 0; i < 400; i++) {
    const { kind } = await run('() => ({ value: new Uint8Array(1e6).length })')
    expect(kind).toBe('done')
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB)
})
