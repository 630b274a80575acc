/** The tasks that the executor's process has ready: modules compiled once, for all threads and units. */
import type { BlobHash } from '../../protocol/ids.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import { tasksKeptMax } from './chunk.js'
import type { Prepared } from './prepare-task.js'

export interface PreparedTask {
  descriptor: TaskDescriptor
  prepared: Promise<Prepared>
}

type Prepare = (task: BlobHash, descriptor: TaskDescriptor, code: Uint8Array) => Promise<Prepared>

export class PreparedTasks {
  /** The task used last is last. */
  readonly #tasks = new Map<BlobHash, PreparedTask>()
  readonly #prepare: Prepare

  constructor(prepare: Prepare) {
    this.#prepare = prepare
  }

  /** Begins to prepare a task; the one that was not used for longest goes. */
  keep(task: BlobHash, descriptor: TaskDescriptor, code: Uint8Array): void {
    const prepared = this.#prepare(task, descriptor, code)
    // Whoever asks for the task hears of its failure; before that it is nobody's.
    prepared.catch(() => {})
    this.#tasks.delete(task)
    this.#tasks.set(task, { descriptor, prepared })
    if (this.#tasks.size <= tasksKeptMax) return
    const oldest = this.#tasks.keys().next().value
    if (oldest !== undefined) this.#tasks.delete(oldest)
  }

  find(task: BlobHash): PreparedTask | undefined {
    const found = this.#tasks.get(task)
    if (found === undefined) return undefined
    this.#tasks.delete(task)
    this.#tasks.set(task, found)
    return found
  }

  /** Of the tasks here, the most memory that a unit may have. */
  get unitMemoryBytesMax(): number {
    const limits = [...this.#tasks.values()].map(({ descriptor }) => descriptor.unitMemoryBytesMax)
    return Math.max(0, ...limits)
  }

  /** For a task whose preparation failed: the next try begins afresh. */
  forget(task: BlobHash): void {
    this.#tasks.delete(task)
  }
}
