/** Results that are too large, too deep, or no results at all; and what kernels put in their way to change them. */
import { family, outOfFuel, outOfMemory, outOfTime } from './unit.mjs'

const { units, kernel, js } = family('results')
export const results = units

const tooLarge = 'trap: the result has more than 8388608 bytes'
const unmetered = { unitFuelMax: undefined }
const roomy = { unitMemoryBytesMax: 128 * 2 ** 20 }

kernel(
  'one byte at a time',
  tooLarge,
  '(loop (call $output_write (i32.const 0) (i32.const 1)) (br 0)) i32.const 0',
  '',
  { unitFuelMax: 1e11 },
)
kernel(
  'exactly as much as is allowed',
  'done',
  `(drop (memory.grow (i32.const 127)))
   (call $output_write (i32.const 0) (i32.const 8388608)) i32.const 0`,
)
kernel(
  'one byte more than is allowed',
  tooLarge,
  `(drop (memory.grow (i32.const 127)))
   (call $output_write (i32.const 0) (i32.const 8388608))
   (call $output_write (i32.const 0) (i32.const 1)) i32.const 0`,
)
kernel(
  'as much as there is, and a trap',
  'trap: unreachable',
  `(drop (memory.grow (i32.const 127)))
   (call $output_write (i32.const 0) (i32.const 8388608)) unreachable`,
)
kernel(
  'the same bytes over and over while they change',
  'done: abb',
  `(i32.store8 (i32.const 0) (i32.const 97))
   (call $output_write (i32.const 0) (i32.const 1))
   (i32.store8 (i32.const 0) (i32.const 98))
   (call $output_write (i32.const 0) (i32.const 1))
   (call $output_write (i32.const 0) (i32.const 1)) i32.const 0`,
)
kernel('a hit without a result', 'hit: ', 'i32.const 1')
kernel('neither done nor a hit', 'trap: run returned -2147483648', 'i32.const 0x80000000')

const large = (bytes) => `trap: the result has ${bytes} bytes, at most 8388608 are allowed`
js('a string of 9 MB', large(9_000_002), "() => ({ value: 'x'.repeat(9e6) })", roomy)
js('bytes that grow as text', large(10_666_684), '() => ({ value: new Uint8Array(8e6) })', {
  ...roomy,
  unitFuelMax: undefined,
})
js(
  'letters that grow as bytes',
  large(9_000_002),
  "() => ({ value: '\\u20ac'.repeat(3e6) })",
  roomy,
)
js(
  'letters that grow as text',
  large(12_000_002),
  "() => ({ value: '\\u0001'.repeat(2e6) })",
  roomy,
)
js('an array of four billion', outOfFuel, '() => ({ value: new Array(2 ** 32 - 1) })')
js(
  'one array a million times',
  outOfMemory,
  '() => { const a = Array(1000).fill(0); return { value: Array(1e6).fill(a) } }',
  unmetered,
)
js(
  'doublings inside each other',
  outOfMemory,
  "() => { let a = ['laugh']; for (let i = 0; i < 60; i++) a = [a, a]; return { value: a } }",
  { unitFuelMax: undefined, unitMemoryBytesMax: 2 ** 20 },
)
js(
  'an array that grows while it is read',
  outOfMemory,
  '() => { const a = []; Object.defineProperty(a, 0, { get: () => a.push(0), enumerable: true }); a.push({ get b() { a.push({}, this); return 1 } }); return { value: new Proxy(a, { get: (t, k) => k === "length" ? 2 ** 31 : 7 }) } }',
  unmetered,
)
js(
  'keys without end',
  outOfFuel,
  '() => ({ value: new Proxy({}, { ownKeys: () => { for (;;) ; } }) })',
)
js(
  'a getter that gives a new object each time',
  'trap: result.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.... is nested deeper than 200 levels',
  '() => { const o = () => ({ get a() { return o() } }); return { value: o() } }',
)
js(
  'a key of a megabyte that leads to a function',
  `trap: result.${'k'.repeat(200)}... is a function, which cannot be sent`,
  "() => ({ value: { ['k'.repeat(1e6)]: () => 1 } })",
)

const kernels =
  'a kernel must return an object with a value, as in { value: 1 } or { hit: true, value: 1 }'
const synchronous = 'kernels are synchronous: no async functions and no promises'
const strange = {
  'a symbol': ['trap: result is a symbol, which cannot be sent', '() => ({ value: Symbol() })'],
  'a map': ['trap: result is a Map, which cannot be sent', '() => ({ value: new Map() })'],
  'a buffer': [
    'trap: result is an ArrayBuffer, which cannot be sent',
    '() => ({ value: new ArrayBuffer(8) })',
  ],
  'a class that lies about its name': [
    'trap: result is a class instance, which cannot be sent',
    '() => ({ value: new (class { static name = { toString() { for (;;) ; } } })() })',
  ],
  'a class whose name is a getter': [
    outOfFuel,
    '() => ({ value: new (class { static get name() { for (;;) ; } })() })',
  ],
  'a class whose name is a book': [
    `trap: result is a ${'n'.repeat(488)}...`,
    "() => ({ value: new (class { static name = 'n'.repeat(1e6) })() })",
  ],
  'a value that is a promise': [`trap: ${synchronous}`, '() => ({ value: Promise.resolve(1) })'],
  'a then that throws': ['trap: Error: then', '() => ({ get then() { throw new Error("then") } })'],
  'a then that is a function': [`trap: ${synchronous}`, '() => ({ value: 1, then() {} })'],
  'a generator': [`trap: ${kernels}`, '(function* () {})'],
  'a number': [`trap: ${kernels}`, '() => 1'],
  null: [`trap: ${kernels}`, '() => null'],
  'an object without a value': [`trap: ${kernels}`, '() => ({ hit: true })'],
  'a value that is inherited': ['done: 1', '() => Object.create({ value: 1 })'],
  'a hit that is not true': ['done: 1', '() => ({ hit: 1, value: 1 })'],
  'a proxy that is different each time': [
    'done: 2',
    '() => { let n = 0; return new Proxy({}, { has: () => true, get: (t, k) => k === "then" ? undefined : ++n }) }',
  ],
  'a revoked proxy': [
    'trap: TypeError: revoked proxy',
    '() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { value: proxy } }',
  ],
  'bytes that were given away': [
    'done: {"$":"x","v":""}',
    '() => { const a = new Uint8Array(8); a.buffer.transfer(); return { value: a } }',
  ],
  'bytes of another length than they say': [
    'done: {"$":"x","v":"AAAAAAAAAAA="}',
    "() => { const a = new Uint8Array(8); Object.defineProperty(a, 'length', { value: 1e9 }); return { value: a } }",
  ],
  'an object that says it is bytes': [
    'done: {}',
    "() => ({ value: Object.defineProperty({}, Symbol.toStringTag, { value: 'Uint8Array' }) })",
  ],
  'a key that is __proto__': [
    'done: {"__proto__":{"polluted":true}}',
    `() => ({ value: JSON.parse('{"__proto__":{"polluted":true}}') })`,
  ],
  'a key that is the mark of the codec': [
    'done: {"$":"o","v":[["$","x"],["v","AAAA"]]}',
    "() => ({ value: { $: 'x', v: 'AAAA' } })",
  ],
  'an array with a name': ['done: [1]', '() => ({ value: Object.assign([1], { name: 2 }) })'],
  'an array of another class': [
    'done: [1]',
    '() => ({ value: new (class extends Array {})(1).fill(1) })',
  ],
  'getters that count': [
    'done: [1,2,3]',
    '() => { let n = 0; const o = { get 0() { return ++n }, get 1() { return ++n }, get 2() { return ++n } }; return { value: [o[0], o[1], o[2]] } }',
  ],
}
for (const [name, [verdict, source]] of Object.entries(strange)) js(name, verdict, source)

const lastWords = {
  'a message of a megabyte': [
    `trap: Error: ${'m'.repeat(493)}...`,
    "throw new Error('m'.repeat(1e6))",
  ],
  'a name of a megabyte': [
    `trap: ${'n'.repeat(500)}...`,
    "throw Object.assign(new Error('x'), { name: 'n'.repeat(1e6) })",
  ],
  'a stack of a megabyte': [
    'trap: Error: x',
    "const e = new Error('x'); e.stack = 's'.repeat(1e6); throw e",
  ],
  'a stack that names other places': [
    'trap: Error: x',
    "const e = new Error('x'); e.stack = '    at f (kernel.js:99999999:99999999)'; throw e",
  ],
  'a string of a megabyte': [`trap: threw ${'s'.repeat(494)}...`, "throw 's'.repeat(1e6)"],
  'a message that is a getter without end': [outOfFuel, 'throw { get message() { for (;;) ; } }'],
  'a message that cannot be a string': [
    'trap: threw an object that cannot be read',
    'throw { name: "x", message: Object.create(null) }',
  ],
  'a symbol, thrown': ['trap: threw Symbol(x)', 'throw Symbol("x")'],
  'a function, thrown': ['trap: threw a function', 'throw () => {}'],
  'undefined, thrown': ['trap: threw undefined', 'throw undefined'],
  'an error of errors': [
    'trap: AggregateError: many',
    'throw new AggregateError(Array(1e5).fill(new Error("y")), "many")',
  ],
  'an error that says the memory is full': [
    outOfMemory,
    "throw Object.assign(new Error('out of memory'), { name: 'InternalError' })",
  ],
  'what the codec throws': [
    'trap: threw an object that is no error',
    "throw { unsendable: true, path: '', reason: 'is fine' }",
  ],
  'what the codec throws, from a getter': [
    'trap: result is fine',
    "return { value: { get a() { throw { unsendable: true, path: '', reason: 'is fine' } } } }",
  ],
  'a path that is no string': [
    'trap: result[object Object]... x',
    "return { value: { get a() { throw { unsendable: true, path: { length: 1e9 }, reason: 'x' } } } }",
  ],
  'a reason of a megabyte': [
    `trap: result ${'r'.repeat(493)}...`,
    "return { value: { get a() { throw { unsendable: true, path: '', reason: 'r'.repeat(1e6) } } } }",
  ],
}
for (const [name, [verdict, body]] of Object.entries(lastWords))
  js(name, verdict, `() => { ${body} }`)
js('stacks without end', outOfTime, '() => { for (;;) new Error("x").stack }')
