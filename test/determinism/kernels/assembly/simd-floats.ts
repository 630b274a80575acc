/** Vectors of floats: arithmetic, roots, roundings, both kinds of minima, comparison; with infinities and NaNs. */
import { checkpoint, foldVector, noise, noiseDouble } from "./fold"

function doubles(): v128 {
  return f64x2.replace_lane(f64x2.splat(noiseDouble() * 1e3), 1, reinterpret<f64>(noise()))
}

function singles(): v128 {
  return i32x4.replace_lane(f32x4.replace_lane(f32x4.splat(<f32>noiseDouble()), 2, <f32>noiseDouble() * 1e30), 3, <i32>noise())
}

function foldDoubles(a: v128, b: v128): void {
  foldVector(f64x2.add(a, b))
  foldVector(f64x2.sub(a, b))
  foldVector(f64x2.mul(a, b))
  foldVector(f64x2.div(a, b))
  foldVector(f64x2.sqrt(a))
  foldVector(f64x2.min(a, b))
  foldVector(f64x2.max(a, b))
  foldVector(f64x2.pmin(a, b))
  foldVector(f64x2.pmax(b, a))
  foldVector(f64x2.abs(a))
  foldVector(f64x2.neg(b))
  foldVector(f64x2.ceil(a))
  foldVector(f64x2.floor(b))
  foldVector(f64x2.trunc(a))
  foldVector(f64x2.nearest(b))
  foldVector(f64x2.lt(a, b))
  foldVector(f64x2.ne(a, b))
  foldVector(f64x2.add(f64x2.mul(a, b), a))
}

function foldSingles(a: v128, b: v128): void {
  foldVector(f32x4.add(a, b))
  foldVector(f32x4.sub(a, b))
  foldVector(f32x4.mul(a, b))
  foldVector(f32x4.div(a, b))
  foldVector(f32x4.sqrt(b))
  foldVector(f32x4.min(a, b))
  foldVector(f32x4.max(a, b))
  foldVector(f32x4.pmin(b, a))
  foldVector(f32x4.pmax(a, b))
  foldVector(f32x4.abs(a))
  foldVector(f32x4.neg(b))
  foldVector(f32x4.ceil(a))
  foldVector(f32x4.floor(b))
  foldVector(f32x4.trunc(a))
  foldVector(f32x4.nearest(b))
  foldVector(f32x4.ge(a, b))
  foldVector(f32x4.eq(a, a))
  foldVector(f32x4.add(f32x4.mul(a, b), b))
}

export function run(): i32 {
  const zero = f64x2.splat(0)
  foldDoubles(zero, zero)
  foldSingles(zero, f32x4.neg(zero))
  foldDoubles(f64x2.splat(Infinity), f64x2.splat(-Infinity))
  foldSingles(f32x4.splat(NaN), f32x4.splat(-Infinity))
  let a = doubles()
  let s = singles()
  for (let i = 0; i < 800; i++) {
    const b = doubles()
    foldDoubles(a, b)
    a = i & 3 ? f64x2.sub(f64x2.mul(a, b), b) : doubles()
    const t = singles()
    foldSingles(s, t)
    s = i & 3 ? f32x4.div(f32x4.add(s, t), t) : singles()
    if (i % 80 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
