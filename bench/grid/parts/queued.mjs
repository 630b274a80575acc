/** A requester with millions of units and nobody to compute them: what it holds above an idle one. */
import { noop } from '../../../dist/tasks/noop.js'
import { echo } from '../echo-task.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'resident memory of a requester with 10,000,000 units queued'

const settleMs = 3_000
const lookMs = 200

const kinds = [
  { name: 'no-op units of a range', task: noop, goal: 60 },
  { name: 'units of 100 bytes from a source', task: echo, goal: 60 },
]

export async function measure({ quick, onRound }) {
  const units = quick ? 200_000 : 10_000_000
  const watchMs = quick ? 3_000 : 20_000
  const rows = []
  for (const [i, { name, task, goal }] of kinds.entries()) {
    const { idleMib, mostMib } = await withGrid({ hosts: 0 }, (grid) =>
      watch(grid, { task, units, watchMs }),
    )
    rows.push({
      measure: `${name}, most above idle`,
      ...{ value: Math.max(0, mostMib - idleMib), unit: 'MiB', goal, better: 'less' },
      note: `idle ${Math.round(idleMib)} MiB`,
    })
    onRound(i + 1, kinds.length)
  }
  const title = `${units.toLocaleString('en')} units queued, nobody there to compute them`
  return { title, rows }
}

async function watch(grid, { task, units, watchMs }) {
  await sleep(settleMs)
  const idleMib = grid.requesterMib()
  const job = grid.sdk.run(task, { units }, { quorum: 1 })
  // The grid is closed under it.
  job.result.catch(() => {})
  await job.id
  let mostMib = 0
  for (const startMs = performance.now(); performance.now() - startMs < watchMs; ) {
    await sleep(lookMs)
    mostMib = Math.max(mostMib, grid.requesterMib())
  }
  return { idleMib, mostMib }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
