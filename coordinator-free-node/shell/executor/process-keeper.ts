/**
 * Keeps one executor process alive: starts it, starts another when it dies, and leaves none behind.
 *
 *     stopped --start--> starting --ready--> up --exit--> starting (after a pause) ...
 *     any --stop--> stopped
 */
import type { FromProcess, ToProcess } from './chunk.js'
import { type ExecutorProcess, type ForkOptions, forkExecutor } from './fork.js'

export interface KeeperHandlers {
  /** A process is there, with nothing known to it: the first, or the next one. */
  cameUp(): void
  heard(message: FromProcess, parcels: readonly Uint8Array[]): void
  /** The process died; another is on its way. */
  died(reason: string): void
  /** It dies again and again, or does not start: nothing should wait for it. Tries go on. */
  gaveUp(reason: string): void
}

/** Deaths in a row, without a result between them, after which work is turned away. */
const deathsMax = 5
/** Pause before the next process: none after the first death, doubled from here on, at most a second. */
const pauseMsMin = 50
const pauseMsMax = 1_000

export class ProcessKeeper {
  readonly #options: ForkOptions
  readonly #handlers: KeeperHandlers
  #process: ExecutorProcess | undefined
  #starting: Promise<void> | undefined
  #stopping: AbortController | undefined
  #pause: NodeJS.Timeout | undefined
  #deathsInARow = 0

  constructor(options: ForkOptions, handlers: KeeperHandlers) {
    this.#options = options
    this.#handlers = handlers
  }

  /** Whether a process can be told something now. */
  get isUp(): boolean {
    return this.#process !== undefined
  }

  /** Whether a process is there or will be. */
  get isStarted(): boolean {
    return this.#stopping !== undefined
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** @throws {GridError} MH_EXECUTOR_FAILED when the first process does not start; then no other is tried */
  async start(): Promise<void> {
    if (this.isStarted) return await this.#starting
    this.#stopping = new AbortController()
    this.#deathsInARow = 0
    try {
      await this.#fork(this.#stopping.signal)
    } catch (error) {
      this.#stopping = undefined
      throw error
    }
  }

  tell(message: ToProcess, parcels?: readonly Uint8Array[]): void {
    this.#process?.tell(message, parcels)
  }

  /** The process did what it is for: its deaths count from zero. */
  praise(): void {
    this.#deathsInARow = 0
  }

  async stop(): Promise<void> {
    clearTimeout(this.#pause)
    this.#stopping?.abort()
    this.#stopping = undefined
    const process = this.#process
    this.#process = undefined
    await Promise.all([process?.stop(), this.#starting?.catch(() => {})])
  }

  #fork(signal: AbortSignal): Promise<void> {
    const handlers = {
      heard: this.#handlers.heard,
      died: (reason: string) => this.#died(reason, signal),
    }
    const forked = forkExecutor(this.#options, handlers, signal).then(async (process) => {
      if (signal.aborted) return await process.stop()
      this.#process = process
      this.#handlers.cameUp()
    })
    this.#starting = forked
    return forked
  }

  #died(reason: string, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#process = undefined
    this.#handlers.died(reason)
    this.#tryAgain(reason, signal)
  }

  #tryAgain(reason: string, signal: AbortSignal): void {
    this.#deathsInARow++
    if (this.#deathsInARow > deathsMax) this.#handlers.gaveUp(reason)
    const doublings = this.#deathsInARow - 2
    const pauseMs = doublings < 0 ? 0 : Math.min(pauseMsMax, pauseMsMin * 2 ** doublings)
    this.#pause = setTimeout(() => {
      this.#fork(signal).catch((error: unknown) => {
        if (signal.aborted) return
        this.#tryAgain(error instanceof Error ? error.message : String(error), signal)
      })
    }, pauseMs)
  }
}
