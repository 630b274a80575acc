/** A module with every section, cut off and damaged: refused, with the same words at the same byte on every host. */
import { assemble, family, invalid, outOfBounds, outside } from './unit.mjs'

const { units, bytes } = family('damaged')
export const damaged = units

const at = (byte) => `, at byte ${byte}`
const noMemory = (byte) => `refused: the module does not export its memory as "memory"${at(byte)}`

const whole = assemble(`(module
  (import "grid" "output_write" (func $write (param i32 i32)))
  (type $t (func (result i32)))
  (table 2 funcref)
  (memory (export "memory") 1)
  (global $g (mut i32) (i32.const 5))
  (elem (i32.const 0) $double $run)
  (start $start)
  (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func $start (memory.init 1 (i32.const 8) (i32.const 0) (i32.const 4)))
  (func $run (export "run") (result i32)
    (local i64)
    (block (loop
      (global.set $g (i32.sub (global.get $g) (i32.const 1)))
      (br_if 1 (i32.eqz (global.get $g)))
      (br 0)))
    (call $write (i32.const 0) (call $double (i32.const 4)))
    (i32.const 0))
  (data (i32.const 0) "whole")
  (data "more"))`)

const sectionNames = [
  ...['custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start'],
  ...['element', 'code', 'data', 'data count'],
]

/** Sections of so small a module have lengths of one byte. */
function sectionsOf(module) {
  const found = []
  for (let at = 8; at < module.length; at = found.at(-1).to)
    found.push({ name: sectionNames[module[at]], from: at, to: at + 2 + module[at + 1] })
  return found
}

const partOf = (from, to) => whole.slice(from, to)
const join = (...parts) => new Uint8Array(Buffer.concat(parts))
const endsTooSoon = 'a section that reaches beyond the end'
const noBodies = 'not as many function bodies as functions'

bytes('not at all', 'done: whole\0\0\0', whole)
bytes('no bytes at all', invalid('it does not begin with "\\0asm"') + at(0), partOf(0, 0))
bytes('half a head', invalid('its version is not 1 (a component, perhaps)') + at(4), partOf(0, 6))
bytes('a head alone', noMemory(8), partOf(0, 8))

/** What the guard finds where the module ends before each section, and where the section itself is left out. */
const losses = {
  type: [undefined, invalid('there is no type 1') + at(30)],
  import: [noMemory(28), invalid('an export of no function') + at(69)],
  function: [noMemory(51), invalid('an export of no function') + at(86)],
  table: [invalid(noBodies) + at(57), invalid('an element segment without a table') + at(94)],
  memory: [invalid(noBodies) + at(63), invalid('an export of no memory') + at(81)],
  global: [invalid(noBodies) + at(68), invalid('there is no global 0') + at(134)],
  export: [invalid(noBodies) + at(76), noMemory(170)],
  start: [invalid(noBodies) + at(94), 'done: whole\0\0\0'],
  element: [invalid(noBodies) + at(97), 'done: whole\0\0\0'],
  'data count': [
    invalid(noBodies) + at(107),
    invalid('data segments were not announced') + at(126),
  ],
  code: [invalid(noBodies) + at(110), invalid(noBodies) + at(129)],
  data: [
    invalid('not as many data segments as were announced') + at(169),
    invalid('not as many data segments as were announced') + at(169),
  ],
}
for (const { name, from, to } of sectionsOf(whole)) {
  const [cutBefore, without] = losses[name]
  if (cutBefore !== undefined) bytes(`cut before the section ${name}`, cutBefore, partOf(0, from))
  bytes(`cut in the head of ${name}`, invalid('unexpected end') + at(from + 1), partOf(0, from + 1))
  if (to - from > 3) bytes(`cut within ${name}`, invalid(endsTooSoon) + at(from), partOf(0, to - 1))
  bytes(`without ${name}`, without, join(partOf(0, from), partOf(to)))
  bytes(
    `${name} twice`,
    invalid('sections out of order') + at(to),
    join(partOf(0, to), partOf(from)),
  )
}

/** A byte, what stands there instead, and what comes of it. Drawn by chance once; kept because each is another fault. */
const wrongBytes = [
  [
    45,
    79,
    'refused: the module imports grid.output_wOite, which the grid does not offer, at byte 31',
  ],
  [36, 149, invalid('a name of 14229 bytes, at most 10000 are allowed') + at(36)],
  [28, 132, invalid('an unknown section 132') + at(28)],
  [80, 232, invalid('a name that is not UTF-8') + at(80)],
  [110, 13, outside('exceptions are') + at(110)],
  [116, 22, invalid('there is no local 22') + at(115)],
  [119, 101, invalid('expected f64, found i32') + at(119)],
  [96, 248, invalid('unexpected end') + at(97)],
  [163, 201, invalid('there is no function 2121') + at(162)],
  [142, 45, invalid('an operand is missing') + at(142)],
  [65, 53, invalid('unexpected end') + at(68)],
  [11, 188, invalid('a type that is no function type') + at(11)],
  [71, 13, invalid('an unknown type 0xd') + at(71)],
  [156, 161, invalid('operands are left over') + at(157)],
  [101, 210, invalid('a constant of type funcref where i32 belongs') + at(101)],
  [54, 0, invalid('there is no local 0') + at(115)],
  [69, 241, invalid(endsTooSoon) + at(68)],
  [72, 76, invalid('a global that is neither constant nor mutable') + at(72)],
  [98, 49, invalid('bytes left over at the end of a section') + at(107)],
  [13, 231, invalid('16359 results, at most 255 are allowed') + at(13)],
  [83, 29, noMemory(188)],
  [117, 178, invalid('expected i32, found f32') + at(119)],
  [182, 121, invalid('a data segment of an unknown kind') + at(182)],
  [166, 9, outside('exceptions are') + at(166)],
  [55, 48, invalid('there is no type 48') + at(55)],
  [160, 246, outside('instruction 0xf6 is') + at(160)],
  [173, 26, invalid('an initialiser that is not constant') + at(173)],
  // These are programs still: other ones.
  [73, 0x42, invalid('a constant of type i64 where i32 belongs') + at(73)],
  [62, 44, 'done: whole\0\0\0'],
  [118, 113, outOfBounds],
  [161, 192, 'done'],
  [159, 35, 'done'],
  [167, 27, 'trap: run returned 27'],
  [136, 74, 'done'],
]
for (const [place, byte, verdict] of wrongBytes) {
  const module = whole.slice()
  module[place] = byte
  bytes(`byte ${place} is ${byte}`, verdict, module)
}
