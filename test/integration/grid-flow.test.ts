/** Much goes through a node and little stays in it: inputs wait for the grid, and memory for nobody. */
import { describe, expect, test } from '@jest/globals'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import { noop } from '../../tasks/index.js'
import { crunch, progressUntil, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

/** An endless source that says when it has given so many items, and whether it was closed. */
function source(announceAt: number) {
  let pulled = 0
  let onReached = () => {}
  let onReturned = () => {}
  const reached = new Promise<void>((resolve) => {
    onReached = resolve
  })
  const returned = new Promise<void>((resolve) => {
    onReturned = resolve
  })
  async function* items() {
    try {
      for (;;) {
        if (++pulled === announceAt) onReached()
        yield pulled
      }
    } finally {
      onReturned()
    }
  }
  return { items: items(), reached, returned, pulled: () => pulled }
}

describe('an endless source', () => {
  test('is read no further than the grid has room, and closed when its job is cancelled', async () => {
    const node = await grid.node('node')
    const sdk = await grid.connect(node)
    const ahead = limits.inputUnitsAheadMax
    const { items, reached, returned, pulled } = source(ahead)
    const job = sdk.map(items, crunch, {
      params: { rounds: 30_000 },
      unitItems: 1,
      quorum: 1,
    })
    await reached
    const { units } = await job.progress()
    // Time for the source to be read further, if anything would.
    const later = await progressUntil(
      job,
      ({ units: { verified } }) => verified > units.verified + 50,
    )
    // One batch that filled the node, one that gathers behind it, and what was verified since the last progress.
    const behind = 2 * limits.leaseUnitsMax + 1024
    expect(pulled()).toBeLessThanOrEqual(ahead + later.units.verified + behind)
    const result = job.result
    await job.cancel()
    await expect(result).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    await returned
  }, 90_000)
})

describe('a job of 300,000 units', () => {
  const MIB = 1024 * 1024
  /** A busy machine need not finish: what the grid holds at once it holds after a few seconds. */
  const watchedMs = 20_000

  test('adds less than 180 MiB to what its requester keeps', async () => {
    const requester = await grid.node('requester', { heapMiB: 160 })
    await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    // The first job pays for compiling and for buffers that stay.
    expect(await sdk.run(noop, { units: 5_000 })).toBe(5_000)
    const { residentBytes: before } = await sdk.status()
    const units = 300_000
    const job = sdk.run(noop, { units })
    const startMs = performance.now()
    let most = 0
    let isDone = false
    for await (const { phase, units } of job.watch({ everyMs: 500 })) {
      const { residentBytes } = await sdk.status()
      most = Math.max(most, residentBytes)
      isDone = phase === 'done'
      if (performance.now() - startMs > watchedMs && units.verified > 50_000) break
    }
    expect(most - before).toBeLessThan(180 * MIB)
    if (isDone) expect(await job).toBe(units)
    else await job.cancel()
  }, 90_000)
})
