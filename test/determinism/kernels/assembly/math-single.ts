/** Every function of Math on singles, by the library that AssemblyScript compiles in. */
import { checkpoint, foldSingle, noiseDouble } from "./fold"

function foldAll(x: f32, y: f32): void {
  foldSingle(Mathf.sin(x))
  foldSingle(Mathf.cos(x))
  foldSingle(Mathf.tan(x))
  foldSingle(Mathf.asin(y))
  foldSingle(Mathf.acos(y))
  foldSingle(Mathf.atan(x))
  foldSingle(Mathf.atan2(x, y))
  foldSingle(Mathf.sinh(y))
  foldSingle(Mathf.cosh(y))
  foldSingle(Mathf.tanh(x))
  foldSingle(Mathf.asinh(x))
  foldSingle(Mathf.acosh(1.0 + Mathf.abs(x)))
  foldSingle(Mathf.atanh(y))
  foldSingle(Mathf.exp(x))
  foldSingle(Mathf.expm1(y))
  foldSingle(Mathf.log(Mathf.abs(x)))
  foldSingle(Mathf.log2(Mathf.abs(x)))
  foldSingle(Mathf.log10(Mathf.abs(y)))
  foldSingle(Mathf.log1p(Mathf.abs(y)))
  foldSingle(Mathf.pow(Mathf.abs(x), y))
  foldSingle(Mathf.cbrt(x))
  foldSingle(Mathf.hypot(x, y))
  foldSingle(x % y)
}

export function run(): i32 {
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 120; i++) {
      const x = <f32>(noiseDouble() * Math.pow(8.0, <f64>(round - 2)))
      foldAll(x, <f32>noiseDouble())
    }
    checkpoint()
  }
  const edges: StaticArray<f32> = [0.0, -0.0, 1.0, -1.0, 0.5, Infinity, -Infinity, NaN, 3e38, 1e-45, 88.7, -103.9]
  for (let i = 0; i < edges.length; i++) {
    for (let j = 0; j < edges.length; j++) foldAll(edges[i], edges[j])
    checkpoint()
  }
  return 0
}
