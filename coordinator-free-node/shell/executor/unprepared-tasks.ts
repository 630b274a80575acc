/**
 * Tasks that this machine cannot make ready. Compiling such a module again for each of its units would keep the machine
 * busy with nothing, and one whose compilation kills the process would kill it again and again: so they are turned
 * away for a while.
 */
import type { BlobHash } from '../../protocol/ids.js'
import type { Unprepared } from './chunk.js'

/** Long beside what a try costs, short beside a job: the machine may have been short of memory or time only then. */
const turnedAwayMs = 600_000
/** The oldest goes first: it is tried again, which is all that forgetting costs. */
const tasksMax = 256
/** A process that dies while it prepares a task may have died of something else: once. */
const deathsMax = 2

export class UnpreparedTasks {
  readonly #clockMs: () => number
  readonly #faults = new Map<BlobHash, Unprepared & { untilMs: number }>()
  readonly #atWork = new Set<BlobHash>()
  /** How often in a row a process died while it prepared the task. */
  readonly #deaths = new Map<BlobHash, number>()

  constructor(clockMs: () => number) {
    this.#clockMs = clockMs
  }

  /** @returns why the task is turned away, if it is */
  find(task: BlobHash): Unprepared | undefined {
    const fault = this.#faults.get(task)
    if (fault === undefined || fault.untilMs > this.#clockMs()) return fault
    this.#faults.delete(task)
    return undefined
  }

  remember(task: BlobHash, { reason, message }: Unprepared): void {
    put(this.#faults, task, { reason, message, untilMs: this.#clockMs() + turnedAwayMs })
  }

  begin(task: BlobHash): void {
    this.#atWork.add(task)
  }

  end(task: BlobHash): void {
    this.#atWork.delete(task)
    this.#deaths.delete(task)
  }

  isAtWork(task: BlobHash): boolean {
    return this.#atWork.has(task)
  }

  /** The process died, maybe of what it prepared. @returns the tasks that are turned away from now on */
  blame(message: string): BlobHash[] {
    for (const task of this.#atWork) put(this.#deaths, task, (this.#deaths.get(task) ?? 0) + 1)
    const blamed = [...this.#atWork].filter((task) => (this.#deaths.get(task) ?? 0) >= deathsMax)
    this.#atWork.clear()
    for (const task of blamed) {
      this.#deaths.delete(task)
      this.remember(task, { reason: 'crash', message: `while the task was prepared ${message}` })
    }
    return blamed
  }
}

function put<T>(map: Map<BlobHash, T>, task: BlobHash, value: T): void {
  map.delete(task)
  map.set(task, value)
  const [oldest] = map.keys()
  if (map.size > tasksMax && oldest !== undefined) map.delete(oldest)
}
