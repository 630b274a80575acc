/**
 * Seeded randomness, the only kind the core may use: xorshift128 over a state that is plain data, so that the same
 * seed and the same events give the same choices.
 *
 * Source: Marsaglia, "Xorshift RNGs" (2003). Not for secrets.
 */
export interface Random {
  a: number
  b: number
  c: number
  d: number
}

/** @param seed  any integer; @returns a generator state, never all zero */
export function seedRandom(seed: number): Random {
  let x = (seed ^ 0x9e3779b9) >>> 0
  const next = () => {
    // splitmix32 spreads nearby seeds far apart
    x = (x + 0x9e3779b9) >>> 0
    let z = x
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  return { a: next(), b: next(), c: next(), d: next() | 1 }
}

/** @returns an integer in 0..2**32-1 */
export function nextUint32(random: Random): number {
  const t = random.a ^ (random.a << 11)
  random.a = random.b
  random.b = random.c
  random.c = random.d
  random.d = (random.d ^ (random.d >>> 19) ^ t ^ (t >>> 8)) >>> 0
  return random.d
}

/** @returns a number in [0, 1) */
export function nextFraction(random: Random): number {
  return nextUint32(random) / 2 ** 32
}

/** @returns up to `count` distinct elements, in random order; the input stays as it is */
export function sample<T>(random: Random, from: readonly T[], count: number): T[] {
  const pool = [...from]
  const taken: T[] = []
  while (taken.length < count && pool.length > 0) {
    const at = nextUint32(random) % pool.length
    const [chosen] = pool.splice(at, 1)
    if (chosen !== undefined) taken.push(chosen)
  }
  return taken
}
