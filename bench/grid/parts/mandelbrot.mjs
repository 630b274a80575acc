/** Rows of a picture: results of some kilobytes. */
import { z } from 'zod'
import { defineTask } from '../../../dist/tasks/contract.js'
import { mandelbrot } from '../../../dist/tasks/mandelbrot.js'
import { takeTurns } from '../../measure.mjs'
import { withGrid } from '../nodes.mjs'
import { PlainWorkers } from '../plain.mjs'
import { rangeBytes } from '../plain-kernel.mjs'

export const summary = 'Mandelbrot 1920x1080, a unit a row, beside plain threads'

const [width, height] = [1920, 1080]
const rowBytes = 3 * width

/** The built-in task without the PNG, which plain threads would have to make as well. */
const picture = defineTask({
  ...mandelbrot,
  result: z.custom((value) => value instanceof Uint8Array),
  async assemble(parts) {
    const pixels = new Uint8Array(rowBytes * height)
    for await (const { unit, part } of parts) pixels.set(part, unit * rowBytes)
    return pixels
  },
})

export function measure({ rounds, quick, onRound }) {
  const given = picture.params.parse({
    ...{ width, height, unitRows: 1, samples: quick ? 1 : 2, iterations: quick ? 200 : 2000 },
  })
  return withGrid({}, async (grid) => {
    const threads = new PlainWorkers('threads', 2)
    try {
      const pixels = { grid: undefined, threads: undefined }
      const contenders = [
        {
          name: 'grid',
          run: async () => {
            pixels.grid = await grid.sdk.run(picture, given, { quorum: 1 })
          },
        },
        {
          name: 'threads',
          run: async () => {
            pixels.threads = await drawPlainly(threads, picture.plan(given).params)
          },
        },
      ]
      const processorMs = () => grid.processorMs()
      const taken = await takeTurns(contenders, { rounds, warmups: 1, onRound, processorMs })
      if (Buffer.compare(pixels.grid, pixels.threads) !== 0) throw new Error('the pictures differ')
      return { title: `Mandelbrot ${width}x${height}, a unit a row of 5.8 kB`, rows: rowsOf(taken) }
    } finally {
      await threads.close()
    }
  })
}

/** Every other row each, so that both have as much to do. */
async function drawPlainly(workers, params) {
  const share = (first) =>
    Array.from({ length: height / 2 }, (_, i) => rangeBytes(first + 2 * i, first + 2 * i + 1))
  const shares = [share(0), share(1)]
  const outputs = await workers.run({ kernel: 'mandelbrot', params, shares })
  const pixels = new Uint8Array(rowBytes * height)
  outputs.forEach((rows, first) => {
    for (const [i, row] of rows.entries()) pixels.set(row, (first + 2 * i) * rowBytes)
  })
  return pixels
}

function rowsOf(taken) {
  const seconds = (name) => (taken.time(name).value / 1000).toFixed(2)
  return [
    {
      measure: 'Mandelbrot rows: plain threads / grid, time',
      ...taken.ratio('threads', 'grid'),
      ...{ goal: 0.95, better: 'more' },
      note: `${seconds('grid')} s; plain threads ${seconds('threads')} s`,
    },
  ]
}
