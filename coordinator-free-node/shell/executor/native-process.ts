/**
 * The process of a `native` task: runs one unit at a time on its own loop, so that only its end ends a unit that does
 * not end. Behind the same walls as the executor's process; no other task is ever in it.
 */
import { writeSync } from 'node:fs'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { KernelOutcome } from './kernel-outcome.js'
import type { NativeGuardSettings } from './native-guard.js'
import { NativeKernel, type NativeUnit } from './native-kernel.js'

export type ToNative =
  /** First, and once. */
  { type: 'task'; source: string } | ({ type: 'unit' } & NativeUnit)

export type FromNative =
  | { type: 'ready' }
  | { type: 'ended'; outcome: KernelOutcome; spentMs: number }

let kernel: NativeKernel | undefined
/** What the running unit threw outside of its call. */
let fail: ((thrown: unknown) => void) | undefined

// Taken hold of before the kernel's first line: what it does to them is its own affair.
const send = process.send?.bind(process)

function tell(message: FromNative): void {
  send?.(message, undefined, undefined, () => {})
}

async function runUnit(unit: NativeUnit): Promise<void> {
  const startMs = performance.now()
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const outcome = await kernel?.run(unit, failed)
  fail = undefined
  if (outcome !== undefined) tell({ type: 'ended', outcome, spentMs: performance.now() - startMs })
}

/** Between units nobody waits for what a kernel has left behind; the next unit gets a fresh process. */
function failed(thrown: unknown): void {
  if (fail !== undefined) return fail(thrown)
  writeSync(2, 'the kernel failed between its units\n')
  process.exit(1)
}

/** Who is told that the process is ready may give it a unit that never ends, so the guard comes first. */
function postGuard(heldBytesMax: number, posted: () => void): void {
  const file = fileURLToPath(new URL('./native-guard.js', import.meta.url))
  const workerData: NativeGuardSettings = { heldBytesMax, daemon: process.ppid }
  const resourceLimits = { maxOldGenerationSizeMb: 16 }
  new Worker(file, { env: {}, workerData, resourceLimits }).once('online', posted).unref()
}

try {
  setPriority(0, 19)
} catch {
  // Not allowed here; the units run all the same.
}
process.on('uncaughtException', failed)
process.on('unhandledRejection', failed)
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
if (!process.connected) process.kill(process.pid, 'SIGKILL')
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('message', (message: ToNative) => {
  if (message.type === 'task') kernel = new NativeKernel(message.source)
  else void runUnit(message)
})
postGuard(Number(process.argv[2]), () => tell({ type: 'ready' }))
