/** Primes by a sieve of bits, their gaps, and how numbers fall into factors. */
import { checkpoint, fold } from "./fold"

const size: u32 = 200000
const bits = memory.data(200000 / 8)

export function run(): i32 {
  for (let n: u32 = 2; n < size; n++) {
    if (<u32>load<u8>(bits + (n >> 3)) & (1 << (n & 7))) continue
    fold(n)
    if (n % 977 == 0) checkpoint()
    for (let m = n * 2; m < size; m += n) {
      const at = bits + (m >> 3)
      store<u8>(at, <u8>(<u32>load<u8>(at) | (1 << (m & 7))))
    }
  }
  checkpoint()
  for (let n: u64 = 1; n < 3000; n++) {
    let rest = n * 0x100000001 + 1
    for (let p: u64 = 2; p < 50; p++) {
      while (rest % p == 0) {
        rest /= p
        fold(p)
      }
    }
    fold(rest)
  }
  checkpoint()
  return 0
}
