/** Starts the executor's process behind its walls, and watches over it: a kill when it falls silent. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GridError } from '../../protocol/errors.js'
import type { FromProcess, ProcessSettings, ToProcess } from './chunk.js'
import { openSocketPair, type SocketPair } from './socket-pair.js'
import { walls } from './walls.js'
import { Wire } from './wire.js'

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
  /** @param parcels  not to be changed until the process has answered */
  tell(message: ToProcess, parcels?: readonly Uint8Array[]): void
  /** Resolves when the process is gone. */
  stop(): Promise<void>
}

export interface ProcessHandlers {
  heard(message: FromProcess, parcels: readonly Uint8Array[]): void
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
  const { execPath, execArgv, isLow } = walls(entry)
  const link = new Link(options.settings.unitBytesMax, handlers)
  const pair = await openSocketPair(link.wire.onread)
  const settings = { ...options.settings, parcelsFd: pair && parcelsFd }
  const child = fork(entry, [JSON.stringify(settings)], {
    execPath,
    execArgv,
    env: {},
    serialization: 'advanced',
    // Its errors are ours to show; it has nothing to print.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', pair?.theirs ?? 'ignore'],
  })
  link.open(child, pair)
  if (!isLow) yieldToOthers(child)
  let printed = ''
  child.stderr?.on('data', (text: Buffer) => {
    printed = (printed + text.toString()).slice(-errorCharsKept)
  })
  const errors = () => printed.trim()
  try {
    await untilReady(child, errors, signal)
  } catch (error) {
    link.wire.close()
    throw error
  }
  return watchOver(child, link, handlers, errors, options.silenceMsMax ?? silenceMsMaxDefault)
}

/** After stdin, stdout, stderr and Node's channel. */
const parcelsFd = 4

/** The daemon's end of the wire, from before there is a process at the other. */
class Link {
  readonly wire: Wire<ToProcess, FromProcess>
  /** When the process last gave a sign. */
  heardMs = performance.now()
  /** Nobody listens to a process that is being stopped. */
  isStopping = false
  /** What the process did that it may not. */
  fault: string | undefined
  #child: ChildProcess | undefined

  constructor(parcelBytesMax: number, handlers: ProcessHandlers) {
    this.wire = new Wire({
      parcelBytesMax,
      post: (message) => {
        // A process that is going away says so by its exit; what is told to it until then is lost with it.
        if (this.#child?.connected === true) this.#child.send(message, () => {})
      },
      heard: (message, parcels) => {
        if (!this.isStopping) handlers.heard(message, parcels)
      },
      felt: () => {
        this.heardMs = performance.now()
      },
      broken: (fault) => {
        this.fault ??= fault
        this.#child?.kill('SIGKILL')
      },
    })
  }

  open(child: ChildProcess, pair: SocketPair | undefined): void {
    this.#child = child
    this.wire.open(pair?.ours)
    // The process has its own copy of it.
    pair?.theirs.destroy()
  }
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
  link: Link,
  handlers: ProcessHandlers,
  errors: () => string,
  silenceMsMax: number,
): ExecutorProcess {
  const pingEveryMs = silenceMsMax / pingsPerSilence
  link.heardMs = performance.now()
  let askedMs = link.heardMs
  let isSilent = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, killer) => {
      clearInterval(pings)
      child.stderr?.destroy()
      link.wire.close()
      resolve()
      if (link.isStopping) return
      const silence = isSilent ? `silent for ${silenceMsMax} ms` : undefined
      const end = link.fault ?? silence ?? killer ?? `exit code ${code}`
      handlers.died(`${end} ${errors().split('\n').at(-1) ?? ''}`.trim())
    })
  })
  const pings = setInterval(() => {
    const nowMs = performance.now()
    // Our own loop may have been blocked: then silence says nothing about the process.
    if (nowMs - askedMs > 2 * pingEveryMs) link.heardMs = nowMs
    askedMs = nowMs
    isSilent ||= nowMs - link.heardMs > silenceMsMax
    if (isSilent) child.kill('SIGKILL')
    else link.wire.send({ type: 'ping' })
  }, pingEveryMs)
  pings.unref()
  child.on('message', (message: FromProcess) => {
    link.heardMs = performance.now()
    link.wire.hear(message)
  })
  child.on('error', () => {})
  return {
    pid: child.pid,
    tell: (message, parcels) => link.wire.send(message, parcels),
    stop: async () => {
      link.isStopping = true
      child.kill('SIGKILL')
      await exited
    },
  }
}
