/**
 * Fuzzes what travels: `npm run fuzz:wire -- --runs 500000`. A run is a seed: bytes for a decoder, a node's core among
 * peers that talk nonsense, or, one in fifty, an attack on a real node over a socket. `--seed N` replays one; seeds that
 * failed are kept in wire-seeds.json, and a test runs them for ever.
 */
import { keepSeeds, readOptions, runSeeds, showProgress } from './pool.mjs'
import { checkSeed, isLive, makeWorld } from './wire-checks.mjs'
import { LiveNode } from './wire-live.mjs'
import { makePersons } from './wire-persons.mjs'

const usage = `Usage: npm run fuzz:wire -- [options]

  --runs N     how many seeds                      [20000]
  --from N     the first of them                   [0]
  --seed N     this one alone, with its story
  --threads N  beside the one that plays attackers [2]
  --json       one line at the end, for machines`

/** A run takes a millisecond, one of the largest two hundred. */
const hangMs = 30_000
const seedsFile = new URL('./wire-seeds.json', import.meta.url)

const options = readOptions(usage, { runs: 20_000 })
process.exitCode = options.seed === undefined ? await fuzz(options) : await replay(options.seed)

async function replay(seed) {
  let broken
  let verdict = 'live'
  if (isLive(seed)) {
    const live = await LiveNode.start()
    broken = await live.run(seed)
    broken ??= await live.check().then(noFault, String)
    await live.stop()
  } else {
    ;({ broken, verdict } = checkSeed(seed, makeWorld(await makePersons())))
  }
  console.log(`seed ${seed}: ${broken ?? verdict}`)
  return broken === undefined ? 0 : 1
}

async function fuzz({ runs, from, threads, json }) {
  const startMs = performance.now()
  const total = { done: 0, verdicts: {}, broken: [] }
  const add = ({ count, verdicts, broken }) => {
    total.done += count
    total.broken.push(...broken)
    for (const [verdict, times] of Object.entries(verdicts))
      total.verdicts[verdict] = (total.verdicts[verdict] ?? 0) + times
  }
  const onTick = () => {
    if (!json) showProgress(total.done, runs, performance.now() - startMs)
  }
  const worker = new URL('./wire-fuzz-worker.mjs', import.meta.url)
  const [live] = await Promise.all([
    attack(from, runs, add),
    runSeeds({ runs, from, threads, worker, workerData: {}, hangMs, add, onTick }),
  ])
  if (!json) showProgress(total.done, runs, performance.now() - startMs, true)
  keepSeeds(
    seedsFile,
    total.broken.filter(({ seed }) => !isLive(seed)),
  )
  report(total, live, json, performance.now() - startMs)
  return total.broken.length === 0 ? 0 : 1
}

/** All attacks on one node, one after the other. */
async function attack(from, runs, add) {
  const seeds = []
  for (let seed = from; seed < from + runs; seed++) if (isLive(seed)) seeds.push(seed)
  const figures = { attacks: 0, keptOut: 0, residentMiB: 0, restarts: 0 }
  let live
  const end = async () => {
    if (live === undefined) return
    figures.keptOut += live.keptOut
    figures.residentMiB = Math.max(figures.residentMiB, live.residentBytesMax >> 20)
    await live.stop()
    live = undefined
  }
  for (const seed of seeds) {
    live ??= await LiveNode.start()
    figures.attacks++
    const words = await live.run(seed)
    add({ count: 1, verdicts: { live: 1 }, broken: words === undefined ? [] : [{ seed, words }] })
    if (words === undefined) continue
    figures.restarts++
    await end()
  }
  if (live !== undefined) {
    const words = await live
      .check()
      .then(() => live.checkJob())
      .then(noFault, String)
    if (words !== undefined)
      add({ count: 0, verdicts: {}, broken: [{ seed: seeds.at(-1), words }] })
  }
  await end()
  return figures
}

function noFault() {}

function report({ done, verdicts, broken }, live, json, ms) {
  const passed = done - broken.length
  if (json) {
    const figures = {
      runs: done,
      passed,
      failed: broken.length,
      verdicts,
      live,
      ms: Math.round(ms),
    }
    console.log(JSON.stringify({ ...figures, broken }))
    return
  }
  for (const { seed, words } of broken.slice(0, 20))
    console.log(`seed ${seed}: ${words}\n  again: npm run fuzz:wire -- --seed ${seed}`)
  const { taken = 0, refused = 0, core = 0 } = verdicts
  console.log(`decoders: ${taken} taken, ${refused} refused, the remote blamed for each`)
  console.log(`core: ${core} nodes among nonsense, their state whole after every event`)
  console.log(
    `live: ${live.attacks} attacks on a node, ${live.keptOut} of them kept out, ${live.restarts} new starts, ${live.residentMiB} MiB at most`,
  )
  console.log(`${passed} passed, ${broken.length} failed`)
}
