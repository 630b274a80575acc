import { describe, expect, test } from '@jest/globals'
import { monteCarloPi } from '../../../tasks/monte-carlo-pi.js'
import { loadKernel, randomStream, rangeInput, runTask } from './kernel-host.js'

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x)
const rotl = (x: bigint, bits: bigint): bigint => u64(x << bits) | (x >> (64n - bits))

/** Points inside, counted with big integers. */
function countInside(seed: Uint8Array, samples: number): number {
  const view = new DataView(new Uint8Array(seed).buffer)
  let [s0, s1, s2, s3] = [0, 8, 16, 24].map((at) => view.getBigUint64(at, true)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  s0 |= 1n
  let inside = 0
  for (let i = 0; i < samples; i++) {
    const bits = u64(rotl(u64(s1 * 5n), 7n) * 9n)
    const shifted = u64(s1 << 17n)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotl(s3, 45n)
    const [x, y] = [bits >> 33n, (bits >> 2n) & 0x7fffffffn]
    if (x * (x + 1n) + y * (y + 1n) < 1n << 62n) inside += 1
  }
  return inside
}

describe('monte-carlo-pi', () => {
  test.each([1, 1000, 70_000])('counts what a recount of %d points counts', async (samples) => {
    const { run } = await loadKernel('monte-carlo-pi')
    const { output } = run(rangeInput(5, 5 + samples), undefined, 3)
    const inside = monteCarloPi.decode(output, monteCarloPi.params.parse({}))
    expect(inside).toBe(countInside(randomStream(3)(32), samples))
  })

  test('comes as near to pi as its standard error says', async () => {
    const samples = 20_000_000
    const result = await runTask(monteCarloPi, { samples, unitSamples: 3_000_000 })
    expect(result.samples).toBe(samples)
    expect(result.pi).toBe((4 * result.inside) / samples)
    expect(result.standardError).toBeCloseTo(0.000367, 6)
    expect(Math.abs(result.pi - Math.PI)).toBeLessThan(4 * result.standardError)
  })

  test.each([
    [{ samples: 0 }, 'samples'],
    [{ unitSamples: 0.5 }, 'unitSamples'],
  ])('refuses %j and names the field', (given, field) => {
    expect(monteCarloPi.params.safeParse(given).error?.issues[0]?.path).toEqual([field])
  })
})
