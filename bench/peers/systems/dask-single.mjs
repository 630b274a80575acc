/** Dask, a task a unit. */
import { start as startDask } from './dask.mjs'

export async function start() {
  const { noop, stop } = await startDask(1)
  return { noop, stop }
}
