/** JavaScript that reaches for the host, for the code around it, or for what the host reads of its result. */
import { family } from './unit.mjs'

const { units, js } = family('reach')
export const reach = units

/** What the language itself puts into its global object; all else would be ours or the host's. */
const language =
  `AggregateError Array ArrayBuffer AsyncDisposableStack AsyncIterator BigInt BigInt64Array BigUint64Array Boolean
  DataView DisposableStack Error EvalError Float16Array Float32Array Float64Array Function Infinity InternalError Int16Array Int32Array
  Int8Array Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String
  SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap
  WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat
  parseInt undefined unescape`.split(/\s+/)

const nothing = 'done: []'
const values = {
  'all that is global': [
    nothing,
    `Object.getOwnPropertyNames(globalThis).filter((name) => !${JSON.stringify(language)}.includes(name))`,
  ],
  'symbols of what is global': [
    nothing,
    'Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => name !== "Symbol(Symbol.toStringTag)")',
  ],
  'what an object has by birth': [
    'done: ["__defineGetter__","__defineSetter__","__lookupGetter__","__lookupSetter__","__proto__","constructor","hasOwnProperty","isPrototypeOf","propertyIsEnumerable","toLocaleString","toString","valueOf"]',
    'Object.getOwnPropertyNames(Object.prototype).sort()',
  ],
  'the process, by the constructor of functions': [
    'done: "undefined"',
    '(() => {}).constructor("return typeof process")()',
  ],
  'the process, by the constructor of generators': [
    'done: "undefined"',
    '(function* () {}).constructor("yield typeof process")().next().value',
  ],
  'this, without strict': ['done: true', '(function () { return this === globalThis })()'],
  'this, by eval from afar': ['done: true', '(0, eval)("this") === globalThis'],
  'whoever called': ['done: "undefined"', '(function f() { return typeof f.caller })()'],
  'the callee of its arguments': [
    'done: "function"',
    '(function () { return typeof arguments.callee })()',
  ],
  'the file of its stack': [
    'done: true',
    'new Error("x").stack.split("\\n").every((line) => line === "" || /(kernel|prelude)\\.js|native/.test(line))',
  ],
  'variables of the code around': [
    'done: ["undefined","undefined","undefined","undefined"]',
    '[typeof codec, typeof draw, typeof callKernel, typeof describe]',
  ],
  'the zone of the host': ['done: ["undefined","undefined"]', '[typeof Date, typeof Intl]'],
  'the language of the host': [
    'done: ["1234.5","a","1,2"]',
    '[(1234.5).toLocaleString("de"), "a".toLocaleString(), [1, 2].toLocaleString("de")]',
  ],
  'upper case of another language': ['done: "I"', '"i".toLocaleUpperCase("tr")'],
  'the order of another language': ['done: -1', '"a".localeCompare("b", "sv")'],
  'chance that differs': [
    'done: true',
    '(() => { const a = Math.random(); return a >= 0 && a < 1 })()',
  ],
  'memory that was used before': ['done: 0', 'new Uint8Array(1e5).reduce((a, b) => a | b, 0)'],
}
for (const [name, [verdict, value]] of Object.entries(values))
  js(name, verdict, `() => ({ value: ${value} })`)

/** What kernels change before they give `{ a: [1, "b"] }` back, which stays what it is. */
const same = 'done: {"a":[1,"b"]}'
const changes = {
  'keys that lie': 'Object.keys = Reflect.ownKeys = () => ["pwned"]',
  'an isArray that lies': 'Array.isArray = () => false',
  'a join that lies': 'Array.prototype.join = String.prototype.concat = () => "pwned"',
  'a charAt that lies': 'String.prototype.charAt = String.prototype.slice = () => "pwned"',
  'a JSON that lies': 'globalThis.JSON = { stringify: () => "pwned", parse: () => "pwned" }',
  'an Object that lies': 'globalThis.Object = globalThis.Array = globalThis.String = () => "pwned"',
  'a call that lies':
    'Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => "pwned"',
  'an iterator that lies': 'Array.prototype[Symbol.iterator] = function* () { yield "pwned" }',
  'a setter of indexes':
    'Object.defineProperty(Object.prototype, "0", { set() { throw new Error("seen") }, configurable: true })',
  'a setter of indexes of arrays':
    'Object.defineProperty(Array.prototype, "1", { set() { throw new Error("seen") }, configurable: true })',
  'a toJSON of numbers and strings':
    'Number.prototype.toJSON = String.prototype.toJSON = Array.prototype.toJSON = () => "pwned"',
  'a toString of numbers': 'Number.prototype.toString = Number.prototype.valueOf = () => "pwned"',
  'a global that throws':
    'Object.defineProperty(globalThis, "undefined2", { get() { throw new Error("seen") } })',
  'a frozen world':
    'Object.freeze(globalThis); Object.freeze(Object.prototype); Object.freeze(Array.prototype)',
  'symbols that lie': 'globalThis.Symbol = { iterator: "x", toStringTag: "y" }',
  'a getter of the mark of the codec':
    'Object.defineProperty(Object.prototype, "$", { get: () => "x", configurable: true })',
}
for (const [name, change] of Object.entries(changes))
  js(name, same, `() => { ${change}; return { value: { a: [1, "b"] } } }`)

const bytes = 'done: {"$":"x","v":"AQI="}'
const changesOfBytes = {
  'bytes whose length lies':
    'Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "length", { get: () => 1e9 })',
  'bytes whose mark lies':
    'Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag, { get: () => "Float64Array" })',
  'bytes without their class': 'delete globalThis.Uint8Array; a.constructor = Map',
}
for (const [name, change] of Object.entries(changesOfBytes))
  js(name, bytes, `() => { const a = Uint8Array.of(1, 2); ${change}; return { value: a } }`)

const ends = {
  'a hit for everybody': ['hit: 1', 'Object.prototype.hit = true; return { value: 1 }'],
  'a value for everybody': ['done: 7', 'Object.prototype.value = 7; return {}'],
  'import with a catch': [
    'trap: kernels are synchronous: no async functions and no promises',
    'return import("node:fs").catch(() => 1)',
  ],
  'what stands around a module': [
    'trap: SyntaxError: import.meta only valid in module code',
    'return { value: import.meta.url }',
  ],
  'a stack that is prepared without end': [
    'trap: Error: x',
    'Error.prepareStackTrace = () => { for (;;) ; }; throw new Error("x")',
  ],
  'a stack that is prepared by an error': [
    'trap: Error: x',
    'Error.prepareStackTrace = () => { throw new Error("y") }; throw new Error("x")',
  ],
  'a stack without an end': ['trap: Error: x', 'Error.stackTraceLimit = 1e9; throw new Error("x")'],
  'reading the parameters of others': ['done: {"$":"u"}', 'return { value: arguments[1] }'],
  'jobs that nobody does': [
    'done: "before"',
    'let said = "before"; Promise.resolve().then(() => { said = "after" }); return { get value() { return said } }',
  ],
  'jobs without end': [
    'done: 1',
    'const f = () => Promise.resolve().then(f); f(); return { value: 1 }',
  ],
  'keeping something for the next': [
    'done: 1',
    'globalThis.kept = (globalThis.kept ?? 0) + 1; return { value: kept }',
  ],
  'spoiling it for the next': [
    'done: 1',
    'for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch {}; return { value: 1 }',
  ],
}
for (const [name, [verdict, body]] of Object.entries(ends))
  js(name, verdict, `(function () { ${body} })`)
