/** The unit's random stream in pieces of every size, and what a simulation makes of it. */
import { checkpoint, fold, foldDouble, write } from "./fold"

@external("grid", "random")
declare function random(pointer: usize, length: i32): void

const place = memory.data(512)

export function run(): i32 {
  for (let size = 0; size < 120; size++) {
    random(place, size)
    for (let i = 0; i < size; i++) fold(load<u8>(place + i))
    checkpoint()
  }
  let inside = 0
  for (let i = 0; i < 3000; i++) {
    random(place, 16)
    const x = <f64>(load<u64>(place) >> 11) * (1.0 / 9007199254740992.0)
    const y = <f64>(load<u64>(place, 8) >> 11) * (1.0 / 9007199254740992.0)
    if (x * x + y * y < 1.0) inside++
    foldDouble(x - y)
  }
  foldDouble((4.0 * <f64>inside) / 3000.0)
  checkpoint()
  random(place, 512)
  write(place, 512)
  return 0
}
