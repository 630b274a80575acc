/**
 * Prepares tasks in a thread, beside the process's own loop, which never computes. The thread is not one of those that
 * run units: a module that takes long to compile keeps nobody waiting, and a module whose compilation does not end
 * takes only this thread along.
 */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import { type Prepared, prepareTask } from './prepare-task.js'

export interface ToPreparer {
  id: number
  descriptor: TaskDescriptor
  code: Uint8Array
}

export type FromPreparer = { id: number } & ({ prepared: Prepared } | { fault: string })

/** What the thread of a task that took too long may take to end; the engine asks it between functions. */
const endMsMax = 5_000

/** JavaScript heap of the thread, MB: facts of 100,000 functions, and a module of 64 MiB twice. */
const heapMb = 512

interface Waiting extends ToPreparer {
  begun(): void
  resolve(prepared: Prepared): void
  reject(error: Error): void
}

/** Ends as `time`: preparing a task says nothing about its units' results. */
export class PrepareTimeout extends Error {}

export interface PreparerOptions {
  /** Milliseconds for guard and compiler together. */
  prepareMsMax: number
  /** The thread of a task that took too long does not end: only the end of the process ends it. */
  onStuck(): void
}

export class Preparer {
  readonly #options: PreparerOptions
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #lastId = 0
  /** One after the other; the first is at work. */
  readonly #queue: Waiting[] = []

  constructor(options: PreparerOptions) {
    this.#options = options
  }

  /** @param begun  called when the task's turn comes, if it takes work */
  prepare(descriptor: TaskDescriptor, code: Uint8Array, begun: () => void): Promise<Prepared> {
    // Only WebAssembly takes work.
    if (descriptor.tier !== 'wasm') return prepareTask(descriptor, code)
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: ++this.#lastId, descriptor, code, begun, resolve, reject })
      if (this.#queue.length === 1) this.#begin()
    })
  }

  #begin(): void {
    const [next] = this.#queue
    if (next === undefined) return
    const { id, descriptor, code } = next
    const { prepareMsMax } = this.#options
    next.begun()
    this.#timer = setTimeout(() => {
      this.#drop(new PrepareTimeout(`preparing the task took longer than ${prepareMsMax} ms`))
    }, prepareMsMax)
    this.#worker ??= this.#open()
    this.#worker.postMessage({ id, descriptor, code } satisfies ToPreparer)
  }

  #open(): Worker {
    const worker = new Worker(fileURLToPath(new URL('./preparer.js', import.meta.url)), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    })
    worker.on('message', (message: FromPreparer) => {
      const [first] = this.#queue
      if (worker !== this.#worker || first?.id !== message.id) return
      if ('prepared' in message) first.resolve(message.prepared)
      else first.reject(new Error(message.fault))
      this.#next()
    })
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#drop(error)
    })
    // The process lives as long as its channel to the daemon does.
    worker.unref()
    return worker
  }

  /** The task at work is given up, and with it the thread; the others go on in another one. */
  #drop(error: Error): void {
    const worker = this.#worker
    this.#worker = undefined
    const stuck = setTimeout(this.#options.onStuck, endMsMax)
    void worker?.terminate().finally(() => clearTimeout(stuck))
    this.#queue[0]?.reject(error)
    this.#next()
  }

  #next(): void {
    clearTimeout(this.#timer)
    this.#queue.shift()
    this.#begin()
  }
}
