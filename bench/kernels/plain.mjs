/** The kernels of bench/kernels/c in JavaScript as fast as it gets: typed arrays, integers kept as such. */

const constants = Uint32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)
const schedule = new Int32Array(64)
const state = new Int32Array(8)
const k = new Int32Array(constants.buffer)

function fold() {
  const w = schedule
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]
    const b = w[i - 2]
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3)
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10)
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0
  }
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  let e = state[4]
  let f = state[5]
  let g = state[6]
  let h = state[7]
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t = (h + s1 + (g ^ (e & (f ^ g))) + k[i] + w[i]) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const s = (s0 + ((a & b) | (c & (a | b)))) | 0
    h = g
    g = f
    f = e
    e = (d + t) | 0
    d = c
    c = b
    b = a
    a = (t + s) | 0
  }
  state[0] += a
  state[1] += b
  state[2] += c
  state[3] += d
  state[4] += e
  state[5] += f
  state[6] += g
  state[7] += h
}

function hashOne() {
  for (let i = 0; i < 8; i++) {
    schedule[i] = state[i]
    schedule[i + 8] = state[i]
  }
  state[0] = 0x6a09e667
  state[1] = 0xbb67ae85
  state[2] = 0x3c6ef372
  state[3] = 0xa54ff53a
  state[4] = 0x510e527f
  state[5] = 0x9b05688c
  state[6] = 0x1f83d9ab
  state[7] = 0x5be0cd19
  fold()
  schedule[0] = 0x80000000
  for (let i = 1; i < 15; i++) schedule[i] = 0
  schedule[15] = 512
  fold()
}

function sha256(n) {
  for (let i = 0; i < 8; i++) state[i] = i + 1
  for (let i = 0; i < n; i++) hashOne()
  return state[0] >>> 0
}

function turns(x0, y0) {
  let x = 0
  let y = 0
  let count = 0
  while (count < 256) {
    const xx = x * x
    const yy = y * y
    if (xx + yy > 4) break
    y = 2 * x * y + y0
    x = xx - yy + x0
    count++
  }
  return count
}

function mandelbrot(n) {
  let sum = 0
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++)
      sum += turns(-2 + (3 * column) / n, -1.5 + (3 * row) / n)
  return sum
}

function place(all, columns, left, right) {
  if (columns === all) return 1
  let count = 0
  let free = all & ~(columns | left | right)
  while (free !== 0) {
    const queen = free & -free
    free ^= queen
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1)
  }
  return count
}

function queens(n) {
  return place((1 << n) - 1, 0, 0, 0)
}

const most = 384
const left = new Float64Array(most * most)
const right = new Float64Array(most * most)
const product = new Float64Array(most * most)

function multiplyTile(n, row, column) {
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  for (let i = 0, at = column; i < n; i++, at += n) {
    const x = left[row + i]
    const y = left[row + n + i]
    const c0 = right[at]
    const c1 = right[at + 1]
    const c2 = right[at + 2]
    const c3 = right[at + 3]
    s00 += x * c0
    s01 += x * c1
    s02 += x * c2
    s03 += x * c3
    s10 += y * c0
    s11 += y * c1
    s12 += y * c2
    s13 += y * c3
  }
  const out = row + column
  product[out] = s00
  product[out + 1] = s01
  product[out + 2] = s02
  product[out + 3] = s03
  product[out + n] = s10
  product[out + n + 1] = s11
  product[out + n + 2] = s12
  product[out + n + 3] = s13
}

function matrix(n) {
  for (let i = 0; i < n * n; i++) {
    left[i] = (i % 17) / 16
    right[i] = (i % 23) / 32
  }
  for (let i = 0; i < n; i += 2) for (let j = 0; j < n; j += 4) multiplyTile(n, i * n, j)
  const bits = new Uint32Array(product.buffer)
  let sum = 0
  for (let i = 0; i < n * n; i++) sum = (Math.imul(sum, 31) + bits[2 * i + 1] + bits[2 * i]) | 0
  return sum >>> 0
}

function sieve(n) {
  const composite = new Uint8Array(n)
  let count = 0
  for (let i = 2; i < n; i++) {
    if (composite[i] !== 0) continue
    count++
    for (let j = i * i; j < n; j += i) composite[j] = 1
  }
  return count
}

function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
}

const textBytes = 1 << 22
const slots = 1 << 17
const text = new Uint8Array(textBytes)
const hashes = new Int32Array(slots)
const places = new Int32Array(slots)
const lengths = new Int32Array(slots)
const counts = new Int32Array(slots)

function isSame(a, b, length) {
  for (let i = 0; i < length; i++) if (text[a + i] !== text[b + i]) return false
  return true
}

function add(from, length, hash) {
  for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
    if (lengths[slot] === 0) {
      hashes[slot] = hash
      places[slot] = from
      lengths[slot] = length
      counts[slot] = 1
      return 1
    }
    if (hashes[slot] === hash && lengths[slot] === length && isSame(places[slot], from, length)) {
      counts[slot]++
      return 0
    }
  }
}

function writeText(n) {
  let seed = 1
  for (let i = 0; i < n; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0
    const draw = seed >>> 16
    text[i] = draw % 5 === 0 ? 32 : 97 + ((draw >>> 4) % 7)
  }
}

function words(n) {
  writeText(n)
  lengths.fill(0)
  let different = 0
  for (let i = 0; i < n; ) {
    while (i < n && text[i] === 32) i++
    const from = i
    let hash = 0x811c9dc5 | 0
    while (i < n && text[i] !== 32) hash = Math.imul(hash ^ text[i++], 16_777_619)
    if (i > from) different += add(from, i - from, hash)
  }
  return different
}

/** By name; each takes how much, and gives the checksum that all implementations have to give. */
export const plainKernels = { sha256, mandelbrot, queens, matrix, sieve, fibonacci, words }
