/**
 * Every way in which arithmetic makes a NaN, let out by every door through which its bits can be seen. A module a
 * door; the result is the memory to which the bits came.
 *
 * Operands stand once as constants, which a compiler computes at compile time, and once in memory, which it cannot.
 */

const doubles = {
  zero: ['0', '0x0p+0'],
  one: ['1', '0x1p+0'],
  minus: ['-1', '-0x1p+0'],
  inf: ['inf', 'inf'],
  low: ['-inf', '-inf'],
  nan: ['nan', 'nan'],
  quiet: ['nan:0x8dead0000beef', 'nan:0x4dead0'],
  loud: ['nan:0x0000000000001', 'nan:0x000001'],
  bad: ['-nan:0xfffffffffffff', '-nan:0x7fffff'],
}
const names = Object.keys(doubles)

/** Where the operands lie in memory; results come after it. */
const operandsAt = { f64: 1024, f32: 1280 }
const resultsAt = 4096

/** @param operand  name of an operand -> its instruction */
function makers(type, operand) {
  const wide = type === 'f64'
  const of = (name, ...operands) => `(${type}.${name} ${operands.join(' ')})`
  const [zero, one, minus, inf, low, nan, quiet, loud, bad] = names.map(operand)
  const nothing = of('div', zero, zero)
  return [
    nothing,
    of('div', of('neg', zero), zero),
    of('div', inf, low),
    of('sub', inf, inf),
    of('add', low, inf),
    of('mul', zero, inf),
    of('mul', low, zero),
    of('sqrt', minus),
    of('sqrt', low),
    of('sqrt', loud),
    of('add', quiet, one),
    of('add', one, quiet),
    of('add', quiet, bad),
    of('add', bad, quiet),
    of('mul', loud, one),
    of('div', one, loud),
    of('sub', bad, one),
    of('sub', nothing, quiet),
    of('min', quiet, one),
    of('min', one, bad),
    of('max', loud, bad),
    of('max', zero, nothing),
    of('ceil', loud),
    of('floor', bad),
    of('trunc', loud),
    of('nearest', quiet),
    of('neg', nothing),
    of('abs', of('neg', nothing)),
    of('neg', quiet),
    of('abs', bad),
    of('copysign', nothing, minus),
    of('copysign', quiet, one),
    of('copysign', bad, nothing),
    nan,
    quiet,
    loud,
    bad,
    wide
      ? '(f64.promote_f32 (f32.div (f32.const 0) (f32.const 0)))'
      : '(f32.demote_f64 (f64.div (f64.const 0) (f64.const 0)))',
    wide
      ? '(f64.promote_f32 (f32.reinterpret_i32 (i32.const 0xffa00001)))'
      : '(f32.demote_f64 (f64.reinterpret_i64 (i64.const 0xfff4000000000001)))',
    wide
      ? '(f64.promote_f32 (f32.demote_f64 (f64.sub (f64.const inf) (f64.const inf))))'
      : '(f32.demote_f64 (f64.promote_f32 (f32.sub (f32.const inf) (f32.const inf))))',
    of('mul', of('sub', nothing, nothing), of('sqrt', of('neg', of('mul', inf, zero)))),
  ]
}

/** All expressions of a type, with constants and with operands from memory. */
function expressions(type) {
  const wide = type === 'f64'
  const constant = (name) => `(${type}.const ${doubles[name][wide ? 0 : 1]})`
  const size = wide ? 8 : 4
  const loaded = (name) =>
    `(${type}.load (i32.const ${operandsAt[type] + size * names.indexOf(name)}))`
  return [...makers(type, constant), ...makers(type, loaded)]
}

/** @returns instructions that fill the operands' memory */
function fillOperands() {
  return ['f64', 'f32'].flatMap((type) =>
    names.map((name, index) => {
      const [wide, narrow] = doubles[name]
      const size = type === 'f64' ? 8 : 4
      const at = operandsAt[type] + size * index
      return `(${type}.store (i32.const ${at}) (${type}.const ${size === 8 ? wide : narrow}))`
    }),
  )
}

const integer = { f64: 'i64', f32: 'i32' }
const lanes = { f64: 'f64x2', f32: 'f32x4' }
const wholeLanes = { f64: 'i64x2', f32: 'i32x4' }
const bits = (type, value) => `(${integer[type]}.reinterpret_${type} ${value})`

/**
 * Doors by name: instructions that bring the NaN `value` of `type` to memory at `at`, where 32 bytes are free.
 *
 * @type {Record<string, (type: 'f64' | 'f32', value: string, at: string) => string>}
 */
const doors = {
  store: (type, value, at) => `(${type}.store ${at} ${value})`,
  reinterpret: (type, value, at) => `(${integer[type]}.store ${at} ${bits(type, value)})`,
  sign: (type, value, at) =>
    `(${type}.store ${at} (${type}.copysign (${type}.const 1) ${value}))
     (i32.store offset=8 ${at} (${integer[type]}.lt_s ${bits(type, value)} (${integer[type]}.const 0)))`,
  local: (type, value, at) =>
    `(local.set $${type} ${value}) (${type}.store ${at} (local.get $${type}))
     (${type}.store offset=8 ${at} (local.tee $${type} ${value}))
     (${integer[type]}.store offset=16 ${at} ${bits(type, `(local.get $${type})`)})`,
  global: (type, value, at) =>
    `(global.set $${type} ${value}) (${type}.store ${at} (global.get $${type}))
     (${integer[type]}.store offset=8 ${at} ${bits(type, `(global.get $${type})`)})`,
  call: (type, value, at) =>
    `(${type}.store ${at} (call $pass_${type} ${value}))
     (${integer[type]}.store offset=8 ${at} (call $bits_${type} ${value}))`,
  indirect: (type, value, at) =>
    `(${type}.store ${at} (call_indirect (param ${type}) (result ${type}) ${value} (i32.const ${type === 'f64' ? 0 : 1})))`,
  results: (type, value, at) =>
    `(call $pair_${type} ${value} (${type}.const 2)) (local.set $${type}) (local.set $other_${type})
     (${type}.store ${at} (local.get $${type})) (${type}.store offset=8 ${at} (local.get $other_${type}))`,
  select: (type, value, at) =>
    `(${type}.store ${at} (select ${value} (${type}.const 3) (i32.load (i32.const ${operandsAt.f64 + 12}))))
     (${type}.store offset=8 ${at} (select (${type}.const 3) ${value} (i32.load (i32.const ${operandsAt.f64}))))`,
  blocks: (type, value, at) =>
    `(${type}.store ${at} (block (result ${type}) (drop (br_if 0 ${value} (i32.load (i32.const ${operandsAt.f64 + 12})))) (${type}.const 4)))
     (${type}.store offset=8 ${at} (if (result ${type}) (i32.load (i32.const ${operandsAt.f64})) (then (${type}.const 5)) (else ${value})))
     (${type}.store offset=16 ${at} (block (result ${type}) (br_table 0 0 ${value} (i32.const 7))))`,
  loops: (type, value, at) =>
    `(local.set $turns (i32.const 3)) ${value}
     (loop (param ${type}) (result ${type}) (${type}.neg)
       (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
       (br_if 0 (local.get $turns)))
     (local.set $${type}) (${type}.store ${at} (local.get $${type}))`,
  copies: (type, value, at) =>
    `(${type}.store (i32.const 64) ${value}) (memory.copy ${at} (i32.const 64) (i32.const 8))
     (i32.store offset=8 ${at} (i32.load8_s offset=3 (i32.const 64)))
     (i32.store offset=12 ${at} (i32.load16_u offset=2 (i32.const 64)))
     (i64.store offset=16 ${at} (i64.load32_s (i32.const 64)))
     (v128.store (i32.const 64) (v128.const i64x2 0 0))`,
  conversions: (type, value, at) =>
    type === 'f64'
      ? `(f32.store ${at} (f32.demote_f64 ${value})) (i64.store offset=8 ${at} (i64.trunc_sat_f64_s ${value}))
         (i32.store offset=16 ${at} (i32.reinterpret_f32 (f32.demote_f64 ${value})))`
      : `(f64.store ${at} (f64.promote_f32 ${value})) (i32.store offset=8 ${at} (i32.trunc_sat_f32_u ${value}))
         (i64.store offset=16 ${at} (i64.reinterpret_f64 (f64.promote_f32 ${value})))`,
  'simd-lanes': (type, value, at) =>
    `(v128.store ${at} (${lanes[type]}.splat ${value}))
     (v128.store offset=16 ${at} (${lanes[type]}.replace_lane 1 (v128.const i64x2 0 -1) ${value}))`,
  'simd-arithmetic': (type, value, at) => {
    const vector = `(${lanes[type]}.splat ${value})`
    const ones = `(${lanes[type]}.splat (${type}.const 1))`
    return `(v128.store ${at} (${lanes[type]}.add ${vector} ${ones}))
      (v128.store offset=16 ${at} (v128.xor (${lanes[type]}.mul ${ones} ${vector}) (${lanes[type]}.min ${vector} ${ones})))
      (call $fold (i64x2.extract_lane 0 (v128.bitselect (${lanes[type]}.neg ${vector}) (${lanes[type]}.sqrt ${vector}) (v128.const i64x2 0x0ff00ff00ff00ff0 0))))`
  },
  'simd-extraction': (type, value, at) => {
    const product = `(${lanes[type]}.mul (${lanes[type]}.splat ${value}) (${lanes[type]}.splat (${type}.const -1)))`
    return `(${type}.store ${at} (${lanes[type]}.extract_lane 1 ${product}))
      (${integer[type]}.store offset=8 ${at} (${wholeLanes[type]}.extract_lane 0 ${product}))
      (i32.store offset=16 ${at} (i8x16.bitmask ${product}))
      (i32.store offset=20 ${at} (i32x4.bitmask (${wholeLanes[type]}.add ${product} ${product})))
      (i64.store offset=24 ${at} (i64x2.extract_lane 1 (i8x16.shuffle 7 6 5 4 3 2 1 0 0 1 2 3 4 5 6 7 ${product} ${product})))`
  },
}

/** @param {string} door */
function moduleOf(door) {
  const bytes = 32
  const cases = ['f64', 'f32'].flatMap((type) => expressions(type).map((value) => [type, value]))
  const lines = cases.map(([type, value], index) => {
    const at = `(i32.const ${resultsAt + bytes * index})`
    return `    ${doors[door](type, value, at)}`
  })
  // Functions of moderate length: what a compiler does with a long one is another matter than with a short one.
  const pieces = []
  for (let from = 0; from < lines.length; from += 12) pieces.push(lines.slice(from, from + 12))
  const locals =
    '(local $f64 f64) (local $f32 f32) (local $other_f64 f64) (local $other_f32 f32) (local $turns i32)'
  return `(module
  (import "grid" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (global $f64 (mut f64) (f64.const 0))
  (global $f32 (mut f32) (f32.const 0))
  (global $folded (mut i64) (i64.const 1))
  (table funcref (elem $pass_f64 $pass_f32))
  (func $fold (param i64)
    (global.set $folded (i64.add (local.get 0) (i64.mul (global.get $folded) (i64.const 0x5851f42d4c957f2d)))))
  (func $pass_f64 (param f64) (result f64) (local.get 0))
  (func $pass_f32 (param f32) (result f32) (local.get 0))
  (func $bits_f64 (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
  (func $bits_f32 (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
  (func $pair_f64 (param f64 f64) (result f64 f64) (f64.mul (local.get 0) (local.get 1)) (local.get 0))
  (func $pair_f32 (param f32 f32) (result f32 f32) (f32.mul (local.get 0) (local.get 1)) (local.get 0))
${pieces.map((piece, index) => `  (func $piece${index} ${locals}\n${piece.join('\n')})`).join('\n')}
  (func (export "run") (result i32)
    ${fillOperands().join('\n    ')}
    ${pieces.map((_, index) => `(call $piece${index})`).join(' ')}
    (i64.store (i32.const ${resultsAt + bytes * cases.length}) (global.get $folded))
    (call $output_write (i32.const ${resultsAt}) (i32.const ${bytes * cases.length + 8}))
    (i32.const 0)))
`
}

/** Modules in the text format, by name. */
export const nanDoors = Object.fromEntries(
  Object.keys(doors).map((door) => [`nan-${door}`, () => moduleOf(door)]),
)
