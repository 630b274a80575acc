/**
 * Folds blocks of four messages at a time, a lane each: three times as fast as one after the other. Sixteen rounds
 * are written out, so that state and schedule live in registers; the round constants come from a table.
 */
import { add, choose4, sigma04, sigma14, sum04, sum14 } from '../../shared/assembly/four'

const ROUNDS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])
const ROUNDS_LAST = ROUNDS + 192

/** State words of the four lanes, word by word. Shape: 8 words x 4 lanes of u32. */
export const STATES = memory.data(128, 16)

@inline
function constant(at: usize, offset: usize): v128 {
  return v128.load_splat<u32>(at + offset)
}

/** Four words of one message, in the order of the schedule. */
@inline
function words(at: usize, offset: usize): v128 {
  const order = v128(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
  return v128.swizzle(v128.load(at + offset), order)
}

/** Lanes in pairs, to turn four messages of four words into four words of four messages. */
@inline
function low(x: v128, y: v128): v128 {
  return v128.shuffle<u32>(x, y, 0, 4, 1, 5)
}

@inline
function high(x: v128, y: v128): v128 {
  return v128.shuffle<u32>(x, y, 2, 6, 3, 7)
}

@inline
function evens(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 0, 2)
}

@inline
function odds(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 1, 3)
}

/** Folds `blocks` blocks into STATES, from four places. */
export function compressFour(p0: usize, p1: usize, p2: usize, p3: usize, blocks: usize): void {
  let t: v128, ab: v128, bc: v128
  let s0: v128, s1: v128, s2: v128, s3: v128, l0: v128, l1: v128, h0: v128, h1: v128
  let a = v128.load(STATES, 0)
  let b = v128.load(STATES, 16)
  let c = v128.load(STATES, 32)
  let d = v128.load(STATES, 48)
  let e = v128.load(STATES, 64)
  let f = v128.load(STATES, 80)
  let g = v128.load(STATES, 96)
  let h = v128.load(STATES, 112)
  for (; blocks > 0; blocks--) {
    s0 = words(p0, 0)
    s1 = words(p1, 0)
    s2 = words(p2, 0)
    s3 = words(p3, 0)
    l0 = low(s0, s1)
    l1 = low(s2, s3)
    h0 = high(s0, s1)
    h1 = high(s2, s3)
    let w0 = evens(l0, l1)
    let w1 = odds(l0, l1)
    let w2 = evens(h0, h1)
    let w3 = odds(h0, h1)
    s0 = words(p0, 16)
    s1 = words(p1, 16)
    s2 = words(p2, 16)
    s3 = words(p3, 16)
    l0 = low(s0, s1)
    l1 = low(s2, s3)
    h0 = high(s0, s1)
    h1 = high(s2, s3)
    let w4 = evens(l0, l1)
    let w5 = odds(l0, l1)
    let w6 = evens(h0, h1)
    let w7 = odds(h0, h1)
    s0 = words(p0, 32)
    s1 = words(p1, 32)
    s2 = words(p2, 32)
    s3 = words(p3, 32)
    l0 = low(s0, s1)
    l1 = low(s2, s3)
    h0 = high(s0, s1)
    h1 = high(s2, s3)
    let w8 = evens(l0, l1)
    let w9 = odds(l0, l1)
    let w10 = evens(h0, h1)
    let w11 = odds(h0, h1)
    s0 = words(p0, 48)
    s1 = words(p1, 48)
    s2 = words(p2, 48)
    s3 = words(p3, 48)
    l0 = low(s0, s1)
    l1 = low(s2, s3)
    h0 = high(s0, s1)
    h1 = high(s2, s3)
    let w12 = evens(l0, l1)
    let w13 = odds(l0, l1)
    let w14 = evens(h0, h1)
    let w15 = odds(h0, h1)
    bc = v128.xor(b, c)
    for (let k: usize = ROUNDS; ; k += 64) {
      t = add(add(add(add(constant(k, 0), h), w0), choose4(e, f, g)), sum14(e))
      d = add(d, t)
      ab = v128.xor(a, b)
      h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 4), g), w1), choose4(d, e, f)), sum14(d))
      c = add(c, t)
      ab = v128.xor(h, a)
      g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 8), f), w2), choose4(c, d, e)), sum14(c))
      b = add(b, t)
      ab = v128.xor(g, h)
      f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 12), e), w3), choose4(b, c, d)), sum14(b))
      a = add(a, t)
      ab = v128.xor(f, g)
      e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 16), d), w4), choose4(a, b, c)), sum14(a))
      h = add(h, t)
      ab = v128.xor(e, f)
      d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 20), c), w5), choose4(h, a, b)), sum14(h))
      g = add(g, t)
      ab = v128.xor(d, e)
      c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 24), b), w6), choose4(g, h, a)), sum14(g))
      f = add(f, t)
      ab = v128.xor(c, d)
      b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 28), a), w7), choose4(f, g, h)), sum14(f))
      e = add(e, t)
      ab = v128.xor(b, c)
      a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 32), h), w8), choose4(e, f, g)), sum14(e))
      d = add(d, t)
      ab = v128.xor(a, b)
      h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 36), g), w9), choose4(d, e, f)), sum14(d))
      c = add(c, t)
      ab = v128.xor(h, a)
      g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 40), f), w10), choose4(c, d, e)), sum14(c))
      b = add(b, t)
      ab = v128.xor(g, h)
      f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 44), e), w11), choose4(b, c, d)), sum14(b))
      a = add(a, t)
      ab = v128.xor(f, g)
      e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 48), d), w12), choose4(a, b, c)), sum14(a))
      h = add(h, t)
      ab = v128.xor(e, f)
      d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 52), c), w13), choose4(h, a, b)), sum14(h))
      g = add(g, t)
      ab = v128.xor(d, e)
      c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 56), b), w14), choose4(g, h, a)), sum14(g))
      f = add(f, t)
      ab = v128.xor(c, d)
      b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
      bc = ab
      t = add(add(add(add(constant(k, 60), a), w15), choose4(f, g, h)), sum14(f))
      e = add(e, t)
      ab = v128.xor(b, c)
      a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
      bc = ab
      if (k === ROUNDS_LAST) break
      w0 = add(add(w0, sigma04(w1)), add(w9, sigma14(w14)))
      w1 = add(add(w1, sigma04(w2)), add(w10, sigma14(w15)))
      w2 = add(add(w2, sigma04(w3)), add(w11, sigma14(w0)))
      w3 = add(add(w3, sigma04(w4)), add(w12, sigma14(w1)))
      w4 = add(add(w4, sigma04(w5)), add(w13, sigma14(w2)))
      w5 = add(add(w5, sigma04(w6)), add(w14, sigma14(w3)))
      w6 = add(add(w6, sigma04(w7)), add(w15, sigma14(w4)))
      w7 = add(add(w7, sigma04(w8)), add(w0, sigma14(w5)))
      w8 = add(add(w8, sigma04(w9)), add(w1, sigma14(w6)))
      w9 = add(add(w9, sigma04(w10)), add(w2, sigma14(w7)))
      w10 = add(add(w10, sigma04(w11)), add(w3, sigma14(w8)))
      w11 = add(add(w11, sigma04(w12)), add(w4, sigma14(w9)))
      w12 = add(add(w12, sigma04(w13)), add(w5, sigma14(w10)))
      w13 = add(add(w13, sigma04(w14)), add(w6, sigma14(w11)))
      w14 = add(add(w14, sigma04(w15)), add(w7, sigma14(w12)))
      w15 = add(add(w15, sigma04(w0)), add(w8, sigma14(w13)))
    }
    a = add(a, v128.load(STATES, 0))
    v128.store(STATES, a, 0)
    b = add(b, v128.load(STATES, 16))
    v128.store(STATES, b, 16)
    c = add(c, v128.load(STATES, 32))
    v128.store(STATES, c, 32)
    d = add(d, v128.load(STATES, 48))
    v128.store(STATES, d, 48)
    e = add(e, v128.load(STATES, 64))
    v128.store(STATES, e, 64)
    f = add(f, v128.load(STATES, 80))
    v128.store(STATES, f, 80)
    g = add(g, v128.load(STATES, 96))
    v128.store(STATES, g, 96)
    h = add(h, v128.load(STATES, 112))
    v128.store(STATES, h, 112)
    p0 += 64
    p1 += 64
    p2 += 64
    p3 += 64
  }
}
