/** Jobs whose task checks results itself: in the sandbox of a node that computes nothing, against a host that lies. */
import { describe, expect, test } from '@jest/globals'
import { useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

/** The smallest divisor: slower to find than to check. */
const smallestDivisor = (n: number): number => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return d
  return n
}

const numbers = Array.from({ length: 40 }, (_, i) => 1_000_003 + 2 * i)

describe('a job with a check', () => {
  test('takes each result once, and catches a liar, on a node that donates no thread', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [liar] = await Promise.all([
      grid.node('liar', { peers, lieRate: 0.5 }),
      grid.node('honest', { peers }),
    ])
    const sdk = await grid.connect(requester)
    const job = sdk.map(numbers, smallestDivisor, {
      unitItems: 1,
      check: (n, d) => Number.isInteger(d) && d > 1 && n % d === 0,
    })
    expect(await job).toEqual(numbers.map(smallestDivisor))
    const shown = await grid.show(requester, await job.id)
    expect(shown.acceptance).toEqual({ rule: 'check' })
    // Caught at its first vote, which may bring several lies at once.
    const caught = shown.hosts.find(({ peer }) => peer === liar.peer)
    expect(caught).toMatchObject({ refused: expect.any(String) })
    expect(caught?.rejected).toBeGreaterThan(0)
    // One accepted vote a unit: nobody confirmed anything.
    const paid = shown.hosts.reduce((sum, { accepted }) => sum + accepted, 0)
    expect(paid).toBe(numbers.length)
  }, 60_000)

  test('fails with the words of a check that cannot be right', async () => {
    const node = await grid.node('node')
    const sdk = await grid.connect(node)
    await expect(sdk.map([1, 2], (n) => n + 1, { check: () => false })).rejects.toMatchObject({
      code: 'MH_UNIT_FAILED',
      message: expect.stringMatching(/check refused this node's own result of unit \d/),
    })
    await expect(
      sdk.map([1], (n) => n, {
        check: () => {
          throw new TypeError('no such luck')
        },
      }),
    ).rejects.toMatchObject({
      code: 'MH_UNIT_FAILED',
      message: expect.stringMatching(/check failed on unit 0: TypeError: no such luck/),
    })
  }, 60_000)
})
