/**
 * Fuzzes the guard: `npm run fuzz:guard -- --runs 200000`. A run is a seed; what a seed made once it makes again, so a
 * failure is replayed by `--seed N`. Seeds that failed are kept in seeds.json, and a test runs them for ever.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { checkSeed } from './guard-checks.mjs'
import { realModules } from './real-modules.mjs'

const usage = `Usage: npm run fuzz:guard -- [options]

  --runs N     how many seeds                      [20000]
  --from N     the first of them                   [0]
  --seed N     this one alone, with its story
  --threads N                                      [2]
  --json       one line at the end, for machines`

/** Seeds that a thread takes at once. */
const portion = 250
/** A run takes 2 ms, one with a large module 200. */
const hangMs = 20_000
const seedsFile = new URL('./seeds.json', import.meta.url)

const options = readOptions()
if (options.seed !== undefined) replay(options.seed)
else await fuzz(options)

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: '20000' },
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

function replay(seed) {
  const { verdict, broken, growth } = checkSeed(seed, realModules())
  console.log(
    `seed ${seed}: ${broken ?? verdict}${growth > 0 ? `, ${growth.toFixed(2)} times as large` : ''}`,
  )
  process.exitCode = broken === undefined ? 0 : 1
}

async function fuzz({ runs, from, threads, json }) {
  const real = realModules()
  const startMs = performance.now()
  const total = { done: 0, verdicts: {}, broken: [], growthMax: 0 }
  let next = from
  const workers = new Set()

  await new Promise((resolve) => {
    const open = () => {
      const current = new SharedArrayBuffer(4)
      const worker = new Worker(new URL('./guard-fuzz-worker.mjs', import.meta.url), {
        workerData: { real, current },
      })
      const entry = {
        worker,
        at: new Int32Array(current).fill(-1),
        seed: -1,
        sinceMs: performance.now(),
        share: 0,
      }
      workers.add(entry)
      worker.on('message', (told) => {
        add(told)
        give(entry)
      })
      worker.on('error', (error) => lose(entry, `the thread died: ${error.message}`))
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
      if (workers.size === 0) {
        clearInterval(watch)
        resolve()
      }
    }
    const add = ({ count, verdicts, broken, growthMax }) => {
      total.done += count
      total.growthMax = Math.max(total.growthMax, growthMax)
      total.broken.push(...broken)
      for (const [verdict, times] of Object.entries(verdicts))
        total.verdicts[verdict] = (total.verdicts[verdict] ?? 0) + times
    }
    /** The seed at work is to blame; the rest of its portion is given up with it. */
    const lose = (entry, words) => {
      add({
        count: entry.share,
        verdicts: {},
        broken: [{ seed: Atomics.load(entry.at, 0), words }],
        growthMax: 0,
      })
      void entry.worker.terminate()
      workers.delete(entry)
      if (next < from + runs) open()
      else if (workers.size === 0) {
        clearInterval(watch)
        resolve()
      }
    }
    const watch = setInterval(() => {
      const nowMs = performance.now()
      for (const entry of [...workers]) {
        const seed = Atomics.load(entry.at, 0)
        if (seed !== entry.seed) Object.assign(entry, { seed, sinceMs: nowMs })
        else if (seed >= 0 && nowMs - entry.sinceMs > hangMs) lose(entry, `hangs for ${hangMs} ms`)
      }
      if (!json) showProgress(total.done, runs, nowMs - startMs)
    }, 200)
    for (let i = 0; i < threads; i++) open()
  })
  if (!json) showProgress(total.done, runs, performance.now() - startMs, true)
  keep(total.broken)
  report(total, json, performance.now() - startMs)
}

function showProgress(done, runs, ms, isLast = false) {
  if (!process.stderr.isTTY && !isLast) return
  const rate = done / (ms / 1000)
  const left = rate > 0 ? Math.ceil((runs - done) / rate) : 0
  const bar = '='.repeat(Math.round((30 * done) / Math.max(1, runs))).padEnd(30)
  process.stderr.write(
    `\r[${bar}] ${done} of ${runs} runs, ${Math.round(rate)}/s, ${left} s left  ${isLast ? '\n' : ''}`,
  )
}

function keep(broken) {
  if (broken.length === 0) return
  const kept = JSON.parse(readFileSync(seedsFile, 'utf8'))
  const seeds = new Set([...kept, ...broken.slice(0, 50).map(({ seed }) => seed)])
  writeFileSync(seedsFile, `${JSON.stringify([...seeds].sort((a, b) => a - b))}\n`)
}

function report({ done, verdicts, broken, growthMax }, json, ms) {
  const passed = done - broken.length
  if (json) {
    console.log(
      JSON.stringify({
        runs: done,
        passed,
        failed: broken.length,
        verdicts,
        growthMax,
        ms: Math.round(ms),
        broken,
      }),
    )
  } else {
    for (const { seed, words } of broken.slice(0, 20)) console.log(`seed ${seed}: ${words}`)
    const counts = Object.entries(verdicts).map(([verdict, times]) => `${times} ${verdict}`)
    console.log(
      `${counts.join(', ')}; guarded modules at most ${growthMax.toFixed(1)} times as large`,
    )
    console.log(`${passed} passed, ${broken.length} failed`)
  }
  process.exitCode = broken.length === 0 ? 0 : 1
}
