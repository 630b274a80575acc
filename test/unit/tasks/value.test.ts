import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeValue, encodeValue, ValueError, valueCodecSource } from '../../../tasks/value.js'

/** Every value that crosses the grid, a `$` among the keys often enough. */
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, undefined, true, false, Number.NaN, -0, 1 / 0, -1 / 0),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom('$', 'v', '__proto__'), fc.string()), tie('any'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).any

interface Codec {
  encode(value: unknown): string
  decode(text: string): unknown
}
// What QuickJS runs, here on this engine; test/integration/executor runs it in QuickJS.
const kernelCodec = new Function(`return ${valueCodecSource}()`)() as Codec

describe('value codec', () => {
  test('gives back what went in', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeValue(encodeValue(value))).toEqual(value)
      }),
    )
  })

  test("the kernel's side writes the same bytes and reads them alike", () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = new TextDecoder().decode(encodeValue(value))
        expect(kernelCodec.encode(value)).toBe(text)
        expect(kernelCodec.decode(text)).toEqual(value)
      }),
    )
  })

  test('a key "__proto__" stays a key', () => {
    const value = JSON.parse('{"__proto__": {"admin": true}}') as object
    const back = decodeValue(encodeValue(value)) as { admin?: boolean }
    expect(Object.keys(back)).toEqual(['__proto__'])
    expect(back.admin).toBeUndefined()
  })

  test.each([
    ['a function', [1, { f: () => 1 }], '[1].f is a function, which cannot be sent'],
    ['a symbol', { s: Symbol('x') }, 's is a symbol, which cannot be sent'],
    ['a map', { deep: [new Map()] }, 'deep[0] is a Map, which cannot be sent'],
    ['a date', new Date(0), 'the value is a Date, which cannot be sent'],
  ])('%s is refused by its path', (_what, value, message) => {
    expect(() => encodeValue(value)).toThrow(new ValueError('', '').constructor as typeof Error)
    expect(() => encodeValue(value)).toThrow(message)
  })

  test('a cycle is refused as nested too deep', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => encodeValue(cycle)).toThrow(/nested deeper than 200 levels/)
  })
})

const textOf = (value: unknown) => new TextDecoder().decode(encodeValue(value))
const bytesOf = (text: string) => new TextEncoder().encode(text)
const copyOf = (value: unknown) => decodeValue(encodeValue(value))

function faultOf(value: unknown): ValueError {
  try {
    encodeValue(value)
  } catch (error) {
    if (error instanceof ValueError) return error
    throw error
  }
  throw new Error('it was sent')
}

describe('a value', () => {
  test('keeps the numbers that JSON lacks', () => {
    for (const number of [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, 2 ** 53])
      expect(Object.is(copyOf(number), number)).toBe(true)
  })

  test('keeps half of a surrogate pair', () => {
    expect(copyOf('a\ud800')).toBe('a\ud800')
    expect(copyOf({ '\udc00': 1 })).toEqual({ '\udc00': 1 })
  })

  test('has the order of its keys, and fills holes', () => {
    expect(textOf({ b: 1, a: 2 })).toBe('{"b":1,"a":2}')
    // biome-ignore lint/suspicious/noSparseArray: the hole is the subject
    expect(textOf([1, , 3])).toBe('[1,{"$":"u"},3]')
  })

  test('may have keys that mean something to the codec or to the language', () => {
    const odd = JSON.parse(
      '{"$":"u","v":1,"__proto__":{"polluted":true},"constructor":2}',
    ) as object
    const copy = copyOf(odd) as Record<string, unknown>
    expect(Object.keys(copy)).toEqual(['$', 'v', '__proto__', 'constructor'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(copy.polluted).toBeUndefined()
    expect(kernelCodec.encode(odd)).toBe(textOf(odd))
  })

  test('may come from another realm', () => {
    const value = runInNewContext('({ list: [1, new Uint8Array([1, 2])] })')
    expect(copyOf(value)).toEqual({ list: [1, Uint8Array.of(1, 2)] })
  })

  test('may be a view into a larger buffer', () => {
    expect(copyOf(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toEqual(Uint8Array.of(2, 3))
    expect(copyOf(Buffer.from([9, 8]))).toEqual(Uint8Array.of(9, 8))
  })

  test('may hold the same object twice', () => {
    const shared = { a: 1 }
    expect(copyOf([shared, shared])).toEqual([shared, shared])
    expect(kernelCodec.encode([shared, shared])).toBe(textOf([shared, shared]))
  })
})

describe('what cannot be sent', () => {
  const cycle: { a: unknown[] } = { a: [] }
  cycle.a.push(cycle)
  class Point {}
  const cases: [string, unknown, string, string][] = [
    [
      'a function',
      { a: [1, { when: () => 1 }] },
      'a[1].when',
      'is a function, which cannot be sent',
    ],
    ['a symbol', Symbol('s'), '', 'is a symbol, which cannot be sent'],
    ['a map', [new Map()], '[0]', 'is a Map, which cannot be sent'],
    ['an error', { e: new Error('x') }, 'e', 'is an Error, which cannot be sent'],
    ['a date', { e: new Date(0) }, 'e', 'is a Date, which cannot be sent'],
    ['an instance', new Point(), '', 'is a Point, which cannot be sent'],
    ['other typed arrays', new Float64Array(1), '', 'is a Float64Array, which cannot be sent'],
    [
      'what only looks like bytes',
      Object.create(Uint8Array.prototype),
      '',
      'is a Uint8Array, which cannot be sent',
    ],
    ['a cycle', cycle, 'a[0]', 'contains itself, so it is nested deeper than 200 levels'],
  ]
  test.each(cases)('%s is named with its place', (_, value, path, reason) => {
    expect(faultOf(value)).toMatchObject({ path, reason, name: 'ValueError' })
    let thrown: unknown
    try {
      kernelCodec.encode(value)
    } catch (fault) {
      thrown = fault
    }
    expect(thrown).toEqual({ unsendable: true, path, reason })
  })

  test('is anything below 200 levels', () => {
    const nest = (levels: number) => {
      let value: unknown = 1
      for (let i = 0; i < levels; i++) value = [value]
      return value
    }
    expect(copyOf(nest(200))).toEqual(nest(200))
    expect(kernelCodec.encode(nest(200))).toBe(textOf(nest(200)))
    expect(faultOf(nest(201)).reason).toBe('is nested deeper than 200 levels')
    expect(() => kernelCodec.encode(nest(201))).toThrow()
  })
})

describe('bytes that no value has', () => {
  const malformed = [
    '',
    '{',
    '\ufeff1',
    '{"$":"z"}',
    '{"$":5}',
    '{"$":"x","v":"!!!!"}',
    '{"$":"x"}',
    '{"$":"b","v":"1.5"}',
    '{"$":"o","v":5}',
    '{"$":"o","v":[5]}',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  ]
  test.each(malformed.map((text) => [text.slice(0, 30), text]))(
    '%s is a SyntaxError',
    (_, text) => {
      expect(() => decodeValue(bytesOf(text))).toThrow(SyntaxError)
    },
  )

  test('are never anything but a SyntaxError', () => {
    expect(() => decodeValue(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(SyntaxError)
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('u', 'n', 'b', 'x', 'o', 'q'), (json, tag) => {
        try {
          decodeValue(bytesOf(`{"$":"${tag}","v":${json}}`))
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
    )
  })
})
