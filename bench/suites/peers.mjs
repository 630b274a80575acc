/** The grid beside what a user would take instead, in the same run. None of the others signs, checks or keeps anything. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { noop } from '../../dist/tasks/noop.js'
import { echo } from '../grid/echo-task.mjs'
import { noncesPerMs, searchOnGrid } from '../grid/hash-work.mjs'
import { withGrid } from '../grid/nodes.mjs'
import { takeTurns } from '../measure.mjs'
import { search } from '../peers/work.mjs'
import { processorMs } from '../processes.mjs'

export const parts = {
  'peers-noop': 'units that do nothing, 100 B in and 50 B out',
  'peers-search': 'the nonce search, by each in its own way',
}

/** Units of a round, so that each takes seconds; and what the grid has to reach beside it. */
const systems = {
  ws: { title: 'plain ws, window 16', units: 100_000, noopGoal: 0.6 },
  tgrid: { title: 'tgrid, window 16', units: 100_000, searchGoal: 2 },
  workerpool: { title: 'workerpool, one process', units: 40_000, searchGoal: 2 },
  bullmq: { title: 'BullMQ on Redis, in bulk', units: 20_000, noopGoal: 2, searchGoal: 2 },
  dask: { title: 'Dask, grouped by 100', units: 50_000, noopGoal: 1, searchGoal: 2 },
  'dask-single': { title: 'Dask, one by one', units: 2_000 },
  parallel: { title: 'GNU parallel', units: 200 },
  threads: { title: 'two plain threads', units: 0, searchGoal: 2 },
  processes: { title: 'two plain processes', units: 0, searchGoal: 2 },
}
const gridUnits = 200_000
const searchUnitMs = 100
const driverFile = fileURLToPath(new URL('../peers/driver.mjs', import.meta.url))

/** @param {{ rounds: number, quick: boolean, only: readonly string[], progress: Function }} options */
export async function measurePeers({ rounds, quick, only, progress }) {
  const wants = (part) => only.length === 0 || only.includes(part)
  const { drivers, missing } = await startDrivers()
  try {
    return await withGrid({}, async (grid) => {
      const scene = { grid, drivers, rounds, quick, onRound: progress }
      const tables = []
      if (wants('peers-noop')) tables.push(await measureNoop(scene))
      if (wants('peers-search')) tables.push(await measureSearch(scene))
      for (const table of tables) table.remarks = [...(table.remarks ?? []), ...missing]
      return tables
    })
  } finally {
    for (const driver of drivers.values()) driver.stop()
  }
}

async function startDrivers() {
  const drivers = new Map()
  const missing = []
  for (const name of Object.keys(systems)) {
    const driver = new Driver(name)
    const reason = await driver.start()
    if (reason === undefined) drivers.set(name, driver)
    else missing.push(`not ${systems[name].title}: ${reason}; node bench/peers/install.mjs gets it`)
  }
  return { drivers, missing }
}

/** A system in a process of its own, with what is below it. */
class Driver {
  #child
  does = []

  constructor(name) {
    this.#child = fork(driverFile, [name], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  }

  get pid() {
    return this.#child.pid
  }

  /** @returns why it is not there */
  async start() {
    let said = ''
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      said = `${said}${text}`.slice(-500)
    })
    const { ready, missing } = await this.#answer(() => ({
      missing: /Cannot find package '\w+'/.exec(said)?.[0] ?? 'it does not start',
    }))
    this.does = ready ?? []
    return missing?.split('\n')[0]
  }

  /** @returns milliseconds, as it measured them */
  async run(work, ...args) {
    this.#child.send({ work, args })
    const { ms, error } = await this.#answer(() => ({ error: 'it ended' }))
    if (error !== undefined) throw new Error(error)
    return ms
  }

  #answer(atEnd) {
    return new Promise((resolve) => {
      const ended = () => resolve(atEnd())
      this.#child.once('exit', ended)
      this.#child.once('message', (answer) => {
        this.#child.off('exit', ended)
        resolve(answer)
      })
    })
  }

  stop() {
    if (this.#child.connected) this.#child.disconnect()
  }
}

/** Milliseconds a unit: so systems can be compared that do different numbers of units in a round. */
async function measureNoop({ grid, drivers, rounds, quick, onRound }) {
  const share = quick ? 0.02 : 1
  const counts = new Map()
  const contenders = [
    ...gridContenders(grid, Math.ceil(gridUnits * (quick ? 0.1 : 1)), counts),
    ...[...drivers]
      .filter(([, driver]) => driver.does.includes('noop'))
      .map(([name, driver]) => {
        const units = Math.max(100, 100 * Math.ceil((systems[name].units * share) / 100))
        counts.set(name, units)
        return { name, run: async () => (await driver.run('noop', units)) / units }
      }),
  ]
  const taken = await takeTurns(contenders, {
    ...{ rounds, warmups: 1, onRound },
    processorMs: () => processorOfAll(grid, drivers),
  })
  const rows = contenders.flatMap(({ name }) => {
    const time = taken.time(name)
    const { title = name, noopGoal } = systems[name] ?? {}
    const cpuUs = (1000 * taken.cpuTime(name).value) / counts.get(name)
    const row = { measure: title, value: 1000 / time.value, spread: time.spread }
    const note = `${cpuUs.toPrecision(3)} us of processor a unit`
    const rate = { ...row, unit: 'units/s', better: 'more', note }
    if (noopGoal === undefined) return [rate]
    const ratio = taken.ratio(name, 'grid')
    const measure = `no-op units a second: grid / ${title}`
    return [rate, { measure, ...ratio, goal: noopGoal, better: 'more' }]
  })
  return { part: 'peers-noop', title: 'Units that do nothing, two workers', rows }
}

function gridContenders({ sdk }, units, counts) {
  const tasks = [
    ['grid', noop],
    ['grid, 100 B in and out', echo],
  ]
  return tasks.map(([name, task]) => {
    counts.set(name, units)
    const run = async () => {
      const startMs = performance.now()
      await sdk.run(task, { units }, { quorum: 1 })
      return (performance.now() - startMs) / units
    }
    return { name, run }
  })
}

/** Milliseconds a nonce. */
async function measureSearch({ grid, drivers, rounds, quick, onRound }) {
  const units = quick ? 10 : 60
  const unitNonces = Math.ceil(searchUnitMs * cryptoNoncesPerMs())
  const gridNonces = Math.ceil(searchUnitMs * noncesPerMs())
  const contenders = [
    {
      name: 'grid',
      run: async () => {
        const startMs = performance.now()
        const nonces = units * gridNonces
        await searchOnGrid(grid, { nonces, unitNonces: gridNonces })
        return (performance.now() - startMs) / nonces
      },
    },
    ...[...drivers]
      .filter(([, driver]) => driver.does.includes('search'))
      .map(([name, driver]) => ({
        name,
        run: async () => (await driver.run('search', units, unitNonces)) / (units * unitNonces),
      })),
  ]
  const taken = await takeTurns(contenders, { rounds, warmups: 1, onRound })
  const rows = contenders.flatMap(({ name }) => {
    const time = taken.time(name)
    const { title = name, searchGoal } = systems[name] ?? {}
    const value = 1 / time.value / 1000
    const rate = { measure: title, value, spread: time.spread, unit: 'Mhash/s', better: 'more' }
    if (searchGoal === undefined) return [rate]
    const measure = `hashes a second: grid / ${title}`
    return [rate, { measure, ...taken.ratio(name, 'grid'), goal: searchGoal, better: 'more' }]
  })
  return {
    part: 'peers-search',
    title: `Double SHA-256 of 80 bytes, units of ${searchUnitMs} ms, two workers`,
    rows,
    remarks: ["the grid runs its own kernel, the others node:crypto's createHash, Dask hashlib"],
  }
}

function cryptoNoncesPerMs() {
  const nonces = 20_000
  search(0, nonces)
  const startMs = performance.now()
  search(0, nonces)
  return nonces / (performance.now() - startMs)
}

function processorOfAll(grid, drivers) {
  return [...drivers.values()].reduce((sum, { pid }) => sum + processorMs(pid), grid.processorMs())
}
