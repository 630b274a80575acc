/** What a unit costs beside its own work, through the real executor: process, threads, digests. */
import { createExecutor } from '../../dist/coordinator-free-node/shell/executor/executor.js'
import { figureOf, takeTurns } from '../measure.mjs'
import { processorMs, residentMib } from '../processes.mjs'
import { batchOf, execute } from './batches.mjs'

const slots = 2
const utf8 = new TextEncoder()

/** `run` returns 0: types, functions, memory of a page, exports, code. */
const emptyModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x10, 0x02, 0x06, ...utf8.encode('memory'), 0x02, 0x00],
  ...[0x03, ...utf8.encode('run'), 0x00, 0x00],
  ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, 0x00, 0x0b],
])

const wasm = { tier: 'wasm', code: emptyModule }
const js = { tier: 'js', code: utf8.encode('() => ({ value: 0 })') }
const builtin = { tier: 'builtin', code: utf8.encode('noop') }

/** Goals in milliseconds a unit. */
const contenders = [
  { name: 'empty wasm unit, batched', task: wasm, units: 4096, goal: 0.1 },
  { name: 'empty js unit, batched', task: js, units: 400, goal: 1 },
  { name: 'empty built-in unit, batched', task: builtin, units: 16_384 },
  { name: 'empty wasm unit, one at a time', task: wasm, units: 1, batches: 200 },
  { name: 'empty js unit, one at a time', task: js, units: 1, batches: 100 },
  { name: 'empty built-in unit, one at a time', task: builtin, units: 1, batches: 200 },
]

const startsMax = 5

/** @param {{ rounds: number, progress: (done: number, of: number) => void }} options */
export async function measureUnits({ rounds, progress }) {
  const starts = Math.min(rounds, startsMax)
  const executor = createExecutor({ slots })
  await executor.start()
  try {
    const onRound = (done, of) => progress(done / of, 1 + starts / rounds)
    const rows = [
      ...(await unitRows(executor, { rounds, onRound })),
      resident(executor.pid, 'resident memory of the process, having run all these'),
    ]
    return { title: 'What a unit costs', rows: [...rows, ...(await startRows(starts))] }
  } finally {
    await executor.stop()
  }
}

async function unitRows(executor, options) {
  const timed = contenders.map(({ name, task, units, batches = 1 }) => ({
    name,
    run: async () => {
      const made = Array.from({ length: batches }, () => batchOf(task, units))
      const fromMs = performance.now()
      for (const batch of made) await execute(executor, batch)
      return (performance.now() - fromMs) / (batches * units)
    },
  }))
  const taken = await takeTurns(timed, options)
  const rows = []
  for (const { name, task, units, batches = 1, goal } of contenders) {
    const row = { measure: name, ...taken.time(name), unit: 'ms', better: 'less', goal }
    rows.push(batches > 1 ? row : { ...row, cpuMs: await processorTime(executor, task, units) })
  }
  return rows
}

/** Of the executor's process, a unit; over many, because the system counts in steps of 10 ms. */
async function processorTime(executor, task, units) {
  const times = 5
  const before = processorMs(executor.pid)
  for (let i = 0; i < times; i++) await execute(executor, batchOf(task, units))
  const after = processorMs(executor.pid)
  return after === undefined ? undefined : (after - before) / (times * units)
}

/** An executor of its own each time: nothing is warm. */
async function startRows(times) {
  const taken = { start: [], wasm: [], js: [], again: [], resident: [] }
  const timed = async (work) => {
    const fromMs = performance.now()
    await work()
    return performance.now() - fromMs
  }
  for (let i = 0; i < times; i++) {
    const executor = createExecutor({ slots })
    try {
      taken.start.push(await timed(() => executor.start()))
      taken.resident.push(residentMib(executor.pid) ?? 0)
      taken.wasm.push(await timed(() => execute(executor, batchOf(wasm, 1))))
      taken.js.push(await timed(() => execute(executor, batchOf(js, 1))))
      const killed = executor.pid
      process.kill(killed, 'SIGKILL')
      taken.again.push(await timed(() => untilBack(executor, killed)))
    } finally {
      await executor.stop()
    }
  }
  const row = (measure, values, unit = 'ms') => ({
    ...{ measure, unit, better: 'less' },
    ...figureOf(values),
  })
  return [
    row('resident memory of the process, just started', taken.resident, 'MiB'),
    row('start of the executor', taken.start),
    row('first wasm unit, guard and compiler with it', taken.wasm),
    row('first js unit, the engine with it', taken.js),
    row('until units run again after a kill of the process', taken.again),
  ]
}

/** A unit that runs in the next process, not one that the dying one still took. */
async function untilBack(executor, killed) {
  do await executor.execute(batchOf(builtin, 1), () => {})
  while (executor.pid === killed || executor.pid === undefined)
}

function resident(pid, measure) {
  return { measure, value: residentMib(pid) ?? 0, unit: 'MiB', better: 'less' }
}
