/** A small machine with a stack, and programs made of noise that run on it. */
import { checkpoint, fold, noise } from "./fold"

const code = new StaticArray<u8>(256)
const stack = new StaticArray<i64>(64)

function execute(steps: i32): i64 {
  let at = 0
  let top = 0
  let held: i64 = 1
  while (steps-- > 0) {
    const word = unchecked(code[at])
    at = (at + 1) & 255
    switch (word & 15) {
      case 0: held += <i64>word; break
      case 1: held *= 0x9e3779b97f4a7c15; break
      case 2: held ^= held >> (word >> 4); break
      case 3: stack[top] = held; top = (top + 1) & 63; break
      case 4: top = (top - 1) & 63; held += stack[top]; break
      case 5: if (held & 1) at = (at + (word >> 4)) & 255; break
      case 6: held = rotl(held, word >> 4); break
      case 7: held = clz(held) * 31 + popcnt(held); break
      case 8: held = held / <i64>(word | 1); break
      case 9: held = held % (<i64>(word | 1) << 20); break
      case 10: at = (at - (word >> 4)) & 255; break
      case 11: held = <i64>(<i8>held) + <i64>(<u16>(held >> 8)); break
      case 12: code[(at + 9) & 255] = <u8>held; break
      case 13: held = ~held; break
      case 14: held -= stack[word & 63]; break
      default: fold(held)
    }
  }
  return held
}

export function run(): i32 {
  for (let program = 0; program < 40; program++) {
    for (let i = 0; i < 256; i++) code[i] = <u8>(noise() >> 17)
    fold(execute(20000))
    for (let i = 0; i < 64; i++) fold(stack[i])
    if (program % 4 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
