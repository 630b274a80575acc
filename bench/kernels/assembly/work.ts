/** The kernels of bench/kernels/c in AssemblyScript: the same work, the same checksums. */

const constants = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])
const schedule = memory.data(256)
const digest = memory.data(32)

function fold(): void {
  for (let i = 16; i < 64; i++) {
    const at = schedule + (<usize>i << 2)
    const a = load<u32>(at - 60)
    const b = load<u32>(at - 8)
    const s0 = rotr(a, 7) ^ rotr(a, 18) ^ (a >> 3)
    const s1 = rotr(b, 17) ^ rotr(b, 19) ^ (b >> 10)
    store<u32>(at, load<u32>(at - 64) + s0 + load<u32>(at - 28) + s1)
  }
  let a = load<u32>(digest)
  let b = load<u32>(digest, 4)
  let c = load<u32>(digest, 8)
  let d = load<u32>(digest, 12)
  let e = load<u32>(digest, 16)
  let f = load<u32>(digest, 20)
  let g = load<u32>(digest, 24)
  let h = load<u32>(digest, 28)
  for (let i = 0; i < 64; i++) {
    const at = <usize>i << 2
    const choice = (e & f) ^ (~e & g)
    const t =
      h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choice + load<u32>(constants + at) + load<u32>(schedule + at)
    const s = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = d + t
    d = c
    c = b
    b = a
    a = t + s
  }
  store<u32>(digest, load<u32>(digest) + a)
  store<u32>(digest, load<u32>(digest, 4) + b, 4)
  store<u32>(digest, load<u32>(digest, 8) + c, 8)
  store<u32>(digest, load<u32>(digest, 12) + d, 12)
  store<u32>(digest, load<u32>(digest, 16) + e, 16)
  store<u32>(digest, load<u32>(digest, 20) + f, 20)
  store<u32>(digest, load<u32>(digest, 24) + g, 24)
  store<u32>(digest, load<u32>(digest, 28) + h, 28)
}

function hashOne(): void {
  memory.copy(schedule, digest, 32)
  memory.copy(schedule + 32, digest, 32)
  store<u32>(digest, 0x6a09e667)
  store<u32>(digest, 0xbb67ae85, 4)
  store<u32>(digest, 0x3c6ef372, 8)
  store<u32>(digest, 0xa54ff53a, 12)
  store<u32>(digest, 0x510e527f, 16)
  store<u32>(digest, 0x9b05688c, 20)
  store<u32>(digest, 0x1f83d9ab, 24)
  store<u32>(digest, 0x5be0cd19, 28)
  fold()
  memory.fill(schedule, 0, 64)
  store<u32>(schedule, 0x80000000)
  store<u32>(schedule, 512, 60)
  fold()
}

export function sha256(n: u32): u32 {
  for (let i = 0; i < 8; i++) store<u32>(digest + (<usize>i << 2), i + 1)
  for (let i: u32 = 0; i < n; i++) hashOne()
  return load<u32>(digest)
}

function turns(x0: f64, y0: f64): u32 {
  let x = 0.0
  let y = 0.0
  let count: u32 = 0
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

export function mandelbrot(n: u32): u32 {
  let sum: u32 = 0
  for (let row: u32 = 0; row < n; row++)
    for (let column: u32 = 0; column < n; column++)
      sum += turns(-2 + (3.0 * column) / n, -1.5 + (3.0 * row) / n)
  return sum
}

function place(all: u32, columns: u32, left: u32, right: u32): u32 {
  if (columns == all) return 1
  let count: u32 = 0
  let free = all & ~(columns | left | right)
  while (free != 0) {
    const queen = free & -free
    free ^= queen
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1)
  }
  return count
}

export function queens(n: u32): u32 {
  return place((1 << n) - 1, 0, 0, 0)
}

const left: usize = memory.data(384 * 384 * 8, 16)
const right: usize = memory.data(384 * 384 * 8, 16)
const product: usize = memory.data(384 * 384 * 8, 16)

function multiplyTile(n: u32, rows: usize, columns: usize, out: usize): void {
  const line = <usize>n << 3
  let s00 = 0.0
  let s01 = 0.0
  let s02 = 0.0
  let s03 = 0.0
  let s10 = 0.0
  let s11 = 0.0
  let s12 = 0.0
  let s13 = 0.0
  for (let k: u32 = 0; k < n; k++) {
    const x = load<f64>(rows)
    const y = load<f64>(rows + line)
    const c0 = load<f64>(columns)
    const c1 = load<f64>(columns, 8)
    const c2 = load<f64>(columns, 16)
    const c3 = load<f64>(columns, 24)
    s00 += x * c0
    s01 += x * c1
    s02 += x * c2
    s03 += x * c3
    s10 += y * c0
    s11 += y * c1
    s12 += y * c2
    s13 += y * c3
    rows += 8
    columns += line
  }
  store<f64>(out, s00)
  store<f64>(out, s01, 8)
  store<f64>(out, s02, 16)
  store<f64>(out, s03, 24)
  store<f64>(out + line, s10)
  store<f64>(out + line, s11, 8)
  store<f64>(out + line, s12, 16)
  store<f64>(out + line, s13, 24)
}

/** @param n  a multiple of 4, at most 384 */
export function matrix(n: u32): u32 {
  for (let i: u32 = 0; i < n * n; i++) {
    store<f64>(left + (<usize>i << 3), <f64>(i % 17) / 16)
    store<f64>(right + (<usize>i << 3), <f64>(i % 23) / 32)
  }
  for (let i: u32 = 0; i < n; i += 2)
    for (let j: u32 = 0; j < n; j += 4)
      multiplyTile(n, left + ((<usize>i * n) << 3), right + (<usize>j << 3), product + ((<usize>i * n + j) << 3))
  let sum: u32 = 0
  for (let i: u32 = 0; i < n * n; i++) {
    const bits = reinterpret<u64>(load<f64>(product + (<usize>i << 3)))
    sum = sum * 31 + <u32>(bits >> 32) + <u32>bits
  }
  return sum
}

const composite: usize = memory.data(1 << 24)

/** @param n  at most 2^24 */
export function sieve(n: u32): u32 {
  memory.fill(composite, 0, n)
  let count: u32 = 0
  for (let i: u32 = 2; i < n; i++) {
    if (load<u8>(composite + i) != 0) continue
    count++
    for (let j: u64 = <u64>i * i; j < n; j += i) store<u8>(composite + <usize>j, 1)
  }
  return count
}

function nth(n: u32): u32 {
  return n < 2 ? n : nth(n - 1) + nth(n - 2)
}

export function fibonacci(n: u32): u32 {
  return nth(n)
}

const text: usize = memory.data(1 << 22)
const slots: u32 = 1 << 17
/** Hash, place, length and count of each slot, 4 bytes each. */
const table: usize = memory.data(16 << 17, 16)

function isSame(a: usize, b: usize, length: u32): boolean {
  for (let i: u32 = 0; i < length; i++)
    if (load<u8>(text + a + i) != load<u8>(text + b + i)) return false
  return true
}

function add(from: u32, length: u32, hash: u32): u32 {
  let slot = hash % slots
  while (true) {
    const at = table + (<usize>slot << 4)
    if (load<u32>(at, 8) == 0) {
      store<u32>(at, hash)
      store<u32>(at, from, 4)
      store<u32>(at, length, 8)
      store<u32>(at, 1, 12)
      return 1
    }
    if (load<u32>(at) == hash && load<u32>(at, 8) == length && isSame(load<u32>(at, 4), from, length)) {
      store<u32>(at, load<u32>(at, 12) + 1, 12)
      return 0
    }
    slot = (slot + 1) % slots
  }
}

/** @param n  at most 2^22 */
export function words(n: u32): u32 {
  let seed: u32 = 1
  for (let i: u32 = 0; i < n; i++) {
    seed = seed * 1103515245 + 12345
    const draw = seed >> 16
    store<u8>(text + i, draw % 5 == 0 ? 32 : 97 + ((draw >> 4) % 7))
  }
  for (let i: u32 = 0; i < slots; i++) store<u32>(table + (<usize>i << 4), 0, 8)
  let different: u32 = 0
  for (let i: u32 = 0; i < n; ) {
    while (i < n && load<u8>(text + i) == 32) i++
    const from = i
    let hash: u32 = 2166136261
    while (i < n && load<u8>(text + i) != 32) hash = (hash ^ load<u8>(text + i++)) * 16777619
    if (i > from) different += add(from, i - from, hash)
  }
  return different
}
