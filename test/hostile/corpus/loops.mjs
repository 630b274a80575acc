/** Units that do not end. */
import { family, noStack, outOfFuel, outOfTime } from './unit.mjs'

const { units, kernel, js } = family('loops')
export const loops = units

const unmetered = { unitFuelMax: undefined }

kernel('a bare loop', outOfFuel, '(loop br 0) i32.const 0')
kernel('a loop by a condition', outOfFuel, '(loop (br_if 0 (i32.const 1))) i32.const 0')
kernel('a loop by a table', outOfFuel, '(loop (br_table 0 0 0 (i32.const 7))) i32.const 0')
kernel('loops in a loop', outOfFuel, '(loop (loop (loop (br 2)))) i32.const 0')
kernel('a loop of calls', outOfFuel, '(loop (call $f) (br 0)) i32.const 0', '(func $f)')
kernel(
  'functions that call each other',
  noStack,
  'call $f i32.const 0',
  '(func $f call $g) (func $g call $f)',
)
kernel(
  'a function that calls itself through a table',
  noStack,
  '(call_indirect (type $t) (i32.const 0)) i32.const 0',
  '(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (type $t) (i32.const 0)))',
)
kernel(
  'functions that each call the next twice',
  outOfFuel,
  'call $f0 i32.const 0',
  `${Array.from({ length: 60 }, (_, i) => `(func $f${i} call $f${i + 1} call $f${i + 1})`).join('')} (func $f60)`,
)
kernel('a loop at the start', outOfFuel, 'i32.const 0', '(start $s) (func $s (loop br 0))')
kernel(
  'growing by nothing',
  outOfFuel,
  '(loop (drop (memory.grow (i32.const 0))) (br 0)) i32.const 0',
)
kernel(
  'filling the memory',
  outOfFuel,
  '(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)) i32.const 0',
)
kernel(
  'copying the memory',
  outOfFuel,
  '(loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 65535)) (br 0)) i32.const 0',
)
kernel(
  'filling a table',
  outOfFuel,
  '(loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 50000)) (br 0)) i32.const 0',
  '(table 50000 funcref)',
)
kernel('asking the grid', outOfFuel, '(loop (drop (call $input_size)) (br 0)) i32.const 0')
kernel(
  'writing nothing',
  outOfFuel,
  '(loop (call $output_write (i32.const 0) (i32.const 0)) (br 0)) i32.const 0',
)
kernel(
  'drawing random bytes',
  outOfFuel,
  '(loop (call $random (i32.const 0) (i32.const 65536)) (br 0)) i32.const 0',
)
kernel(
  'logging',
  outOfFuel,
  '(loop (call $log (i32.const 0) (i32.const 65536)) (br 0)) i32.const 0',
)
kernel(
  'telling its progress',
  outOfFuel,
  '(loop (call $progress (f64.const nan)) (br 0)) i32.const 0',
)
kernel('a loop without a limit of fuel', outOfTime, '(loop br 0) i32.const 0', '', unmetered)

js('while (true)', outOfFuel, '() => { while (true); }')
js('while (true) without a limit of fuel', outOfTime, '() => { while (true); }', unmetered)
js(
  'a loop that catches everything',
  outOfFuel,
  '() => { while (true) try { while (true); } catch {} }',
)
js('a loop in a finally', outOfFuel, '() => { try { throw 1 } finally { while (true); } }')
js('a loop at the first line', outOfFuel, 'while (true); () => ({ value: 1 })')
js(
  'a getter that asks itself',
  'trap: InternalError: stack overflow',
  '() => { const a = { get b() { return this.b } }; return { value: a.b } }',
)
js(
  'an endless generator, spread',
  outOfFuel,
  '() => { function* g() { while (true) yield 1 } return { value: [...g()].length } }',
)
js('eval that loops', outOfFuel, '() => eval("while (true);")')
js('a function of text that loops', outOfFuel, '() => Function("for (;;);")()')
js(
  'a regular expression that backtracks',
  outOfFuel,
  "() => ({ value: /^(a+)+$/.test('a'.repeat(40) + 'b') })",
)
js(
  'a proxy that asks itself',
  'trap: InternalError: stack overflow',
  '() => { const p = new Proxy({}, { get: (t, k) => p[k] }); return { value: p.x } }',
)

// Built-ins that do not ask whether to go on: only the end of their thread ends them.
const builtins = {
  'includes of a long array-like': 'Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)',
  'indexOf of a long array-like': 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
  'lastIndexOf of a long array-like':
    'Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)',
  'reverse of a long array-like': 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 })',
  'unshift of a long array-like': 'Array.prototype.unshift.call({ length: 2 ** 52, 1: 1 }, 1)',
  'join of a long array-like': 'Array.prototype.join.call({ length: 2 ** 31 - 1 }, "")',
  'a quadratic search': '"a".repeat(1 << 20).indexOf("a".repeat(1 << 19) + "b")',
}
for (const [name, call] of Object.entries(builtins))
  js(name, outOfTime, `() => { ${call}; return { value: 1 } }`, unmetered)
js(
  'fill of a long array-like',
  'abort memory',
  '() => { Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1) }',
  unmetered,
)
js(
  'sort of a long array-like',
  outOfTime,
  '() => { Array.prototype.sort.call({ length: 2 ** 32 }) }',
  unmetered,
)
js(
  'a power beyond measure',
  'trap: RangeError: BigInt is too large to allocate',
  '() => ({ value: String(3n ** 100000000n).length })',
  unmetered,
)
