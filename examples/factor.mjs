/** Factors of large numbers: dear to find, cheap to check, so no result is computed twice. */
export const help = `manyhands run examples/factor.mjs [N...]
  N  products of primes, not primes (default: six of 17 or 18 digits)`

/** Pollard's rho, which needs a number that is no prime; it travels as source, so it brings what it needs. */
function smallestFound(n) {
  if (n % 2n === 0n) return 2n
  const gcd = (a, b) => {
    while (b !== 0n) [a, b] = [b, a % b]
    return a
  }
  for (let c = 1n; ; c++) {
    let slow = 2n
    let fast = 2n
    let divisor = 1n
    const next = (x) => (x * x + c) % n
    while (divisor === 1n) {
      slow = next(slow)
      fast = next(next(fast))
      divisor = gcd(slow > fast ? slow - fast : fast - slow, n)
    }
    if (divisor !== n) return divisor
  }
}

const defaults = [
  121_932_633_334_857_493n,
  140_000_023_300_000_033n,
  85_397_359_708_210_889n,
  93_395_460_803_548_831n,
  24_494_903_921_838_443n,
  110_916_041_107_794_889n,
]

export default async function main(grid, { args, progress }) {
  const numbers = args.length > 0 ? args.map(BigInt) : defaults
  const divisors = await progress(
    grid.map(numbers, smallestFound, {
      unitItems: 1,
      check: (n, divisor) => divisor > 1n && divisor < n && n % divisor === 0n,
    }),
  )
  return numbers.map((n, i) => `${n} = ${divisors[i]} * ${n / divisors[i]}`).join('\n')
}
