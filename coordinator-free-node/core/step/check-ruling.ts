/** The rule `check`: a result is canonical when the task's own `check` passes it, whoever computed it. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import type { StewardedJob } from '../state.js'
import { type Tally, type Verdict, votesIn } from '../verification/tally.js'

export type CheckRuling =
  | { type: 'accepted'; verdict: Verdict }
  /** A check is under way. */
  | { type: 'waits' }
  /** No result that could still pass: another host has to compute the unit. */
  | { type: 'open' }

/** @param isTrapBelieved  whether so many hosts say that the unit fails that it does */
export function ruleByCheck(
  { checks }: StewardedJob,
  unit: UnitIndex,
  tally: Tally,
  isTrapBelieved: (hosts: readonly PeerId[]) => boolean,
): CheckRuling {
  const marks = checks.marks.get(unit)
  let waits = false
  for (const { digest, content, hosts } of tally.claims) {
    if (content === undefined) continue
    const agreed = [...hosts]
    if (content.kind === 'trap' && isTrapBelieved(hosts))
      return { type: 'accepted', verdict: { digest, content, agreed, refuted: [] } }
    const mark = marks?.get(digest)
    if (mark === 'passed')
      return {
        type: 'accepted',
        verdict: { digest, content, agreed, refuted: trapClaimants(tally) },
      }
    waits ||= mark === 'waits'
  }
  return { type: waits ? 'waits' : 'open' }
}

/** Where a result passes, the unit does not trap. Other results may be as good as this one. */
function trapClaimants({ claims }: Tally): Verdict['refuted'] {
  return claims.flatMap(({ content, hosts }) => (content?.kind === 'trap' ? [...hosts] : []))
}

/** What to say of a unit that no host is left for, while nothing shows that the check can pass any result. */
export function hopelessByCheck(
  { checks }: StewardedJob,
  unit: UnitIndex,
  tally: Tally,
): string | undefined {
  if (checks.hasPassed || (checks.marks.get(unit)?.size ?? 0) === 0) return undefined
  const fault = checks.fault === undefined ? '' : ` (${checks.fault})`
  return `unit ${unit}: check passed none of the results of ${votesIn(tally)} hosts${fault}; the task, or its check, may be wrong`
}
