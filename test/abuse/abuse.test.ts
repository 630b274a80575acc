/** A piece of `npm run abuse`. Rates say little on a machine that runs other tests at the same time. */
import { expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { runAbuse } from './trial.mjs'

test('a node under forged votes and broken frames goes on with its job, and drops who sends them', async () => {
  const rows = await runAbuse(['invalid', 'votes'], { rounds: 1, phaseMs: 1_500 })
  for (const row of rows) {
    expect(row.entered).toBeGreaterThan(0)
    expect(row.dropped).toBeGreaterThan(0)
    expect(row.peakMiB).toBeLessThan(700)
    expect(row.hostStayed).toBe(true)
    expect(row.unitsPerSecond).toBeGreaterThan(0)
  }
}, 120_000)
