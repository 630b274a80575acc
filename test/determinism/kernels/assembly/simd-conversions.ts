/** Vectors from integers to floats and back, saturating, with what does not fit and with NaNs. */
import { checkpoint, foldVector, noise } from "./fold"

function vector(): v128 {
  return i64x2.replace_lane(i64x2.splat(<i64>noise()), 1, <i64>noise())
}

export function run(): i32 {
  for (let i = 0; i < 3000; i++) {
    const a = vector()
    foldVector(f32x4.convert_i32x4_s(a))
    foldVector(f32x4.convert_i32x4_u(a))
    foldVector(f64x2.convert_low_i32x4_s(a))
    foldVector(f64x2.convert_low_i32x4_u(a))
    // Bits of any kind as floats: a few are NaNs and many do not fit.
    foldVector(i32x4.trunc_sat_f32x4_s(a))
    foldVector(i32x4.trunc_sat_f32x4_u(a))
    foldVector(i32x4.trunc_sat_f64x2_s_zero(a))
    foldVector(i32x4.trunc_sat_f64x2_u_zero(a))
    foldVector(f32x4.demote_f64x2_zero(a))
    foldVector(f64x2.promote_low_f32x4(a))
    const near = f64x2.mul(f64x2.convert_low_i32x4_s(a), f64x2.splat(1.0000001))
    foldVector(i32x4.trunc_sat_f64x2_s_zero(near))
    foldVector(f32x4.demote_f64x2_zero(near))
    if (i % 300 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
