/** Units that look for a way out: by imports, pointers, constructors, prototypes, and by what they hand back. */
import { assemble, family, kernelText, outOfBounds, outOfFuel } from './unit.mjs'

const { units, kernel, module, js, bytes } = family('escapes')
export const escapes = units

const run = '(memory (export "memory") 1) (func (export "run") (result i32) i32.const 0)'
const foreign = (text, verdict) => [`(module ${text} ${run})`, verdict]
const notOffered = (what) => `refused: the module imports ${what}, which the grid does not offer`
const imports = {
  'importing the environment': foreign('(import "env" "abort" (func))', notOffered('env.abort')),
  'importing what the engine offers': foreign(
    '(import "wasm:js-string" "length" (func (param externref) (result i32)))',
    notOffered('wasm:js-string.length'),
  ),
  'importing a constructor': foreign(
    '(import "grid" "constructor" (func))',
    notOffered('grid.constructor'),
  ),
  'importing __proto__': foreign(
    '(import "grid" "__proto__" (func))',
    notOffered('grid.__proto__'),
  ),
  'importing from __proto__': foreign(
    '(import "__proto__" "toString" (func))',
    notOffered('__proto__.toString'),
  ),
  'importing a table': foreign(
    '(import "grid" "t" (table 1 funcref))',
    notOffered('the table grid.t'),
  ),
  'importing a global': foreign(
    '(import "grid" "g" (global (mut i64)))',
    notOffered('the global grid.g'),
  ),
  'importing with another type': foreign(
    '(import "grid" "random" (func (param f64) (result f64)))',
    'refused: the module imports grid.random with another type than (i32, i32) -> ()',
  ),
}
for (const [name, [text, verdict]] of Object.entries(imports)) module(name, verdict, text)
module(
  'importing a memory',
  'refused: the module imports the memory grid.m, which the grid does not offer',
  '(module (import "grid" "m" (memory 1)) (export "memory" (memory 0)) (func (export "run") (result i32) i32.const 0))',
)

const counter = '(global $g (mut i64) (i64.const 0))'
kernel(
  'exporting a counter of its own',
  outOfFuel,
  '(loop (br 0)) i32.const 0',
  `(global (export "guard:fuel") (mut i64) (i64.const 1000000000000)) ${counter}`,
)
{
  // The guard's counter would come right behind the module's own globals: an index that a module may not use.
  const text = kernelText('(global.set $g (i64.const 9)) i32.const 0', counter)
  const code = assemble(text)
  const at = code.lastIndexOf(0x24)
  code[at + 1] = 1
  bytes(
    "setting the guard's counter",
    'refused: not a valid WebAssembly module: there is no global 1',
    code,
  )
}
kernel(
  'reading input beyond its memory',
  outOfBounds,
  '(call $input_read (i32.const 65535)) i32.const 0',
)
kernel(
  'writing output from beyond its memory',
  outOfBounds,
  '(call $output_write (i32.const 65535) (i32.const 2)) i32.const 0',
)
kernel(
  'a length below zero',
  outOfBounds,
  '(call $output_write (i32.const 0) (i32.const -1)) i32.const 0',
)
kernel(
  'a pointer below zero',
  outOfBounds,
  '(call $random (i32.const -8) (i32.const 8)) i32.const 0',
)
kernel(
  'a pointer and a length that overflow',
  outOfBounds,
  '(call $log (i32.const -1) (i32.const -1)) i32.const 0',
)

js(
  'the constructor of a constructor',
  'trap: ReferenceError: process is not available: units do not run in Node',
  "({}) => ({ value: (() => {}).constructor.constructor('return process')() })",
)
js(
  'import()',
  'trap: kernels are synchronous: no async functions and no promises',
  "() => ({ value: import('node:fs') })",
)
js(
  'require',
  'trap: ReferenceError: require is not available: units do not run in Node',
  "() => ({ value: require('fs') })",
)
js(
  'what stands in globalThis',
  'done',
  "() => { for (const name of ['process', 'require', 'fetch', 'WebSocket', 'Worker', 'std', 'os', 'print', 'console', 'performance', 'WebAssembly', 'Deno', 'setTimeout', 'Intl', 'WeakRef']) if (name in globalThis) throw new Error(name); return { value: 1 } }",
)
js(
  'the time of day',
  'trap: ReferenceError: Date is not available: units have no clock',
  '() => ({ value: new Date().getTime() })',
)
js(
  'a patched array',
  'done',
  '() => { Array.prototype.push = Array.prototype.map = () => { throw 1 }; return { value: [1, 2] } }',
)
js(
  'a patched JSON',
  'done',
  "() => { JSON.stringify = () => 'pwned'; JSON.parse = () => 'pwned'; return { value: { a: 1 } } }",
)
js(
  'a patched iterator',
  'done',
  '() => { Array.prototype[Symbol.iterator] = function* () { while (true) yield 1 }; return { value: [1] } }',
)
js(
  'toJSON everywhere',
  'done',
  "() => { Object.prototype.toJSON = () => 'pwned'; return { value: { a: 1 } } }",
)
js(
  'a then everywhere',
  'trap: kernels are synchronous: no async functions and no promises',
  '() => { Object.prototype.then = (f) => f(1); return { value: { a: 1 } } }',
)
js(
  'a getter everywhere',
  'done',
  "() => { Object.defineProperty(Object.prototype, 'value', { get: () => 1 }); return {} }",
)
js(
  'a proxy as result',
  'trap: Error: caught',
  '() => ({ value: new Proxy([], { get() { throw new Error("caught") } }) })',
)
js(
  'a getter that loops, in the result',
  outOfFuel,
  '() => ({ value: { get a() { while (true); } } })',
)
js(
  '__proto__ in the result',
  'done',
  `() => ({ value: JSON.parse('{"__proto__": {"polluted": true}}') })`,
)
js(
  'a promise as result',
  'trap: kernels are synchronous: no async functions and no promises',
  'async () => ({ value: 1 })',
)
js(
  'a function as result',
  'trap: result is a function, which cannot be sent',
  '() => ({ value: () => 1 })',
)
js(
  'no result',
  'trap: a kernel must return an object with a value, as in { value: 1 } or { hit: true, value: 1 }',
  '() => undefined',
)
js('no function', 'trap: the source of a kernel must evaluate to a function, not to number', '42')
js(
  'an error that cannot be told',
  'trap: threw an object that cannot be read',
  '() => { throw { get name() { throw 1 }, get message() { throw 2 } } }',
)
js('a proxy, thrown', outOfFuel, '() => { throw new Proxy({}, { get() { while (true); } }) }')
// With a limit as small as the engine itself this reads like its word for no memory: no vote, the safer reading.
js('null, thrown', 'trap: threw null', '() => { throw null }')
js(
  'an error whose stack is prepared',
  'trap: Error: x',
  "() => { Error.prepareStackTrace = () => 'pwned'; throw new Error('x') }",
)
js(
  'a kernel that replaces Function.prototype.call',
  'done',
  '() => { Function.prototype.call = Function.prototype.apply = () => 666; return { value: 1 } }',
)
js(
  'shared memory to wait on',
  'trap: ReferenceError: Atomics is not available: units have one thread',
  '() => ({ value: Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })',
)
js('source that is no program', "trap: SyntaxError: expecting ';'", '() => { return value: }')
js(
  'source of bytes that are no text',
  "trap: SyntaxError: unexpected token in expression: ''",
  '\u0000\uFFFD',
)
