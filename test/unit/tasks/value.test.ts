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
