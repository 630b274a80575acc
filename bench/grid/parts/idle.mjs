/** A node with nothing to do: memory, and processor time with and without neighbours. */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '../../../dist/sdk/index.js'
import { ownResidentMib, processorMs, residentMib } from '../../processes.mjs'
import { GridNode } from '../nodes.mjs'

export const summary = 'an idle node with 20 neighbours: memory, share of a core'

const neighbours = 20
/** Until lines without messages are calm (docs/overlay.md) and the garbage of the start is gone. */
const settleMs = 60_000
const meetMsMax = 60_000
const neighboursFile = fileURLToPath(new URL('../neighbours.mjs', import.meta.url))

export async function measure({ quick, onRound }) {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-'))
  const node = new GridNode({ name: 'idle', folder, cpus: 1 })
  let others
  let sdk
  try {
    await node.ready
    others = fork(neighboursFile, [node.address, String(neighbours), folder])
    await new Promise((resolve, reject) => {
      others.once('message', resolve)
      others.once('exit', () => reject(new Error('the neighbours ended')))
    })
    sdk = await connect({ stateDirectory: node.state, node: 'running' })
    for (const startMs = performance.now(); (await sdk.status()).neighbours < neighbours; ) {
      if (performance.now() - startMs > meetMsMax) throw new Error('the neighbours do not come')
      await sleep(100)
    }
    await sdk.close()
    await sleep(quick ? 1_000 : settleMs)
    onRound(1, 2)
    return { title: `An idle node with ${neighbours} neighbours`, rows: await rowsOf(node, quick) }
  } finally {
    others?.kill()
    await node.kill()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function rowsOf({ pid }, quick) {
  const watchMs = quick ? 5_000 : 60_000
  const beforeMs = processorMs(pid)
  await sleep(watchMs)
  const usedMs = processorMs(pid) - beforeMs
  return [
    {
      ...{ measure: 'resident memory of the node', value: ownResidentMib(pid), unit: 'MiB' },
      ...{ goal: 110, better: 'less' },
      note: `${Math.round(residentMib(pid))} MiB with its executor's process`,
    },
    {
      ...{ measure: 'share of a core', value: (100 * usedMs) / watchMs, unit: '%' },
      ...{ goal: 0.5, better: 'less', note: 'both processes' },
    },
  ]
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
