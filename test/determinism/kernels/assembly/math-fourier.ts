/** A Fourier transform there and back, with sines that are compiled in. */
import { checkpoint, foldDouble, noiseDouble } from "./fold"

const n = 2048
const re = new StaticArray<f64>(n)
const im = new StaticArray<f64>(n)

function transform(sign: f64): void {
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i >= j) continue
    const a = re[i]
    re[i] = re[j]
    re[j] = a
    const b = im[i]
    im[i] = im[j]
    im[j] = b
  }
  for (let length = 2; length <= n; length <<= 1) {
    const angle = (sign * 2.0 * Math.PI) / <f64>length
    for (let from = 0; from < n; from += length) {
      for (let k = 0; k < length / 2; k++) {
        const c = Math.cos(angle * <f64>k)
        const s = Math.sin(angle * <f64>k)
        const at = from + k
        const other = at + length / 2
        const x = re[other] * c - im[other] * s
        const y = re[other] * s + im[other] * c
        re[other] = re[at] - x
        im[other] = im[at] - y
        re[at] += x
        im[at] += y
      }
    }
    foldDouble(re[length - 1])
  }
}

export function run(): i32 {
  for (let i = 0; i < n; i++) re[i] = noiseDouble()
  for (let round = 0; round < 2; round++) {
    transform(1.0)
    for (let i = 0; i < n; i++) {
      foldDouble(re[i])
      foldDouble(im[i])
    }
    checkpoint()
    transform(-1.0)
    for (let i = 0; i < n; i++) {
      re[i] /= <f64>n
      im[i] /= <f64>n
      foldDouble(re[i])
    }
    checkpoint()
  }
  return 0
}
