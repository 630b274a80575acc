/**
 * JavaScript that leans on the engine's own code: built-ins that ask nobody whether to go on, native recursion, and
 * all that its memory has to hold. What asks ends by fuel, what does not by its time.
 */
import { family, outOfFuel, outOfMemory, outOfTime } from './unit.mjs'

const { units, js } = family('engine')
export const engine = units

const longest = '{ length: 2 ** 53 - 1 }'
/** Alone they would take years, each in one call. */
const endless = {
  'copyWithin of a long array-like': `Array.prototype.copyWithin.call(${longest}, 0, 1)`,
  'shift of a long array-like': `Array.prototype.shift.call(${longest})`,
  'splice of a long array-like': `Array.prototype.splice.call(${longest}, 0, 1)`,
  'every of a long array-like': `Array.prototype.every.call(${longest}, () => true)`,
  'concat of a long array-like':
    '[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })',
  'indexOf in an array of holes': 'const a = []; a[2 ** 32 - 2] = 1; a.indexOf(7)',
  'sort of an array of holes': 'const a = []; a[2 ** 32 - 2] = 1; a.sort()',
  'raw of a long template': 'String.raw({ raw: { length: 2 ** 53 - 1 } })',
  'sort of a sorted array, again and again':
    'const a = Array.from({ length: 1e5 }, (_, i) => i); for (;;) a.sort()',
  'fill of bytes, again and again': 'const a = new Uint8Array(5e6); for (;;) a.fill(1)',
  'includes in numbers, again and again':
    'const a = new Float64Array(1e6); for (;;) a.includes(NaN)',
  'replaceAll of nothing': '"x".repeat(1e5).replaceAll("", "y".repeat(1e5))',
  'division of large numbers': 'const x = 1n << 1000000n; for (;;) x / ((1n << 500000n) - 1n)',
  'stringify of much that is nested':
    'const a = Array(1e5).fill({ a: { b: { c: [1, 2, 3] } } }); for (;;) JSON.stringify(a)',
  'parse of a long list': 'const s = "[" + "1,".repeat(1e5) + "1]"; for (;;) JSON.parse(s)',
  'buffers that are dropped at once': 'for (;;) new ArrayBuffer(1 << 20)',
}
for (const [name, body] of Object.entries(endless))
  js(name, outOfTime, `() => { ${body}; return { value: 1 } }`)

/** What the engine asks about in between ends at the same place everywhere. */
const metered = {
  'findLast of a long array-like': `Array.prototype.findLast.call(${longest}, () => false)`,
  'an iterator that is never done':
    '[...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }]',
  'a map that grows while it is walked':
    'const m = new Map([[1, 1]]); for (const [k] of m) { m.delete(k); m.set(k, 1) }',
  'a set that grows while it is walked':
    'const s = new Set([1]); s.forEach((v) => { s.delete(v); s.add(v) })',
  'sort of numbers, backwards again and again':
    'const a = new Float64Array(5e5); for (let i = 0; i < a.length; i++) a[i] = (i * 7919) % 5e5; for (;;) { a.sort(); a.reverse() }',
  'a comparison that never agrees': 'for (;;) [3, 1, 2].sort(() => Math.random() - 0.5)',
  'an array that is long and short by turns':
    'const a = []; for (;;) { a.length = 2 ** 32 - 1; a.length = 0 }',
  'rings of garbage':
    'for (;;) { let a = {}; for (let i = 0; i < 1000; i++) a = { a, b: { a } }; a.a.b = a }',
  'names that are never used again': 'for (let i = 0; ; i++) Symbol.for("x" + i)',
  'a setter that sets itself off': 'const o = { set a(v) { for (;;) ; } }; o.a = 1',
  'a species that makes more of itself':
    'for (;;) { class A extends Array { static get [Symbol.species]() { return Array } } new A(1).map((x) => x) }',
  'nested quantifiers': '/(x+x+)+y/.test("x".repeat(60))',
  'references back': '/(.*)(.*)(.*)(.*)(.*)(.*)(.*)\\1\\2\\3q/.test("x".repeat(200))',
  'looking ahead from within looking ahead':
    'new RegExp("(?=".repeat(200) + "x*x*x*x*y" + ")".repeat(200)).test("x".repeat(500))',
  'a replacement that is quadratic': '"x".repeat(2e5).replace(/x*y/g, "")',
}
for (const [name, body] of Object.entries(metered))
  js(name, outOfFuel, `() => { ${body}; return { value: 1 } }`)

const noStack = 'trap: InternalError: stack overflow'
/** Wraps something so many times that only native recursion gets to its middle. */
const wrapped = (first, wrap, use) =>
  `() => { let f = ${first}; for (let i = 0; i < 2e4; i++) { ${wrap} } return { value: ${use} } }`
const bound = 'f = f.bind(null); Object.defineProperty(f, "name", { value: "" })'
const deep = {
  'calling what is bound and bound': wrapped('() => 1', bound, 'f()'),
  'an instance of what is bound and bound': wrapped('function () {}', bound, '({}) instanceof f'),
  'reading through proxy after proxy': wrapped('{}', 'f = new Proxy(f, {})', 'f.x'),
  'whether proxy after proxy is an array': wrapped(
    '[]',
    'f = new Proxy(f, {})',
    'Array.isArray(f)',
  ),
  'calling through proxy after proxy': wrapped('() => 1', 'f = new Proxy(f, {})', 'f()'),
  'keys through proxy after proxy': wrapped('{}', 'f = new Proxy(f, {})', 'Object.keys(f)'),
  'giving back proxy after proxy': wrapped('{ a: 1 }', 'f = new Proxy(f, {})', 'f'),
  'giving back an array in proxies': wrapped('[1]', 'f = new Proxy(f, {})', 'f'),
  'proxies as prototypes': wrapped('{}', 'f = Object.create(new Proxy(f, {}))', 'f.x'),
  'a class of a class of a class': wrapped('class {}', 'f = class extends f {}', 'typeof new f()'),
  'flattening without end': wrapped('[]', 'f = [f]', 'f.flat(Infinity)'),
  'a deep array as a string': wrapped('[]', 'f = [f]', 'String(f)'),
  'toJSON that gives more of the same':
    '() => { const o = { toJSON: () => ({ o }) }; return { value: JSON.stringify(o) } }',
  'a replacer that stringifies':
    '() => ({ value: JSON.stringify({ a: 1 }, function r() { return JSON.stringify({ a: 1 }, r) }) })',
  'a comparison that sorts':
    '() => { const f = () => [2, 1].sort(f).length; return { value: f() } }',
  'toString of itself': '() => { const o = { toString: () => "" + o }; return { value: "" + o } }',
  'a primitive of itself':
    '() => { const o = { [Symbol.toPrimitive]: () => +o }; return { value: +o } }',
  'apply of itself': '() => { const f = () => Reflect.apply(f, null, []); return { value: f() } }',
  'a constructor that constructs': '() => { function F() { new F() } return { value: new F() } }',
  'a generator that yields itself':
    '() => { function* g() { yield* g() } return { value: [...g()] } }',
}
for (const [name, source] of Object.entries(deep)) js(name, noStack, source)
js(
  'a chain of prototypes',
  'done: "undefined"',
  wrapped('{}', 'f = Object.create(f)', 'String(f.x)'),
)
js(
  'eval of itself',
  'trap: SyntaxError: stack overflow',
  '() => { globalThis.f = "eval(f)"; return { value: (0, eval)(f) } }',
)
js(
  'a reviver that parses',
  'trap: SyntaxError: stack overflow',
  '() => ({ value: JSON.parse("[1]", function f() { return JSON.parse("[1]", f) }) })',
)
js(
  'an expression that remembers each letter',
  'trap: InternalError: out of memory in regexp execution',
  '() => ({ value: /^(?:.|x)*$/.test("a".repeat(1e6)) })',
)

const unmetered = { unitFuelMax: undefined }
const hoards = {
  'a map without end': 'const m = new Map(); for (let i = 0; ; i++) m.set(i, i)',
  'an object without end': 'const o = {}; for (let i = 0; ; i++) o["k" + i] = i',
  'globals without end':
    'for (let i = 0; ; i++) Object.defineProperty(globalThis, "p" + i, { value: i })',
  'functions that hold each other': 'let f = () => 1; for (;;) { const g = f; f = () => g }',
  'buffers without end': 'const a = []; for (;;) a.push(new ArrayBuffer(1 << 16))',
  'strings without end': 'const a = []; for (;;) a.push("x".repeat(1000) + a.length)',
  'keys that are held weakly':
    'const w = new WeakMap(); let k = {}; for (;;) { const n = {}; w.set(n, k); k = n }',
  'an array of a long string': '"x".repeat(5e6).split("")',
  'joining what was split': 'let s = "ab"; for (;;) s = s.split("a").join("aab")',
  'a number of ten million digits': 'Number("1".repeat(1e7))',
  'a buffer that grows': 'new ArrayBuffer(8, { maxByteLength: 2 ** 30 }).resize(2 ** 30)',
  'arguments by the million': '((...a) => a.length)(...new Array(1e6))',
}
for (const [name, body] of Object.entries(hoards))
  js(name, outOfMemory, `() => { ${body}; return { value: 1 } }`, unmetered)

const refusals = {
  'an array of a long array-like': ['RangeError: invalid array length', `Array.from(${longest})`],
  'a slice of a long array-like': [
    'RangeError: invalid array length',
    `Array.prototype.slice.call(${longest}, 0, 2 ** 53 - 1)`,
  ],
  'a long array-like, reversed': [
    'RangeError: invalid array length',
    'Array.prototype.toReversed.call({ length: 2 ** 32 - 1 })',
  ],
  'four billion arguments': [
    'RangeError: too many arguments in function call (only 65534 allowed)',
    'Math.max.apply(null, { length: 2 ** 32 })',
  ],
  'nothing, nine quadrillion times': ['RangeError: invalid repeat count', '"".repeat(2 ** 53 - 1)'],
  'a buffer of a terabyte': [
    'RangeError: invalid max array buffer length',
    'new ArrayBuffer(8, { maxByteLength: 2 ** 40 })',
  ],
  'four billion doubles': ['RangeError: invalid array buffer length', 'new Float64Array(2 ** 32)'],
  'a view beyond its buffer': [
    'RangeError: out of bound',
    'new DataView(new ArrayBuffer(8)).getFloat64(2 ** 53 - 1)',
  ],
  'squares of squares': [
    'RangeError: BigInt is too large to allocate',
    'let x = 3n; for (;;) x *= x',
  ],
  'a shift beyond measure': ['RangeError: BigInt is too large to allocate', '1n << (1n << 40n)'],
  'a million digits': ['RangeError: BigInt is too large to allocate', 'BigInt("9".repeat(1e6))'],
}
for (const [name, [words, body]] of Object.entries(refusals))
  js(name, `trap: ${words}`, `() => { ${body}; return { value: 1 } }`)
// The engine's memory is full while it throws, so it throws what is no value at all; the same everywhere.
js(
  'letters taken apart until the memory is full',
  'trap: threw [unsupported type]',
  '() => ({ value: "\\u0344".repeat(1e6).normalize("NFD").length })',
)
js(
  'what is thrown when the memory is full, kept',
  'trap: ReferenceError: value is not initialized',
  '() => { try { "\\u0344".repeat(1e6).normalize("NFD") } catch (e) { return { value: e } } }',
)
