/**
 * Perfect numbers: those that are the sum of their proper divisors. The same kernel as c/perfect-numbers.c.
 *
 * Input: a range of numbers. Output: the perfect ones among them, 8 bytes each.
 */
import { DONE, progress, readRange, writeI64 } from "../../../../tasks/include/assembly/manyhands"

function sumOfDivisors(n: i64): i64 {
  let sum: i64 = n > 1 ? 1 : 0
  for (let d: i64 = 2; d * d <= n; d++) {
    if (n % d != 0) continue
    sum += d
    if (d != n / d) sum += n / d
  }
  return sum
}

export function run(): i32 {
  const range = readRange()
  const count = <f64>(range.end - range.start)
  for (let n = range.start; n < range.end; n++) {
    if ((n & 255) == 0) progress(<f64>(n - range.start) / count)
    if (n >= 2 && sumOfDivisors(n) == n) writeI64(n)
  }
  return DONE
}
