/**
 * What holds for every module that meets the guard. A run is one seed; it makes a module, or damages one, and checks:
 *
 * - the guard returns, or throws a ModuleFault with a line of words and a byte of the module
 * - what it lets in is valid, before and after, and what the engine takes it refuses only for the profile's sake
 * - what it lets in stops: at its end, in a trap, or out of fuel, and never for want of native stack
 * - twice the same run gives the same memory and the same fuel
 * - a guarded run gives what an unguarded one gives
 * - other bits of NaNs from arithmetic make no difference
 */
import {
  guardExports,
  guardModule,
  ModuleFault,
} from '../../dist/coordinator-free-node/guard/guard.js'
import { makeModule } from './module-maker.mjs'
import { mutate } from './module-mutator.mjs'

const memoryBytesMax = 4 * 65_536
const fuelMax = 300_000
/** What is charged at once can be more than what is left: a region's way, or a fill of 2^32 elements. */
const overdraftMax = 2 ** 34

class Broken extends Error {}

function check(holds, words) {
  if (!holds) throw new Broken(words)
}

/**
 * @param {number} seed
 * @param {readonly Uint8Array[]} real  modules of real programs, to be damaged
 * @returns {{ broken?: string, verdict: 'refused' | 'done' | 'trap' | 'fuel' | 'stack', growth: number }}
 */
export function checkSeed(seed, real) {
  const kind = seed % 8
  try {
    if (kind < 3) return checkMade(seed, kind === 0)
    if (kind === 3) return checkNans(seed)
    if (kind < 7) return checkMutant(mutate(makeModule(seed), seed, makeModule(seed + 1)))
    return checkProgram(mutate(real[seed % real.length] ?? makeModule(seed), seed))
  } catch (error) {
    const broken = error instanceof Broken ? error.message : `${error?.stack ?? error}`
    return { broken, verdict: 'refused', growth: 0 }
  }
}

function checkMade(seed, isIntegers) {
  const module = makeModule(seed, { hasFloats: !isIntegers })
  check(WebAssembly.validate(module), 'the maker made an invalid module')
  const before = module.slice()
  const guarded = guardOrFault(module)
  check(!(guarded instanceof ModuleFault), `refused a module of the profile: ${guarded.message}`)
  check(same(before, module), 'the guard changed its input')
  check(same(guarded, guardOrFault(module)), 'guarding twice gave two modules')
  const outcome = checkRuns(guarded)
  if (isIntegers && (outcome.verdict === 'done' || outcome.verdict === 'trap')) {
    const plain = runOnce(module)
    check(plain.end === outcome.end, `ends as ${outcome.end}, unguarded as ${plain.end}`)
    // A start function that traps leaves nothing to look at.
    if (plain.memory.length > 0)
      check(same(plain.memory, outcome.memory), 'leaves another memory than unguarded')
  }
  return { verdict: outcome.verdict, growth: guarded.length / module.length }
}

function checkNans(seed) {
  const [first, second] = [false, true].map((hasOddNans) =>
    checkRuns(guardOrFault(makeModule(seed, { hasOddNans }))),
  )
  const isComparable = ({ verdict }) => verdict === 'done' || verdict === 'trap'
  if (isComparable(first) && isComparable(second)) {
    check(first.end === second.end, `other NaNs make it end as ${second.end}, not ${first.end}`)
    check(same(first.memory, second.memory), 'other NaNs make another memory')
  }
  return { verdict: first.verdict, growth: 0 }
}

function checkMutant(module) {
  const isValid = WebAssembly.validate(module)
  const guarded = guardOrFault(module)
  if (guarded instanceof ModuleFault) {
    const isInvalid = guarded.reason.startsWith('not a valid WebAssembly module')
    check(!isValid || !isInvalid || isBound(guarded), `refused a valid module: ${guarded.message}`)
    return { verdict: 'refused', growth: 0 }
  }
  check(isValid, 'let an invalid module in')
  return { verdict: checkRuns(guarded).verdict, growth: guarded.length / module.length }
}

/** Bounds of the guard's own, tighter than the engine's. */
function isBound({ reason }) {
  return /at most \d+ are (allowed|possible)/.test(reason)
}

/** Programs with any imports: they are not run, but what the guard makes of them has to be valid. */
function checkProgram(module) {
  const guarded = guardOrFault(module, { imports: 'any', exports: 'all' })
  const isValid = WebAssembly.validate(module)
  if (guarded instanceof ModuleFault) {
    const isInvalid = guarded.reason.startsWith('not a valid WebAssembly module')
    check(!isValid || !isInvalid || isBound(guarded), `refused a valid module: ${guarded.message}`)
    return checkMutant(module)
  }
  check(isValid, 'let an invalid module in')
  check(WebAssembly.validate(guarded), 'made an invalid module')
  return { ...checkMutant(module), growth: guarded.length / module.length }
}

function guardOrFault(module, options = {}) {
  try {
    return guardModule(module, {
      memoryBytesMax: options.imports ? 2 ** 31 : memoryBytesMax,
      ...options,
    }).module
  } catch (error) {
    check(error instanceof ModuleFault, `the guard threw ${error?.stack ?? error}`)
    check(error.offset >= 0 && error.offset <= module.length, `names byte ${error.offset}`)
    check(/^[^\n]{5,400}$/.test(error.message), `says ${JSON.stringify(error.message)}`)
    return error
  }
}

function checkRuns(guarded) {
  check(!(guarded instanceof ModuleFault), `refused a module of the profile: ${guarded.message}`)
  check(WebAssembly.validate(guarded), 'made an invalid module')
  const first = runOnce(guarded)
  const second = runOnce(guarded)
  check(first.end === second.end, `ends as ${first.end}, then as ${second.end}`)
  check(first.fuel === second.fuel, `takes ${first.fuel} fuel, then ${second.fuel}`)
  check(same(first.memory, second.memory), 'leaves another memory the second time')
  check(
    !/RangeError|Maximum call stack/.test(String(first.end)),
    `ended by the engine: ${first.end}`,
  )
  check(first.fuel >= -overdraftMax, `goes ${-first.fuel} fuel below zero`)
  const verdict =
    first.fuel < 0
      ? 'fuel'
      : first.stack < 0
        ? 'stack'
        : typeof first.end === 'number'
          ? 'done'
          : 'trap'
  return { ...first, verdict }
}

/** Runs a module of either kind; an unguarded one has to be known to end. */
function runOnce(module) {
  const grid = { input_size: () => 3, output_write: () => {} }
  for (const name of ['input_read', 'params_size', 'params_read', 'random', 'log', 'progress'])
    grid[name] = () => 0
  let exports
  let end
  try {
    const compiled = new WebAssembly.Module(module)
    ;({ exports } = new WebAssembly.Instance(compiled, { grid, wasi_snapshot_preview1: {} }))
    const fuel = exports[guardExports.fuel]
    if (fuel !== undefined) fuel.value = BigInt(fuelMax)
    exports[guardExports.start]?.()
    end = (exports.run ?? exports._start)() ?? 0
  } catch (error) {
    end = `${error.name}: ${error.message}`
  }
  const { memory } = exports ?? {}
  return {
    end,
    fuel: Number(exports?.[guardExports.fuel]?.value ?? 0n),
    stack: exports?.[guardExports.stack]?.value ?? 0,
    memory: memory === undefined ? new Uint8Array() : new Uint8Array(memory.buffer),
  }
}

function same(a, b) {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b
  return Buffer.compare(a, b) === 0
}
