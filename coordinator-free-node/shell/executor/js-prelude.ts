/** What a kernel finds inside QuickJS before its own first line: nothing that differs between hosts. */
import { valueCodecSource } from '../../../tasks/value.js'

/** How errors name the user's own source. */
export const kernelFile = 'kernel.js'

/**
 * Source of `(a, b, c, d) => call`. The four seed `Math.random` (xorshift128); `call` runs a kernel on a unit and
 * returns a flag and the encoded value: `0` done, `1` hit, `!` what is wrong with the result.
 */
export const preludeSource = `((a, b, c, d) => {
  const codec = ${valueCodecSource}()
  const callKernel = Function.prototype.call.bind(Function.prototype.call)
  for (const name of ['Date', 'performance', 'Intl', 'print', 'console', 'std', 'os', 'WeakRef', 'FinalizationRegistry'])
    delete globalThis[name]
  Math.random = () => {
    let t = a ^ (a << 11)
    a = b; b = c; c = d
    d = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return d / 4294967296
  }
  for (const [type, text] of [[Number, 'toString'], [BigInt, 'toString'], [Array, 'toString'], [String, 'toString']])
    type.prototype.toLocaleString = type.prototype[text]
  return (kernel, range, start, end, input, params) => {
    if (typeof kernel !== 'function') return '!the source of the kernel is not a function but ' + typeof kernel
    const unit = range ? { range: { start, end } } : { input: codec.decode(input) }
    if (params !== '') unit.params = codec.decode(params)
    const result = callKernel(kernel, undefined, unit)
    if (typeof result !== 'object' || result === null || !('value' in result))
      return result && typeof result.then === 'function'
        ? '!kernels are synchronous: no async functions and no promises'
        : '!a kernel returns an object with a value'
    const { hit, value } = result
    if (value && typeof value === 'object' && typeof value.then === 'function')
      return '!kernels are synchronous: no async functions and no promises'
    try {
      return (hit === true ? '1' : '0') + codec.encode(value)
    } catch (fault) {
      if (!fault || fault.unsendable !== true) throw fault
      const at = fault.path === '' || fault.path[0] === '[' ? fault.path : '.' + fault.path
      return '!result' + at + ' ' + fault.reason
    }
  }
})`
