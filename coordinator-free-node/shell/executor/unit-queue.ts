/** Units of a batch that wait, and how many of them make a chunk. One batch owns each queue. */
import type { UnitInput } from '../../ports/executor.js'
import { limits } from '../../protocol/limits.js'

/** Work that a chunk aims at: long beside what a chunk costs (up to 1 ms where to wake a process is dear), short beside what a killed one loses. */
const chunkMs = 80
/** Units beyond it gain nothing: a chunk's own cost is a hundredth of theirs. */
const chunkUnitsMax = 512
/** A unit is never counted as shorter: what it costs beside its own time. */
const unitMsMin = 0.01

export class UnitQueue {
  #units: UnitInput[]
  #at = 0
  /** Units that were in a chunk when the process died: each runs alone, so that the culprit shows. */
  readonly #suspects = new Set<number>()

  constructor(units: readonly UnitInput[]) {
    this.#units = [...units]
  }

  get size(): number {
    return this.#units.length - this.#at
  }

  /**
   * Takes units from the front for one thread: some 80 ms of work, at most a thread's share of the queue, at most as
   * many bytes as a message should have; at least one.
   *
   * @param unitMs  what a unit of the task takes; undefined before the first one, which then goes alone
   */
  takeChunk(unitMs: number | undefined, slots: number): UnitInput[] {
    const aimed = unitMs === undefined ? 1 : Math.floor(chunkMs / Math.max(unitMs, unitMsMin))
    const share = Math.ceil(this.size / slots)
    const most = Math.max(1, Math.min(aimed, share, chunkUnitsMax))
    const taken: UnitInput[] = []
    let bytes = 0
    while (taken.length < most) {
      const next = this.#units[this.#at]
      if (next === undefined) break
      bytes += next.input.length
      const isSuspect = this.#suspects.has(next.unit)
      if (taken.length > 0 && (isSuspect || bytes > limits.batchBytesMax)) break
      taken.push(next)
      this.#at++
      if (isSuspect) break
    }
    return taken
  }

  /** Units that have to run again go first. */
  putBack(units: readonly UnitInput[], areSuspect: boolean): void {
    if (areSuspect) for (const { unit } of units) this.#suspects.add(unit)
    this.#units = [...units, ...this.#units.slice(this.#at)]
    this.#at = 0
  }

  /** Empties the queue. @returns what was in it */
  drain(): UnitInput[] {
    const rest = this.#units.slice(this.#at)
    this.#units = []
    this.#at = 0
    return rest
  }
}
