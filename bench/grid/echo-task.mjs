/** Units of 100 bytes in and 100 out, from a source as long as one wants. */
import { z } from 'zod'
import { defineTask } from '../../dist/tasks/contract.js'

export const echo = defineTask({
  name: 'bench-echo',
  summary: 'Units of 100 bytes that come back as they are',
  params: z.strictObject({ units: z.number().int() }),
  result: z.number().int(),
  kernel: { tier: 'builtin', name: 'echo' },
  plan: ({ units }) => ({ inputs: inputs(units) }),
  decode: (output) => output.length,
  async assemble(parts) {
    let units = 0
    for await (const { part } of parts) if (part === 100) units++
    return units
  },
})

function* inputs(units) {
  for (let i = 0; i < units; i++) {
    const input = new Uint8Array(100)
    new DataView(input.buffer).setUint32(0, i, true)
    yield input
  }
}
