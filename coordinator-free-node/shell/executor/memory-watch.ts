/**
 * Watches what the executor's process holds as a whole. Each unit has a limit of its own, which engine and guard see
 * to; this is for what they do not count, and for a volunteer's own bound. Pure: told what is held and what runs, it
 * says what to do.
 */

export interface RunningUnits {
  /** What each of them may have. */
  unitMemoryBytesMax: number
  /** When the unit that runs began. */
  sinceMs: number
}

export type Relief<T> =
  /** End this one: it may have most, or has run longest of those. */
  | { kill: T }
  /** Nothing that could be ended holds it. */
  | 'die'
  | undefined

/** What ending a thread may take until its memory is back. */
const graceMs = 1_000
/** Without units the collector has no reason to hurry, and a process that is killed costs nobody anything. */
const idleGraceMs = 5_000

export class MemoryWatch<T extends RunningUnits> {
  /** When the process went over, or when something was last done about it. */
  #sinceMs: number | undefined
  /** What it held when a thread was last ended. */
  #heldBytes = Number.POSITIVE_INFINITY

  look(nowMs: number, heldBytes: number, heldBytesMax: number, running: readonly T[]): Relief<T> {
    if (heldBytes <= heldBytesMax) {
      this.#sinceMs = undefined
      this.#heldBytes = Number.POSITIVE_INFINITY
      return undefined
    }
    const isFirst = this.#sinceMs === undefined
    this.#sinceMs ??= nowMs
    const waitMs = running.length === 0 ? idleGraceMs : isFirst ? 0 : graceMs
    if (nowMs - this.#sinceMs < waitMs) return undefined
    // Whoever was ended was not the one.
    if (running.length === 0 || heldBytes > this.#heldBytes) return 'die'
    this.#sinceMs = nowMs
    this.#heldBytes = heldBytes
    const [first, ...others] = running
    if (first === undefined) return 'die'
    return { kill: others.reduce((worst, next) => (isWorse(next, worst) ? next : worst), first) }
  }
}

function isWorse(a: RunningUnits, b: RunningUnits): boolean {
  if (a.unitMemoryBytesMax !== b.unitMemoryBytesMax)
    return a.unitMemoryBytesMax > b.unitMemoryBytesMax
  return a.sinceMs < b.sinceMs
}

const mib = 2 ** 20
/** Node, its engines and the thread that prepares tasks. */
const ownBytes = 1024 * mib
/** Heap of a thread, its engine, and what it has sent but the process has not passed on. */
const threadBytes = 512 * mib

/**
 * What a process may hold where nobody says less. Generous, because memory that a unit gave back is counted until the
 * collector comes round.
 */
export function heldBytesMaxOf(slots: number, unitMemoryBytesMax: number, unitBytesMax: number) {
  return ownBytes + slots * (threadBytes + unitMemoryBytesMax + 4 * unitBytesMax)
}
