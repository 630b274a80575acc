/**
 * Double SHA-256 of four headers at a time, which differ in their nonce alone. Of each digest only the last word is
 * computed: it is the most significant one of the number that Bitcoin compares.
 *
 * Written by scripts/unroll-hash-search.js, which says how: change that, not this.
 */
import { add, choose4, sigma04, sigma14, sum04, sum14 } from '../../shared/assembly/four'
import { choose, majority, sigma0, sigma1, sum0, sum1 } from '../../shared/assembly/sha256'

/** Sums of round constants and words that are always the same, in the order of their first use. */
const FIXED = memory.data<u32>([
  0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
  0xc19bf3f4, 0x0fc19dc6, 0x240ca1cc, 0x80000000, 0x2de92c6f, 0x4a7484aa, 0x00000280, 0x5cb0a9dc,
  0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x00a00055,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb,
  0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
  0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb,
  0xbef9a3f7, 0xc67178f2, 0x98c7e2a2, 0xfc08884d, 0x6a09e667, 0x90bb1e3c, 0x510e527f, 0x9b05688c,
  0x3c6ef372, 0xbb67ae85, 0x50c6645b, 0x3ac42e24, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0x5807aa98,
  0xc19bf274, 0xe49b69c1, 0x00a00000, 0xefbe4786, 0x00000100, 0x11002000, 0x00400022, 0x5be0cd19,
])

/** Sums that hold for all nonces of a job, written by `prepare`. */
const GIVEN = memory.data(104, 16)

/** Where four digests' last words are left, in the byte order of the comparison. */
export const TOPS = memory.data(16, 16)

@inline
function fixed(offset: usize): v128 {
  return v128.load_splat<u32>(FIXED + offset)
}

@inline
function given(offset: usize): v128 {
  return v128.load_splat<u32>(GIVEN + offset)
}

/**
 * Sums up what all nonces share.
 *
 * @param middle  state after the header's first 64 bytes
 * @param w0  first of the three words that follow, before the nonce
 */
export function prepare(middle: usize, w0: u32, w1: u32, w2: u32): void {
  let a = load<u32>(middle, 0)
  let b = load<u32>(middle, 4)
  let c = load<u32>(middle, 8)
  let d = load<u32>(middle, 12)
  let e = load<u32>(middle, 16)
  let f = load<u32>(middle, 20)
  let g = load<u32>(middle, 24)
  let h = load<u32>(middle, 28)
  const m0 = a
  const m1 = b
  const m2 = c
  const m3 = d
  const m4 = e
  const m5 = f
  const m6 = g
  const m7 = h
  let t = h + sum1(e) + choose(e, f, g) + 0x428a2f98 + w0
  d += t
  h = t + sum0(a) + majority(a, b, c)
  t = g + sum1(d) + choose(d, e, f) + 0x71374491 + w1
  c += t
  g = t + sum0(h) + majority(h, a, b)
  t = f + sum1(c) + choose(c, d, e) + 0xb5c0fbcf + w2
  b += t
  f = t + sum0(g) + majority(g, h, a)
  const before = e + sum1(b) + choose(b, c, d) + 0xe9b5dba5
  const after = sum0(f) + majority(f, g, h)
  const s16 = sigma0(w1) + w0
  const s17 = sigma0(w2) + w1 + 0x01100000
  store<u32>(GIVEN, a + before, 0)
  store<u32>(GIVEN, before + after, 4)
  store<u32>(GIVEN, f, 8)
  store<u32>(GIVEN, d + 0xb956c25b, 12)
  store<u32>(GIVEN, b, 16)
  store<u32>(GIVEN, c, 20)
  store<u32>(GIVEN, h, 24)
  store<u32>(GIVEN, g, 28)
  store<u32>(GIVEN, c + 0x59f111f1, 32)
  store<u32>(GIVEN, b + 0x923f82a4, 36)
  store<u32>(GIVEN, s16 + 0xe49b69c1, 40)
  store<u32>(GIVEN, s17 + 0xefbe4786, 44)
  store<u32>(GIVEN, sigma1(s16) + w2, 48)
  store<u32>(GIVEN, sigma1(s17) + 0x11002000, 52)
  store<u32>(GIVEN, s16, 56)
  store<u32>(GIVEN, s17, 60)
  store<u32>(GIVEN, sigma0(s16) + 0x00000280, 64)
  store<u32>(GIVEN, sigma0(s17) + s16, 68)
  store<u32>(GIVEN, m0, 72)
  store<u32>(GIVEN, m1, 76)
  store<u32>(GIVEN, m2, 80)
  store<u32>(GIVEN, m3, 84)
  store<u32>(GIVEN, m4, 88)
  store<u32>(GIVEN, m5, 92)
  store<u32>(GIVEN, m6, 96)
  store<u32>(GIVEN, m7, 100)
}

/**
 * Hashes `groups` times four nonces from `first` on, until a last word is at most `limit`.
 *
 * @returns how many groups came out above the limit; when fewer than asked for, TOPS holds those of the next
 */
export function scan(first: u32, groups: u32, limit: u32): u32 {
  const most = i32x4.splat(limit)
  const order = v128(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
  let nonce = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  let big: v128, t: v128, ab: v128, bc: v128
  let a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128
  let w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128, w6: v128, w7: v128
  let w8: v128, w9: v128, w10: v128, w11: v128, w12: v128, w13: v128, w14: v128, w15: v128
  for (let group: u32 = 0; group < groups; group++) {
    big = v128.swizzle(nonce, order)
    a = add(given(0), big)
    e = add(given(4), big)
    t = add(add(given(12), choose4(a, given(16), given(20))), sum14(a))
    h = add(given(24), t)
    bc = v128.xor(given(8), given(28))
    ab = v128.xor(e, given(8))
    d = add(add(t, sum04(e)), v128.xor(given(8), v128.and(ab, bc)))
    bc = ab
    t = add(add(given(32), choose4(h, a, given(16))), sum14(h))
    g = add(given(28), t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    t = add(add(given(36), choose4(g, h, a)), sum14(g))
    f = add(given(8), t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(0), a), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(4), h), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(8), g), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(12), f), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(16), e), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(20), d), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(24), c), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(28), b), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(32), a), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(given(40), h), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(given(44), g), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(given(48), sigma04(big))
    t = add(add(add(add(fixed(36), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(given(52), big)
    t = add(add(add(add(fixed(40), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(fixed(44), sigma14(w2))
    t = add(add(add(add(fixed(48), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = sigma14(w3)
    t = add(add(add(add(fixed(52), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(fixed(56), sigma14(w4))
    t = add(add(add(add(fixed(60), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(given(56), sigma14(w5))
    t = add(add(add(add(fixed(64), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(given(60), sigma14(w6))
    t = add(add(add(add(fixed(68), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(sigma14(w7), w2)
    t = add(add(add(add(fixed(72), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w10 = add(sigma14(w8), w3)
    t = add(add(add(add(fixed(76), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w11 = add(sigma14(w9), w4)
    t = add(add(add(add(fixed(80), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w12 = add(sigma14(w10), w5)
    t = add(add(add(add(fixed(84), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w13 = add(sigma14(w11), w6)
    t = add(add(add(add(fixed(88), c), w13), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w14 = add(add(fixed(92), sigma14(w12)), w7)
    t = add(add(add(add(fixed(96), b), w14), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w15 = add(add(given(64), sigma14(w13)), w8)
    t = add(add(add(add(fixed(100), a), w15), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w0 = add(add(given(68), sigma14(w14)), w9)
    t = add(add(add(add(fixed(104), h), w0), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w1 = add(add(add(given(60), sigma14(w15)), w10), sigma04(w2))
    t = add(add(add(add(fixed(108), g), w1), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(add(add(sigma14(w0), w11), sigma04(w3)), w2)
    t = add(add(add(add(fixed(112), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(add(add(sigma14(w1), w12), sigma04(w4)), w3)
    t = add(add(add(add(fixed(116), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(add(add(sigma14(w2), w13), sigma04(w5)), w4)
    t = add(add(add(add(fixed(120), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = add(add(add(sigma14(w3), w14), sigma04(w6)), w5)
    t = add(add(add(add(fixed(124), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(add(add(sigma14(w4), w15), sigma04(w7)), w6)
    t = add(add(add(add(fixed(128), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(add(add(sigma14(w5), w0), sigma04(w8)), w7)
    t = add(add(add(add(fixed(132), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(add(add(sigma14(w6), w1), sigma04(w9)), w8)
    t = add(add(add(add(fixed(136), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(add(add(sigma14(w7), w2), sigma04(w10)), w9)
    t = add(add(add(add(fixed(140), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w10 = add(add(add(sigma14(w8), w3), sigma04(w11)), w10)
    t = add(add(add(add(fixed(144), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w11 = add(add(add(sigma14(w9), w4), sigma04(w12)), w11)
    t = add(add(add(add(fixed(148), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w12 = add(add(add(sigma14(w10), w5), sigma04(w13)), w12)
    t = add(add(add(add(fixed(152), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w13 = add(add(add(sigma14(w11), w6), sigma04(w14)), w13)
    t = add(add(add(add(fixed(156), c), w13), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w14 = add(add(add(sigma14(w12), w7), sigma04(w15)), w14)
    t = add(add(add(add(fixed(160), b), w14), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w15 = add(add(add(sigma14(w13), w8), sigma04(w0)), w15)
    t = add(add(add(add(fixed(164), a), w15), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w0 = add(add(add(sigma14(w14), w9), sigma04(w1)), w0)
    t = add(add(add(add(fixed(168), h), w0), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w1 = add(add(add(sigma14(w15), w10), sigma04(w2)), w1)
    t = add(add(add(add(fixed(172), g), w1), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(add(add(sigma14(w0), w11), sigma04(w3)), w2)
    t = add(add(add(add(fixed(176), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(add(add(sigma14(w1), w12), sigma04(w4)), w3)
    t = add(add(add(add(fixed(180), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(add(add(sigma14(w2), w13), sigma04(w5)), w4)
    t = add(add(add(add(fixed(184), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = add(add(add(sigma14(w3), w14), sigma04(w6)), w5)
    t = add(add(add(add(fixed(188), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(add(add(sigma14(w4), w15), sigma04(w7)), w6)
    t = add(add(add(add(fixed(192), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(add(add(sigma14(w5), w0), sigma04(w8)), w7)
    t = add(add(add(add(fixed(196), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(add(add(sigma14(w6), w1), sigma04(w9)), w8)
    t = add(add(add(add(fixed(200), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(add(add(sigma14(w7), w2), sigma04(w10)), w9)
    t = add(add(add(add(fixed(204), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w10 = add(add(add(sigma14(w8), w3), sigma04(w11)), w10)
    t = add(add(add(add(fixed(208), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w11 = add(add(add(sigma14(w9), w4), sigma04(w12)), w11)
    t = add(add(add(add(fixed(212), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w12 = add(add(add(sigma14(w10), w5), sigma04(w13)), w12)
    t = add(add(add(add(fixed(216), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w13 = add(add(add(sigma14(w11), w6), sigma04(w14)), w13)
    t = add(add(add(add(fixed(220), c), w13), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w14 = add(add(add(sigma14(w12), w7), sigma04(w15)), w14)
    t = add(add(add(add(fixed(224), b), w14), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w15 = add(add(add(sigma14(w13), w8), sigma04(w0)), w15)
    t = add(add(add(add(fixed(228), a), w15), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab

    w0 = add(given(72), a)
    w1 = add(given(76), b)
    w2 = add(given(80), c)
    w3 = add(given(84), d)
    w4 = add(given(88), e)
    w5 = add(given(92), f)
    w6 = add(given(96), g)
    w7 = add(given(100), h)
    d = add(fixed(232), w0)
    h = add(fixed(236), w0)
    t = add(add(add(fixed(244), w1), choose4(d, fixed(248), fixed(252))), sum14(d))
    c = add(fixed(256), t)
    bc = v128.xor(fixed(240), fixed(260))
    ab = v128.xor(h, fixed(240))
    g = add(add(t, sum04(h)), v128.xor(fixed(240), v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(264), w2), choose4(c, d, fixed(248))), sum14(c))
    b = add(fixed(260), t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(268), w3), choose4(b, c, d)), sum14(b))
    a = add(fixed(240), t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(add(fixed(272), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(add(fixed(276), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(add(fixed(280), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(add(fixed(0), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(284), h), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(8), g), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(12), f), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(16), e), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(20), d), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(24), c), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(28), b), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    t = add(add(add(fixed(288), a), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w0 = add(sigma04(w1), w0)
    t = add(add(add(add(fixed(292), h), w0), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w1 = add(add(fixed(296), sigma04(w2)), w1)
    t = add(add(add(add(fixed(300), g), w1), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(add(sigma14(w0), sigma04(w3)), w2)
    t = add(add(add(add(fixed(36), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(add(sigma14(w1), sigma04(w4)), w3)
    t = add(add(add(add(fixed(40), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(add(sigma14(w2), sigma04(w5)), w4)
    t = add(add(add(add(fixed(48), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = add(add(sigma14(w3), sigma04(w6)), w5)
    t = add(add(add(add(fixed(52), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(add(add(fixed(304), sigma14(w4)), sigma04(w7)), w6)
    t = add(add(add(add(fixed(60), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(add(add(fixed(308), sigma14(w5)), w0), w7)
    t = add(add(add(add(fixed(64), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(add(fixed(44), sigma14(w6)), w1)
    t = add(add(add(add(fixed(68), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(sigma14(w7), w2)
    t = add(add(add(add(fixed(72), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w10 = add(sigma14(w8), w3)
    t = add(add(add(add(fixed(76), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w11 = add(sigma14(w9), w4)
    t = add(add(add(add(fixed(80), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w12 = add(sigma14(w10), w5)
    t = add(add(add(add(fixed(84), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w13 = add(sigma14(w11), w6)
    t = add(add(add(add(fixed(88), c), w13), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w14 = add(add(fixed(312), sigma14(w12)), w7)
    t = add(add(add(add(fixed(96), b), w14), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w15 = add(add(add(fixed(304), sigma14(w13)), w8), sigma04(w0))
    t = add(add(add(add(fixed(100), a), w15), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w0 = add(add(add(sigma14(w14), w9), sigma04(w1)), w0)
    t = add(add(add(add(fixed(104), h), w0), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w1 = add(add(add(sigma14(w15), w10), sigma04(w2)), w1)
    t = add(add(add(add(fixed(108), g), w1), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(add(add(sigma14(w0), w11), sigma04(w3)), w2)
    t = add(add(add(add(fixed(112), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(add(add(sigma14(w1), w12), sigma04(w4)), w3)
    t = add(add(add(add(fixed(116), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(add(add(sigma14(w2), w13), sigma04(w5)), w4)
    t = add(add(add(add(fixed(120), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = add(add(add(sigma14(w3), w14), sigma04(w6)), w5)
    t = add(add(add(add(fixed(124), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(add(add(sigma14(w4), w15), sigma04(w7)), w6)
    t = add(add(add(add(fixed(128), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(add(add(sigma14(w5), w0), sigma04(w8)), w7)
    t = add(add(add(add(fixed(132), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(add(add(sigma14(w6), w1), sigma04(w9)), w8)
    t = add(add(add(add(fixed(136), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(add(add(sigma14(w7), w2), sigma04(w10)), w9)
    t = add(add(add(add(fixed(140), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w10 = add(add(add(sigma14(w8), w3), sigma04(w11)), w10)
    t = add(add(add(add(fixed(144), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w11 = add(add(add(sigma14(w9), w4), sigma04(w12)), w11)
    t = add(add(add(add(fixed(148), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w12 = add(add(add(sigma14(w10), w5), sigma04(w13)), w12)
    t = add(add(add(add(fixed(152), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w13 = add(add(add(sigma14(w11), w6), sigma04(w14)), w13)
    t = add(add(add(add(fixed(156), c), w13), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w14 = add(add(add(sigma14(w12), w7), sigma04(w15)), w14)
    t = add(add(add(add(fixed(160), b), w14), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w15 = add(add(add(sigma14(w13), w8), sigma04(w0)), w15)
    t = add(add(add(add(fixed(164), a), w15), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w0 = add(add(add(sigma14(w14), w9), sigma04(w1)), w0)
    t = add(add(add(add(fixed(168), h), w0), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w1 = add(add(add(sigma14(w15), w10), sigma04(w2)), w1)
    t = add(add(add(add(fixed(172), g), w1), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    ab = v128.xor(h, a)
    g = add(add(t, sum04(h)), v128.xor(a, v128.and(ab, bc)))
    bc = ab
    w2 = add(add(add(sigma14(w0), w11), sigma04(w3)), w2)
    t = add(add(add(add(fixed(176), f), w2), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    ab = v128.xor(g, h)
    f = add(add(t, sum04(g)), v128.xor(h, v128.and(ab, bc)))
    bc = ab
    w3 = add(add(add(sigma14(w1), w12), sigma04(w4)), w3)
    t = add(add(add(add(fixed(180), e), w3), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    ab = v128.xor(f, g)
    e = add(add(t, sum04(f)), v128.xor(g, v128.and(ab, bc)))
    bc = ab
    w4 = add(add(add(sigma14(w2), w13), sigma04(w5)), w4)
    t = add(add(add(add(fixed(184), d), w4), choose4(a, b, c)), sum14(a))
    h = add(h, t)
    ab = v128.xor(e, f)
    d = add(add(t, sum04(e)), v128.xor(f, v128.and(ab, bc)))
    bc = ab
    w5 = add(add(add(sigma14(w3), w14), sigma04(w6)), w5)
    t = add(add(add(add(fixed(188), c), w5), choose4(h, a, b)), sum14(h))
    g = add(g, t)
    ab = v128.xor(d, e)
    c = add(add(t, sum04(d)), v128.xor(e, v128.and(ab, bc)))
    bc = ab
    w6 = add(add(add(sigma14(w4), w15), sigma04(w7)), w6)
    t = add(add(add(add(fixed(192), b), w6), choose4(g, h, a)), sum14(g))
    f = add(f, t)
    ab = v128.xor(c, d)
    b = add(add(t, sum04(c)), v128.xor(d, v128.and(ab, bc)))
    bc = ab
    w7 = add(add(add(sigma14(w5), w0), sigma04(w8)), w7)
    t = add(add(add(add(fixed(196), a), w7), choose4(f, g, h)), sum14(f))
    e = add(e, t)
    ab = v128.xor(b, c)
    a = add(add(t, sum04(b)), v128.xor(c, v128.and(ab, bc)))
    bc = ab
    w8 = add(add(add(sigma14(w6), w1), sigma04(w9)), w8)
    t = add(add(add(add(fixed(200), h), w8), choose4(e, f, g)), sum14(e))
    d = add(d, t)
    ab = v128.xor(a, b)
    h = add(add(t, sum04(a)), v128.xor(b, v128.and(ab, bc)))
    bc = ab
    w9 = add(add(add(sigma14(w7), w2), sigma04(w10)), w9)
    t = add(add(add(add(fixed(204), g), w9), choose4(d, e, f)), sum14(d))
    c = add(c, t)
    w10 = add(add(add(sigma14(w8), w3), sigma04(w11)), w10)
    t = add(add(add(add(fixed(208), f), w10), choose4(c, d, e)), sum14(c))
    b = add(b, t)
    w11 = add(add(add(sigma14(w9), w4), sigma04(w12)), w11)
    t = add(add(add(add(fixed(212), e), w11), choose4(b, c, d)), sum14(b))
    a = add(a, t)
    w12 = add(add(add(sigma14(w10), w5), sigma04(w13)), w12)
    t = add(add(add(add(fixed(216), d), w12), choose4(a, b, c)), sum14(a))
    h = add(h, t)

    t = v128.swizzle(add(fixed(316), h), order)
    if (v128.any_true(i32x4.le_u(t, most))) {
      v128.store(TOPS, t)
      return group
    }
    nonce = i32x4.add(nonce, i32x4.splat(4))
  }
  return groups
}
