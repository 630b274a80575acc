/** What a kernel finds inside QuickJS before its own first line: nothing that differs between hosts. */
import { valueCodecSource } from '../../../tasks/value.js'

/** How errors name the user's own source. */
export const kernelFile = 'kernel.js'

/** How much of a message and a stack leaves the engine: a kernel writes both. */
const shownCharsMax = 2000

/** A path this long leaves room for what is wrong there. */
const pathCharsMax = 200

/** The functions that `preludeSource` gives, by name. */
export const preludeFunctions = ['seed', 'call', 'expect', 'verify', 'describe'] as const
export type PreludeFunction = (typeof preludeFunctions)[number]

/**
 * Source of `{ seed, call, expect, verify, describe }`. `seed` takes four numbers to start `Math.random` from (xorshift128).
 * `call` runs a kernel on a unit and returns a flag and the encoded value: `0` done, `1` hit, `!` and a JSON string:
 * what is wrong with the result. `verify` lets the kernel's `check` judge a claimed result: `1` right, `0` wrong. `expect` says in the same way whether there is a kernel to call. `describe` turns
 * whatever was thrown into JSON `[name, message, stack]`, or `[text]` for what is no error.
 *
 * A kernel sees the place of `call` in the stack of an error: what is added stands behind it.
 *
 * All use only built-ins that were taken hold of before the kernel's first line. Nothing of a unit is in it: all units
 * of a thread start from one image of it.
 */
export const preludeSource = `(() => {
  let [a, b, c, d] = [0, 0, 0, 1]
  const seed = (...words) => { [a, b, c, d] = words }
  const codec = ${valueCodecSource}()
  const { stringify } = JSON
  const text = String
  const callKernel = Function.prototype.call.bind(Function.prototype.call)
  const cut = Function.prototype.call.bind(String.prototype.slice)
  for (const name of ['Date', 'performance', 'Intl', 'print', 'console', 'std', 'os', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics'])
    delete globalThis[name]
  const draw = () => {
    const t = a ^ (a << 11)
    a = b
    b = c
    c = d
    d = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return d
  }
  Math.random = () => ((draw() >>> 5) * 67108864 + (draw() >>> 6)) / 9007199254740992
  for (const type of [Number, BigInt, Array, String]) {
    const { toString } = type.prototype
    type.prototype.toLocaleString = { toLocaleString() { return callKernel(toString, this) } }.toLocaleString
  }
  const wrong = (reason) => '!' + stringify(reason)
  const isPromise = (value) => typeof value === 'object' && value !== null && typeof value.then === 'function'
  const expect = (kernel) =>
    typeof runOf(kernel) === 'function'
      ? '0'
      : wrong('the source of a kernel must evaluate to a function, not to ' + (kernel === null ? 'null' : typeof kernel))
  const call = (kernel, range, start, end, input, params) => {
    const run = runOf(kernel)
    if (typeof run !== 'function') return expect(kernel)
    const unit = unitOf(range, start, end, input, params)
    const result = callKernel(run, undefined, unit)
    if (isPromise(result)) return wrong('kernels are synchronous: no async functions and no promises')
    if (typeof result !== 'object' || result === null || !('value' in result))
      return wrong('a kernel must return an object with a value, as in { value: 1 } or { hit: true, value: 1 }')
    const { hit, value } = result
    if (isPromise(value)) return wrong('kernels are synchronous: no async functions and no promises')
    try {
      return (hit === true ? '1' : '0') + codec.encode(value)
    } catch (fault) {
      if (typeof fault !== 'object' || fault === null || fault.unsendable !== true) throw fault
      const path = fault.path.length > ${pathCharsMax} ? cut(fault.path, 0, ${pathCharsMax}) + '...' : fault.path
      const at = path === '' || path[0] === '[' ? path : '.' + path
      return wrong('result' + at + ' ' + fault.reason)
    }
  }
  const runOf = (kernel) =>
    typeof kernel === 'object' && kernel !== null && typeof kernel.check === 'function' ? kernel.run : kernel
  const unitOf = (range, start, end, input, params) => {
    const unit = range ? { range: { start, end } } : { input: codec.decode(input) }
    if (params !== '') unit.params = codec.decode(params)
    return unit
  }
  const verify = (kernel, range, start, end, input, params, hit, value) => {
    if (runOf(kernel) === kernel) return wrong('the task has no check: its source must evaluate to { run, check }')
    let result
    try {
      result = { hit, value: codec.decode(value) }
    } catch {
      return '0'
    }
    const passes = callKernel(kernel.check, undefined, unitOf(range, start, end, input, params), result)
    if (typeof passes !== 'boolean') return wrong('check must return true or false')
    return passes ? '1' : '0'
  }
  const shown = (value) => cut(text(value), 0, ${shownCharsMax})
  const describe = (thrown) => {
    if (typeof thrown !== 'object' || thrown === null)
      return '[' + stringify(typeof thrown === 'function' ? 'threw a function' : 'threw ' + shown(thrown)) + ']'
    try {
      const { name, message, stack } = thrown
      if (name === undefined && message === undefined) return '["threw an object that is no error"]'
      return '[' + stringify(shown(name ?? 'Error')) + ',' + stringify(shown(message ?? '')) + ',' + stringify(shown(stack ?? '')) + ']'
    } catch {
      return '["threw an object that cannot be read"]'
    }
  }
  return { seed, call, expect, verify, describe }
})()`
