/** Estimates pi from random points. Each unit has a random stream of its own, the same on every host. */
import { z } from 'zod'
import { defineTask } from './contract.js'

const params = z.strictObject({
  samples: z
    .number()
    .int()
    .min(1)
    .max(2 ** 52)
    .default(10 ** 10)
    .describe('points to throw; the error shrinks with the square root of their number'),
  unitSamples: z
    .number()
    .int()
    .min(1)
    .max(2 ** 36)
    .default(2 ** 27)
    .describe('points in a unit; 2^27, the default, take about a quarter of a second'),
})

const result = z.object({
  pi: z.number(),
  /** Points inside the circle. */
  inside: z.number().int(),
  samples: z.number().int(),
  /** One standard deviation of `pi`. */
  standardError: z.number(),
})

export const monteCarloPi = defineTask({
  name: 'monte-carlo-pi',
  summary: 'Estimate pi from random points',
  params,
  result,
  kernel: { tier: 'wasm', module: new URL('./kernels/monte-carlo-pi.wasm', import.meta.url) },
  plan: ({ samples, unitSamples }) => ({
    inputs: { start: 0, end: samples, unitItems: unitSamples },
  }),
  /** Points inside. */
  decode: (output) => Number(new DataView(output.buffer, output.byteOffset).getBigUint64(0, true)),
  async assemble(parts, { samples }) {
    let inside = 0
    for await (const { part } of parts) inside += part
    const pi = (4 * inside) / samples
    return { pi, inside, samples, standardError: Math.sqrt((pi * (4 - pi)) / samples) }
  },
})
