/**
 * A module for each way to trap. Before it does, it works a little and writes some of its result: what a trap says
 * and what was paid until then must be the same everywhere.
 */

const zero = '(i32.load (i32.const 8192))'
const zero64 = '(i64.load (i32.const 8192))'
const table = '(table $table 4 8 funcref)'
const binary = (type, name, left, right) =>
  `(drop (${type}.${name} (${type}.const ${left}) ${right}))`

/** What is wrong, and what stands beside `run` in the module. */
const faults = {
  unreachable: ['(unreachable)'],
  'memory-load': ['(drop (i32.load (i32.const 65533)))'],
  'memory-load-offset': ['(drop (i64.load offset=4294967295 (i32.const -1)))'],
  'memory-store': [`(i64.store (i32.sub ${zero} (i32.const 4)) (i64.const 1))`],
  'memory-vector': ['(v128.store (i32.const 65521) (v128.const i64x2 1 2))'],
  'memory-copy': ['(memory.copy (i32.const 0) (i32.const 65000) (i32.const 1000))'],
  'memory-fill': ['(memory.fill (i32.const 65000) (i32.const 1) (i32.const 1000))'],
  'memory-init': [
    '(memory.init $bytes (i32.const 0) (i32.const 2) (i32.const 2))',
    '(data $bytes "abc")',
  ],
  'memory-dropped-data': [
    '(data.drop $bytes) (memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 1))',
    '(data $bytes "abc")',
  ],
  'host-pointer': ['(call $output_write (i32.const 65530) (i32.const 7))'],
  'host-length': ['(call $output_write (i32.const 0) (i32.const -1))'],
  'host-random': ['(call $random (i32.const -8) (i32.const 16))'],
  'divide-i32': [binary('i32', 'div_s', 7, zero)],
  'divide-u32': [binary('i32', 'div_u', 7, zero)],
  'divide-i64': [binary('i64', 'div_s', 7, zero64)],
  'remainder-i32': [binary('i32', 'rem_s', 7, zero)],
  'remainder-u64': [binary('i64', 'rem_u', 7, zero64)],
  'overflow-i32': [binary('i32', 'div_s', -2147483648, `(i32.sub ${zero} (i32.const 1))`)],
  'overflow-i64': [
    binary('i64', 'div_s', '-9223372036854775808', `(i64.sub ${zero64} (i64.const 1))`),
  ],
  'truncate-nan': [`(drop (i32.trunc_f64_s (f64.div (f64.const 0) (f64.load (i32.const 8192)))))`],
  'truncate-nan-f32': [
    `(drop (i64.trunc_f32_u (f32.sqrt (f32.sub (f32.load (i32.const 8192)) (f32.const 1)))))`,
  ],
  'truncate-large': ['(drop (i32.trunc_f64_s (f64.const 2147483648)))'],
  'truncate-negative': ['(drop (i64.trunc_f64_u (f64.const -1)))'],
  'truncate-infinite': ['(drop (i64.trunc_f32_s (f32.const inf)))'],
  'call-outside': [`(call_indirect (i32.const 4))`, table],
  'call-null': [`(call_indirect (i32.const 1))`, table],
  'call-type': [
    `(drop (call_indirect (param i64) (result i64) (i64.const 1) (i32.const 0)))`,
    `${table} (elem (i32.const 0) $work)`,
  ],
  'table-get': [`(drop (table.get $table (i32.const 9)))`, table],
  'table-set': [`(table.set $table (i32.const -1) (ref.null func))`, table],
  'table-fill': [`(table.fill $table (i32.const 3) (ref.null func) (i32.const 2))`, table],
  'table-copy': [`(table.copy $table $table (i32.const 0) (i32.const 2) (i32.const 3))`, table],
  'table-init': [
    `(table.init $table $functions (i32.const 0) (i32.const 1) (i32.const 1))`,
    `${table} (elem $functions func $work)`,
  ],
  'data-outside': ['', '(data (i32.const 65530) "1234567")'],
  'elements-outside': ['', `${table} (elem (i32.const 4) $work)`],
  'at-start': ['', '(func $start (call $work) (unreachable)) (start $start)'],
  'status-2': ['(return (i32.const 2))'],
  'status-negative': ['(return (i32.const -1))'],
  'large-result': [`(loop (call $output_write (i32.const 0) (i32.const 65536)) (br 0))`],
  'command-exit': [
    `(call $proc_exit (i32.const 3))`,
    '',
    '(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))',
  ],
  'unknown-import': ['', '', '(import "env" "now" (func $now (result f64)))'],
  'unknown-feature': ['(drop (memory.atomic.notify (i32.const 0) (i32.const 1)))'],
  'wrong-type': ['(drop (i64.const 1)) (drop (memory.grow (i32.const 1)))', '(memory $other 1)'],
}

/** @param {readonly [body: string, more?: string, imports?: string]} fault */
function moduleOf([body, more = '', imports = '']) {
  return `(module
  (import "grid" "output_write" (func $output_write (param i32 i32)))
  (import "grid" "random" (func $random (param i32 i32)))
  ${imports}
  (memory (export "memory") 1 1)
  ${more}
  (func $work (local $turns i32)
    (local.set $turns (i32.const 100))
    (loop
      (i32.store (i32.const 0) (i32.mul (i32.add (i32.load (i32.const 0)) (local.get $turns)) (i32.const 0x9e3779b1)))
      (br_if 0 (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (call $output_write (i32.const 0) (i32.const 4)))
  (func (export "run") (result i32)
    (call $work)
    ${body}
    (i32.const 0)))
`
}

/** Modules in the text format, by name. */
export const traps = Object.fromEntries(
  Object.entries(faults).map(([name, fault]) => [`trap-${name}`, () => moduleOf(fault)]),
)
