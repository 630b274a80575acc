/** Units that do nothing: what the grid itself costs. */
import { z } from 'zod'
import { defineTask } from './contract.js'

export const noop = defineTask({
  name: 'noop',
  summary: 'Run units that do nothing, to measure the grid itself',
  params: z.strictObject({
    units: z
      .number()
      .int()
      .min(0)
      .max(2 ** 48)
      .default(1000)
      .describe('units to run'),
  }),
  /** Units run. */
  result: z.number().int(),
  kernel: { tier: 'builtin', name: 'noop' },
  plan: ({ units }) => ({ inputs: { start: 0, end: units, unitItems: 1 } }),
  decode: () => undefined,
  async assemble(parts) {
    let units = 0
    for await (const _ of parts) units += 1
    return units
  },
})
