/** Units that want all memory, all stack, all tables, or too large a result. */
import { family, noStack, outOfFuel, outOfMemory } from './unit.mjs'

const { units, kernel, module, js } = family('space')
export const space = units

const empty = '(func (export "run") (result i32) i32.const 0)'
const page = '(memory (export "memory") 1)'

kernel(
  'growing until nothing is left',
  'done',
  '(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) i32.const 0',
)
kernel('growing by 4 GiB', 'trap: run returned -1', '(memory.grow (i32.const 65535))')
module(
  'a memory that begins above its limit',
  'refused: the module begins with 4294967296 bytes of memory, its task allows 16777216',
  `(module (memory (export "memory") 65536) ${empty})`,
)
kernel(
  'touching all that it has',
  'done',
  '(drop (memory.grow (i32.const 200))) (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536))) i32.const 0',
)
kernel(
  'growing a table until nothing is left',
  'done',
  '(loop (br_if 0 (i32.ne (table.grow 0 (ref.null func) (i32.const 1000)) (i32.const -1)))) i32.const 0',
  '(table 1 funcref)',
)
kernel(
  'growing a table by 4 billion',
  'trap: run returned -1',
  '(table.grow 0 (ref.null func) (i32.const -1))',
  '(table 1 funcref)',
  {
    unitFuelMax: undefined,
  },
)
module(
  'a table that begins enormous',
  'refused: a table begins with 10000000 elements, 100000 are allowed',
  `(module ${page} (table 10000000 funcref) ${empty})`,
)
module(
  'a thousand tables',
  'refused: not a valid WebAssembly module: 1000 tables, at most 8 are allowed',
  `(module ${page} ${'(table 1 funcref)'.repeat(1000)} ${empty})`,
)

kernel('recursion', noStack, 'call $run')
kernel(
  'recursion with large frames',
  noStack,
  'call $f i32.const 0',
  `(func $f (local ${'i64 '.repeat(5000)}) call $f)`,
)
kernel('recursion at the start', noStack, 'i32.const 0', '(start $s) (func $s call $s)')
kernel(
  'recursion with vectors',
  noStack,
  'call $f (v128.any_true)',
  '(func $f (result v128) (v128.not (call $f)))',
)
kernel(
  'a chain of frames that no stack holds',
  'refused: function 6 and what it calls need 1443968 bytes of call stack, 1048576 are allowed',
  'call $f0 i32.const 0',
  `${Array.from({ length: 30 }, (_, i) => `(func $f${i} (local ${'i64 '.repeat(6000)}) call $f${i + 1})`).join('')} (func $f30)`,
)
kernel(
  'more locals than a frame should have',
  'refused: a function with more than 8000 locals, which no call stack should hold',
  `(local ${'i64 '.repeat(9000)}) i32.const 0`,
)
kernel(
  'more operands than a stack holds',
  'refused: a function whose operands need more than 1048576 bytes of call stack',
  `${'i32.const 1 '.repeat(200_000)} ${'drop '.repeat(199_999)}`,
)

kernel(
  'a result in one piece too large',
  'trap: the result has more than 8388608 bytes',
  '(drop (memory.grow (i32.const 150))) (call $output_write (i32.const 0) (i32.const 9000000)) i32.const 0',
)
kernel(
  'a result in too many pieces',
  'trap: the result has more than 8388608 bytes',
  '(loop (call $output_write (i32.const 0) (i32.const 65536)) (br 0)) i32.const 0',
)
kernel(
  'a gigabyte of log',
  outOfFuel,
  '(loop (call $log (i32.const 0) (i32.const 65536)) (br 0)) i32.const 0',
)

js('an array without end', outOfMemory, '() => { const a = []; while (true) a.push([a.length]) }', {
  unitFuelMax: undefined,
})
js(
  'a string that doubles',
  'trap: InternalError: string too long',
  "() => { let s = 'x'; while (true) s += s }",
)
js('a gigabyte at once', outOfMemory, '() => ({ value: new ArrayBuffer(2 ** 30).byteLength })')
js('an array of a billion', outOfMemory, '() => ({ value: new Array(2 ** 30).fill(0).length })', {
  unitFuelMax: undefined,
})
js('repeat beyond measure', outOfMemory, "() => ({ value: 'x'.repeat(2 ** 30 - 1).length })")
js('padStart beyond measure', outOfMemory, "() => ({ value: 'x'.padStart(2 ** 30 - 1).length })")
js(
  'deep recursion',
  'trap: InternalError: stack overflow',
  '() => { const f = (n) => 1 + f(n + 1); return { value: f(0) } }',
)
js(
  'a deep array, as text',
  'trap: InternalError: stack overflow',
  '() => ({ value: JSON.stringify((() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a })()).length })',
)
js(
  'deep JSON',
  'trap: SyntaxError: stack overflow',
  "() => ({ value: JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)) })",
)
js(
  'a deep result',
  'trap: result[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0... is nested deeper than 200 levels',
  '() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return { value: a } }',
)
js(
  'a result that holds itself',
  'trap: result[0] contains itself, so it is nested deeper than 200 levels',
  '() => { const a = []; a.push(a); return { value: a } }',
)
js('a result too large', outOfMemory, "() => ({ value: 'x'.repeat(9e6) })")
js(
  'a giant message',
  'trap: Error: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...',
  "() => { throw new Error('x'.repeat(1e6)) }",
)
js(
  'a giant stack',
  'trap: Error: x',
  "() => { const e = new Error('x'); e.stack = 'y'.repeat(1e6); throw e }",
)

const tooDeep = 'trap: SyntaxError: stack overflow'
/** As many levels, and what the engine says of them. */
const nested = {
  'a source of nested parentheses': [1e5, '(', '1', ')', tooDeep],
  'a source of nested arrays': [1e5, '[', '', ']', tooDeep],
  'a source of nested functions': [1e5, '() => ', '1', '', tooDeep],
  'a source of nested templates': [2e4, '`${', '1', '}`', tooDeep],
  'a source of nested blocks': [1e5, '() => {', '', '}', tooDeep],
  'a source of nested operators': [1e5, '!', '1', '', tooDeep],
}
for (const [name, [levels, open, within, close, verdict]] of Object.entries(nested))
  js(name, verdict, `() => ({ value: ${open.repeat(levels)}${within}${close.repeat(levels)} })`)
js(
  'a nested regular expression',
  tooDeep,
  "() => ({ value: new RegExp('(?:'.repeat(5e4) + ')'.repeat(5e4)).source })",
)
js(
  'a regular expression of too many groups',
  'trap: SyntaxError: too many captures',
  "() => ({ value: new RegExp('()'.repeat(5e4)).source })",
)
