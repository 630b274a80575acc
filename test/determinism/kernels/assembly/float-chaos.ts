/** Maps and a flow where a wrong last bit is as large as the result after a hundred steps. */
import { checkpoint, foldDouble, foldSingle } from "./fold"

export function run(): i32 {
  for (let r = 0; r < 24; r++) {
    const rate = 3.9 + <f64>r / 256.0
    let x = 0.1 + <f64>r / 77.0
    let y = <f32>x
    for (let i = 0; i < 1500; i++) {
      x = rate * x * (1.0 - x)
      y = <f32>rate * y * (1.0 - y)
      foldDouble(x)
      foldSingle(y)
    }
    checkpoint()
  }
  let x = 1.0
  let y = 1.0
  let z = 1.0
  const dt = 0.005
  for (let i = 0; i < 20000; i++) {
    const dx = 10.0 * (y - x)
    const dy = x * (28.0 - z) - y
    const dz = x * y - (8.0 / 3.0) * z
    x += dt * dx
    y += dt * dy
    z += dt * dz
    foldDouble(x)
    foldDouble(y * z)
    if (i % 2000 == 0) checkpoint()
  }
  checkpoint()
  return 0
}
