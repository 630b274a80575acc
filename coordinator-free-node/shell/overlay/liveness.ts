/**
 * How long a neighbour has been silent, by a count that our own stalls cannot fool.
 *
 * Silence is counted in ticks, not by the clock: however long this process was blocked, the late tick counts as a
 * quarter of one, and the bytes that waited in the socket are read before the next. Without it an overloaded node
 * declares everybody dead at once (measured: libp2p's own monitor lost every connection, for good).
 */

/** A tick later than this many periods says that our own loop was stalled. */
const lateAfterPeriods = 1.5
const lateWeight = 0.25

export interface TickClock {
  /** Milliseconds of silence that this tick stands for. */
  weighTick(nowMs: number): number
}

/** @param periodMs  how often the tick is due */
export function tickClock(periodMs: number, startMs: number): TickClock {
  let lastMs = startMs
  return {
    weighTick(nowMs) {
      const late = nowMs - lastMs > periodMs * lateAfterPeriods
      lastMs = nowMs
      return late ? periodMs * lateWeight : periodMs
    },
  }
}

/** Silence in both directions, of one neighbour. */
export class Silence {
  #heardMs = 0
  #spokeMs = 0
  /** The tick that is running when it begins is not its own. */
  #isFresh = true

  /**
   * @param heard  bytes came since the last tick, or we were not listening
   * @param spoke  bytes were sent since the last tick
   */
  count(tickMs: number, heard: boolean, spoke: boolean): void {
    this.#heardMs = heard || this.#isFresh ? 0 : this.#heardMs + tickMs
    this.#spokeMs = spoke ? 0 : this.#spokeMs + tickMs
    this.#isFresh = false
  }

  /** How long nothing came, milliseconds. */
  get heardMs(): number {
    return this.#heardMs
  }

  /** How long nothing was sent, milliseconds. */
  get spokeMs(): number {
    return this.#spokeMs
  }
}
