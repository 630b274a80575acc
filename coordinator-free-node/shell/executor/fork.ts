/** Starts the executor's process behind its walls, and watches over it: a kill when it falls silent. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GridError } from '../../protocol/errors.js'
import type { FromProcess, ProcessSettings, ToProcess } from './chunk.js'
import { walls } from './walls.js'

export interface ForkOptions {
  settings: ProcessSettings
  /** The compiled process.js. @default the one of this package */
  entry?: URL | undefined
  /**
   * Milliseconds without a word after which the process is killed. Its loop never computes, so only a process that is
   * stuck or starved is silent so long; raise it on a machine that stalls.
   *
   * @default 20000
   */
  silenceMsMax?: number | undefined
}

export interface ExecutorProcess {
  readonly pid: number | undefined
  tell(message: ToProcess): void
  /** Resolves when the process is gone. */
  stop(): Promise<void>
}

export interface ProcessHandlers {
  heard(message: FromProcess): void
  /** Once, when the process is gone without having been stopped. */
  died(reason: string): void
}

/** From fork to `ready`: some 100 ms; a machine under load takes longer. */
const readyMsMax = 15_000
/** How long a start that is given up may still take before it is cut off. */
const abortedMsMax = 5_000
const silenceMsMaxDefault = 20_000
/** Pings within the time that silence may last. */
const pingsPerSilence = 10
/** Of what the process printed, kept for the message when it dies. */
const errorCharsKept = 2_000

/**
 * @param signal  gives up the start; the process is gone when the promise rejects
 * @throws {GridError} MH_EXECUTOR_FAILED
 */
export async function forkExecutor(
  options: ForkOptions,
  handlers: ProcessHandlers,
  signal: AbortSignal,
): Promise<ExecutorProcess> {
  const entry = options.entry === undefined ? entryFile() : fileURLToPath(options.entry)
  const { execPath, execArgv } = walls(entry)
  const child = fork(entry, [JSON.stringify(options.settings)], {
    execPath,
    execArgv,
    env: {},
    serialization: 'advanced',
    // Its errors are ours to show; it has nothing to print.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  yieldToOthers(child)
  let printed = ''
  child.stderr?.on('data', (text: Buffer) => {
    printed = (printed + text.toString()).slice(-errorCharsKept)
  })
  const errors = () => printed.trim()
  await untilReady(child, errors, signal)
  return watchOver(child, handlers, errors, options.silenceMsMax ?? silenceMsMaxDefault)
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

/** The compiled process, also when this file runs from source, as tests do. */
export function entryFile(): string {
  const beside = fileURLToPath(new URL('./process.js', import.meta.url))
  if (existsSync(beside)) return beside
  const root = path.resolve(path.dirname(beside), '../../..')
  return path.join(root, 'dist/coordinator-free-node/shell/executor/process.js')
}

function untilReady(child: ChildProcess, errors: () => string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: Error) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', settle)
      if (fault === undefined) return resolve()
      child.on('error', () => {})
      end(child, () => reject(startError(fault)))
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

/** Whoever is told of a failure may rely on there being no process, and nothing that keeps this one alive. */
function end(child: ChildProcess, ended: () => void): void {
  const over = () => {
    child.stderr?.destroy()
    ended()
  }
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) over()
  else child.once('exit', over).kill('SIGKILL')
}

function startError(fault: Error): GridError {
  return new GridError('MH_EXECUTOR_FAILED', `the executor does not start: ${fault.message}`, {
    blame: 'local',
    hint: 'run "manyhands doctor" to see what is missing',
    cause: fault,
  })
}

function watchOver(
  child: ChildProcess,
  handlers: ProcessHandlers,
  errors: () => string,
  silenceMsMax: number,
): ExecutorProcess {
  const pingEveryMs = silenceMsMax / pingsPerSilence
  let heardMs = performance.now()
  let askedMs = heardMs
  let isSilent = false
  let isStopping = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, killer) => {
      clearInterval(pings)
      child.stderr?.destroy()
      resolve()
      if (isStopping) return
      const end = isSilent ? `silent for ${silenceMsMax} ms` : (killer ?? `exit code ${code}`)
      handlers.died(`${end} ${errors().split('\n').at(-1) ?? ''}`.trim())
    })
  })
  const tell = (message: ToProcess) => {
    // A process that is going away says so by its exit; what is told to it until then is lost with it.
    if (child.connected) child.send(message, () => {})
  }
  const pings = setInterval(() => {
    const nowMs = performance.now()
    // Our own loop may have been blocked: then silence says nothing about the process.
    if (nowMs - askedMs > 2 * pingEveryMs) heardMs = nowMs
    askedMs = nowMs
    isSilent ||= nowMs - heardMs > silenceMsMax
    if (isSilent) child.kill('SIGKILL')
    else tell({ type: 'ping' })
  }, pingEveryMs)
  pings.unref()
  child.on('message', (message: FromProcess) => {
    heardMs = performance.now()
    if (!isStopping) handlers.heard(message)
  })
  child.on('error', () => {})
  return {
    pid: child.pid,
    tell,
    stop: async () => {
      isStopping = true
      child.kill('SIGKILL')
      await exited
    },
  }
}
