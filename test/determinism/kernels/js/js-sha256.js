// SHA-256 in JavaScript: bits of 32, shifted and added. Source: FIPS 180-4.
;({ range }) => {
  const primes = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32) | 0
  const k = primes.map((p) => fraction(p ** (1 / 3)))
  const start = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)))
  const right = (x, by) => (x >>> by) | (x << (32 - by))
  const digest = (bytes) => {
    const h = Int32Array.from(start)
    const size = ((bytes.length + 8) >> 6) * 64 + 64
    const padded = new Uint8Array(size)
    padded.set(bytes)
    padded[bytes.length] = 0x80
    const view = new DataView(padded.buffer)
    view.setUint32(size - 4, bytes.length * 8)
    const w = new Int32Array(64)
    for (let at = 0; at < size; at += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i)
      for (let i = 16; i < 64; i++) {
        const s0 = right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ (w[i - 15] >>> 3)
        const s1 = right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ (w[i - 2] >>> 10)
        w[i] = w[i - 16] + s0 + w[i - 7] + s1
      }
      let [a, b, c, d, e, f, g, last] = h
      for (let i = 0; i < 64; i++) {
        const t1 =
          (last +
            (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
            ((e & f) ^ (~e & g)) +
            k[i] +
            w[i]) |
          0
        const t2 = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
        ;[a, b, c, d, e, f, g, last] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g]
      }
      for (const [i, word] of [a, b, c, d, e, f, g, last].entries()) h[i] += word
    }
    return Uint8Array.from({ length: 32 }, (_, i) => h[i >> 2] >>> (24 - 8 * (i & 3)))
  }
  let last = digest(new Uint8Array())
  const some = [last]
  for (let i = range.start; i < range.end; i += 10) {
    last = digest(Uint8Array.from({ length: i }, (_, j) => last[j & 31] ^ j))
    if (i % 100 === 0) some.push(last)
  }
  return { value: some }
}
