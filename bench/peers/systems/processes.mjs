/** Two plain processes, each with half of the nonces from the start. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('./processes-entry.mjs', import.meta.url))

export async function start() {
  const workers = [0, 1].map(() => fork(entry))
  const ask = (worker, range) =>
    new Promise((resolve) => {
      worker.once('message', resolve)
      worker.send(range)
    })
  return {
    search: async (units, unitNonces) => {
      const half = (units * unitNonces) / 2
      return (
        await Promise.all(workers.map((w, i) => ask(w, [i * half, (i + 1) * half])))
      ).sort()[0]
    },
    stop: () => {
      for (const worker of workers) worker.kill()
    },
  }
}
