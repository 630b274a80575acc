/** How near the grid comes to plain threads on the same kernel, by the length of a unit. */
import { takeTurns } from '../../measure.mjs'
import { noncesPerMs, searchOnGrid, searchPlainly } from '../hash-work.mjs'
import { withGrid } from '../nodes.mjs'
import { PlainWorkers } from '../plain.mjs'

export const summary = 'hash search beside plain threads, units of 1 s, 100 ms and 10 ms'

const lengths = [
  { unitMs: 1000, words: '1 s', goal: 0.98 },
  { unitMs: 100, words: '100 ms', goal: 0.96 },
  { unitMs: 10, words: '10 ms', goal: 0.92 },
]

export function measure({ rounds, quick, onRound }) {
  return withGrid({}, async (grid) => {
    const threads = new PlainWorkers('threads', 2)
    const processes = new PlainWorkers('processes', 2)
    try {
      const workMs = quick ? 2_000 : 20_000
      const rate = noncesPerMs()
      const nonces = Math.round(2 * workMs * rate)
      const found = new Set()
      const timed = (name, search) => ({ name, run: async () => void found.add(await search()) })
      const contenders = [
        timed('threads', () => searchPlainly(threads, nonces)),
        timed('processes', () => searchPlainly(processes, nonces)),
        ...lengths.map(({ unitMs, words }) =>
          timed(words, () => {
            // Whole units alone: the last one being short says nothing of the grid.
            const units = Math.round((2 * workMs) / unitMs)
            return searchOnGrid(grid, { nonces, unitNonces: Math.ceil(nonces / units) })
          }),
        ),
      ]
      await warmUp({ grid, threads, processes, rate })
      const processorMs = () => grid.processorMs()
      const taken = await takeTurns(contenders, { rounds, warmups: 0, onRound, processorMs })
      if (found.size > 1) throw new Error('grid and plain workers found different digests')
      return { title: `Hash search of ${workMs / 1000} s, 2 hosts`, rows: rowsOf(taken) }
    } finally {
      await Promise.all([threads.close(), processes.close()])
    }
  })
}

async function warmUp({ grid, threads, processes, rate }) {
  const nonces = Math.round(1_000 * rate)
  await searchPlainly(threads, nonces)
  await searchPlainly(processes, nonces)
  await searchOnGrid(grid, { nonces, unitNonces: Math.ceil(nonces / 50) })
}

function rowsOf(taken) {
  taken.addFastest('limit', ['threads', 'processes'])
  const seconds = (name) => `${(taken.time(name).value / 1000).toFixed(2)} s`
  return lengths.map(({ words, goal }) => ({
    measure: `efficiency, units of ${words}`,
    ...taken.ratio('limit', words),
    goal,
    better: 'more',
    note: `${seconds(words)}; plain threads ${seconds('threads')}, processes ${seconds('processes')}`,
  }))
}
