/** What a job's results are worth: the share that is still expected to be wrong. */
import type { StewardedJob } from '../state.js'
import { backedGroups } from '../verification/backing.js'
import { errorOf } from '../verification/credibility.js'
import { independentDoubts } from './acceptance.js'
import type { Turn } from './turn.js'

/**
 * Mean probability that an accepted result is wrong, by what is known of its hosts now. Results of this node itself,
 * and those that it audited, count as right.
 *
 * @returns 0 to 1; undefined before the first accepted unit
 */
export function expectedErrorRate(
  turn: Pick<Turn, 'state'>,
  { job, backing }: StewardedJob,
): number | undefined {
  if (job.canonical.size === 0) return undefined
  let errors = 0
  let units = 0
  for (const group of backedGroups(backing)) {
    errors += group.units * errorOf([independentDoubts(turn, group.hosts)], 0)
    units += group.units
  }
  // Results too old to be remembered with their hosts are taken to be like the others.
  const forgotten = backing.forgotten / Math.max(1, backing.units + backing.forgotten)
  return units === 0 ? 0 : errors / ((1 - forgotten) * job.canonical.size)
}
