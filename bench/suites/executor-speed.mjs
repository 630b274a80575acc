/**
 * What the guard costs, and how far guarded WebAssembly is from plain JavaScript and from native code: the same work,
 * from the same source where there is one, with the same checksum, in rounds that take turns.
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
  queens: 12,
  matrix: 384,
  sieve: 4_000_000,
  fibonacci: 34,
  words: 2_000_000,
}
const withGoals = ['sha256', 'mandelbrot', 'queens', 'matrix']
const goals = { guard: 1.1, native: 0.75 }

/** Calls before the first round: engines replace their quick first code by better after some. */
const callsToTierUp = 8

/** @param {{ rounds: number, say: (text: string) => void, progress: Function }} options */
export async function measureSpeed({ rounds, progress }) {
  const native = compileNative(Object.keys(work))
  const rows = []
  try {
    for (const [place, [name, amount]] of Object.entries(work).entries()) {
      const contenders = contendersOf(name, amount, native)
      await checkSame(name, contenders)
      const timed = contenders.map((contender) => ({
        name: contender.name,
        run: async () => (await contender.call()).ms,
      }))
      const onRound = (done, of) => progress(place + done / of, Object.keys(work).length)
      const figures = await takeTurns(timed, { rounds, warmups: callsToTierUp, onRound })
      rows.push(...rowsOf(name, figures))
    }
  } finally {
    for (const { child } of native.values()) child.kill()
  }
  return { title: 'Guarded WebAssembly against unguarded, JavaScript and native', rows }
}

function contendersOf(name, amount, native) {
  const contenders = []
  const add = (contender, call) => contenders.push({ name: contender, call })
  const timed = (call) => async () => {
    const startMs = performance.now()
    const checksum = call(amount) >>> 0
    return { ms: performance.now() - startMs, checksum }
  }
  const fromC = readFileSync(path.join(kernels, `${name}.wasm`))
  add('C', timed(instantiate(fromC).work))
  add('C guarded', timed(instantiate(guard(fromC)).work))
  const fromAssembly = readFileSync(path.join(kernels, 'assembly.wasm'))
  if (instantiate(fromAssembly)[name] !== undefined) {
    add('AssemblyScript', timed(instantiate(fromAssembly)[name]))
    add('AssemblyScript guarded', timed(instantiate(guard(fromAssembly))[name]))
  }
  if (plainKernels[name] !== undefined) add('JavaScript', timed(plainKernels[name]))
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

function rowsOf(kernel, figures) {
  const msOf = (name) => figures.get(name)?.ms
  const hasGoal = withGoals.includes(kernel)
  const rows = []
  const add = (measure, ratio, goal, isMost) => {
    if (ratio === undefined || Number.isNaN(ratio)) return
    rows.push({
      measure: `${kernel}: ${measure}`,
      ratio,
      goal: hasGoal ? goal : undefined,
      isMost,
      spread: Math.max(...[...figures.values()].map(({ spread }) => spread)),
    })
  }
  for (const language of ['C', 'AssemblyScript'])
    add(
      `${language}, guarded / unguarded time`,
      msOf(`${language} guarded`) / msOf(language),
      goals.guard,
      true,
    )
  const best = Math.min(
    msOf('C guarded'),
    msOf('AssemblyScript guarded') ?? Number.POSITIVE_INFINITY,
  )
  add('speed against plain JavaScript', msOf('JavaScript') / best, undefined, false)
  add('speed against gcc -O3', msOf('native') / best, goals.native, false)
  return rows
}
