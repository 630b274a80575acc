/** Bytes that change places: shuffles, swizzles, splats, lanes from and to memory, narrowing and widening. */
import { checkpoint, fold, foldVector, noise } from "./fold"

const place = memory.data(64)

function vector(): v128 {
  return i64x2.replace_lane(i64x2.splat(<i64>noise()), 1, <i64>noise())
}

export function run(): i32 {
  for (let i = 0; i < 800; i++) {
    const a = vector()
    const b = vector()
    foldVector(i8x16.shuffle(a, b, 0, 31, 2, 29, 4, 27, 6, 25, 8, 23, 10, 21, 12, 19, 14, 17))
    foldVector(i8x16.shuffle(b, a, 5, 5, 5, 5, 21, 21, 21, 21, 0, 1, 2, 3, 16, 17, 18, 19))
    foldVector(v128.shuffle<i32>(a, b, 3, 6, 1, 4))
    foldVector(i8x16.swizzle(a, b))
    foldVector(i8x16.swizzle(a, v128.and(b, i8x16.splat(15))))
    foldVector(i8x16.narrow_i16x8_s(a, b))
    foldVector(i8x16.narrow_i16x8_u(a, b))
    foldVector(i16x8.narrow_i32x4_s(a, b))
    foldVector(i16x8.narrow_i32x4_u(a, b))
    foldVector(i16x8.extend_low_i8x16_s(a))
    foldVector(i16x8.extend_high_i8x16_u(a))
    foldVector(i32x4.extend_low_i16x8_u(b))
    foldVector(i64x2.extend_high_i32x4_s(b))
    foldVector(i8x16.splat(<i8>i))
    foldVector(i16x8.replace_lane(a, 7, <i16>noise()))
    fold(i8x16.extract_lane_s(a, 3))
    fold(i16x8.extract_lane_u(b, 5))
    const at = place + (i & 15)
    v128.store(place + 16, a)
    v128.store(at, b)
    foldVector(v128.load(place + 8))
    foldVector(v128.load_ext<i8>(at))
    foldVector(v128.load_ext<u32>(at + 1))
    foldVector(v128.load_splat<u16>(at + 3))
    foldVector(v128.load_zero<u64>(at + 5))
    foldVector(v128.load_lane<u32>(at, a, 2))
    v128.store_lane<u16>(at + 7, a, 6)
    foldVector(v128.load(at))
    if (i % 80 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
