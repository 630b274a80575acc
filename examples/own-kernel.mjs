/** A kernel of your own, in C or AssemblyScript, and the task around it. */
import { defineTask } from 'manyhands/tasks'
import { z } from 'zod'

export const help = `manyhands run examples/own-kernel.mjs [END] [LANGUAGE]
  END       numbers below it are searched (default: 200000)
  LANGUAGE  c or assemblyscript, in which the kernel was written (default: c)`

const modules = {
  c: new URL('kernels/c/perfect-numbers.wasm', import.meta.url),
  assemblyscript: new URL('kernels/assemblyscript/perfect-numbers.wasm', import.meta.url),
}

/** Numbers that are the sum of their divisors. Hosts search ranges of 5000; here the finds are put together. */
const perfectNumbersIn = (language) =>
  defineTask({
    name: 'perfect-numbers',
    summary: 'Perfect numbers below an end',
    params: z.strictObject({ end: z.number().int().min(2).max(1e9) }),
    result: z.array(z.number()),
    kernel: { tier: 'wasm', module: modules[language] },
    // A unit below a million takes some 10^8: one that needs a thousand times as much has gone astray.
    unitFuelMax: 1e11,
    plan: ({ end }) => ({ inputs: { start: 1, end, unitItems: 5000 } }),
    decode(output) {
      const view = new DataView(output.buffer, output.byteOffset, output.byteLength)
      return Array.from({ length: output.byteLength / 8 }, (_, i) =>
        Number(view.getBigInt64(8 * i, true)),
      )
    },
    async assemble(parts) {
      const found = []
      for await (const { part } of parts) found.push(...part)
      return found
    },
  })

export default async function main(grid, { args, progress }) {
  const [end = 200_000, language = 'c'] = args
  if (!Object.hasOwn(modules, language)) throw new Error(`no kernel in '${language}': ${help}`)
  const found = await progress(grid.run(perfectNumbersIn(language), { end: Number(end) }))
  return `perfect below ${end}: ${found.join(', ')}`
}
