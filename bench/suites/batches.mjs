/** Batches of alike units for the real executor, as a node's host would give them to it. */
import { packBundle } from '../../dist/coordinator-free-node/protocol/task-bundle.js'

/**
 * @typedef {object} Task
 * @property {'wasm' | 'js' | 'builtin'} tier
 * @property {Uint8Array} code
 * @property {number} [memoryBytes]  of a unit
 */

const mib = 2 ** 20
const text = new TextDecoder()
let batches = 0

/**
 * @param {Task} task
 * @param {number} units
 * @param {Uint8Array} [input]  of each unit; a range without one
 */
export function batchOf({ tier, code, memoryBytes = 16 * mib }, units, input) {
  const descriptor = { name: 'bench', tier, unitMsMax: 60_000, unitMemoryBytesMax: memoryBytes }
  const bundle = { descriptor, code }
  const range = new Uint8Array(16)
  return {
    batch: `batch-${++batches}`,
    task: packBundle(bundle).hash,
    bundle,
    params: new Uint8Array(0),
    inputs: input === undefined ? 'range' : 'list',
    seed: new Uint8Array(32),
    units: Array.from({ length: units }, (_, unit) => ({ unit, input: input ?? range })),
  }
}

/** @param {(outcome: { output: Uint8Array }) => void} [see] */
export async function execute(executor, batch, see = () => {}) {
  await executor.execute(batch, (outcomes) => {
    for (const outcome of outcomes) {
      if (outcome.kind !== 'done')
        throw new Error(outcome.message ?? `${outcome.kind}: ${text.decode(outcome.output)}`)
      see(outcome)
    }
  })
}
