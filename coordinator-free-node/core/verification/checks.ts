/**
 * Results that the task itself verifies: what `check` said of each claim on an open unit, and whom it speaks against.
 *
 * A check is the requester's own code and may be wrong. Until it has passed a result of this job, a host whose result
 * it refuses is a suspect and nothing worse.
 *
 * | mark | leaves on |
 * | --- | --- |
 * | waits | `check` returned -> passed or refused; it ended in a fault -> failed; it could not run -> waits again, then the job fails |
 * | passed | the unit is canonical |
 * | refused, failed | another host votes for the same result -> waits |
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'

export type Mark = 'waits' | 'passed' | 'refused' | 'failed'

export interface Checks {
  /** By open unit, then by the digest of the result. */
  readonly marks: Map<UnitIndex, Map<string, Mark>>
  /** To be checked by the effects of this turn. */
  due: { unit: UnitIndex; digest: string }[]
  hasPassed: boolean
  /** Refused before anything passed, and why. */
  readonly suspects: Map<PeerId, string>
  /** Checks in a row that could not run. */
  unavailable: number
  /** The last fault of `check`, for people. */
  fault: string | undefined
}

export function createChecks(): Checks {
  return {
    marks: new Map(),
    due: [],
    hasPassed: false,
    suspects: new Map(),
    unavailable: 0,
    fault: undefined,
  }
}

/** A result came, for the first time or from one more host. */
export function queueCheck(checks: Checks, unit: UnitIndex, digest: string): void {
  let marks = checks.marks.get(unit)
  if (marks === undefined) {
    marks = new Map()
    checks.marks.set(unit, marks)
  }
  const mark = marks.get(digest)
  if (mark === 'waits' || mark === 'passed') return
  marks.set(digest, 'waits')
  checks.due.push({ unit, digest })
}
