/**
 * Errors that nobody caught. Those of the network libraries are the doing of some peer: the connection is gone, the
 * node goes on. Any other is a fault of ours, after which nothing can be relied on: the process ends with a word, and
 * the journal carries its jobs to the next start.
 */

const networkLibraries = /node_modules[\\/](@libp2p|@chainsafe|@multiformats|libp2p|ws)[\\/]/

/** @param error  what was thrown; @returns whether its stack begins in a library that talks to peers */
export function isStrayNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const first = frames.find((line) => !line.includes('node:'))
  return first !== undefined && networkLibraries.test(first)
}

/** @param end  told of a fault of ours; ends the process */
export function surviveStrayErrors(end: (error: unknown) => void): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      if (!isStrayNetworkError(error)) end(error)
    })
}
