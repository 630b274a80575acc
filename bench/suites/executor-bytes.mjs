/** Many bytes into a unit and out of it, beside what cannot be avoided: one copy in, one copy out. */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createExecutor } from '../../dist/coordinator-free-node/shell/executor/executor.js'
import { takeTurns } from '../measure.mjs'
import { batchOf, execute } from './batches.mjs'

const mib = 2 ** 20
const bytes = 64 * mib
const builtin = { tier: 'builtin', code: new TextEncoder().encode('echo') }
const wasm = {
  tier: 'wasm',
  code: new Uint8Array(readFileSync(new URL('../kernels/echo.wasm', import.meta.url))),
  memoryBytes: 2 * bytes,
}

/** @param {{ rounds: number, progress: (done: number, of: number) => void }} options */
export async function measureBytes({ rounds, progress }) {
  const executor = createExecutor({ slots: 1, unitBytesMax: bytes })
  const echo = fork(fileURLToPath(new URL('./echo-process.mjs', import.meta.url)), {
    serialization: 'advanced',
  })
  try {
    await executor.start()
    const source = new Uint8Array(bytes).fill(7)
    const contenders = [
      { name: 'through a built-in unit', run: () => through(executor, builtin, source) },
      { name: 'through a wasm unit', run: () => through(executor, wasm, source) },
      { name: 'through a process, by structured clone', run: () => throughProcess(echo, source) },
      { name: 'two copies in memory', run: () => void source.slice().slice() },
    ]
    const remarks = await leaveOut(contenders)
    const options = { rounds: Math.min(rounds, 9), warmups: 1, onRound: progress }
    const taken = await takeTurns(contenders, options)
    return { title: '64 MiB in and out', rows: rowsOf(contenders, taken), remarks }
  } finally {
    echo.kill()
    await executor.stop()
  }
}

/** Those that cannot take so many bytes. @returns why, for people */
async function leaveOut(contenders) {
  const remarks = []
  for (const contender of [...contenders])
    try {
      await contender.run()
    } catch (error) {
      contenders.splice(contenders.indexOf(contender), 1)
      remarks.push(`not ${contender.name}: ${error.message}`)
    }
  return remarks
}

async function through(executor, task, source) {
  await execute(executor, batchOf(task, 1, source), ({ output }) => {
    if (output.length !== bytes || output[bytes - 1] !== 7)
      throw new Error(`${output.length} bytes came back`)
  })
}

function throughProcess(echo, source) {
  return new Promise((resolve) => {
    echo.once('message', () => resolve())
    echo.send(source)
  })
}

function rowsOf(contenders, taken) {
  const rows = contenders.map(({ name }) => {
    const { value, spread } = taken.time(name)
    const note = `${Math.round((2 * bytes) / mib / (value / 1000))} MiB/s`
    return { measure: name, value, spread, unit: 'ms', better: 'less', note }
  })
  const unit = 'through a built-in unit'
  const clone = 'through a process, by structured clone'
  if (taken.has(unit))
    rows.push({
      measure: 'structured clone / built-in unit, time',
      ...taken.ratio(clone, unit),
      better: 'more',
    })
  return rows
}
