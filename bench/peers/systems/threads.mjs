/** Two plain threads, each with half of the nonces from the start. */
import { Worker } from 'node:worker_threads'

export async function start() {
  const workers = [0, 1].map(() => new Worker(new URL('./threads-entry.mjs', import.meta.url)))
  const ask = (worker, range) =>
    new Promise((resolve) => {
      worker.once('message', resolve)
      worker.postMessage(range)
    })
  return {
    search: async (units, unitNonces) => {
      const half = (units * unitNonces) / 2
      return (
        await Promise.all(workers.map((w, i) => ask(w, [i * half, (i + 1) * half])))
      ).sort()[0]
    },
    stop: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}
