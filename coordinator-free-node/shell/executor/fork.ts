/** Starts the executor's process behind its walls, and watches over it: a kill when it falls silent. */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromProcess, ProcessSettings, ToProcess } from './chunk.js'
import { isFromProcess } from './heard-message.js'
import { entryFile, type SealedProcess, startSealed } from './sealed-process.js'
import { openSocketPair, type SocketPair } from './socket-pair.js'
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

const silenceMsMaxDefault = 20_000
/** Pings within the time that silence may last: one may be lost in a busy second, and each wakes two processes. */
const pingsPerSilence = 4

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
  const link = new Link(options.settings.unitBytesMax, handlers)
  const pair = await openSocketPair(link.wire.onread)
  const settings = { ...options.settings, parcelsFd: pair && parcelsFd }
  const { child, errors, ready, gone } = startSealed(
    { entry, args: [JSON.stringify(settings)], extra: pair?.theirs },
    signal,
  )
  link.open(child, pair)
  try {
    await ready
  } catch (error) {
    link.wire.close()
    throw error
  }
  return watchOver(
    { child, errors, gone },
    link,
    handlers,
    options.silenceMsMax ?? silenceMsMaxDefault,
  )
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
      broken: (fault) => this.broken(fault),
    })
  }

  /** The process is not what was started: it goes, and nothing more is heard of it. */
  broken(fault: string): void {
    this.fault ??= fault
    this.wire.deafen()
    this.#child?.kill('SIGKILL')
  }

  open(child: ChildProcess, pair: SocketPair | undefined): void {
    this.#child = child
    this.wire.open(pair?.ours)
    // The process has its own copy of it.
    pair?.theirs.destroy()
  }
}

function watchOver(
  { child, errors, gone }: Omit<SealedProcess, 'ready'>,
  link: Link,
  handlers: ProcessHandlers,
  silenceMsMax: number,
): ExecutorProcess {
  const pingEveryMs = silenceMsMax / pingsPerSilence
  link.heardMs = performance.now()
  let askedMs = link.heardMs
  let isSilent = false
  child.once('exit', (code, killer) => {
    clearInterval(pings)
    link.wire.close()
    if (link.isStopping) return
    const silence = isSilent ? `silent for ${silenceMsMax} ms` : undefined
    const end = link.fault ?? silence ?? killer ?? `exit code ${code}`
    handlers.died(`${end} ${errors().split('\n').at(-1) ?? ''}`.trim())
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
  child.on('message', (message: unknown) => {
    link.heardMs = performance.now()
    if (isFromProcess(message)) link.wire.hear(message)
    else link.broken('it said what its own code never says')
  })
  return {
    pid: child.pid,
    tell: (message, parcels) => link.wire.send(message, parcels),
    stop: async () => {
      link.isStopping = true
      child.kill('SIGKILL')
      await gone
    },
  }
}
