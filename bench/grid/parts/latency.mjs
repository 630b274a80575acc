/** How long one waits for little on an idle grid. */
import { hashSearch } from '../../../dist/tasks/hash-search.js'
import { figureOf } from '../../measure.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'submit to first verified result, and a job of one unit, on an idle grid'

const unitNonces = 1_000
/** Long enough for nodes to fall idle. */
const pauseMs = 400

const measures = [
  { name: 'submit to first verified result', units: 100, quorum: 1, goal: 60 },
  { name: 'submit to first verified result, quorum 2', units: 100, quorum: 2 },
  { name: 'a job of one unit, end to end', units: 1, quorum: 1, goal: 100 },
  { name: 'a job of one unit, end to end, quorum 2', units: 1, quorum: 2 },
]

export function measure({ rounds, quick, onRound }) {
  return withGrid({}, async ({ sdk }) => {
    const times = measures.map(() => [])
    const jobs = quick ? 3 : 6 * rounds
    for (let round = -1; round < jobs; round++) {
      for (const [i, given] of measures.entries()) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        const ms = await waitFor(sdk, given)
        // The first round brings the task to the hosts.
        if (round >= 0) times[i].push(ms)
      }
      onRound(round + 2, jobs + 1)
    }
    const rows = measures.map(({ name, goal }, i) => ({
      ...{ measure: name, ...figureOf(times[i]), unit: 'ms', better: 'less' },
      ...(goal && { goal }),
      note: `worst of ${jobs}: ${Math.round(Math.max(...times[i]))} ms`,
    }))
    return { title: 'On an idle grid of 3 nodes', rows }
  })
}

async function waitFor(sdk, { units, quorum }) {
  const startMs = performance.now()
  const given = { end: units * unitNonces, unitNonces, targetBits: 256, all: true }
  const job = sdk.run(hashSearch, given, { quorum })
  if (units === 1) {
    await job
    return performance.now() - startMs
  }
  for await (const _ of job) break
  const ms = performance.now() - startMs
  await job
  return ms
}
