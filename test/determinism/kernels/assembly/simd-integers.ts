/** Integer vectors: arithmetic, saturation, comparison, shifts, products that widen, of every width. */
import { checkpoint, fold, foldVector, noise } from "./fold"

function vector(): v128 {
  return i64x2.replace_lane(i64x2.splat(<i64>noise()), 1, <i64>noise())
}

function bytes(a: v128, b: v128, by: i32): void {
  foldVector(i8x16.add(a, b))
  foldVector(i8x16.sub(a, b))
  foldVector(i8x16.add_sat_s(a, b))
  foldVector(i8x16.add_sat_u(a, b))
  foldVector(i8x16.sub_sat_s(a, b))
  foldVector(i8x16.sub_sat_u(a, b))
  foldVector(i8x16.min_s(a, b))
  foldVector(i8x16.max_u(a, b))
  foldVector(i8x16.avgr_u(a, b))
  foldVector(i8x16.abs(a))
  foldVector(i8x16.neg(b))
  foldVector(i8x16.popcnt(a))
  foldVector(i8x16.shl(a, by))
  foldVector(i8x16.shr_s(a, by))
  foldVector(i8x16.shr_u(a, by))
  foldVector(i8x16.lt_s(a, b))
  foldVector(i8x16.ge_u(a, b))
  fold(i8x16.bitmask(a))
  fold(<u64>i8x16.all_true(a))
}

function halves(a: v128, b: v128, by: i32): void {
  foldVector(i16x8.add(a, b))
  foldVector(i16x8.mul(a, b))
  foldVector(i16x8.add_sat_s(a, b))
  foldVector(i16x8.sub_sat_u(a, b))
  foldVector(i16x8.min_u(a, b))
  foldVector(i16x8.max_s(a, b))
  foldVector(i16x8.avgr_u(a, b))
  foldVector(i16x8.q15mulr_sat_s(a, b))
  foldVector(i16x8.extmul_low_i8x16_s(a, b))
  foldVector(i16x8.extmul_high_i8x16_u(a, b))
  foldVector(i16x8.extadd_pairwise_i8x16_s(a))
  foldVector(i16x8.extadd_pairwise_i8x16_u(b))
  foldVector(i16x8.shr_s(a, by))
  foldVector(i16x8.gt_u(a, b))
  fold(i16x8.bitmask(b))
}

function words(a: v128, b: v128, by: i32): void {
  foldVector(i32x4.add(a, b))
  foldVector(i32x4.sub(a, b))
  foldVector(i32x4.mul(a, b))
  foldVector(i32x4.min_s(a, b))
  foldVector(i32x4.max_u(a, b))
  foldVector(i32x4.dot_i16x8_s(a, b))
  foldVector(i32x4.extmul_low_i16x8_u(a, b))
  foldVector(i32x4.extmul_high_i16x8_s(a, b))
  foldVector(i32x4.extadd_pairwise_i16x8_s(a))
  foldVector(i32x4.abs(a))
  foldVector(i32x4.shl(a, by))
  foldVector(i32x4.shr_u(b, by))
  foldVector(i32x4.le_s(a, b))
  fold(i32x4.bitmask(a))
}

function longs(a: v128, b: v128, by: i32): void {
  foldVector(i64x2.add(a, b))
  foldVector(i64x2.sub(a, b))
  foldVector(i64x2.mul(a, b))
  foldVector(i64x2.extmul_low_i32x4_s(a, b))
  foldVector(i64x2.extmul_high_i32x4_u(a, b))
  foldVector(i64x2.abs(a))
  foldVector(i64x2.neg(b))
  foldVector(i64x2.shl(a, by))
  foldVector(i64x2.shr_s(a, by))
  foldVector(i64x2.shr_u(b, by))
  foldVector(i64x2.lt_s(a, b))
  foldVector(i64x2.eq(a, b))
  fold(i64x2.bitmask(a))
  fold(<u64>v128.any_true(v128.and(a, b)))
  foldVector(v128.bitselect(a, b, v128.xor(a, v128.not(b))))
  foldVector(v128.andnot(a, b))
}

export function run(): i32 {
  let a = vector()
  for (let i = 0; i < 600; i++) {
    const b = vector()
    bytes(a, b, i)
    halves(a, b, i)
    words(a, b, i)
    longs(a, b, i)
    a = i % 3 == 0 ? vector() : i8x16.add(a, i16x8.mul(b, a))
    if (i % 60 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
