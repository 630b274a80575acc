/** Folds what a kernel computes into one number, so that any bit that differs on the way shows in the result. */

@external("grid", "output_write")
declare function outputWrite(pointer: usize, length: i32): void

let folded: u64 = 0x243f6a8885a308d3
let noiseState: u64 = 0x9e3779b97f4a7c15
const place = memory.data(8)

@inline
export function fold(value: u64): void {
  const product = (folded ^ value) * 0xff51afd7ed558ccd
  folded = product ^ (product >> 32)
}

@inline
export function foldDouble(value: f64): void {
  fold(reinterpret<u64>(value))
}

@inline
export function foldSingle(value: f32): void {
  fold(<u64>reinterpret<u32>(value))
}

export function foldVector(value: v128): void {
  fold(<u64>v128.extract_lane<i64>(value, 0))
  fold(<u64>v128.extract_lane<i64>(value, 1))
}

/** Writes what came so far. Several times in a kernel: the first one that differs tells where to look. */
export function checkpoint(): void {
  store<u64>(place, folded)
  outputWrite(place, 8)
}

/** Writes bytes as they are. */
export function write(pointer: usize, length: i32): void {
  outputWrite(pointer, length)
}

/** Numbers without a pattern. */
export function noise(): u64 {
  noiseState = noiseState * 6364136223846793005 + 1442695040888963407
  return noiseState ^ (noiseState >> 29)
}

/** From -1 up to 1. */
export function noiseDouble(): f64 {
  return <f64>(<i64>noise()) * (1.0 / 9223372036854775808.0)
}
