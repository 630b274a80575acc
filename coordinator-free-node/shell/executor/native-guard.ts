/**
 * A thread beside a `native` kernel, which computes on the process's loop and so leaves it no time to watch: ends the
 * process when it holds too much, and when the daemon is gone.
 */
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

export interface NativeGuardSettings {
  heldBytesMax: number
  /** Process id of the parent, as it was at the start. */
  daemon: number
}

const lookEveryMs = 50
const { heldBytesMax, daemon } = workerData as NativeGuardSettings

setInterval(() => {
  const heldBytes = process.memoryUsage.rss()
  if (heldBytes > heldBytesMax)
    writeSync(2, `the process held ${mib(heldBytes)} MiB, of at most ${mib(heldBytesMax)} MiB\n`)
  else if (process.ppid === daemon) return
  process.kill(process.pid, 'SIGKILL')
}, lookEveryMs)

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
