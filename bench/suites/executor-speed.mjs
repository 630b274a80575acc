/**
 * What the guard costs, and how far guarded WebAssembly is from plain JavaScript and from native code: the same work,
 * from the same source where there is one, with the same checksum, in rounds that take turns. Times are of the
 * processor: all of it computes on one thread, and other work on the machine would show in the clock's.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Taken } from '../measure.mjs'

const kernels = fileURLToPath(new URL('../kernels/', import.meta.url))
const processFile = fileURLToPath(new URL('./speed-process.mjs', import.meta.url))

/** How much of each; some 15 to 60 ms a round. The first four have goals, the others are told for honesty. */
const work = {
  sha256: 60_000,
  mandelbrot: 500,
  queens: 13,
  matrix: 384,
  sieve: 4_000_000,
  fibonacci: 34,
  words: 2_000_000,
}
const withGoals = ['sha256', 'mandelbrot', 'queens', 'matrix']
const goals = { guard: 1.1, native: 0.75 }

/** Where code comes to lie in memory makes a tight loop faster or slower for the life of a process: so several. */
const processes = 5

/** @param {{ rounds: number, progress: (done: number, of: number) => void }} options */
export async function measureSpeed({ rounds, progress }) {
  const names = Object.keys(work)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'manyhands-bench-'))
  const rows = []
  let hasNative = true
  try {
    for (const [place, name] of names.entries()) {
      const program = compileNative(name, folder)
      hasNative &&= program !== undefined
      const taken = new Taken()
      for (let i = 0; i < processes; i++) {
        taken.addAll(await measureApart(name, Math.ceil(rounds / processes), program))
        progress(place * processes + i + 1, names.length * processes)
      }
      rows.push(...rowsOf(name, taken))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const title = 'Guarded WebAssembly against unguarded, JavaScript and native'
  return { title, rows, remarks: hasNative ? [] : ['gcc is not here: nothing native'] }
}

/** @returns the rounds of one process, as JSON says them */
function measureApart(name, rounds, program) {
  const parts = [processFile, name, work[name], rounds, program].filter(
    (part) => part !== undefined,
  )
  const child = spawn(process.execPath, parts.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (text) => {
    printed += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(printed))
      else reject(new Error(`the measurement of ${name} failed`))
    })
  })
}

/** @returns the program's file; undefined where there is no compiler */
function compileNative(name, folder) {
  const out = path.join(folder, name)
  const sources = [path.join(kernels, 'c', `${name}.c`), path.join(kernels, 'native.c')]
  const built = spawnSync('gcc', ['-O3', '-o', out, ...sources], { stdio: 'ignore' })
  return built.status === 0 ? out : undefined
}

/** @returns {import('../run.mjs').Row[]} */
function rowsOf(kernel, taken) {
  const hasGoal = withGoals.includes(kernel)
  const rows = []
  const add = (measure, [above, below], better, goal) => {
    if (!taken.has(above) || !taken.has(below)) return
    const { value, spread } = taken.ratio(above, below)
    const note = `${msOf(taken, above)} against ${msOf(taken, below)} ms`
    rows.push({
      measure: `${kernel}: ${measure}`,
      ...{ value, spread, better, note },
      goal: hasGoal ? goal : undefined,
    })
  }
  for (const language of ['C', 'AssemblyScript']) {
    const pair = [`${language} guarded`, language]
    add(`${language}, guarded / unguarded time`, pair, 'less', goals.guard)
  }
  const best = ['C guarded', 'AssemblyScript guarded'].reduce((one, other) =>
    taken.time(one).value <= taken.time(other).value ? one : other,
  )
  add('speed against plain JavaScript', ['JavaScript', best], 'more')
  add('speed against gcc -O3', ['native', best], 'more', goals.native)
  return rows
}

function msOf(taken, name) {
  return taken.time(name).value.toFixed(1)
}
