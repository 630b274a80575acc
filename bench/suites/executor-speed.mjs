/**
 * What the guard costs, and how far guarded WebAssembly is from plain JavaScript and from native code: the same work,
 * from the same source where there is one, with the same checksum, in rounds that take turns. Times are of the
 * processor: all of it computes on one thread, and other work on the machine would show in the clock's.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { guardExports, guardModule } from '../../dist/coordinator-free-node/guard/guard.js'
import { plainKernels } from '../kernels/plain.mjs'
import { takeTurns } from '../measure.mjs'

const kernels = fileURLToPath(new URL('../kernels/', import.meta.url))

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

/** Calls before the first round: engines replace their quick first code by better after some. */
const callsToTierUp = 8

/** @param {{ rounds: number, progress: (done: number, of: number) => void }} options */
export async function measureSpeed({ rounds, progress }) {
  const names = Object.keys(work)
  const native = compileNative(names)
  const rows = []
  try {
    for (const [place, name] of names.entries()) {
      const contenders = contendersOf(name, work[name], native)
      await checkSame(name, contenders)
      const timed = contenders.map((contender) => ({
        name: contender.name,
        run: async () => (await contender.call()).ms,
      }))
      const onRound = (done, of) => progress(place + done / of, names.length)
      rows.push(
        ...rowsOf(name, await takeTurns(timed, { rounds, warmups: callsToTierUp, onRound })),
      )
    }
  } finally {
    for (const { child } of native.values()) child.kill()
  }
  const title = 'Guarded WebAssembly against unguarded, JavaScript and native'
  return { title, rows, remarks: native.size > 0 ? [] : ['gcc is not here: nothing native'] }
}

function contendersOf(name, amount, native) {
  const contenders = []
  const add = (contender, call) => contenders.push({ name: contender, call })
  const timed = (call) => () => {
    const before = process.cpuUsage()
    const checksum = call(amount) >>> 0
    const { user, system } = process.cpuUsage(before)
    return { ms: (user + system) / 1000, checksum }
  }
  const fromC = readFileSync(path.join(kernels, `${name}.wasm`))
  add('C', timed(instantiate(fromC).work))
  add('C guarded', timed(instantiate(guard(fromC)).work))
  const fromAssembly = readFileSync(path.join(kernels, 'assembly.wasm'))
  add('AssemblyScript', timed(instantiate(fromAssembly)[name]))
  add('AssemblyScript guarded', timed(instantiate(guard(fromAssembly))[name]))
  add('JavaScript', timed(plainKernels[name]))
  const program = native.get(name)
  if (program !== undefined) add('native', () => program.ask(amount))
  return contenders
}

function guard(module) {
  return guardModule(module, { memoryBytesMax: 2 ** 30, exports: 'all' }).module
}

function instantiate(module) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module))
  const fuel = exports[guardExports.fuel]
  if (fuel !== undefined) fuel.value = 2n ** 62n
  return exports
}

async function checkSame(name, contenders) {
  const checksums = new Map()
  for (const { name: contender, call } of contenders)
    checksums.set(contender, (await call()).checksum)
  if (new Set(checksums.values()).size > 1)
    throw new Error(`${name}: the checksums differ: ${JSON.stringify([...checksums])}`)
}

/** Programs that answer how long a piece of work took; none where there is no compiler. */
function compileNative(names) {
  const programs = new Map()
  const folder = mkdtempSync(path.join(os.tmpdir(), 'manyhands-bench-'))
  try {
    for (const name of names) {
      const out = path.join(folder, name)
      const sources = [path.join(kernels, 'c', `${name}.c`), path.join(kernels, 'native.c')]
      const built = spawnSync('gcc', ['-O3', '-o', out, ...sources], { stdio: 'ignore' })
      if (built.status !== 0) return programs
      programs.set(name, startProgram(out))
    }
    return programs
  } finally {
    // A running program needs its file no more.
    setTimeout(() => rmSync(folder, { recursive: true, force: true }), 1_000)
  }
}

function startProgram(file) {
  const child = spawn(file, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    ask: async (amount) => {
      child.stdin.write(`${amount}\n`)
      const { value = '' } = await lines.next()
      const [nanoseconds = '0', checksum = '0'] = value.split(' ')
      return { ms: Number(nanoseconds) / 1e6, checksum: Number(checksum) }
    },
  }
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
