/**
 * What the grid gives a kernel that is written in AssemblyScript.
 *
 *     import { DONE, readRange, writeI64 } from 'manyhands/dist/tasks/include/assembly/manyhands'
 *
 *     export function run(): i32 {
 *       const range = readRange()
 *       let sum: i64 = 0
 *       for (let n = range.start; n < range.end; n++) sum += n
 *       writeI64(sum)
 *       return DONE
 *     }
 *
 * Build it with `asc sum.ts -O3 --runtime stub --use abort= -o sum.wasm`, and try it with
 * `manyhands task run sum.wasm --range 0..1000`. docs/kernels.md has the whole story.
 */

/** What `run` returns: the unit has its result. */
export const DONE: i32 = 0
/** The unit has its result, and found what a `first-hit` job looks for. */
export const HIT: i32 = 1

/** What `check` returns: the claimed result is right, or it is not. */
export const RIGHT: i32 = 1
export const WRONG: i32 = 0

/* The functions that the grid offers. */

/** Bytes of the unit's input. */
@external("grid", "input_size")
export declare function inputSize(): i32

/** Copies the whole input to where there is room for `inputSize()` bytes. */
@external("grid", "input_read")
export declare function inputRead(to: usize): void

/** In `check`: bytes of the result that a host claims. In `run` there is none: 0. */
@external("grid", "result_size")
export declare function resultSize(): i32

/** Copies the whole claimed result to where there is room for `resultSize()` bytes. */
@external("grid", "result_read")
export declare function resultRead(to: usize): void

/** Bytes of the job's parameters. */
@external("grid", "params_size")
export declare function paramsSize(): i32

/** Copies all parameters to where there is room for `paramsSize()` bytes. */
@external("grid", "params_read")
export declare function paramsRead(to: usize): void

/** Appends to the unit's result; at most 8 MiB in all. */
@external("grid", "output_write")
export declare function outputWrite(from: usize, bytes: i32): void

/** Fills with the unit's random stream: the same on every host, another in each unit. */
@external("grid", "random")
export declare function randomFill(to: usize, bytes: i32): void

@external("grid", "log")
declare function logBytes(text: usize, bytes: i32): void

/** How much of the unit is done, 0 to 1; for `manyhands task run`. */
@external("grid", "progress")
export declare function progress(fraction: f64): void

/* Small things on top of them. */

/** Integers from `start` up to, not including, `end`: the input of a range job's unit. */
export class Range {
  constructor(
    public start: i64,
    public end: i64,
  ) {}
}

const words = memory.data(16, 8)

export function readRange(): Range {
  if (inputSize() != 16) fail("the input is no range")
  inputRead(words)
  return new Range(load<i64>(words), load<i64>(words, 8))
}

/** The unit's input. */
export function readInput(): StaticArray<u8> {
  const input = new StaticArray<u8>(inputSize())
  inputRead(changetype<usize>(input))
  return input
}

/** The job's parameters. */
export function readParams(): StaticArray<u8> {
  const params = new StaticArray<u8>(paramsSize())
  paramsRead(changetype<usize>(params))
  return params
}

/** Appends bytes to the result. */
export function write(bytes: StaticArray<u8>): void {
  outputWrite(changetype<usize>(bytes), bytes.length)
}

/** Appends 8 bytes, little-endian. */
export function writeI64(value: i64): void {
  store<i64>(words, value)
  outputWrite(words, 8)
}

/** Appends 8 bytes, little-endian. */
export function writeF64(value: f64): void {
  store<f64>(words, value)
  outputWrite(words, 8)
}

/** A number from the unit's random stream, each of 2^64 as likely as the others. */
export function randomU64(): u64 {
  randomFill(words, 8)
  return load<u64>(words)
}

/** A number from 0 up to, not including, 1, in steps of 2^-53. */
export function randomFraction(): f64 {
  return <f64>(randomU64() >> 11) * 1.1102230246251565e-16
}

/** A line for whoever debugs with `manyhands task run`; on the grid nobody hears it. */
export function log(text: string): void {
  const utf8 = String.UTF8.encode(text + "\n")
  logBytes(changetype<usize>(utf8), utf8.byteLength)
}

/** Ends the unit as a trap: the program is wrong, and every host will find it so. */
export function fail(text: string): void {
  log(text)
  unreachable()
}
