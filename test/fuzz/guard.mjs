/**
 * Fuzzes the guard: `npm run fuzz:guard -- --runs 200000`. A run is a seed; what a seed made once it makes again, so a
 * failure is replayed by `--seed N`. Seeds that failed are kept in seeds.json, and a test runs them for ever.
 */
import { checkSeed } from './guard-checks.mjs'
import { keepSeeds, readOptions, runSeeds, showProgress } from './pool.mjs'
import { realModules } from './real-modules.mjs'

const usage = `Usage: npm run fuzz:guard -- [options]

  --runs N     how many seeds                      [20000]
  --from N     the first of them                   [0]
  --seed N     this one alone, with its story
  --threads N                                      [2]
  --json       one line at the end, for machines`

/** A run takes 2 ms, one with a large module 200. */
const hangMs = 20_000
const seedsFile = new URL('./seeds.json', import.meta.url)

const options = readOptions(usage, { runs: 20_000 })
if (options.seed !== undefined) replay(options.seed)
else await fuzz(options)

function replay(seed) {
  const { verdict, broken, growth } = checkSeed(seed, realModules())
  console.log(
    `seed ${seed}: ${broken ?? verdict}${growth > 0 ? `, ${growth.toFixed(2)} times as large` : ''}`,
  )
  process.exitCode = broken === undefined ? 0 : 1
}

async function fuzz({ runs, from, threads, json }) {
  const startMs = performance.now()
  const total = { done: 0, verdicts: {}, broken: [], growthMax: 0 }
  await runSeeds({
    runs,
    from,
    threads,
    hangMs,
    worker: new URL('./guard-fuzz-worker.mjs', import.meta.url),
    workerData: { real: realModules() },
    add({ count, verdicts, broken, growthMax = 0 }) {
      total.done += count
      total.growthMax = Math.max(total.growthMax, growthMax)
      total.broken.push(...broken)
      for (const [verdict, times] of Object.entries(verdicts))
        total.verdicts[verdict] = (total.verdicts[verdict] ?? 0) + times
    },
    onTick() {
      if (!json) showProgress(total.done, runs, performance.now() - startMs)
    },
  })
  if (!json) showProgress(total.done, runs, performance.now() - startMs, true)
  keepSeeds(seedsFile, total.broken)
  report(total, json, performance.now() - startMs)
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
