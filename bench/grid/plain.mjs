/** The limit: as many plain threads, or processes, as the grid has hosts, each with its share of the work from the start. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const file = new URL('./plain-worker.mjs', import.meta.url)
export class PlainWorkers {
  #workers

  /** @param {'threads' | 'processes'} kind */
  constructor(kind, count) {
    this.#workers = Array.from({ length: count }, () =>
      kind === 'threads' ? startThread() : startProcess(),
    )
  }

  /**
   * @param {{ kernel: string, params: Uint8Array, shares: readonly (readonly Uint8Array[])[] }} work  the inputs of each
   * @returns {Promise<Uint8Array[][]>} outputs of each
   */
  run({ kernel, params, shares }) {
    return Promise.all(
      this.#workers.map(({ ask }, i) => ask({ kernel, params, inputs: shares[i] })),
    )
  }

  async close() {
    await Promise.all(this.#workers.map(({ end }) => end()))
  }
}

function startThread() {
  const worker = new Worker(file)
  const ask = (work) =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.postMessage(work)
    })
  return { ask, end: () => worker.terminate() }
}

function startProcess() {
  const child = fork(fileURLToPath(file), { serialization: 'advanced' })
  const ask = (work) =>
    new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('error', reject)
      child.send(work)
    })
  return { ask, end: () => void child.kill() }
}
