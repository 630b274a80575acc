/** Units of a batch that wait, and how many of them make a chunk. One batch owns each queue. */
import type { UnitInput } from '../../ports/executor.js'
import { limits } from '../../protocol/limits.js'

/**
 * Work that a chunk aims at: long beside what a chunk costs (up to 1 ms where to wake a process is dear), short beside
 * what a killed one loses. The more units wait, the longer: those in a chunk cannot be given back any more.
 */
const chunkMs = { least: 80, most: 250 }
/** Part of the queue that a thread's chunk takes beyond the least. */
const queuePart = 1 / 4
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
   * Takes units from the front for one thread: some 80 to 250 ms of work, at most a thread's share of the queue, at most
   * as many bytes as a message should have; at least one.
   *
   * @param unitMs  what a unit of the task takes; undefined before the first one, which then goes alone
   */
  takeChunk(unitMs: number | undefined, slots: number): UnitInput[] {
    const most = Math.min(this.#aimed(unitMs, slots), Math.ceil(this.size / slots), chunkUnitsMax)
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

  #aimed(unitMs: number | undefined, slots: number): number {
    if (unitMs === undefined) return 1
    const inMs = (ms: number) => Math.floor(ms / Math.max(unitMs, unitMsMin))
    const part = Math.ceil((queuePart * this.size) / slots)
    return Math.max(1, inMs(chunkMs.least), Math.min(inMs(chunkMs.most), part))
  }

  /** Units that have to run again go first. */
  putBack(units: readonly UnitInput[], areSuspect: boolean): void {
    if (areSuspect) for (const { unit } of units) this.#suspects.add(unit)
    this.#units = [...units, ...this.#units.slice(this.#at)]
    this.#at = 0
  }

  /** Removes those that are meant from the queue, all by default. @returns them, in order */
  take(isMeant: (unit: UnitInput) => boolean = () => true): UnitInput[] {
    const taken: UnitInput[] = []
    const rest: UnitInput[] = []
    for (const unit of this.#units.slice(this.#at)) (isMeant(unit) ? taken : rest).push(unit)
    this.#units = rest
    this.#at = 0
    return taken
  }
}
