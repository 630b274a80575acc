/** What the grid gives a kernel; see docs/tasks.md. Everything else a kernel brings along. */

/** Bytes of the unit's input. */
@external("grid", "input_size")
export declare function inputSize(): i32

/** Copies the unit's whole input to `pointer`. */
@external("grid", "input_read")
export declare function inputRead(pointer: usize): void

/** Bytes of the job's parameters. */
@external("grid", "params_size")
export declare function paramsSize(): i32

/** Copies the job's parameters to `pointer`. */
@external("grid", "params_read")
export declare function paramsRead(pointer: usize): void

/** Appends `length` bytes at `pointer` to the unit's output. */
@external("grid", "output_write")
export declare function outputWrite(pointer: usize, length: i32): void

/** Fills `length` bytes at `pointer` from the unit's random stream, the same on every host. */
@external("grid", "random")
export declare function random(pointer: usize, length: i32): void

/** How much of the unit is done, 0 to 1. */
@external("grid", "progress")
export declare function progress(done: f64): void

/** Answers of `run`. */
export const DONE: i32 = 0
export const HIT: i32 = 1

/** Makes the memory reach up to, not including, `end`; traps when it may not grow so far. */
export function reserve(end: usize): void {
  const pages = <i32>((end + 0xffff) >>> 16)
  const missing = pages - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
}
