/** A kernel of the built-in tasks as a plain loop calls it: compiled, not guarded, one instance. */
import { readFileSync } from 'node:fs'

/**
 * @param {string} name  of a built-in task
 * @returns {(input: Uint8Array, params: Uint8Array) => Uint8Array}
 */
export function plainKernel(name) {
  const file = new URL(`../../dist/tasks/kernels/${name}.wasm`, import.meta.url)
  const module = new WebAssembly.Module(readFileSync(file))
  return (input, params) => {
    const written = []
    const memory = () => new Uint8Array(exports.memory.buffer)
    const { exports } = new WebAssembly.Instance(module, {
      grid: {
        input_size: () => input.length,
        input_read: (at) => memory().set(input, at),
        params_size: () => params.length,
        params_read: (at) => memory().set(params, at),
        output_write: (at, length) => void written.push(memory().slice(at, at + length)),
        random: (at, length) => void memory().fill(7, at, at + length),
        log: () => {},
        progress: () => {},
      },
    })
    exports.run()
    return written.length === 1 ? written[0] : new Uint8Array(Buffer.concat(written))
  }
}

/** A range as units get it: two 64-bit integers. */
export function rangeBytes(start, end) {
  const bytes = Buffer.alloc(16)
  bytes.writeBigInt64LE(BigInt(start), 0)
  bytes.writeBigInt64LE(BigInt(end), 8)
  return new Uint8Array(bytes)
}
