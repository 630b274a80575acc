/**
 * How the corpus writes a unit down: what it is, and how it has to end. Verdicts are compared to the letter; ../words.mjs
 * says what they look like.
 */
import wabtFactory from 'wabt'

/**
 * @typedef {object} HostileUnit
 * @property {string} name
 * @property {string} family
 * @property {'wasm' | 'js'} tier
 * @property {Uint8Array} code
 * @property {string} verdict
 * @property {object} limits  of its task, where they are not the runner's
 */

const wabt = await wabtFactory()
const features = {
  simd: true,
  bulk_memory: true,
  reference_types: true,
  multi_value: true,
  sat_float_to_int: true,
  sign_extension: true,
  mutable_globals: true,
  tail_call: true,
  exceptions: true,
  threads: true,
  memory64: true,
  multi_memory: true,
  relaxed_simd: true,
  extended_const: true,
}

/** @returns {Uint8Array} */
export function assemble(text) {
  const module = wabt.parseWat('unit.wat', text, features)
  const { buffer } = module.toBinary({})
  module.destroy()
  return new Uint8Array(buffer)
}

/** Verdicts that come often. */
export const outOfFuel = 'trap: out of fuel'
export const noStack = 'trap: call stack exhausted'
export const outOfBounds = 'trap: memory access out of bounds'
/** Only the watchdog ends it. */
export const outOfTime = 'abort time'
export const outOfMemory = 'abort memory'
export const invalid = (what) => `refused: not a valid WebAssembly module: ${what}`
export const outside = (what) => `refused: ${what} not offered by the grid's WebAssembly profile`

/** All functions of the grid, by their names in the text. */
const grid = `
  (import "grid" "input_size" (func $input_size (result i32)))
  (import "grid" "input_read" (func $input_read (param i32)))
  (import "grid" "output_write" (func $output_write (param i32 i32)))
  (import "grid" "random" (func $random (param i32 i32)))
  (import "grid" "log" (func $log (param i32 i32)))
  (import "grid" "progress" (func $progress (param f64)))`

/** A kernel of this body, which leaves what `run` returns; `more` stands beside it. */
export function kernelText(body, more = '', memory = '1') {
  return `(module ${grid} (memory (export "memory") ${memory}) ${more}
    (func $run (export "run") (result i32) ${body}))`
}

/** Makes units of one family. Their code is made when it is asked for: all of it together is a quarter of a gigabyte. */
export function family(name) {
  const units = []
  const add = (tier, make, unit, verdict, limits) =>
    units.push({
      name: unit,
      family: name,
      tier,
      verdict,
      limits: limits ?? {},
      get code() {
        return make()
      },
    })
  const utf8 = new TextEncoder()
  const given = (text) => (typeof text === 'function' ? text() : text)
  return {
    units,
    /** @param body  instructions of `run` */
    kernel: (unit, verdict, body, more, limits) =>
      add('wasm', () => assemble(kernelText(body, more)), unit, verdict, limits),
    /** @param text  of a module, or what gives it */
    module: (unit, verdict, text, limits) =>
      add('wasm', () => assemble(given(text)), unit, verdict, limits),
    /** @param code  bytes, or what gives them */
    bytes: (unit, verdict, code, limits) => add('wasm', () => given(code), unit, verdict, limits),
    /** @param source  of a kernel, or what gives it */
    js: (unit, verdict, source, limits) =>
      add('js', () => utf8.encode(given(source)), unit, verdict, limits),
  }
}
