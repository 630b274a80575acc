/**
 * The determinism proof: every kernel of the corpus on every platform that this machine has, compared with each other
 * and with the committed answers. See docs/determinism.md.
 *
 *     npm run determinism [-- --platforms node20,chromium] [--only NAME,...] [--json] [--write] [--unguarded]
 */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { corpus } from './corpus.mjs'
import { platforms, Skipped, usualPlatforms } from './platforms.mjs'
import { createProgress } from './progress.mjs'
import { differenceOf, isFailure, tell } from './report.mjs'

const expectedFile = new URL('expected.json', import.meta.url)

/** Kernels that end without a guard, and whose results it may change. */
const harmless = /^(float|math|nan|simd)-/

/** As many processors are kept busy. */
const platformsAtOnce = 2

function readOptions() {
  const { values } = parseArgs({
    options: {
      platforms: { type: 'string', default: usualPlatforms.join() },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      unguarded: { type: 'boolean', default: false },
    },
  })
  const wanted = values.platforms.split(',')
  const stranger = wanted.find((name) => !Object.hasOwn(platforms, name))
  if (stranger !== undefined)
    throw new TypeError(`no platform "${stranger}"; there are ${Object.keys(platforms).join(', ')}`)
  const parts = values.only?.split(',') ?? ['']
  const isRun = (name) => !values.unguarded || harmless.test(name)
  const names = corpus.map(({ name }) => name).filter(isRun)
  const lost = parts.find((part) => !names.some((name) => name.startsWith(part)))
  if (lost !== undefined) throw new TypeError(`no kernel's name begins with "${lost}"`)
  const kernels = names.filter((name) => parts.some((part) => name.startsWith(part)))
  return { ...values, platforms: wanted, kernels }
}

/** @returns what a platform said: its engine and answers by kernel, or why there are none */
async function runPlatform(name, wanted, onAnswer) {
  const run = { name, engine: '', answers: {}, seconds: 0, skipped: undefined, fault: undefined }
  const startMs = performance.now()
  try {
    await platforms[name].run(wanted, (line) => {
      if (line.engine !== undefined) run.engine = line.engine
      else {
        run.answers[line.name] = line.answer
        onAnswer(name, line)
      }
    })
  } catch (error) {
    if (error instanceof Skipped) run.skipped = error.message
    else run.fault = error.message
  }
  run.seconds = (performance.now() - startMs) / 1000
  return run
}

async function runAll({ platforms: names, kernels, unguarded }) {
  const wanted = { names: kernels, isGuarded: !unguarded }
  const progress = createProgress(names, kernels.length)
  const runs = new Map()
  const queue = [...names]
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const run = await runPlatform(name, wanted, progress.answered)
      runs.set(name, run)
      progress.ended(run)
    }
  }
  await Promise.all(Array.from({ length: platformsAtOnce }, work))
  progress.close()
  return names.map((name) => runs.get(name))
}

/** What everybody should say: the committed answers, or with `--write` and unguarded those of the first platform. */
function expectedOf(committed, runs, { kernels, write, unguarded }) {
  const first = runs.find(({ skipped }) => skipped === undefined)
  const said = (name) => {
    const { kind, digest, fuel } = first?.answers[name] ?? {}
    return { kind, digest, fuel }
  }
  return Object.fromEntries(
    kernels.map((name) => [name, write || unguarded ? said(name) : committed[name]]),
  )
}

/** What differs, for each kernel on each platform that ran. */
function gridOf(kernels, expected, runs) {
  const ran = runs.filter(({ skipped }) => skipped === undefined)
  const deep = new Set(corpus.filter(({ isDeep }) => isDeep).map(({ name }) => name))
  return kernels.map((name) => {
    const differences = ran.map(({ name: platform, answers }) => {
      const { isShallow, isVague } = platforms[platform]
      const mayAbort = deep.has(name) && isShallow
      return differenceOf(expected[name], answers[name], { mayAbort, isVague })
    })
    return { name, expected: expected[name], differences }
  })
}

async function keep(committed, expected) {
  const all = { ...committed, ...expected }
  const known = corpus.filter(({ name }) => all[name] !== undefined)
  const sorted = Object.fromEntries(known.map(({ name }) => [name, all[name]]))
  await writeFile(expectedFile, `${JSON.stringify(sorted, undefined, 2)}\n`)
}

async function main() {
  const options = readOptions()
  const committed = JSON.parse(await readFile(expectedFile, 'utf8').catch(() => '{}'))
  const runs = await runAll(options)
  const expected = expectedOf(committed, runs, options)
  const grid = gridOf(options.kernels, expected, runs)
  tell({ grid, runs, isJson: options.json })
  const cells = grid.flatMap(({ differences }) => differences)
  if (cells.length === 0 || cells.some(isFailure)) process.exitCode = 1
  else if (options.write && !options.unguarded) await keep(committed, expected)
}

// So that browsers, which do not hear what a terminal says to this process, end with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

try {
  await main()
} catch (error) {
  // Faults of the person who calls have no stack.
  if (!(error instanceof TypeError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
