/** Every function of Math on doubles, by the library that AssemblyScript compiles in. */
import { checkpoint, foldDouble, noiseDouble } from "./fold"

function foldAll(x: f64, y: f64): void {
  foldDouble(Math.sin(x))
  foldDouble(Math.cos(x))
  foldDouble(Math.tan(x))
  foldDouble(Math.asin(y))
  foldDouble(Math.acos(y))
  foldDouble(Math.atan(x))
  foldDouble(Math.atan2(x, y))
  foldDouble(Math.sinh(y))
  foldDouble(Math.cosh(y))
  foldDouble(Math.tanh(x))
  foldDouble(Math.asinh(x))
  foldDouble(Math.acosh(1.0 + Math.abs(x)))
  foldDouble(Math.atanh(y))
  foldDouble(Math.exp(x))
  foldDouble(Math.expm1(y))
  foldDouble(Math.log(Math.abs(x)))
  foldDouble(Math.log2(Math.abs(x)))
  foldDouble(Math.log10(Math.abs(y)))
  foldDouble(Math.log1p(Math.abs(y)))
  foldDouble(Math.pow(Math.abs(x), y))
  foldDouble(Math.pow(x, 3.0))
  foldDouble(Math.cbrt(x))
  foldDouble(Math.hypot(x, y))
  foldDouble(x % y)
  foldDouble(Math.round(x) + Math.fround(y) + Math.sign(x))
}

export function run(): i32 {
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 120; i++) foldAll(noiseDouble() * Math.pow(8.0, <f64>(round - 2)), noiseDouble())
    checkpoint()
  }
  const edges: StaticArray<f64> = [0.0, -0.0, 1.0, -1.0, 0.5, Infinity, -Infinity, NaN, 1e308, 5e-324, 709.7, -745.1, 2.2e-308]
  for (let i = 0; i < edges.length; i++) {
    for (let j = 0; j < edges.length; j++) foldAll(edges[i], edges[j])
    checkpoint()
  }
  return 0
}
