/** NaNs as the AssemblyScript compiler lets them out: reinterpretations, typed arrays, minima, remainders. */
import { checkpoint, fold, foldDouble, foldSingle, write } from "./fold"

const doubles = new StaticArray<f64>(16)
const singles = new StaticArray<f32>(16)
let zero: f64 = 0
let large: f64 = 1e308

function make(way: i32): f64 {
  switch (way & 15) {
    case 0: return zero / zero
    case 1: return -(zero / zero)
    case 2: return large * 10 - large * 10
    case 3: return sqrt<f64>(zero - 1)
    case 4: return large % zero
    case 5: return Math.log(zero - 1)
    case 6: return Math.asin(large)
    case 7: return Math.pow(zero - 2, 0.5)
    case 8: return min<f64>(NaN, zero)
    case 9: return max<f64>(zero, -NaN)
    case 10: return copysign<f64>(NaN, zero - 1)
    case 11: return <f64>(<f32>(zero / zero))
    case 12: return reinterpret<f64>(0x7ff4000000000123) + zero
    case 13: return reinterpret<f64>(0xfff8000000000456) * large
    case 14: return nearest<f64>(reinterpret<f64>(0x7ff0000000000001))
    default: return abs<f64>(-(large * zero * Infinity))
  }
}

export function run(): i32 {
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 16; i++) {
      const value = make(i)
      foldDouble(value)
      foldSingle(<f32>value)
      fold(reinterpret<u64>(value) >> 63)
      doubles[i] = value * <f64>round
      singles[i] = <f32>value - <f32>round
      fold(<u64>(value == value))
      foldDouble(make(i + round))
    }
    for (let i = 0; i < 16; i++) {
      fold(load<u64>(changetype<usize>(doubles) + (<usize>i << 3)))
      fold(load<u32>(changetype<usize>(singles) + (<usize>i << 2)))
    }
    if (round % 50) continue
    checkpoint()
    write(changetype<usize>(doubles), 128)
    write(changetype<usize>(singles), 64)
  }
  checkpoint()
  return 0
}
