/** Starts a process behind the walls of this machine: no environment, low priority, and gone when its start fails. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GridError } from '../../protocol/errors.js'
import { walls } from './walls.js'

export interface SealedOptions {
  /** Compiled file of this package that sends a message when it is ready. */
  entry: string
  args?: readonly string[]
  /** Flags of Node, beside those of the walls. */
  flags?: readonly string[]
  /** Becomes its file descriptor 4. */
  extra?: Socket | undefined
}

export interface SealedProcess {
  child: ChildProcess
  /** The end of what it has printed. */
  errors(): string
  /**
   * Settles once it is ready; it is gone when this rejects.
   *
   * @throws {GridError} MH_EXECUTOR_FAILED
   */
  ready: Promise<void>
  /** Resolves when nothing of it is left: behind bubblewrap the process that exits first is not the last one. */
  gone: Promise<void>
}

/** From fork to `ready`: some 100 ms; a machine under load takes longer. */
const readyMsMax = 15_000
/** How long a start that is given up may still take before it is cut off. */
const abortedMsMax = 15_000
/** How long what stands behind the first process may take to follow it: milliseconds, some seconds under load. */
const followMsMax = 10_000
/** Of what the process printed, kept for the message when it dies: an engine without memory says much. */
const errorCharsKept = 8_000

/** @param signal  gives up the start */
export function startSealed(options: SealedOptions, signal: AbortSignal): SealedProcess {
  const { entry, args = [], flags = [], extra } = options
  const { execPath, execArgv, isLow } = walls(entry, flags)
  const child = fork(entry, args, {
    execPath,
    execArgv,
    env: {},
    serialization: 'advanced',
    // Its errors are ours to show; it has nothing to print.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', extra ?? 'ignore'],
    // A terminal's Ctrl-C is for whoever started this program: what runs may end first.
    detached: process.platform !== 'win32',
  })
  // Told to whoever waits for it to be ready; later ones are a signal or a message that came too late.
  child.on('error', () => {})
  const gone = untilGone(child)
  if (!isLow) yieldToOthers(child)
  let printed = ''
  child.stderr?.on('data', (text: Buffer) => {
    printed = (printed + text.toString()).slice(-errorCharsKept)
  })
  const errors = () => printed.trim()
  return { child, errors, ready: untilReady(child, gone, errors, signal), gone }
}

/** Threads that the process starts take its priority over, the compiler's among them; those of units go lower still. */
function yieldToOthers({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Gone already, or not allowed here; the units run all the same.
  }
}

/** A compiled file of this folder, also when this one runs from source, as in tests. */
export function entryFile(name = 'process.js'): string {
  const beside = fileURLToPath(new URL(name, import.meta.url))
  if (existsSync(beside)) return beside
  const root = path.resolve(path.dirname(beside), '../../..')
  return path.join(root, 'dist/coordinator-free-node/shell/executor', name)
}

/** Every process of it holds an end of the channel and of stderr, so both are closed when the last one is gone. */
function untilGone(child: ChildProcess): Promise<void> {
  return new Promise<void>((resolve) => {
    if (child.pid === undefined) return resolve()
    child.once('close', () => resolve())
    child.once('exit', () => setTimeout(resolve, followMsMax).unref())
  }).then(() => {
    child.stderr?.destroy()
  })
}

function untilReady(
  child: ChildProcess,
  gone: Promise<void>,
  errors: () => string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: Error) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', settle)
      if (fault === undefined) return resolve()
      // Whoever is told of a failure may rely on there being no process, and nothing that keeps this one alive.
      child.kill('SIGKILL')
      void gone.then(() => reject(startError(fault)))
    }
    const stopped = new Error('it was stopped')
    const onMessage = () => settle(signal.aborted ? stopped : undefined)
    const onExit = (code: number | null, killer: string | null) =>
      settle(new Error(`it exited with ${killer ?? code}: ${errors()}`))
    // Bubblewrap that is killed while it builds its wall leaves its inner half waiting for ever. So not at once: the
    // process says that it is ready some 100 ms from here.
    const onAbort = () => {
      clearTimeout(timer)
      timer = setTimeout(() => settle(stopped), abortedMsMax)
    }
    let timer = setTimeout(() => settle(new Error('it did not answer')), readyMsMax)
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.once('error', settle)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
}

function startError(fault: Error): GridError {
  return new GridError('MH_EXECUTOR_FAILED', `the executor does not start: ${fault.message}`, {
    blame: 'local',
    hint: 'run "manyhands doctor" to see what is missing',
    cause: fault,
  })
}
