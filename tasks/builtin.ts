/**
 * Kernels that ship with every node: no code travels for them. They are our own, so they run unguarded in the
 * executor's threads, and must give the same bits everywhere.
 */

export interface BuiltinContext {
  /** List jobs: the unit's input. Range jobs: two int64, little-endian. */
  input: Uint8Array
  params: Uint8Array
  /** Range jobs. */
  range: { start: number; end: number } | undefined
  /** Fills from the unit's seeded stream. */
  random(bytes: Uint8Array): void
}

export interface BuiltinResult {
  hit: boolean
  output: Uint8Array
}

export type BuiltinKernel = (context: BuiltinContext) => BuiltinResult

/** A result that a host claims, for those kernels whose results are verified faster than computed. */
export interface BuiltinClaim {
  /** As the kernel has them. */
  input: Uint8Array
  params: Uint8Array
  hit: boolean
  output: Uint8Array
}

/** Whether a claimed result is right. */
export type BuiltinCheck = (claim: BuiltinClaim) => boolean

const nothing = new Uint8Array()

export const builtinKernels: Readonly<Record<string, BuiltinKernel>> = {
  /** Nothing at all: what a unit costs the grid. */
  noop: () => ({ hit: false, output: nothing }),
  /** The input as the output. */
  echo: ({ input }) => ({ hit: false, output: input }),
  /** Counts to the 32-bit number in its parameters: a unit of a chosen length. */
  spin: ({ params }) => {
    const rounds = new DataView(params.buffer, params.byteOffset).getUint32(0, true)
    let x = 1
    for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
    const output = new Uint8Array(4)
    new DataView(output.buffer).setInt32(0, x, true)
    return { hit: false, output }
  },
}

export const builtinChecks: Readonly<Record<string, BuiltinCheck>> = {
  noop: ({ hit, output }) => !hit && output.length === 0,
  echo: ({ input, hit, output }) =>
    !hit && output.length === input.length && output.every((byte, i) => byte === input[i]),
}
