/** WASI commands that pass wild numbers, expect a system behind the functions, or wait for what never comes. */
import { family, outOfBounds, outOfFuel } from './unit.mjs'

const { units, module } = family('commands')
export const commands = units

/** The functions that the bodies below call, by their types. */
const types = {
  args_get: '(param i32 i32) (result i32)',
  args_sizes_get: '(param i32 i32) (result i32)',
  clock_time_get: '(param i32 i64 i32) (result i32)',
  fd_close: '(param i32) (result i32)',
  fd_fdstat_get: '(param i32 i32) (result i32)',
  fd_filestat_get: '(param i32 i32) (result i32)',
  fd_pread: '(param i32 i32 i32 i64 i32) (result i32)',
  fd_prestat_get: '(param i32 i32) (result i32)',
  fd_read: '(param i32 i32 i32 i32) (result i32)',
  fd_renumber: '(param i32 i32) (result i32)',
  fd_seek: '(param i32 i64 i32 i32) (result i32)',
  fd_write: '(param i32 i32 i32 i32) (result i32)',
  path_open: '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
  path_unlink_file: '(param i32 i32 i32) (result i32)',
  poll_oneoff: '(param i32 i32 i32 i32) (result i32)',
  proc_exit: '(param i32)',
  proc_raise: '(param i32) (result i32)',
  random_get: '(param i32 i32) (result i32)',
  sock_accept: '(param i32 i32 i32) (result i32)',
  sock_send: '(param i32 i32 i32 i32 i32) (result i32)',
}

/** A command of this body; `$name` calls the function of that name. */
function command(body, more = '') {
  const imports = Object.entries(types)
    .filter(([name]) => `${body}${more}`.includes(`$${name} `))
    .map(([name, type]) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`)
  return `(module ${imports.join(' ')} (memory (export "memory") 1)
    (func (export "_start") ${body}) ${more})`
}

const i32 = (...values) => values.map((value) => `(i32.const ${value})`).join(' ')
/** Ends with what the call gives as its exit code: 0 is done. */
const exitWith = (call) => `(call $proc_exit ${call})`

/** What each call gives: an errno as exit code, or the words of a trap. */
const calls = {
  'vectors beyond the memory': [outOfBounds, `(call $fd_write ${i32(1, -8, 4, 0)})`],
  'two billion vectors': ['trap: exit code 28', `(call $fd_write ${i32(1, 0, 0x7fffffff, 0)})`],
  'fewer vectors than none': ['trap: exit code 28', `(call $fd_write ${i32(1, 0, -1, 0)})`],
  'a count to a wild place': [outOfBounds, `(call $fd_write ${i32(1, 0, 1, -1)})`],
  'writing to the input': ['trap: exit code 76', `(call $fd_write ${i32(0, 0, 1, 8)})`],
  'writing to a file of the host': ['trap: exit code 8', `(call $fd_write ${i32(3, 0, 1, 8)})`],
  'reading from the result': ['trap: exit code 76', `(call $fd_read ${i32(1, 0, 1, 8)})`],
  'reading where it is not possible to seek': [
    'trap: exit code 70',
    `(call $fd_pread ${i32(0, 0, 1)} (i64.const 0) ${i32(8)})`,
  ],
  'seeking in a pipe': [
    'trap: exit code 70',
    `(call $fd_seek ${i32(0)} (i64.const 0) ${i32(0, 8)})`,
  ],
  'directories that were opened before': [
    'trap: exit code 8',
    `(call $fd_prestat_get ${i32(3, 0)})`,
  ],
  'opening a file': [
    'trap: exit code 8',
    `(call $path_open ${i32(3, 0, 0, 4, 0)} (i64.const -1) (i64.const -1) ${i32(0, 8)})`,
  ],
  'removing a file': ['trap: exit code 8', `(call $path_unlink_file ${i32(3, 0, 4)})`],
  'accepting a connection': ['trap: exit code 8', `(call $sock_accept ${i32(3, 0, 8)})`],
  'sending through a pipe': ['trap: exit code 57', `(call $sock_send ${i32(1, 0, 1, 0, 8)})`],
  'raising a signal': ['trap: exit code 52', `(call $proc_raise ${i32(9)})`],
  'a clock that there is not': [
    'trap: exit code 28',
    `(call $clock_time_get ${i32(9)} (i64.const 0) ${i32(0)})`,
  ],
  'the time to a wild place': [
    outOfBounds,
    `(call $clock_time_get ${i32(0)} (i64.const 0) ${i32(-4)})`,
  ],
  'all memory and more, at random': [outOfBounds, `(call $random_get ${i32(0, 65537)})`],
  'four billion random bytes': [outOfBounds, `(call $random_get ${i32(0, -1)})`],
  'arguments to a wild place': [outOfBounds, `(call $args_get ${i32(0, -2)})`],
  'sizes to a wild place': [outOfBounds, `(call $args_sizes_get ${i32(-2, -2)})`],
  'the state of a pipe to a wild place': [outOfBounds, `(call $fd_fdstat_get ${i32(1, -8)})`],
  'the state of nothing': ['trap: exit code 8', `(call $fd_filestat_get ${i32(99, 0)})`],
  'waiting for nothing': ['trap: exit code 28', `(call $poll_oneoff ${i32(0, 64, 0, 0)})`],
  'waiting for two billion': [
    'trap: exit code 28',
    `(call $poll_oneoff ${i32(0, 64, 0x7fffffff, 0)})`,
  ],
  'waiting at a wild place': [outOfBounds, `(call $poll_oneoff ${i32(-48, 0, 2, 0)})`],
  'an exit code of all bits': ['trap: exit code -1', i32(-1)],
}
for (const [name, [verdict, call]] of Object.entries(calls))
  module(name, verdict, command(exitWith(call)))

/** Stores what the two vectors at 0 are. */
const vectors = (...values) =>
  values.map((value, i) => `(i32.store (i32.const ${4 * i}) (i32.const ${value}))`).join(' ')
const bodies = {
  'a vector that lies upon itself': [
    'done',
    `${vectors(0, 16)} (drop (call $fd_read ${i32(0, 0, 1, 0)}))`,
  ],
  'a vector that overflows': [
    outOfBounds,
    `${vectors(-1, -1)} (drop (call $fd_write ${i32(1, 0, 1, 16)}))`,
  ],
  'a good vector before a wild one': [
    outOfBounds,
    `${vectors(0, 4, 65535, 2)} (drop (call $fd_write ${i32(1, 0, 2, 16)}))`,
  ],
  'a thousand times the whole memory': [
    'trap: the result has more than 8388608 bytes',
    `(local $at i32) (loop
      (i32.store offset=4 (local.get $at) (i32.const 65536))
      (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 8192))))
    (drop (call $fd_write ${i32(1, 0, 1000, 16)}))`,
  ],
  'a log of the whole memory without end': [
    outOfFuel,
    `${vectors(0, 65536)} (loop (drop (call $fd_write ${i32(2, 0, 1, 16)})) (br 0))`,
  ],
  'reading at the end, again and again': [
    outOfFuel,
    `${vectors(64, 8)} (loop (drop (call $fd_read ${i32(0, 0, 1, 16)})) (br 0))`,
  ],
  'writing after closing': [
    'trap: exit code 8',
    `(drop (call $fd_close ${i32(1)})) ${exitWith(`(call $fd_write ${i32(1, 0, 0, 16)})`)}`,
  ],
  'closing all that there is': [
    'done: ',
    `(drop (call $fd_close ${i32(0)})) (drop (call $fd_close ${i32(1)})) (drop (call $fd_close ${i32(2)}))
     (drop (call $fd_close ${i32(2)})) (drop (call $fd_close ${i32(-1)}))`,
  ],
  'the input in the place of the result': [
    'trap: exit code 76',
    `(drop (call $fd_renumber ${i32(0, 1)})) ${exitWith(`(call $fd_write ${i32(1, 0, 0, 16)})`)}`,
  ],
  'asking for the time until it passes': [
    outOfFuel,
    `(loop (drop (call $clock_time_get ${i32(1)} (i64.const 0) ${i32(0)}))
      (br_if 0 (i64.le_u (i64.load (i32.const 0)) (i64.const 946684800000000000))))`,
  ],
  'sleeping for a century, again and again': [
    outOfFuel,
    `(i64.store (i32.const 24) (i64.const 3155760000000000000))
     (loop (drop (call $poll_oneoff ${i32(0, 64, 1, 128)})) (br 0))`,
  ],
  'waiting for a thousand pipes, again and again': [
    outOfFuel,
    `(memory.fill ${i32(0, 1, 50000)}) (loop (drop (call $poll_oneoff ${i32(0, 0, 1024, 60000)}))
      (memory.fill ${i32(0, 1, 50000)}) (br 0))`,
  ],
  'random bytes without end': [
    outOfFuel,
    `(loop (drop (call $random_get ${i32(0, 65536)})) (br 0))`,
  ],
  'closing without end': [outOfFuel, `(loop (drop (call $fd_close ${i32(7)})) (br 0))`],
  'going on after the exit': ['done: ', `(block (call $proc_exit ${i32(0)}) unreachable)`],
  'calling itself': ['trap: call stack exhausted', '(call $again)', '(func $again (call $again))'],
  'last words of a megabyte': [
    'trap: unreachable',
    `(memory.fill ${i32(1024, 10, 60000)}) ${vectors(1024, 60000)}
     (drop (call $fd_write ${i32(2, 0, 1, 16)})) unreachable`,
  ],
  'last words that are no text': [
    `trap: unreachable\n${'\uFFFD'.repeat(8)}`,
    `(i64.store (i32.const 1024) (i64.const -1)) ${vectors(1024, 8)}
     (drop (call $fd_write ${i32(2, 0, 1, 16)})) unreachable`,
  ],
}
for (const [name, [verdict, body, more]] of Object.entries(bodies))
  module(name, verdict, command(body, more))

module(
  'an exit at the start',
  'trap: exit code 7',
  command('unreachable', `(func $s ${exitWith(i32(7))}) (start $s)`),
)
module(
  'done at the start',
  'done: ',
  command('unreachable', `(func $s ${exitWith(i32(0))}) (start $s)`),
)
