/** Turns until a point escapes, and where it was when it did. */
import { checkpoint, fold, foldDouble, foldSingle } from "./fold"

export function run(): i32 {
  for (let row = 0; row < 48; row++) {
    for (let column = 0; column < 64; column++) {
      const cx = <f64>column / 24.0 - 2.0
      const cy = <f64>row / 20.0 - 1.2
      let x = 0.0
      let y = 0.0
      let turns = 0
      while (x * x + y * y <= 4.0 && turns < 300) {
        const next = x * x - y * y + cx
        y = 2.0 * x * y + cy
        x = next
        turns++
      }
      fold(turns)
      foldDouble(x)
      foldDouble(y)
      let u: f32 = 0
      let v: f32 = 0
      for (let i = 0; i < 20; i++) {
        const next = u * u - v * v + <f32>cx
        v = u * v + u * v + <f32>cy
        u = next
      }
      foldSingle(u != u ? 0 : u)
      foldSingle(v != v ? 0 : v)
    }
    if (row % 4 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
