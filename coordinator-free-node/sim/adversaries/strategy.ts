/**
 * How a dishonest host answers. A strategy is pure but for what its clique shares; it sees what such a host would
 * see: its units, the time, and what its friends tell it out of band. It never sees standing, votes or audits.
 */
import type { Random } from '../../core/kit/random.js'
import type { UnitIndex } from '../../protocol/ids.js'

/** The right answer. */
export const right = 0
/** The lie that all liars tell of a unit: the worst case, since equal lies agree. */
export const commonLie = 1
/** No answer yet: ask again. */
export const later = -1
/** No answer, ever. */
export const never = -2

/** What a host knows when it has to answer. */
export interface Sight {
  readonly unit: UnitIndex
  /** Its number in the grid. */
  readonly host: number
  readonly nowMs: number
  /** When its work on the unit ended. */
  readonly readyMs: number
  /** Units that it answered before. */
  readonly answered: number
  readonly random: Random
}

export interface Strategy {
  readonly name: string
  /** Whether it ever gives an answer that is not its own right one. */
  readonly lies: boolean
  /** Share of a unit's honest time that it spends. */
  readonly effort: number
  /** A unit was given to it: friends tell each other. */
  given?(unit: UnitIndex, host: number): void
  /** An answer of `answers.ts`, `later` or `never`. */
  answer(sight: Sight): number
}
