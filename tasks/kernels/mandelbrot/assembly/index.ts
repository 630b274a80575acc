/**
 * Rows of the Mandelbrot set in colour. Only + - * / on doubles: every machine gives the same bits.
 *
 * Input: range of rows. Parameters: width, height, iterations, samples a pixel and axis (u32 each), left, top, size of
 * a pixel, colours an octave (f64 each), then 256 colours of 3 bytes.
 * Output: 3 bytes a pixel.
 */
import {
  DONE,
  inputRead,
  outputWrite,
  paramsRead,
  progress,
  reserve,
} from '../../shared/assembly/grid'

const RANGE = memory.data(16, 16)
const PARAMS = memory.data(816, 16)
const COLOURS = PARAMS + 48
/** Escape radius, squared: far out, where the fraction of an iteration is accurate. */
const ESCAPE: f64 = 65536

let red: u32 = 0
let green: u32 = 0
let blue: u32 = 0

/** Logarithm to base 2 of a normal positive number, to some 9 digits. */
function log2(x: f64): f64 {
  const bits = reinterpret<u64>(x)
  const exponent = <i32>(bits >>> 52) - 1023
  const mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  const s = (mantissa - 1) / (mantissa + 1)
  const q = s * s
  const series =
    1 + q * (1 / 3.0 + q * (1 / 5.0 + q * (1 / 7.0 + q * (1 / 9.0 + q * (1 / 11.0 + q * (1 / 13.0))))))
  return <f64>exponent + 2.8853900817779268 * s * series
}

/** Whether the point lies in the main cardioid or its largest disc, which would cost all iterations. */
function isInside(x: f64, y: f64): bool {
  const p = x - 0.25
  const yy = y * y
  const q = p * p + yy
  return q * (q + p) <= 0.25 * yy || (x + 1) * (x + 1) + yy <= 0.0625
}

/** Iterations until the point escapes, with a fraction; negative when it does not. */
function escape(cx: f64, cy: f64, iterations: u32): f64 {
  if (isInside(cx, cy)) return -1
  let x: f64 = 0
  let y: f64 = 0
  let xx: f64 = 0
  let yy: f64 = 0
  for (let n: u32 = 0; n < iterations; n++) {
    y = (x + x) * y + cy
    x = xx - yy + cx
    xx = x * x
    yy = y * y
    if (xx + yy > ESCAPE) return <f64>n + 5 - log2(log2(xx + yy))
  }
  return -1
}

/** Adds the colour of one point. */
function paint(cx: f64, cy: f64): void {
  const depth = escape(cx, cy, load<u32>(PARAMS, 8))
  if (depth < 0) return
  const place = log2(depth + 1) * load<f64>(PARAMS, 40) * 256
  const whole = <u32>place
  const part = <u32>((place - <f64>whole) * 256)
  const here = COLOURS + (whole & 255) * 3
  const there = COLOURS + ((whole + 1) & 255) * 3
  red += <u32>load<u8>(here) * (256 - part) + <u32>load<u8>(there) * part
  green += <u32>load<u8>(here, 1) * (256 - part) + <u32>load<u8>(there, 1) * part
  blue += <u32>load<u8>(here, 2) * (256 - part) + <u32>load<u8>(there, 2) * part
}

function pixel(column: u32, row: u32, at: usize): void {
  const samples = load<u32>(PARAMS, 12)
  const left = load<f64>(PARAMS, 16)
  const top = load<f64>(PARAMS, 24)
  const size = load<f64>(PARAMS, 32)
  red = 0
  green = 0
  blue = 0
  for (let j: u32 = 0; j < samples; j++) {
    const y = top - (<f64>row + (<f64>j + 0.5) / <f64>samples) * size
    for (let i: u32 = 0; i < samples; i++) {
      paint(left + (<f64>column + (<f64>i + 0.5) / <f64>samples) * size, y)
    }
  }
  const weight = samples * samples * 256
  store<u8>(at, red / weight, 0)
  store<u8>(at, green / weight, 1)
  store<u8>(at, blue / weight, 2)
}

export function run(): i32 {
  inputRead(RANGE)
  paramsRead(PARAMS)
  const start = load<u64>(RANGE)
  const rows = load<u64>(RANGE, 8) - start
  const width = load<u32>(PARAMS)
  const length = <usize>rows * width * 3
  reserve(__heap_base + length)
  let at = __heap_base
  for (let row: u64 = 0; row < rows; row++) {
    for (let column: u32 = 0; column < width; column++) {
      pixel(column, <u32>(start + row), at)
      at += 3
    }
    progress(<f64>(row + 1) / <f64>rows)
  }
  outputWrite(__heap_base, length)
  return DONE
}
