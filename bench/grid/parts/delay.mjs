/** A long line between requester and hosts: what units of 100 ms lose by it. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { takeTurns } from '../../measure.mjs'
import { noncesPerMs, searchOnGrid } from '../hash-work.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'units of 100 ms with 100 ms of delay each way, beside none'

const delayMs = 100
const unitMs = 100
const relayFile = fileURLToPath(new URL('../delay-relay.mjs', import.meta.url))

export async function measure({ rounds, quick, onRound }) {
  const relays = []
  const through = async (address) => {
    const [, port] = /\/tcp\/(\d+)\//.exec(address)
    const relay = fork(relayFile, [port, String(delayMs)])
    relays.push(relay)
    const relayPort = await new Promise((resolve) => void relay.once('message', resolve))
    return address.replace(`/tcp/${port}/`, `/tcp/${relayPort}/`)
  }
  try {
    return await withGrid({ through }, (far) =>
      withGrid({}, (near) => compare({ far, near }, { rounds, quick, onRound })),
    )
  } finally {
    for (const relay of relays) relay.kill()
  }
}

async function compare(grids, { rounds, quick, onRound }) {
  const workMs = quick ? 3_000 : 20_000
  const rate = noncesPerMs()
  const work = { nonces: Math.round(2 * workMs * rate), unitNonces: Math.ceil(unitMs * rate) }
  const contenders = Object.entries(grids).map(([name, grid]) => ({
    name,
    run: async () => void (await searchOnGrid(grid, work)),
  }))
  for (const grid of Object.values(grids))
    await searchOnGrid(grid, { ...work, nonces: 40 * work.unitNonces })
  const taken = await takeTurns(contenders, { rounds, warmups: 0, onRound })
  const seconds = (name) => (taken.time(name).value / 1000).toFixed(2)
  return {
    title: `Units of ${unitMs} ms for ${workMs / 1000} s, ${delayMs} ms of delay each way`,
    rows: [
      {
        measure: 'efficiency with 100 ms of delay each way, beside none',
        ...taken.ratio('near', 'far'),
        ...{ goal: 0.95, better: 'more' },
        note: `${seconds('far')} s beside ${seconds('near')} s`,
      },
    ],
    remarks: [
      'bytes between requester and hosts are delayed by a relay process, not by the kernel',
    ],
  }
}
