/**
 * The kernels of the determinism proof, and how each is run. Read by every platform, so nothing here is Node's.
 *
 * A kernel folds what it computes on the way into its result, so that one bit that differs anywhere shows. How its
 * name begins says what it is about.
 */
import { nanDoors } from './kernels/nan-doors.mjs'
import { traps } from './kernels/traps.mjs'

const MIB = 2 ** 20

/**
 * @typedef Kernel
 * @property {string} name
 * @property {'wasm' | 'js'} tier
 * @property {string} file  from this folder
 * @property {number} fuelMax
 * @property {number} memoryBytesMax
 * @property {string} params  UTF-8
 * @property {boolean} isDeep  needs more of the engine's stack than every platform has
 */

/** @returns {Kernel} */
function kernel(tier, file, name, more = {}) {
  const { fuelMax = 2e9, memoryBytesMax = 8 * MIB, params = '', isDeep = false } = more
  return { name, tier, file, fuelMax, memoryBytesMax, params, isDeep }
}

const wasm = (name, more) => kernel('wasm', `modules/${name}.wasm`, name, more)
const js = (name, more) => kernel('js', `kernels/js/${name}.js`, name, more)

/** @type {readonly Kernel[]} */
export const corpus = [
  wasm('int-arithmetic'),
  wasm('int-bits'),
  wasm('int-division'),
  wasm('int-long-numbers'),
  wasm('int-sha256'),
  wasm('int-sieve'),
  wasm('int-compression'),
  wasm('int-sorting'),
  wasm('int-interpreter'),
  wasm('float-rounding'),
  wasm('float-conversions'),
  wasm('float-minima'),
  wasm('float-subnormals'),
  wasm('float-chaos'),
  wasm('float-mandelbrot'),
  wasm('float-matrices'),
  wasm('float-linear-systems'),
  wasm('float-bodies'),
  wasm('math-series'),
  wasm('math-double'),
  wasm('math-single'),
  wasm('math-fourier'),
  wasm('math-libc', { params: '40\n' }),
  ...Object.keys(nanDoors).map((name) => wasm(name)),
  wasm('nan-compiled-c'),
  wasm('nan-compiled-assemblyscript'),
  wasm('simd-integers'),
  wasm('simd-lanes'),
  wasm('simd-floats'),
  wasm('simd-conversions'),
  wasm('simd-vectorised'),
  wasm('memory-bulk'),
  wasm('memory-growth', { memoryBytesMax: 40 * 65_536 }),
  wasm('tables'),
  wasm('values-multiple'),
  wasm('calls-indirect'),
  wasm('branches'),
  wasm('recursion-ackermann'),
  wasm('recursion-queens'),
  wasm('recursion-mutual'),
  wasm('start-function'),
  wasm('random-stream'),
  wasm('host-functions', { params: 'first\nsecond\n' }),
  wasm('text-libc', { params: 'one\ntwo words\n' }),
  wasm('fuel-endless-loop', { fuelMax: 10_000_019 }),
  wasm('fuel-endless-recursion', { fuelMax: 1_000_003 }),
  wasm('fuel-host-calls', { fuelMax: 500_009 }),
  wasm('fuel-bulk-memory', { fuelMax: 3_000_017 }),
  wasm('fuel-at-start', { fuelMax: 1000 }),
  wasm('stack-recursion', { isDeep: true }),
  wasm('stack-mutual', { isDeep: true }),
  wasm('stack-indirect', { isDeep: true }),
  wasm('stack-wide-frames', { isDeep: true }),
  ...Object.keys(traps).map((name) => wasm(name)),
  js('js-math'),
  js('js-json'),
  js('js-regexp'),
  js('js-sorting'),
  js('js-number-format'),
  js('js-number-parse'),
  js('js-bigint'),
  js('js-order'),
  js('js-unicode'),
  js('js-typed-arrays'),
  js('js-nan-bits'),
  js('js-random'),
  js('js-recursion'),
  js('js-language'),
  js('js-sha256'),
  js('js-surroundings'),
  js('js-error'),
  js('js-stack', { memoryBytesMax: 32 * MIB, isDeep: true }),
  js('js-fuel', { fuelMax: 20_000_000 }),
  js('js-fuel-regexp', { fuelMax: 20_000_000 }),
]
