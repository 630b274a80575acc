/** How many copies of a unit are asked for, and when its votes are enough. */
import type { UnitIndex } from '../../protocol/ids.js'
import type { JobHost } from '../scheduling/schedule.js'
import type { StewardedJob } from '../state.js'
import { quorumOf } from '../verification/acceptance.js'
import { emptyTally, votesMissing } from '../verification/tally.js'
import type { Turn } from './turn.js'

/** Copies of a fresh unit to ask for at once, one of which `host` takes. */
export function firstCopies(_turn: Turn, { job }: StewardedJob, _host: JobHost): number {
  return quorumOf(job.manifest)
}

/** Copies to ask for now so that the votes in, under way and wanted can become a verdict. */
export function copiesLacking(_turn: Turn, stewarded: StewardedJob, unit: UnitIndex): number {
  const open = stewarded.schedule.open.get(unit)
  if (open === undefined) return 0
  const tally = stewarded.tallies.get(unit) ?? emptyTally()
  const missing = votesMissing(tally, quorumOf(stewarded.job.manifest))
  return Math.max(0, missing - open.leases.length - open.wanted)
}
