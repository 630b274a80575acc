/** Threads that work through seeds, watched: a seed that hangs or ends its thread is to blame for it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'

/** Seeds that a thread takes at once. */
const portion = 250

/**
 * Options that every fuzzer has.
 * @param {string} usage  shown by `--help` and after a mistake
 * @param {{ runs: number }} defaults
 */
export function readOptions(usage, defaults) {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: String(defaults.runs) },
        from: { type: 'string', default: '0' },
        threads: { type: 'string', default: '2' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const number = (name) => {
      const value = Number(values[name])
      if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value
      throw new Error(`--${name}: expected an integer from 0, not "${values[name]}"`)
    }
    const seed = values.seed === undefined ? undefined : number('seed')
    return {
      runs: number('runs'),
      from: number('from'),
      threads: Math.max(1, number('threads')),
      seed,
      json: values.json,
    }
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

/**
 * @param {object} choice
 * @param {URL} choice.worker  takes `{from, count}`, tells `{count, ...}`, and keeps the seed at work in `workerData.current`
 * @param {object} choice.workerData
 * @param {number} choice.hangMs  a seed at work for so long hangs
 * @param {(told: object) => void} choice.add  what a thread told, or `{count, broken}` for one that was lost
 * @param {() => void} choice.onTick
 */
export async function runSeeds({ runs, from, threads, worker, workerData, hangMs, add, onTick }) {
  let next = from
  const workers = new Set()
  await new Promise((resolve) => {
    const open = () => {
      const current = new SharedArrayBuffer(4)
      const thread = new Worker(worker, { workerData: { ...workerData, current } })
      const entry = {
        worker: thread,
        at: new Int32Array(current).fill(-1),
        seed: -1,
        sinceMs: performance.now(),
        share: 0,
      }
      workers.add(entry)
      thread.on('message', (told) => {
        add(told)
        give(entry)
      })
      thread.on('error', (error) => lose(entry, `the thread died: ${error.message}`))
      give(entry)
    }
    const give = (entry) => {
      const count = Math.min(portion, from + runs - next)
      if (count <= 0) return close(entry)
      entry.share = count
      entry.worker.postMessage({ from: next, count })
      next += count
    }
    const close = (entry) => {
      workers.delete(entry)
      void entry.worker.terminate()
      endIfIdle()
    }
    const endIfIdle = () => {
      if (workers.size > 0) return
      clearInterval(watch)
      resolve()
    }
    /** The seed at work is to blame; the rest of its portion is given up with it. */
    const lose = (entry, words) => {
      add({
        count: entry.share,
        verdicts: {},
        broken: [{ seed: Atomics.load(entry.at, 0), words }],
      })
      void entry.worker.terminate()
      workers.delete(entry)
      if (next < from + runs) open()
      else endIfIdle()
    }
    const watch = setInterval(() => {
      const nowMs = performance.now()
      for (const entry of [...workers]) {
        const seed = Atomics.load(entry.at, 0)
        if (seed !== entry.seed) Object.assign(entry, { seed, sinceMs: nowMs })
        else if (seed >= 0 && nowMs - entry.sinceMs > hangMs) lose(entry, `hangs for ${hangMs} ms`)
      }
      onTick()
    }, 200)
    for (let i = 0; i < threads; i++) open()
  })
}

export function showProgress(done, runs, ms, isLast = false) {
  if (!process.stderr.isTTY && !isLast) return
  const rate = done / (ms / 1000)
  const left = rate > 0 ? Math.ceil((runs - done) / rate) : 0
  const bar = '='.repeat(Math.round((30 * done) / Math.max(1, runs))).padEnd(30)
  process.stderr.write(
    `\r[${bar}] ${done} of ${runs} runs, ${Math.round(rate)}/s, ${left} s left  ${isLast ? '\n' : ''}`,
  )
}

/** Adds seeds that failed to those that a test runs for ever. */
export function keepSeeds(file, broken) {
  if (broken.length === 0) return
  const kept = JSON.parse(readFileSync(file, 'utf8'))
  const seeds = new Set([...kept, ...broken.slice(0, 50).map(({ seed }) => seed)])
  writeFileSync(file, `[${[...seeds].sort((a, b) => a - b).join(', ')}]\n`)
}
