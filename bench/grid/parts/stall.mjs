/** A host killed and one stalled for good in the middle of a job: how long the others take longer than they must. */
import { figureOf } from '../../measure.mjs'
import { noncesPerMs, searchOnGrid } from '../hash-work.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'one host killed and one stalled in a job of 60 s: how long the rest take'

const hosts = 4
/** Of a core, so that four hosts of one thread fit on two, and those that are left get no faster. */
const cpuShare = 40
const unitMs = 100

export async function measure({ rounds, quick, onRound }) {
  const workMs = quick ? 6_000 : 60_000
  const times = quick ? 1 : Math.min(rounds, 3)
  const rate = noncesPerMs()
  const nonces = Math.round((workMs * rate * hosts * cpuShare) / 100)
  const unitNonces = Math.ceil(unitMs * rate)
  const ratios = []
  let note = ''
  for (let round = 0; round < times; round++) {
    const { wholeMs, troubledMs, killedMs, stalledMs } = await withGrid(
      { hosts, args: ['--cpu-share', String(cpuShare)] },
      (grid) => runTwice(grid, { nonces, unitNonces }, workMs),
    )
    // Work is counted in time of one host: all of it, less what was done with four and with three.
    const left = hosts * wholeMs - hosts * killedMs - (hosts - 1) * (stalledMs - killedMs)
    const idealMs = stalledMs + left / (hosts - 2)
    ratios.push(troubledMs / idealMs)
    note = `${seconds(troubledMs)} beside ${seconds(idealMs)}, ${seconds(wholeMs)} without loss`
    onRound(round + 1, times)
  }
  return {
    title: `Job of ${workMs / 1000} s, ${hosts} hosts of ${cpuShare} % of a core`,
    rows: [
      {
        measure: 'one killed, one stalled: makespan beside what the remaining hosts take',
        ...figureOf(ratios),
        ...{ goal: 1.15, better: 'less', note },
      },
    ],
  }
}

async function runTwice(grid, work, workMs) {
  await searchOnGrid(grid, { ...work, nonces: 80 * work.unitNonces })
  const wholeMs = await timed(() => searchOnGrid(grid, work))
  const startMs = performance.now()
  const sinceStart = () => performance.now() - startMs
  const [killed, stalled] = grid.hosts
  const job = searchOnGrid(grid, work)
  await sleep(workMs / 4)
  const killing = killed.kill()
  const killedMs = sinceStart()
  await sleep(workMs / 8)
  stalled.stall()
  const stalledMs = sinceStart()
  await job
  const troubledMs = sinceStart()
  await killing
  return { wholeMs, troubledMs, killedMs, stalledMs }
}

async function timed(work) {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
