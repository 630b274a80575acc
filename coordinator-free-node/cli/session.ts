/** A connection to a running node for the length of one command. */
import { resolve } from 'node:path'
import type { Grid, JobHandle, RawResult } from '../../sdk/types.js'
import type { Context } from './context.js'
import type { StateOption } from './options.js'

/** Connects to the node that runs on this state directory, and lets go of it whatever happens. */
export async function withRunningNode<T>(
  context: Context,
  options: StateOption,
  work: (grid: Grid) => Promise<T>,
): Promise<T> {
  const grid = await context.connect({
    node: 'running',
    ...(options.state === undefined ? {} : { stateDirectory: resolve(options.state) }),
  })
  try {
    return await work(grid)
  } finally {
    await grid.close()
  }
}

/** The same, for one job. */
export function withJob<T>(
  context: Context,
  options: StateOption,
  job: string,
  work: (handle: JobHandle<RawResult[], RawResult>) => Promise<T>,
): Promise<T> {
  return withRunningNode(context, options, (grid) => {
    // Not awaited: a handle stands for its job's result, and awaiting it would wait for that.
    return work(grid.attach(job))
  })
}
