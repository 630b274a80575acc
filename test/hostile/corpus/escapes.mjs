/** Units that look for a way out: by imports, pointers, constructors, prototypes, and by what they hand back. */
import { assemble, family, kernelText, outOfBounds } from './unit.mjs'

const { units, kernel, module, js, bytes } = family('escapes')
export const escapes = units

const run = '(memory (export "memory") 1) (func (export "run") (result i32) i32.const 0)'
const foreign = (text, verdict) => [`(module ${text} ${run})`, verdict]
const imports = {
  'importing the environment': foreign(
    '(import "env" "abort" (func))',
    /^trap: the module imports env\.abort, which the grid does not offer/,
  ),
  'importing what the engine offers': foreign(
    '(import "wasm:js-string" "length" (func (param externref) (result i32)))',
    /^trap: the module imports wasm:js-string\.length/,
  ),
  'importing a constructor': foreign(
    '(import "grid" "constructor" (func))',
    /^trap: the module imports grid\.constructor/,
  ),
  'importing __proto__': foreign(
    '(import "grid" "__proto__" (func))',
    /^trap: the module imports grid\.__proto__/,
  ),
  'importing from __proto__': foreign(
    '(import "__proto__" "toString" (func))',
    /^trap: the module imports __proto__\.toString/,
  ),
  'importing a table': foreign(
    '(import "grid" "t" (table 1 funcref))',
    /^trap: the module imports the table grid\.t/,
  ),
  'importing a global': foreign(
    '(import "grid" "g" (global (mut i64)))',
    /^trap: the module imports the global grid\.g/,
  ),
  'importing with another type': foreign(
    '(import "grid" "random" (func (param f64) (result f64)))',
    /^trap: the module imports grid\.random with another type/,
  ),
}
for (const [name, [text, verdict]] of Object.entries(imports)) module(name, verdict, text)
module(
  'importing a memory',
  /^trap: the module imports the memory grid\.m/,
  '(module (import "grid" "m" (memory 1)) (export "memory" (memory 0)) (func (export "run") (result i32) i32.const 0))',
)

const counter = '(global $g (mut i64) (i64.const 0))'
kernel(
  'exporting a counter of its own',
  /^trap: out of fuel$/,
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
    /^trap: not a valid WebAssembly module: there is no global 1, at byte/,
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
  /^trap: ReferenceError: .*process/s,
  "({}) => ({ value: (() => {}).constructor.constructor('return process')() })",
)
js('import()', /^trap: /, "() => ({ value: import('node:fs') })")
js('require', /^trap: ReferenceError: /, "() => ({ value: require('fs') })")
js(
  'what stands in globalThis',
  /^done$/,
  "() => { for (const name of ['process', 'require', 'fetch', 'WebSocket', 'Worker', 'std', 'os', 'print', 'console', 'performance', 'WebAssembly', 'Deno', 'setTimeout', 'Intl', 'WeakRef']) if (name in globalThis) throw new Error(name); return { value: 1 } }",
)
js('the time of day', /^trap: .*Date/s, '() => ({ value: new Date().getTime() })')
js(
  'a patched array',
  /^done$/,
  '() => { Array.prototype.push = Array.prototype.map = () => { throw 1 }; return { value: [1, 2] } }',
)
js(
  'a patched JSON',
  /^done$/,
  "() => { JSON.stringify = () => 'pwned'; JSON.parse = () => 'pwned'; return { value: { a: 1 } } }",
)
js(
  'a patched iterator',
  /^(done|trap)/,
  '() => { Array.prototype[Symbol.iterator] = function* () { while (true) yield 1 }; return { value: [1] } }',
)
js(
  'toJSON everywhere',
  /^done$/,
  "() => { Object.prototype.toJSON = () => 'pwned'; return { value: { a: 1 } } }",
)
js(
  'a then everywhere',
  /^(done|trap: kernels are synchronous)/,
  '() => { Object.prototype.then = (f) => f(1); return { value: { a: 1 } } }',
)
js(
  'a getter everywhere',
  /^(done|trap)/,
  "() => { Object.defineProperty(Object.prototype, 'value', { get: () => 1 }); return {} }",
)
js(
  'a proxy as result',
  /^(done|trap)/,
  '() => ({ value: new Proxy([], { get() { throw new Error("caught") } }) })',
)
js(
  'a getter that loops, in the result',
  /^trap: /,
  '() => ({ value: { get a() { while (true); } } })',
)
js(
  '__proto__ in the result',
  /^(done|trap)/,
  `() => ({ value: JSON.parse('{"__proto__": {"polluted": true}}') })`,
)
js('a promise as result', /^trap: kernels are synchronous/, 'async () => ({ value: 1 })')
js('a function as result', /^trap: result .*function/, '() => ({ value: () => 1 })')
js('no result', /^trap: a kernel must return an object/, '() => undefined')
js('no function', /^trap: the source of a kernel must evaluate to a function/, '42')
js(
  'an error that cannot be told',
  /^trap: /,
  '() => { throw { get name() { throw 1 }, get message() { throw 2 } } }',
)
js('a proxy, thrown', /^trap: /, '() => { throw new Proxy({}, { get() { while (true); } }) }')
// With a limit as small as the engine itself this reads like its word for no memory: no vote, the safer reading.
js('null, thrown', /^(trap: threw null|abort memory)/, '() => { throw null }')
js(
  'an error whose stack is prepared',
  /^trap: /,
  "() => { Error.prepareStackTrace = () => 'pwned'; throw new Error('x') }",
)
js(
  'a kernel that replaces Function.prototype.call',
  /^(done|trap)/,
  '() => { Function.prototype.call = Function.prototype.apply = () => 666; return { value: 1 } }',
)
js(
  'shared memory to wait on',
  /^trap: /,
  '() => ({ value: Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })',
)
js('source that is no program', /^trap: SyntaxError: /, '() => { return value: }')
js('source of bytes that are no text', /^trap: /, '\u0000\uFFFD')
