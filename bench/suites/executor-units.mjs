/** What a unit costs through the real executor (process, threads, digests), and moving many bytes in and out of one. */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { packBundle } from '../../dist/coordinator-free-node/protocol/task-bundle.js'
import { createExecutor } from '../../dist/coordinator-free-node/shell/executor/executor.js'
import { takeTurns } from '../measure.mjs'

const slots = 2
const utf8 = new TextEncoder()
const mib = 2 ** 20

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

/** Goals in milliseconds a unit. */
const suites = [
  { name: 'empty wasm unit, batched', tier: 'wasm', code: emptyModule, units: 4096, goal: 0.1 },
  {
    name: 'empty js unit, batched',
    tier: 'js',
    code: utf8.encode('() => ({ value: 0 })'),
    units: 400,
    goal: 1,
  },
  {
    name: 'empty built-in unit, batched',
    tier: 'builtin',
    code: utf8.encode('noop'),
    units: 16_384,
  },
  { name: 'empty wasm unit, alone', tier: 'wasm', code: emptyModule, units: 1, batches: 200 },
  {
    name: 'empty built-in unit, alone',
    tier: 'builtin',
    code: utf8.encode('noop'),
    units: 1,
    batches: 200,
  },
]

let batches = 0

function batchOf({ tier, code, units, inputBytes = 16, memory = 2 ** 24 }) {
  const descriptor = { name: 'bench', tier, unitMsMax: 60_000, unitMemoryBytesMax: memory }
  const bundle = { descriptor, code }
  const input = new Uint8Array(inputBytes)
  return {
    batch: `batch-${++batches}`,
    task: packBundle(bundle).hash,
    bundle,
    params: new Uint8Array(0),
    inputs: inputBytes === 16 ? 'range' : 'list',
    seed: new Uint8Array(32),
    units: Array.from({ length: units }, (_, unit) => ({ unit, input })),
  }
}

async function execute(executor, batch, check = () => {}) {
  await executor.execute(batch, (outcomes) => {
    for (const outcome of outcomes) {
      if (outcome.kind !== 'done') throw new Error(outcome.message ?? outcome.kind)
      check(outcome)
    }
  })
}

export async function measureUnits({ rounds, progress }) {
  const startMs = performance.now()
  const executor = createExecutor({ slots })
  await executor.start()
  const startedMs = performance.now() - startMs
  const rows = [{ measure: 'start of the executor', value: startedMs, unit: 'ms' }]
  try {
    const contenders = suites.map((suite) => ({
      name: suite.name,
      run: async () => {
        const made = Array.from({ length: suite.batches ?? 1 }, () => batchOf(suite))
        const fromMs = performance.now()
        for (const batch of made) await execute(executor, batch)
        return (performance.now() - fromMs) / made.length / suite.units
      },
    }))
    const onRound = (done, of) => progress(done / of, 3)
    const figures = await takeTurns(contenders, { rounds: Math.min(rounds, 9), onRound })
    for (const { name, goal } of suites) {
      const { ms, spread } = figures.get(name)
      rows.push({ measure: name, value: ms, unit: 'ms', goal, isMost: true, spread })
    }
    rows.push({
      measure: 'resident memory of its process',
      value: residentMib(executor.pid),
      unit: 'MiB',
    })
    rows.push({
      measure: 'until units run again after its process is killed',
      value: await respawn(executor),
      unit: 'ms',
    })
  } finally {
    await executor.stop()
  }
  return { title: 'What a unit costs', rows }
}

async function respawn(executor) {
  const suite = { tier: 'builtin', code: utf8.encode('noop'), units: 1 }
  process.kill(executor.pid, 'SIGKILL')
  const fromMs = performance.now()
  await execute(executor, batchOf(suite)).catch(() => execute(executor, batchOf(suite)))
  return performance.now() - fromMs
}

/** Of the process and, behind bubblewrap, of what runs inside it. */
function residentMib(pid) {
  const statusOf = (id) => {
    try {
      return readFileSync(`/proc/${id}/status`, 'utf8')
    } catch {
      return ''
    }
  }
  const kib = (id) => Number(/VmRSS:\s+(\d+)/.exec(statusOf(id))?.[1] ?? 0)
  const below = (id) => {
    try {
      return readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').split(' ').filter(Boolean)
    } catch {
      return []
    }
  }
  const sum = (id) => kib(id) + below(id).reduce((total, child) => total + sum(child), 0)
  return Math.round(sum(pid) / 1024)
}

/** Echoes its input: a piece of 64 MiB in, and out again. */
export async function measureBytes({ rounds, progress }) {
  const bytes = 64 * mib
  const executor = createExecutor({ slots, unitBytesMax: bytes })
  await executor.start()
  const echo = fork(fileURLToPath(new URL('./echo-process.mjs', import.meta.url)), {
    serialization: 'advanced',
  })
  const suite = { tier: 'builtin', code: utf8.encode('echo'), units: 1, inputBytes: bytes }
  const source = new Uint8Array(bytes).fill(7)
  try {
    const contenders = [
      {
        name: 'a unit that echoes 64 MiB',
        run: () =>
          execute(executor, batchOf(suite), ({ output }) => {
            if (output.length !== bytes) throw new Error(`${output.length} bytes came back`)
          }),
      },
      {
        name: 'the same through a process by structured clone',
        run: () =>
          new Promise((resolve) => {
            echo.once('message', () => resolve())
            echo.send(source)
          }),
      },
      {
        name: 'two copies of 64 MiB in memory',
        run: () => {
          const copy = source.slice()
          copy.slice()
        },
      },
    ]
    const onRound = (done, of) => progress(2 + done / of, 3)
    const figures = await takeTurns(contenders, {
      rounds: Math.min(rounds, 7),
      warmups: 1,
      onRound,
    })
    const rows = [...figures.values()].map(({ name, ms, spread }) => ({
      measure: name,
      value: ms,
      unit: 'ms',
      spread,
    }))
    return { title: 'Large inputs and results', rows }
  } finally {
    echo.kill()
    await executor.stop()
  }
}
