/**
 * How much of its time a thread works: after each unit it rests so long that its share is kept over a second or so.
 * One thread owns each.
 */

/** Shorter rests cost more than they give; what is owed is carried on. */
const restMsMin = 5
/** A unit of hours at a share of 1 % would rest for weeks: what is owed beyond this is forgotten. */
const restMsMax = 10_000

export class WorkShare {
  readonly share: number
  #owedMs = 0

  /** @param share  0.01 to 1 of the time */
  constructor(share: number) {
    this.share = share
  }

  /** Time on the thread that a unit takes, with the rest that follows from it; milliseconds. */
  occupiedMs(workedMs: number): number {
    return workedMs / this.share
  }

  /** @returns how long to rest now, milliseconds; 0 when not yet */
  restAfter(workedMs: number): number {
    if (this.share >= 1) return 0
    this.#owedMs = Math.min(restMsMax, this.#owedMs + workedMs * (1 / this.share - 1))
    if (this.#owedMs < restMsMin) return 0
    const restMs = this.#owedMs
    this.#owedMs = 0
    return restMs
  }
}
