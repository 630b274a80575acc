/** A host is killed in the middle of a unit while another is idle: how soon somebody else has its unit. */
import { hashSearch } from '../../../dist/tasks/hash-search.js'
import { figureOf } from '../../measure.mjs'
import { noncesPerMs } from '../hash-work.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'a host killed in a unit of 1 s: until its unit runs again, units done twice'

const unitMs = 1000
const finishedUnits = 4
const lookMs = 5
const waitMsMax = 30_000

export async function measure({ rounds, quick, onRound }) {
  const unitNonces = Math.ceil(unitMs * noncesPerMs())
  const kills = []
  const times = quick ? 1 : rounds
  for (let round = 0; round < times; round++) {
    // The killed one is gone for good: a grid of its own each time.
    kills.push(await withGrid({}, (grid) => killOne(grid, unitNonces)))
    onRound(round + 1, times)
  }
  return {
    title: 'A host killed in a unit of 1 s, another idle',
    rows: [
      {
        measure: 'until its unit runs again',
        ...figureOf(kills.map(({ ms }) => ms)),
        ...{ unit: 'ms', goal: 500, better: 'less' },
      },
      {
        measure: 'finished units computed again',
        value: kills.reduce((sum, { repeated }) => sum + repeated, 0),
        ...{ unit: 'units', goal: 0, better: 'less', note: `of ${times * finishedUnits}` },
      },
    ],
  }
}

/** Of five units the last runs alone when its host is killed. */
async function killOne(grid, unitNonces) {
  const units = finishedUnits + 1
  const given = { end: units * unitNonces, unitNonces, targetBits: 256, all: true }
  const job = grid.sdk.run(hashSearch, given, { quorum: 1 })
  const whole = job.result
  await until(async () => {
    const { units } = await job.progress()
    return units.verified === finishedUnits
  })
  // Once both have had time to take what is left, the last unit may have a backup copy already: that is as good.
  const before = await job.why()
  const unit = before.leases[0]?.runs[0]?.[0]
  const victim = grid.hostNamed(before.leases[0]?.peer)
  if (victim === undefined) throw new Error('the last unit was done before a host could be killed')
  const killing = victim.kill()
  const startMs = performance.now()
  await until(async () => {
    const { leases, phase } = await job.why()
    const runs = leases.flatMap((lease) => (lease.peer === victim.peer ? [] : lease.runs))
    return (
      phase !== 'running' || runs.some(([first, count]) => first <= unit && unit < first + count)
    )
  })
  const ms = performance.now() - startMs
  await killing
  await whole
  const { executions, reassigned } = (await job.progress()).units
  return { ms, repeated: Math.max(0, executions - units - Math.max(1, reassigned)) }
}

async function until(happened) {
  const startMs = performance.now()
  while (!(await happened())) {
    if (performance.now() - startMs > waitMsMax) throw new Error('it does not come')
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
