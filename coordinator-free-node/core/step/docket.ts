/**
 * What one event decides, gathered before it is acted on: verdicts lead to bans, bans to further verdicts, in this job
 * and in others. Nothing leaves the node until all of it is settled.
 */
import type { FailureCode } from '../../protocol/errors.js'
import type { ResultRecord } from '../../protocol/gateway-api.js'
import type { JobId, LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import type { JournalRecord } from '../effect.js'
import type { Lease } from '../scheduling/schedule.js'
import type { StewardedJob } from '../state.js'

/** What became of one job's units; journalled in one entry. */
export interface Harvest {
  readonly stewarded: StewardedJob
  readonly results: Map<UnitIndex, ResultRecord>
  readonly withdrawn: Set<UnitIndex>
  /** Leases that the journal may forget. */
  readonly settled: LeaseId[]
  /** Leases with nothing left to do, by host. */
  readonly idle: Map<PeerId, number[]>
  /** Units that need more copies. */
  readonly copies: Map<UnitIndex, number>
  failure: { code: FailureCode; error: string } | undefined
}

export interface Docket {
  readonly harvests: Map<JobId, Harvest>
  /** Hosts with more checked units than before, and how many they had. */
  readonly raised: Map<PeerId, number>
  /** Hosts that were caught, and how. */
  readonly caught: Map<PeerId, string>
}

export function openDocket(): Docket {
  return { harvests: new Map(), raised: new Map(), caught: new Map() }
}

export function harvestOf(docket: Docket, stewarded: StewardedJob): Harvest {
  const { job } = stewarded.job
  let harvest = docket.harvests.get(job)
  if (harvest === undefined) {
    harvest = {
      stewarded,
      results: new Map(),
      withdrawn: new Set(),
      settled: [],
      idle: new Map(),
      copies: new Map(),
      failure: undefined,
    }
    docket.harvests.set(job, harvest)
  }
  return harvest
}

export function addIdle({ idle }: Harvest, lease: Lease): void {
  const leases = idle.get(lease.host)
  if (leases === undefined) idle.set(lease.host, [lease.lease])
  else leases.push(lease.lease)
}

/** Withdrawals first: a unit that was withdrawn may have a result again. */
export function journalRecordsOf({
  stewarded,
  results,
  withdrawn,
  settled,
}: Harvest): JournalRecord[] {
  const { job } = stewarded.job
  const records: JournalRecord[] = []
  for (const unit of withdrawn) records.push({ type: 'result-withdrawn', job, unit })
  for (const result of results.values()) records.push({ type: 'result', job, result })
  for (const lease of settled) records.push({ type: 'lease-settled', job, lease })
  return records
}
