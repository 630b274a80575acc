/** Programs that fail: the same words on every host. */
import { family, outOfBounds, outOfFuel } from './unit.mjs'

const { units, kernel, module, bytes, js } = family('traps')
export const traps = units

const page = '(memory (export "memory") 1)'
const empty = '(func (export "run") (result i32) i32.const 0)'

kernel('unreachable', 'trap: unreachable', 'unreachable')
kernel(
  'unreachable at the start',
  'trap: unreachable',
  'i32.const 0',
  '(start $s) (func $s unreachable)',
)
kernel('division by zero', 'trap: division by zero', '(i32.div_u (i32.const 1) (i32.const 0))')
kernel(
  'a quotient that does not fit',
  'trap: integer overflow',
  '(i32.div_s (i32.const -2147483648) (i32.const -1))',
)
kernel(
  'NaN as an integer',
  'trap: invalid conversion to integer',
  '(i32.trunc_f64_s (f64.const nan))',
)
kernel('reading beyond the memory', outOfBounds, '(i32.load (i32.const -4))')
kernel(
  'a call through an empty table',
  'trap: indirect call of the wrong type',
  '(call_indirect (type $t) (i32.const 0)) i32.const 0',
  '(type $t (func)) (table 1 funcref)',
)
kernel(
  'a call beyond the table',
  'trap: table access out of bounds',
  '(call_indirect (type $t) (i32.const 9)) i32.const 0',
  '(type $t (func)) (table 1 funcref)',
)
kernel(
  'a call of another type',
  'trap: indirect call of the wrong type',
  '(call_indirect (type $t) (i32.const 0)) i32.const 0',
  '(type $t (func (param i64))) (table 1 funcref) (elem (i32.const 0) $run)'.replace(
    '(type $t (func (param i64)))',
    '(type $t (func))',
  ),
)
kernel('neither 0 nor 1', 'trap: run returned 7', 'i32.const 7')
module(
  'data beyond the memory',
  outOfBounds,
  `(module ${page} (data (i32.const 65535) "ab") ${empty})`,
)
module(
  'elements beyond the table',
  'trap: table access out of bounds',
  `(module ${page} (table 1 funcref) (elem (i32.const 1) 0) ${empty})`,
)
module(
  'no memory',
  'refused: the module does not export its memory as "memory"',
  `(module ${empty})`,
)
module(
  'no run',
  'refused: the module exports neither a function "run" nor a "_start"',
  `(module ${page})`,
)
module(
  'run as a memory',
  'refused: the module exports neither a function "run" nor a "_start"',
  `(module (memory (export "memory") 1) (memory (export "run") 1))`.replace(
    '(memory (export "run") 1)',
    '(global (export "run") i32 (i32.const 0))',
  ),
)
module(
  'tail calls',
  "refused: tail calls are not offered by the grid's WebAssembly profile",
  `(module ${page} (func $f (export "run") (result i32) return_call $f))`,
)
module(
  'exceptions',
  "refused: exceptions are not offered by the grid's WebAssembly profile",
  `(module ${page} (tag $t) (func (export "run") (result i32) throw $t))`,
)
module(
  'shared memory',
  "refused: shared memories are not offered by the grid's WebAssembly profile",
  `(module (memory (export "memory") 1 2 shared) ${empty})`,
)
module(
  '64-bit memory',
  "refused: 64-bit memories are not offered by the grid's WebAssembly profile",
  `(module (memory (export "memory") i64 1) ${empty})`,
)
js('an error', 'trap: Error: no luck', "() => { throw new Error('no luck') }")
bytes(
  'no bytes',
  'refused: not a valid WebAssembly module: it does not begin with "\\0asm"',
  new Uint8Array(),
)
bytes(
  'a program of the system',
  'refused: not a valid WebAssembly module: it does not begin with "\\0asm"',
  new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]),
)

// WASI programs between two pipes that go nowhere else.
const command = (body, imports) =>
  `(module ${imports} (memory (export "memory") 1) (func (export "_start") ${body}))`
const wasi = (name, type) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`
const commands = {
  'fd_write with wild vectors': [
    '(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 99) (i32.const 0)))',
    'fd_write',
    '(param i32 i32 i32 i32) (result i32)',
    outOfBounds,
  ],
  'fd_read to a wild place': [
    '(i32.store (i32.const 0) (i32.const -16)) (i32.store (i32.const 4) (i32.const 64)) (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))',
    'fd_read',
    '(param i32 i32 i32 i32) (result i32)',
    outOfBounds,
  ],
  'opening a file': [
    '(if (i32.eqz (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8))) (then unreachable))',
    'path_open',
    '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
    'done',
  ],
  'exit code 3': [
    '(call $proc_exit (i32.const 3))',
    'proc_exit',
    '(param i32)',
    'trap: exit code 3',
  ],
  'random bytes beyond the memory': [
    '(drop (call $random_get (i32.const 0) (i32.const -1)))',
    'random_get',
    '(param i32 i32) (result i32)',
    outOfBounds,
  ],
  'the time to a wild place': [
    '(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const -4)))',
    'clock_time_get',
    '(param i32 i64 i32) (result i32)',
    outOfBounds,
  ],
  'waiting for ever': [
    '(loop (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))) (br 0))',
    'poll_oneoff',
    '(param i32 i32 i32 i32) (result i32)',
    outOfFuel,
  ],
  'yielding for ever': [
    '(loop (drop (call $sched_yield)) (br 0))',
    'sched_yield',
    '(result i32)',
    outOfFuel,
  ],
}
for (const [name, [body, from, type, verdict]] of Object.entries(commands))
  module(`WASI: ${name}`, verdict, command(body, wasi(from, type)))
