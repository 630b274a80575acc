/** Estimates pi from random points. */
import { monteCarloPi } from 'manyhands/tasks'

export const help = `manyhands run examples/monte-carlo-pi.mjs [SAMPLES]
  SAMPLES  points to throw (default: 2000000000)`

export default async function main(grid, { args, progress }) {
  const samples = Number(args[0] ?? 2e9)
  const { pi, standardError } = await progress(grid.run(monteCarloPi, { samples }))
  return `pi is ${pi.toFixed(8)}, give or take ${standardError.toFixed(8)}`
}
