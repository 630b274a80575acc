/**
 * Counts random points of a square that fall into its quarter circle.
 *
 * Input: range of samples, of which only the number matters. Output: 8 bytes, points inside.
 * The points come from xoshiro256** (Blackman and Vigna, 2018), seeded from the unit's random stream.
 */
import { DONE, inputRead, outputWrite, progress, random } from '../../shared/assembly/grid'

const RANGE = memory.data(16, 16)
const SEED = memory.data(32, 16)
const INSIDE = memory.data(8, 8)

/** Samples a call of `sample`: short, since an engine swaps in faster code only between calls. */
const SAMPLES: u64 = 1 << 16
/** Calls of `sample` between two reports of progress. */
const REPORT: u32 = 256

/** Takes `count` points. Points are the middles of 2^31 x 2^31 cells, so no cell is half in doubt. */
function sample(count: u32): u32 {
  let s0 = load<u64>(SEED, 0)
  let s1 = load<u64>(SEED, 8)
  let s2 = load<u64>(SEED, 16)
  let s3 = load<u64>(SEED, 24)
  let inside: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const bits = rotl<u64>(s1 * 5, 7) * 9
    const shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotl<u64>(s3, 45)
    const x = bits >>> 33
    const y = (bits >>> 2) & 0x7fffffff
    inside += <u32>(x * (x + 1) + y * (y + 1) < (1 << 62))
  }
  store<u64>(SEED, s0, 0)
  store<u64>(SEED, s1, 8)
  store<u64>(SEED, s2, 16)
  store<u64>(SEED, s3, 24)
  return inside
}

export function run(): i32 {
  inputRead(RANGE)
  random(SEED, 32)
  // The generator stands still on zero alone.
  store<u64>(SEED, load<u64>(SEED) | 1)
  const samples = load<u64>(RANGE, 8) - load<u64>(RANGE)
  const whole = samples / SAMPLES
  let inside: u64 = 0
  for (let call: u64 = 0; call < whole; call++) {
    inside += sample(<u32>SAMPLES)
    if ((call & (REPORT - 1)) === 0) progress(<f64>call / <f64>whole)
  }
  inside += sample(<u32>(samples - whole * SAMPLES))
  store<u64>(INSIDE, inside)
  outputWrite(INSIDE, 8)
  return DONE
}
