/** Draws a view of the Mandelbrot set. */
import { mandelbrot } from 'manyhands/tasks'

const views = {
  valley: {},
  whole: { centerX: -0.7, centerY: 0, scale: 3.6, iterations: 1000 },
  spirals: { scale: 0.0016 },
  needle: { centerX: -1.7548776662466927, centerY: 0, scale: 0.05, iterations: 3000 },
}

export const help = `manyhands run examples/mandelbrot.mjs [VIEW] [WIDTH] [HEIGHT] > picture.png
  VIEW           ${Object.keys(views).join(', ')} (default: valley)
  WIDTH, HEIGHT  pixels (default: 1280 720)`

export default async function main(grid, { args, progress }) {
  const [name = 'valley', width = 1280, height = 720] = args
  const view = views[name]
  if (view === undefined) throw new Error(`there is no view '${name}'\n${help}`)
  const size = { width: Number(width), height: Number(height) }
  return await progress(grid.run(mandelbrot, { ...view, ...size }))
}
