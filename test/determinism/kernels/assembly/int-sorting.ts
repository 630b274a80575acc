/** Four ways to sort, of numbers with equals and of doubles with both zeros. */
import { checkpoint, fold, foldDouble, noise, noiseDouble } from "./fold"

const count = 3000
const numbers = new StaticArray<i32>(count)
const doubles = new StaticArray<f64>(count)
const spare = new StaticArray<f64>(count)

function quick(from: i32, to: i32): void {
  if (from >= to) return
  const pivot = numbers[(from + to) >> 1]
  let i = from
  let j = to
  while (i <= j) {
    while (numbers[i] < pivot) i++
    while (numbers[j] > pivot) j--
    if (i <= j) {
      const other = numbers[i]
      numbers[i++] = numbers[j]
      numbers[j--] = other
      fold((<u64>i << 32) | <u64>(<u32>j))
    }
  }
  quick(from, j)
  quick(i, to)
}

function heap(): void {
  for (let start = count / 2 - 1; start >= 0; start--) sift(start, count)
  for (let end = count - 1; end > 0; end--) {
    const first = numbers[0]
    numbers[0] = numbers[end]
    numbers[end] = first
    sift(0, end)
  }
}

function sift(root: i32, end: i32): void {
  for (;;) {
    let child = 2 * root + 1
    if (child >= end) return
    if (child + 1 < end && numbers[child + 1] > numbers[child]) child++
    if (numbers[root] >= numbers[child]) return
    const other = numbers[root]
    numbers[root] = numbers[child]
    numbers[child] = other
    root = child
  }
}

function merge(from: i32, to: i32): void {
  if (to - from < 2) return
  const middle = (from + to) >> 1
  merge(from, middle)
  merge(middle, to)
  let left = from
  let right = middle
  for (let at = from; at < to; at++) {
    spare[at] = right >= to || (left < middle && doubles[left] <= doubles[right]) ? doubles[left++] : doubles[right++]
  }
  for (let at = from; at < to; at++) doubles[at] = spare[at]
}

export function run(): i32 {
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < count; i++) numbers[i] = <i32>noise() >> (round * 7)
    if (round & 1) heap()
    else quick(0, count - 1)
    for (let i = 0; i < count; i++) fold(<u64>numbers[i])
    checkpoint()
    for (let i = 0; i < count; i++) doubles[i] = i % 5 == 0 ? noiseDouble() * 0.0 : noiseDouble() * <f64>i
    merge(0, count)
    for (let i = 0; i < count; i++) foldDouble(doubles[i])
    checkpoint()
  }
  return 0
}
