/**
 * SHA-256, one message at a time. The 64 rounds are written out so that the eight state words and the sixteen
 * schedule words live in registers and the round constants in the instructions; each round names its words in
 * turned order instead of moving them.
 */

@inline
export function choose(x: u32, y: u32, z: u32): u32 {
  return z ^ (x & (y ^ z))
}

@inline
export function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) | (z & (x | y))
}

@inline
export function sum0(x: u32): u32 {
  return rotr<u32>(x, 2) ^ rotr<u32>(x, 13) ^ rotr<u32>(x, 22)
}

@inline
export function sum1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25)
}

@inline
export function sigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >>> 3)
}

@inline
export function sigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >>> 10)
}

@inline
function word(block: usize, offset: usize): u32 {
  return bswap<u32>(load<u32>(block + offset))
}

/** Writes the eight words of the initial state to `state`. */
export function startState(state: usize): void {
  store<u32>(state, 0x6a09e667, 0)
  store<u32>(state, 0xbb67ae85, 4)
  store<u32>(state, 0x3c6ef372, 8)
  store<u32>(state, 0xa54ff53a, 12)
  store<u32>(state, 0x510e527f, 16)
  store<u32>(state, 0x9b05688c, 20)
  store<u32>(state, 0x1f83d9ab, 24)
  store<u32>(state, 0x5be0cd19, 28)
}

/** Writes the digest of a finished state, 32 bytes, to `digest`; the two may be the same place. */
export function storeDigest(state: usize, digest: usize): void {
  for (let i: usize = 0; i < 32; i += 4) store<u32>(digest + i, bswap<u32>(load<u32>(state + i)))
}

/** Reads a digest, or a chaining value, of 32 bytes into a state; the two may be the same place. */
export function loadState(state: usize, bytes: usize): void {
  storeDigest(bytes, state)
}

/** Folds the 64 bytes at `block` into the state. */
export function compress(state: usize, block: usize): void {
  let t: u32
  let a = load<u32>(state, 0)
  let b = load<u32>(state, 4)
  let c = load<u32>(state, 8)
  let d = load<u32>(state, 12)
  let e = load<u32>(state, 16)
  let f = load<u32>(state, 20)
  let g = load<u32>(state, 24)
  let h = load<u32>(state, 28)
  let w0 = word(block, 0)
  let w1 = word(block, 4)
  let w2 = word(block, 8)
  let w3 = word(block, 12)
  let w4 = word(block, 16)
  let w5 = word(block, 20)
  let w6 = word(block, 24)
  let w7 = word(block, 28)
  let w8 = word(block, 32)
  let w9 = word(block, 36)
  let w10 = word(block, 40)
  let w11 = word(block, 44)
  let w12 = word(block, 48)
  let w13 = word(block, 52)
  let w14 = word(block, 56)
  let w15 = word(block, 60)

  t = h + sum1(e) + choose(e, f, g) + 0x428a2f98 + w0
  d += t
  h = t + sum0(a) + majority(a, b, c)
  t = g + sum1(d) + choose(d, e, f) + 0x71374491 + w1
  c += t
  g = t + sum0(h) + majority(h, a, b)
  t = f + sum1(c) + choose(c, d, e) + 0xb5c0fbcf + w2
  b += t
  f = t + sum0(g) + majority(g, h, a)
  t = e + sum1(b) + choose(b, c, d) + 0xe9b5dba5 + w3
  a += t
  e = t + sum0(f) + majority(f, g, h)
  t = d + sum1(a) + choose(a, b, c) + 0x3956c25b + w4
  h += t
  d = t + sum0(e) + majority(e, f, g)
  t = c + sum1(h) + choose(h, a, b) + 0x59f111f1 + w5
  g += t
  c = t + sum0(d) + majority(d, e, f)
  t = b + sum1(g) + choose(g, h, a) + 0x923f82a4 + w6
  f += t
  b = t + sum0(c) + majority(c, d, e)
  t = a + sum1(f) + choose(f, g, h) + 0xab1c5ed5 + w7
  e += t
  a = t + sum0(b) + majority(b, c, d)
  t = h + sum1(e) + choose(e, f, g) + 0xd807aa98 + w8
  d += t
  h = t + sum0(a) + majority(a, b, c)
  t = g + sum1(d) + choose(d, e, f) + 0x12835b01 + w9
  c += t
  g = t + sum0(h) + majority(h, a, b)
  t = f + sum1(c) + choose(c, d, e) + 0x243185be + w10
  b += t
  f = t + sum0(g) + majority(g, h, a)
  t = e + sum1(b) + choose(b, c, d) + 0x550c7dc3 + w11
  a += t
  e = t + sum0(f) + majority(f, g, h)
  t = d + sum1(a) + choose(a, b, c) + 0x72be5d74 + w12
  h += t
  d = t + sum0(e) + majority(e, f, g)
  t = c + sum1(h) + choose(h, a, b) + 0x80deb1fe + w13
  g += t
  c = t + sum0(d) + majority(d, e, f)
  t = b + sum1(g) + choose(g, h, a) + 0x9bdc06a7 + w14
  f += t
  b = t + sum0(c) + majority(c, d, e)
  t = a + sum1(f) + choose(f, g, h) + 0xc19bf174 + w15
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w0 += sigma1(w14) + w9 + sigma0(w1)
  t = h + sum1(e) + choose(e, f, g) + 0xe49b69c1 + w0
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w1 += sigma1(w15) + w10 + sigma0(w2)
  t = g + sum1(d) + choose(d, e, f) + 0xefbe4786 + w1
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w2 += sigma1(w0) + w11 + sigma0(w3)
  t = f + sum1(c) + choose(c, d, e) + 0x0fc19dc6 + w2
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w3 += sigma1(w1) + w12 + sigma0(w4)
  t = e + sum1(b) + choose(b, c, d) + 0x240ca1cc + w3
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w4 += sigma1(w2) + w13 + sigma0(w5)
  t = d + sum1(a) + choose(a, b, c) + 0x2de92c6f + w4
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w5 += sigma1(w3) + w14 + sigma0(w6)
  t = c + sum1(h) + choose(h, a, b) + 0x4a7484aa + w5
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w6 += sigma1(w4) + w15 + sigma0(w7)
  t = b + sum1(g) + choose(g, h, a) + 0x5cb0a9dc + w6
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w7 += sigma1(w5) + w0 + sigma0(w8)
  t = a + sum1(f) + choose(f, g, h) + 0x76f988da + w7
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w8 += sigma1(w6) + w1 + sigma0(w9)
  t = h + sum1(e) + choose(e, f, g) + 0x983e5152 + w8
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w9 += sigma1(w7) + w2 + sigma0(w10)
  t = g + sum1(d) + choose(d, e, f) + 0xa831c66d + w9
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w10 += sigma1(w8) + w3 + sigma0(w11)
  t = f + sum1(c) + choose(c, d, e) + 0xb00327c8 + w10
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w11 += sigma1(w9) + w4 + sigma0(w12)
  t = e + sum1(b) + choose(b, c, d) + 0xbf597fc7 + w11
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w12 += sigma1(w10) + w5 + sigma0(w13)
  t = d + sum1(a) + choose(a, b, c) + 0xc6e00bf3 + w12
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w13 += sigma1(w11) + w6 + sigma0(w14)
  t = c + sum1(h) + choose(h, a, b) + 0xd5a79147 + w13
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w14 += sigma1(w12) + w7 + sigma0(w15)
  t = b + sum1(g) + choose(g, h, a) + 0x06ca6351 + w14
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w15 += sigma1(w13) + w8 + sigma0(w0)
  t = a + sum1(f) + choose(f, g, h) + 0x14292967 + w15
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w0 += sigma1(w14) + w9 + sigma0(w1)
  t = h + sum1(e) + choose(e, f, g) + 0x27b70a85 + w0
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w1 += sigma1(w15) + w10 + sigma0(w2)
  t = g + sum1(d) + choose(d, e, f) + 0x2e1b2138 + w1
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w2 += sigma1(w0) + w11 + sigma0(w3)
  t = f + sum1(c) + choose(c, d, e) + 0x4d2c6dfc + w2
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w3 += sigma1(w1) + w12 + sigma0(w4)
  t = e + sum1(b) + choose(b, c, d) + 0x53380d13 + w3
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w4 += sigma1(w2) + w13 + sigma0(w5)
  t = d + sum1(a) + choose(a, b, c) + 0x650a7354 + w4
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w5 += sigma1(w3) + w14 + sigma0(w6)
  t = c + sum1(h) + choose(h, a, b) + 0x766a0abb + w5
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w6 += sigma1(w4) + w15 + sigma0(w7)
  t = b + sum1(g) + choose(g, h, a) + 0x81c2c92e + w6
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w7 += sigma1(w5) + w0 + sigma0(w8)
  t = a + sum1(f) + choose(f, g, h) + 0x92722c85 + w7
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w8 += sigma1(w6) + w1 + sigma0(w9)
  t = h + sum1(e) + choose(e, f, g) + 0xa2bfe8a1 + w8
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w9 += sigma1(w7) + w2 + sigma0(w10)
  t = g + sum1(d) + choose(d, e, f) + 0xa81a664b + w9
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w10 += sigma1(w8) + w3 + sigma0(w11)
  t = f + sum1(c) + choose(c, d, e) + 0xc24b8b70 + w10
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w11 += sigma1(w9) + w4 + sigma0(w12)
  t = e + sum1(b) + choose(b, c, d) + 0xc76c51a3 + w11
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w12 += sigma1(w10) + w5 + sigma0(w13)
  t = d + sum1(a) + choose(a, b, c) + 0xd192e819 + w12
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w13 += sigma1(w11) + w6 + sigma0(w14)
  t = c + sum1(h) + choose(h, a, b) + 0xd6990624 + w13
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w14 += sigma1(w12) + w7 + sigma0(w15)
  t = b + sum1(g) + choose(g, h, a) + 0xf40e3585 + w14
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w15 += sigma1(w13) + w8 + sigma0(w0)
  t = a + sum1(f) + choose(f, g, h) + 0x106aa070 + w15
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w0 += sigma1(w14) + w9 + sigma0(w1)
  t = h + sum1(e) + choose(e, f, g) + 0x19a4c116 + w0
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w1 += sigma1(w15) + w10 + sigma0(w2)
  t = g + sum1(d) + choose(d, e, f) + 0x1e376c08 + w1
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w2 += sigma1(w0) + w11 + sigma0(w3)
  t = f + sum1(c) + choose(c, d, e) + 0x2748774c + w2
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w3 += sigma1(w1) + w12 + sigma0(w4)
  t = e + sum1(b) + choose(b, c, d) + 0x34b0bcb5 + w3
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w4 += sigma1(w2) + w13 + sigma0(w5)
  t = d + sum1(a) + choose(a, b, c) + 0x391c0cb3 + w4
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w5 += sigma1(w3) + w14 + sigma0(w6)
  t = c + sum1(h) + choose(h, a, b) + 0x4ed8aa4a + w5
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w6 += sigma1(w4) + w15 + sigma0(w7)
  t = b + sum1(g) + choose(g, h, a) + 0x5b9cca4f + w6
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w7 += sigma1(w5) + w0 + sigma0(w8)
  t = a + sum1(f) + choose(f, g, h) + 0x682e6ff3 + w7
  e += t
  a = t + sum0(b) + majority(b, c, d)
  w8 += sigma1(w6) + w1 + sigma0(w9)
  t = h + sum1(e) + choose(e, f, g) + 0x748f82ee + w8
  d += t
  h = t + sum0(a) + majority(a, b, c)
  w9 += sigma1(w7) + w2 + sigma0(w10)
  t = g + sum1(d) + choose(d, e, f) + 0x78a5636f + w9
  c += t
  g = t + sum0(h) + majority(h, a, b)
  w10 += sigma1(w8) + w3 + sigma0(w11)
  t = f + sum1(c) + choose(c, d, e) + 0x84c87814 + w10
  b += t
  f = t + sum0(g) + majority(g, h, a)
  w11 += sigma1(w9) + w4 + sigma0(w12)
  t = e + sum1(b) + choose(b, c, d) + 0x8cc70208 + w11
  a += t
  e = t + sum0(f) + majority(f, g, h)
  w12 += sigma1(w10) + w5 + sigma0(w13)
  t = d + sum1(a) + choose(a, b, c) + 0x90befffa + w12
  h += t
  d = t + sum0(e) + majority(e, f, g)
  w13 += sigma1(w11) + w6 + sigma0(w14)
  t = c + sum1(h) + choose(h, a, b) + 0xa4506ceb + w13
  g += t
  c = t + sum0(d) + majority(d, e, f)
  w14 += sigma1(w12) + w7 + sigma0(w15)
  t = b + sum1(g) + choose(g, h, a) + 0xbef9a3f7 + w14
  f += t
  b = t + sum0(c) + majority(c, d, e)
  w15 += sigma1(w13) + w8 + sigma0(w0)
  t = a + sum1(f) + choose(f, g, h) + 0xc67178f2 + w15
  e += t
  a = t + sum0(b) + majority(b, c, d)

  store<u32>(state, load<u32>(state, 0) + a, 0)
  store<u32>(state, load<u32>(state, 4) + b, 4)
  store<u32>(state, load<u32>(state, 8) + c, 8)
  store<u32>(state, load<u32>(state, 12) + d, 12)
  store<u32>(state, load<u32>(state, 16) + e, 16)
  store<u32>(state, load<u32>(state, 20) + f, 20)
  store<u32>(state, load<u32>(state, 24) + g, 24)
  store<u32>(state, load<u32>(state, 28) + h, 28)
}

/**
 * Pads the end of a message.
 *
 * @param tail  buffer of 128 bytes for the padded end
 * @param bytes  the message's end, `length` bytes: those that fill no whole block
 * @param total  bytes of the whole message
 * @returns blocks in `tail`: 1 or 2
 */
export function pad(tail: usize, bytes: usize, length: usize, total: u64): usize {
  const end: usize = length < 56 ? 64 : 128
  memory.copy(tail, bytes, length)
  memory.fill(tail + length, 0, end - length)
  store<u8>(tail + length, 0x80)
  store<u64>(tail + end - 8, bswap<u64>(total << 3))
  return end >>> 6
}

/** Folds the padded end of a message into the state; the parameters are those of `pad`. */
export function finish(state: usize, tail: usize, bytes: usize, length: usize, total: u64): void {
  const blocks = pad(tail, bytes, length, total)
  compress(state, tail)
  if (blocks > 1) compress(state, tail + 64)
}
