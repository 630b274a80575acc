// Integers without end: products, quotients, powers, shifts, roots, text in several bases.
;({ range }) => {
  let factorial = 1n
  for (let n = 1n; n <= 300n; n++) factorial *= n
  let a = 0n
  let b = 1n
  for (let n = range.start; n < range.end; n++) [a, b] = [b, a + b]
  const root = (n) => {
    let x = 1n << BigInt((n.toString(2).length / 2 + 1) | 0)
    for (;;) {
      const y = (x + n / x) >> 1n
      if (y >= x) return x
      x = y
    }
  }
  const power = (base, exponent, modulus) => {
    let result = 1n
    for (; exponent > 0n; exponent >>= 1n, base = (base * base) % modulus)
      if (exponent & 1n) result = (result * base) % modulus
    return result
  }
  const prime = 2n ** 127n - 1n
  const faults = [
    () => 1n / 0n,
    () => 2n ** -1n,
    () => BigInt(1.5),
    () => 1n + 1,
    () => BigInt('x'),
  ].map((wrong) => {
    try {
      return wrong()
    } catch (error) {
      return error.name + ': ' + error.message
    }
  })
  return {
    value: [
      factorial,
      a,
      b.toString(36),
      root(factorial),
      power(3n, prime - 1n, prime),
      factorial / a,
      -factorial % b,
      -7n >> 1n,
      ~a,
      BigInt.asIntN(64, factorial + a),
      BigInt.asUintN(100, -b),
      Number(a),
      [5n, -3n, 10n ** 20n, 0n].sort((x, y) => (x < y ? -1 : 1)),
      faults,
      (a ^ factorial) & ((1n << 200n) - 1n),
      10n > 9,
      2n == 2,
      typeof a,
    ],
  }
}
