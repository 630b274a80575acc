/** Systems of equations, well and badly conditioned, by elimination with pivots; in doubles and in singles. */
import { checkpoint, fold, foldDouble, foldSingle, noiseDouble } from "./fold"

const n = 24
const matrix = new StaticArray<f64>(n * n)
const right = new StaticArray<f64>(n)
const singles = new StaticArray<f32>(n * n)

function solve(): void {
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++)
      if (Math.abs(matrix[row * n + column]) > Math.abs(matrix[pivot * n + column])) pivot = row
    fold(pivot)
    for (let k = 0; k < n; k++) {
      const other = matrix[pivot * n + k]
      matrix[pivot * n + k] = matrix[column * n + k]
      matrix[column * n + k] = other
    }
    const held = right[pivot]
    right[pivot] = right[column]
    right[column] = held
    for (let row = column + 1; row < n; row++) {
      const factor = matrix[row * n + column] / matrix[column * n + column]
      for (let k = column; k < n; k++) matrix[row * n + k] -= factor * matrix[column * n + k]
      right[row] -= factor * right[column]
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = right[row]
    for (let k = row + 1; k < n; k++) sum -= matrix[row * n + k] * right[k]
    right[row] = sum / matrix[row * n + row]
    foldDouble(right[row])
  }
}

function factorize(): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = singles[i * n + j]
      for (let k = 0; k < j; k++) sum -= singles[i * n + k] * singles[j * n + k]
      singles[i * n + j] = i == j ? Mathf.sqrt(sum) : sum / singles[j * n + j]
      foldSingle(singles[i * n + j])
    }
  }
}

export function run(): i32 {
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        // The odd ones are Hilbert's, where the smallest error grows beyond all bounds.
        matrix[i * n + j] = round & 1 ? 1.0 / <f64>(i + j + round) : noiseDouble()
        singles[i * n + j] = <f32>(i == j ? n : 1.0 / <f64>(1 + i + j + round))
      }
      right[i] = noiseDouble()
    }
    solve()
    checkpoint()
    factorize()
    checkpoint()
  }
  return 0
}
