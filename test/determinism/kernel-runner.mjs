/**
 * Runs kernels with the product's own guard and runtimes. Nothing here is Node's or a browser's: both load this file
 * as it is.
 */
import { limits } from '../../dist/coordinator-free-node/protocol/limits.js'
import { digestOf } from '../../dist/coordinator-free-node/protocol/outcome.js'
import { createJsRuntime } from '../../dist/coordinator-free-node/shell/executor/js-runtime.js'
import { prepareTask } from '../../dist/coordinator-free-node/shell/executor/prepare-task.js'
import { seededStream } from '../../dist/coordinator-free-node/shell/executor/seeded-stream.js'
import { runWasm } from '../../dist/coordinator-free-node/shell/executor/wasm-runtime.js'

/** The unit that every kernel is run as. */
const seed = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1)
const unit = 42

/** Input of `wasm` kernels: 6,000 bytes without a pattern. */
const wasmInput = new Uint8Array(6000)
seededStream(seed, 0)(wasmInput)

/** Input of `js` kernels: the range from 0 to 1000. */
const jsInput = new Uint8Array(16)
new DataView(jsInput.buffer).setBigInt64(8, 1000n, true)

/**
 * @typedef Answer  What all machines have to agree on; `kind` is `abort` when this one has no result.
 * @property {string} kind
 * @property {string} digest  of the result, in hexadecimal; empty without one
 * @property {number} fuel
 * @property {string} [words]  of a trap or an abort, for people
 */

/**
 * @param {WebAssembly.Module} engine  QuickJS
 * @param {boolean} isGuarded  false shows what the guard is for
 * @returns {Promise<(kernel: import('./corpus.mjs').Kernel, code: Uint8Array) => Promise<Answer>>}
 */
export async function createKernelRunner(engine, isGuarded) {
  const jsRuntime = createJsRuntime(engine)
  return async (kernel, code) => {
    const { tier, memoryBytesMax, fuelMax } = kernel
    const descriptor = { tier, unitMemoryBytesMax: memoryBytesMax, unitFuelMax: fuelMax }
    const task = isGuarded
      ? await prepareTask(descriptor, code)
      : { tier, module: await WebAssembly.compile(code), fuelMax }
    const params = new TextEncoder().encode(kernel.params)
    const first = answerOf(await runOnce(jsRuntime, task, params))
    // An engine compiles better what it has run before, and that must not show.
    const second = answerOf(await runOnce(jsRuntime, task, params))
    const abort = [first, second].find(({ kind }) => kind === 'abort')
    if (abort !== undefined) return abort
    if (second.kind !== first.kind || second.digest !== first.digest || second.fuel !== first.fuel)
      return { kind: 'unsteady', digest: '', fuel: 0, words: 'the second run differs' }
    return first
  }
}

function runOnce(jsRuntime, task, params) {
  const random = seededStream(seed, unit)
  switch (task.tier) {
    case 'wasm': {
      const { module, fuelMax } = task
      return runWasm({ module, input: wasmInput, params, random, fuelMax })
    }
    case 'js': {
      const limited = { ...task, outputBytesMax: limits.unitOutputBytesMax }
      return jsRuntime.run({ ...limited, inputs: 'range', input: jsInput, params, random })
    }
    default:
      return { kind: 'trap', output: new TextEncoder().encode(task.fault), fuel: 0 }
  }
}

/** @returns {Answer} */
function answerOf(outcome) {
  if (outcome.kind === 'abort')
    return { kind: 'abort', digest: '', fuel: 0, words: `${outcome.reason}: ${outcome.message}` }
  const { kind, output, fuel } = outcome
  const digest = Array.from(digestOf(kind, output), (byte) => byte.toString(16).padStart(2, '0'))
  const answer = { kind, digest: digest.join(''), fuel }
  return kind === 'trap' ? { ...answer, words: new TextDecoder().decode(output) } : answer
}
