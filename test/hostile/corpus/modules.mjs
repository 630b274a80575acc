/** Modules that ask for more than a kernel gets: features, imports, exports, starts, and many of everything. */
import { family, invalid, noStack, outOfBounds, outOfFuel, outside } from './unit.mjs'

const { units, kernel, module } = family('modules')
export const modules = units

const page = '(memory (export "memory") 1)'
const run = '(func (export "run") (result i32) (i32.const 0))'
const write = '(import "grid" "output_write" (func $write (param i32 i32)))'
const size = '(import "grid" "input_size" (func $size (result i32)))'

const features = {
  'two memories': [outside('several memories are'), `(module ${page} (memory 1) ${run})`],
  'a table of 64 bits': [
    outside('64-bit memories are'),
    `(module ${page} (table i64 1 funcref) ${run})`,
  ],
  'atomic waiting': [
    outside('threads and atomics are'),
    `(module (memory (export "memory") 1 1) (func (export "run") (result i32)
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))`,
  ],
  'an atomic store': [
    outside('threads and atomics are'),
    `(module (memory (export "memory") 1 1) (func (export "run") (result i32)
      (i32.atomic.store (i32.const 0) (i32.const 0)) (i32.const 0)))`,
  ],
  'relaxed vectors': [
    outside('relaxed SIMD is'),
    `(module ${page} (func (export "run") (result i32) (i32x4.extract_lane 0
      (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 nan nan nan nan)))))`,
  ],
  'a tail call through a table': [
    outside('tail calls are'),
    `(module ${page} (type $t (func (result i32))) (table 1 funcref)
      (func (export "run") (type $t) (return_call_indirect (type $t) (i32.const 0))))`,
  ],
  'an exception that is imported': [
    outside('exceptions are'),
    `(module (import "grid" "e" (tag)) ${page} ${run})`,
  ],
  'a handler of exceptions': [
    outside('exceptions are'),
    `(module ${page} (func (export "run") (result i32) (try (result i32) (do (i32.const 0)) (catch_all (i32.const 1)))))`,
  ],
  'an initialiser that computes': [
    outside('computed constants are'),
    `(module ${page} (global i32 (i32.add (i32.const 1) (i32.const 2))) ${run})`,
  ],
}
for (const [name, [verdict, text]] of Object.entries(features)) module(name, verdict, text)

const notOffered = (what) => `refused: the module imports ${what}, which the grid does not offer`
const anotherType = (what) => `refused: the module imports ${what}`
const imports = {
  'a name with a zero in it': [
    '(import "grid" "input_size\\00" (func (result i32)))',
    notOffered('grid.input_size '),
  ],
  'a module without a name': ['(import "" "" (func))', notOffered('.')],
  'a property of every object': [
    '(import "grid" "hasOwnProperty" (func (param i32)))',
    notOffered('grid.hasOwnProperty'),
  ],
  'the system, in its second preview': [
    '(import "wasi:cli/exit@0.2.0" "exit" (func (param i32)))',
    notOffered('wasi:cli/exit@0.2.0.exit'),
  ],
  'the system, when it was unstable': [
    '(import "wasi_unstable" "proc_exit" (func (param i32)))',
    notOffered('wasi_unstable.proc_exit'),
  ],
  'threads of the system': [
    '(import "wasi" "thread-spawn" (func (param i32) (result i32)))',
    notOffered('wasi.thread-spawn'),
  ],
  'the engine of a browser': [
    '(import "wasm:js-string" "fromCharCode" (func (param i32) (result externref)))',
    notOffered('wasm:js-string.fromCharCode'),
  ],
  'a result where there is none': [
    '(import "grid" "log" (func (param i32 i32) (result i32)))',
    anotherType('grid.log with another type than (i32, i32) -> ()'),
  ],
  'numbers of 64 bits': [
    '(import "grid" "output_write" (func (param i64 i64)))',
    anotherType('grid.output_write with another type than (i32, i32) -> ()'),
  ],
  'an object of the host in the place of a number': [
    '(import "grid" "input_read" (func (param externref)))',
    anotherType('grid.input_read with another type than (i32) -> ()'),
  ],
}
for (const [name, [text, verdict]] of Object.entries(imports))
  module(`importing ${name}`, verdict, `(module ${text} ${page} ${run})`)

const noRun = 'refused: the module exports neither a function "run" nor a "_start"'
const shapes = {
  'run that is a global': [noRun, `(module ${page} (global (export "run") i32 (i32.const 0)))`],
  'run that is a table': [noRun, `(module ${page} (table (export "run") 1 funcref))`],
  'run that takes a number': [
    'refused: the function "run" has to take nothing and give one i32',
    `(module ${page} (func (export "run") (param i32) (result i32) (local.get 0)))`,
  ],
  'run that gives an object of the host': [
    'refused: the function "run" has to take nothing and give one i32',
    `(module ${page} (func (export "run") (result externref) (ref.null extern)))`,
  ],
  'run that gives two': [
    'refused: the function "run" has to take nothing and give one i32',
    `(module ${page} (func (export "run") (result i32 i32) (i32.const 0) (i32.const 0)))`,
  ],
  'a command that gives a number': [
    'refused: the function "_start" has to take and give nothing',
    `(module ${page} (func (export "_start") (result i32) (i32.const 0)))`,
  ],
  'memory that is a function': [
    'refused: the module does not export its memory as "memory"',
    `(module (memory 1) (func (export "memory")) ${run})`,
  ],
  'a function of the grid as run': [
    'done: ',
    `(module ${size} ${page} (export "run" (func $zero)) (func $zero (result i32) (i32.mul (call $size) (i32.const 0))))`,
  ],
  'the size of the input as what run returns': [
    'trap: run returned 16',
    `(module ${size} ${page} (export "run" (func $size)))`,
  ],
  "the guard's names, exported": [
    outOfFuel,
    `(module ${page} (global $f (export "guard:fuel") (mut i64) (i64.const 0x7fffffffffffffff))
      (global (export "guard:stack") (mut i32) (i32.const 0x7fffffff))
      (func (export "guard:start") unreachable)
      (func (export "run") (result i32) (loop (global.set $f (i64.const 0x7fffffffffffffff)) (br 0)) unreachable))`,
  ],
  'names of what every object has': [
    'done: ',
    `(module ${page} ${run} (func (export "__proto__")) (func (export "constructor"))
      (func (export "then")) (func (export "toString")) (func (export "")))`,
  ],
  'a command and a kernel at once': [
    'done: ',
    `(module ${page} ${run} (func (export "_start") unreachable))`,
  ],
  'one memory exported many times': [
    'done: ',
    `(module (memory 1) ${Array.from({ length: 1000 }, (_, i) => `(export "m${i}" (memory 0))`).join('')}
      (export "memory" (memory 0)) ${run})`,
  ],
}
for (const [name, [verdict, text]] of Object.entries(shapes)) module(name, verdict, text)

const starting = (body, more = '') =>
  `(module ${write} ${page} (start $s) (func $s ${body}) ${more || run})`
const starts = {
  'a result': ['done: \0\0\0\0', starting('(call $write (i32.const 0) (i32.const 4))')],
  'too large a result': [
    'trap: the result has more than 8388608 bytes',
    starting('(loop (call $write (i32.const 0) (i32.const 65536)) (br 0))'),
  ],
  'a pointer beyond the memory': [
    outOfBounds,
    starting('(call $write (i32.const -1) (i32.const 4))'),
  ],
  'a call of run': [
    'done: \0\0',
    starting(
      '(drop (call $run))',
      '(func $run (export "run") (result i32) (call $write (i32.const 0) (i32.const 1)) (i32.const 0))',
    ),
  ],
  'a run that starts again': [
    noStack,
    starting(
      '(drop (call $run))',
      '(func $run (export "run") (result i32) (call $s) (i32.const 0))',
    ),
  ],
  'growth to the end': [
    'done: ',
    starting('(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))'),
  ],
  'a wrong call': [
    'trap: indirect call of the wrong type',
    `(module ${page} (table 1 funcref) (start $s) (func $s (call_indirect (i32.const 0))) ${run})`,
  ],
  'a segment that is dropped': [
    outOfBounds,
    starting(
      '(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))',
      `(data $d "x") ${run}`,
    ),
  ],
}
for (const [name, [verdict, text]] of Object.entries(starts))
  module(`at the start: ${name}`, verdict, text)
module(
  'a start that takes a number',
  invalid('a start function that takes or gives values'),
  `(module ${page} (start $s) (func $s (param i32)) ${run})`,
)
module(
  'data far beyond the memory',
  outOfBounds,
  `(module ${page} (data (i32.const -1) "x") ${run})`,
)
module(
  'elements far beyond the table',
  'trap: table access out of bounds',
  `(module ${page} (table 1 funcref) (elem (i32.const -1) $r) (func $r) ${run})`,
)

const many = (count, text) => Array.from({ length: count }, (_, i) => text(i)).join('')
const tooMany = (what, count, most) => invalid(`${count} ${what}, at most ${most} are allowed`)
const crowds = {
  types: [
    tooMany('types', 100_001, 100_000),
    () => many(100_000, (i) => `(type (func (param ${i % 2 ? 'i32' : 'i64'})))`),
  ],
  globals: [
    tooMany('globals', 50_001, 50_000),
    () => many(50_001, () => '(global i32 (i32.const 0))'),
  ],
  exports: [
    tooMany('exports', 50_003, 50_000),
    () => many(50_001, (i) => `(export "e${i}" (memory 0))`),
  ],
  'element segments': [
    tooMany('element segments', 50_001, 50_000),
    () => `(table 1 funcref) ${many(50_001, () => '(elem func)')}`,
  ],
  'exports that are allowed': ['done: ', () => many(40_000, (i) => `(export "e${i}" (memory 0))`)],
  'types that are allowed': ['done: ', () => many(90_000, () => '(type (func))')],
}
for (const [name, [verdict, text]] of Object.entries(crowds))
  module(`many ${name}`, verdict, () => `(module ${page} ${text()} ${run})`)
module(
  'a function of 1,000 parameters',
  invalid('1000 parameters, at most 255 are allowed'),
  `(module ${page} (func (param ${'i32 '.repeat(1000)})) ${run})`,
)

kernel(
  'a loop that takes a number',
  outOfFuel,
  '(i32.const 1) (loop (param i32) (br 0 (i32.const 2))) i32.const 0',
)
kernel(
  'a loop that calls through a table',
  outOfFuel,
  '(loop (call_indirect (i32.const 0)) (br 0)) i32.const 0',
  '(table funcref (elem $f)) (func $f)',
)
kernel(
  'a loop by a table that looks both ways',
  outOfFuel,
  '(loop (loop (br_table 0 1 1 (memory.size)))) i32.const 0',
)
kernel(
  'a condition that never comes true',
  outOfFuel,
  '(block (loop (br_if 1 (i32.eqz (i32.const 1))) (br 0))) i32.const 0',
)
kernel(
  'a thousand loops of one turn, again and again',
  outOfFuel,
  `(loop ${'(loop nop)'.repeat(990)} (br 0)) i32.const 0`,
)
kernel(
  'growing without success',
  outOfFuel,
  '(loop (drop (memory.grow (i32.const -1))) (br 0)) i32.const 0',
)
kernel(
  'copying a table',
  outOfFuel,
  '(loop (table.copy (i32.const 0) (i32.const 1) (i32.const 99999)) (br 0)) i32.const 0',
  '(table 100000 funcref)',
)
kernel(
  'initialising from a segment',
  outOfFuel,
  '(loop (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 60000)) (br 0)) i32.const 0',
  `(data "${'x'.repeat(60_000)}")`,
)
kernel(
  'dividing vectors',
  outOfFuel,
  '(local v128) (loop (local.set 0 (f32x4.div (local.get 0) (local.get 0))) (br 0)) i32.const 0',
)
kernel(
  'doing nothing to nothing',
  outOfFuel,
  '(loop (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (br 0)) i32.const 0',
)
kernel(
  'filling beyond the memory',
  outOfBounds,
  '(memory.fill (i32.const 1) (i32.const 0) (i32.const 65536)) i32.const 0',
)
kernel(
  'copying beyond the memory',
  outOfBounds,
  '(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)) i32.const 0',
)
kernel(
  'initialising beyond the segment',
  outOfBounds,
  '(memory.init 0 (i32.const 0) (i32.const 3) (i32.const 2)) i32.const 0',
  '(data "abcd")',
)
kernel(
  'setting beyond a table',
  'trap: table access out of bounds',
  '(table.set (i32.const 9) (ref.null func)) i32.const 0',
  '(table 1 funcref)',
)
