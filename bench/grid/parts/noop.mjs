/** Units that do nothing: what a unit costs the whole grid, signed, journalled and put together again. */
import { noop } from '../../../dist/tasks/noop.js'
import { takeTurns } from '../../measure.mjs'
import { echo } from '../echo-task.mjs'
import { withGrid } from '../nodes.mjs'

export const summary = 'units that do nothing: units a second, processor time a unit'

const contenders = [
  { name: 'no-op, quorum 1', quorum: 1, task: noop, goal: 60_000 },
  { name: 'no-op, quorum 2', quorum: 2, task: noop, goal: 30_000 },
  { name: '100 B in and out, quorum 1', quorum: 1, task: echo, goal: 60_000 },
]
const processorGoalMs = 0.03

export function measure({ rounds, quick, onRound }) {
  const units = quick ? 20_000 : 300_000
  return withGrid({}, async (grid) => {
    const timed = contenders.map(({ name, quorum, task }) => ({
      name,
      run: async () => {
        const done = await grid.sdk.run(task, { units }, { quorum })
        if (done !== units) throw new Error(`${done} of ${units} units came back`)
      },
    }))
    const processorMs = () => grid.processorMs()
    const taken = await takeTurns(timed, { rounds, warmups: 1, onRound, processorMs })
    const rows = contenders.flatMap(({ name, goal }) => {
      const time = taken.time(name)
      const cpu = taken.cpuTime(name)
      return [
        {
          ...{ measure: name, value: (1000 * units) / time.value, spread: time.spread },
          ...{ unit: 'units/s', better: 'more', ...(goal && { goal }) },
        },
        {
          ...{ measure: `${name}, all processes`, value: cpu.value / units, spread: cpu.spread },
          ...{ unit: 'ms of processor a unit', better: 'less', goal: processorGoalMs },
        },
      ]
    })
    return { title: `${units.toLocaleString('en')} units a job, 2 hosts`, rows }
  })
}
