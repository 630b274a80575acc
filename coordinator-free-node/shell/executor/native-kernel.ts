/**
 * Runs units of a `native` kernel: JavaScript of an owner whom the volunteer trusts, in the engine of a process that
 * has nothing else in it. What is inside and what comes out is as for `js`: same values, same random numbers, same
 * words for a wrong result, so both give the same digest for the same value. Beyond that a kernel may be asynchronous
 * and use what Node offers behind the walls; then its author sees to it that hosts agree.
 */
import { Script } from 'node:vm'
import { decodeValue, encodeValue, ValueError } from '../../../tasks/value.js'
import { kernelFile } from './js-prelude.js'
import { type KernelOutcome, trap } from './kernel-outcome.js'
import { placeOf } from './kernel-place.js'

export interface NativeUnit {
  inputs: 'range' | 'list'
  input: Uint8Array
  params: Uint8Array
  /** 16 bytes of the unit's random stream. */
  seed: Uint8Array
  outputBytesMax: number
}

/** A path this long leaves room for what is wrong there. */
const pathCharsMax = 200

export class NativeKernel {
  readonly #source: string
  #script: Script | undefined

  constructor(source: string) {
    this.#source = source
  }

  /**
   * @param failed  rejects with what the kernel throws outside of its call, in a callback
   * @returns never rejects: whatever the kernel does is an outcome
   */
  async run(unit: NativeUnit, failed: Promise<never>): Promise<KernelOutcome> {
    try {
      Math.random = randomFrom(unit.seed)
      this.#script ??= new Script(this.#source, { filename: kernelFile })
      // Anew for each unit: its variables are not those of the last one.
      const kernel: unknown = this.#script.runInThisContext()
      return await outcomeOf(
        await Promise.race([callKernel(kernel, unit), failed]),
        unit.outputBytesMax,
      )
    } catch (thrown) {
      return thrown instanceof WrongResult ? trap(thrown.message, 0) : faultOf(thrown, this.#source)
    }
  }
}

/** The kernel gave what no kernel may give. */
class WrongResult extends Error {}

async function callKernel(kernel: unknown, unit: NativeUnit): Promise<unknown> {
  if (typeof kernel !== 'function') {
    const type = kernel === null ? 'null' : typeof kernel
    throw new WrongResult(`the source of a kernel must evaluate to a function, not to ${type}`)
  }
  const given: Record<string, unknown> =
    unit.inputs === 'range' ? { range: rangeOf(unit.input) } : { input: decodeValue(unit.input) }
  if (unit.params.length > 0) given.params = decodeValue(unit.params)
  return await kernel(given)
}

async function outcomeOf(result: unknown, outputBytesMax: number): Promise<KernelOutcome> {
  if (typeof result !== 'object' || result === null || !('value' in result))
    throw new WrongResult(
      'a kernel must return an object with a value, as in { value: 1 } or { hit: true, value: 1 }',
    )
  const isHit = 'hit' in result && result.hit === true
  const output = encoded(await result.value)
  if (output.length > outputBytesMax)
    throw new WrongResult(
      `the result has ${output.length} bytes, at most ${outputBytesMax} are allowed`,
    )
  return { kind: isHit ? 'hit' : 'done', output, fuel: 0 }
}

function encoded(value: unknown): Uint8Array {
  try {
    return encodeValue(value)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    const isLong = error.path.length > pathCharsMax
    const path = isLong ? `${error.path.slice(0, pathCharsMax)}...` : error.path
    const at = path === '' || path.startsWith('[') ? path : `.${path}`
    throw new WrongResult(`result${at} ${error.reason}`)
  }
}

function rangeOf(input: Uint8Array): { start: number; end: number } {
  if (input.length !== 16) throw new WrongResult('a range is not 16 bytes')
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  return { start: Number(view.getBigInt64(0, true)), end: Number(view.getBigInt64(8, true)) }
}

/** xorshift128, as for `js`. */
function randomFrom(seed: Uint8Array): () => number {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength)
  let [a = 0, b = 0, c = 0, d = 0] = [0, 4, 8, 12].map((at) => view.getUint32(at, true))
  // The generator must not start from zero.
  d |= 1
  const draw = () => {
    const t = a ^ (a << 11)
    a = b
    b = c
    c = d
    d = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return d
  }
  return () => ((draw() >>> 5) * 67_108_864 + (draw() >>> 6)) / 9_007_199_254_740_992
}

/** What hosts of another size might not throw; it is no vote. */
const ofThisHost = /^(Array buffer allocation failed|Maximum call stack size exceeded)/

function faultOf(thrown: unknown, source: string): KernelOutcome {
  if (typeof thrown !== 'object' || thrown === null)
    return trap(typeof thrown === 'function' ? 'threw a function' : `threw ${String(thrown)}`, 0)
  try {
    const { name, message, stack } = thrown as Partial<Error>
    if (name === undefined && message === undefined)
      return trap('threw an object that is no error', 0)
    const words = String(message ?? '')
    const place = placeOf(source, String(stack ?? '')) || lineOf(String(stack ?? ''))
    if (name === 'RangeError' && ofThisHost.test(words))
      return { kind: 'abort', reason: 'memory', message: `${words}${place}` }
    return trap(`${String(name ?? 'Error')}: ${words}`, 0, place)
  } catch {
    return trap('threw an object that cannot be read', 0)
  }
}

/** The stack of a source that does not parse begins with its line, and has no column. */
function lineOf(stack: string): string {
  const [first = ''] = stack.split('\n')
  return first.startsWith(`${kernelFile}:`) ? `\n    at ${first}` : ''
}
