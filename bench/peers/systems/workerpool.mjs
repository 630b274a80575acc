/** workerpool: threads of one process. */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { inFlight, input, rangeOf } from '../work.mjs'

const entry = fileURLToPath(new URL('./worker-entry.mjs', import.meta.url))
const ahead = 32

export async function start() {
  const pool = workerpool.pool(entry, { workerType: 'thread', minWorkers: 2, maxWorkers: 2 })
  return {
    noop: async (units) => (await inFlight(units, ahead, () => pool.exec('noop', [input]))).length,
    search: async (units, unitNonces) =>
      (await inFlight(units, 4, (i) => pool.exec('search', rangeOf(i, unitNonces)))).sort()[0],
    stop: () => pool.terminate(true),
  }
}
