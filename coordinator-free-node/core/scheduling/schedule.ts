/**
 * What a steward knows of one job's work: which units are open, who computes them, who waits. Each part has its rules in
 * a file of its own: leases, wants, hosts, pace, backups.
 */
import type { LeaseId, PeerId, UnitIndex } from '../../protocol/ids.js'
import type { UnitRun } from '../../protocol/unit-runs.js'

export interface OpenUnit {
  /** Hosts that hold a replica or have voted: none of them gets another. */
  tried: readonly PeerId[]
  /** Leases that cover it now. */
  leases: readonly LeaseId[]
  /** Every lease that ever covered it: the journal keeps those until the unit is canonical. */
  granted: readonly LeaseId[]
  /** Copies asked for and not leased yet. */
  wanted: number
  /** Executions that ended without a result. */
  failures: number
  /** Leases of it that ran out of time. */
  expiries: number
  /** A lone vote was drawn for a check; undefined before the draw. */
  drawn: boolean | undefined
}

export interface Lease {
  readonly lease: LeaseId
  readonly host: PeerId
  readonly runs: readonly UnitRun[]
  /** Neither voted on nor lost. */
  readonly remaining: Set<UnitIndex>
  readonly grantedMs: number
  readonly leaseMs: number
  deadlineMs: number
  /** Thread-milliseconds of the votes so far. */
  spentMs: number
  /** When its host should be through with it, by its pace so far; Infinity while nobody knows any. */
  expectedMs: number
  /** No renewal reaches beyond it: a host that renews for ever but never votes loses its units. */
  hardDeadlineMs: number
}

/** Copies of some units, to go to anyone but `holders`, and to `avoid` only when nobody else is there. */
export interface Want {
  runs: readonly UnitRun[]
  copies: number
}

export interface WantHeap {
  readonly key: string
  readonly holders: readonly PeerId[]
  readonly avoid: readonly PeerId[]
  /** Oldest first. */
  wants: Want[]
}

export interface Pace {
  /** Thread-milliseconds a unit, smoothed; undefined before the first vote. */
  unitMs: number | undefined
  /** The last votes, thread-milliseconds a unit, oldest first. */
  readonly recentMs: number[]
}

export interface JobHost {
  readonly peer: PeerId
  connected: boolean
  /** It said that it takes no more of this job; asking for work again is how it comes back. */
  away: boolean
  slots: number
  readonly pace: Pace
  /** Time that it takes for a millisecond of work, at least 1: more while it serves other jobs as well. */
  stretch: number
  /** When its last lease ended. */
  freeMs: number
  /** When it should be through with all that it was given; before now: it should be idle. */
  busyUntilMs: number
  /** Copies of units that others had before: its part in checking; and when it last had one. */
  confirmed: number
  confirmedMs: number
  executed: number
  accepted: number
  rejected: number
  aborted: number
  spentMs: number
  /** What it says of its executions in this life of the node. */
  readonly claimed: { units: number; fuel: number; spentMs: number }
  /** Units that it was paid for, and how much in all. */
  paidUnits: number
  paidMs: number
  /** Leases in a row that it let run out. */
  silent: number
  /** When the last of them did. */
  silentMs: number
  /** When it was last asked to give units back and has not done so since. */
  recalledMs: number
  refused: string | undefined
  readonly leases: Set<LeaseId>
}

export interface Schedule {
  readonly open: Map<UnitIndex, OpenUnit>
  /** Units that were lost before anybody else had them, by who should not have them again. */
  readonly lost: Map<string, WantHeap>
  /** Copies that are asked for beside others, by who must not have them. */
  readonly wants: Map<string, WantHeap>
  /** Copies of all open units that are asked for and not leased yet. */
  wanted: number
  readonly leases: Map<LeaseId, Lease>
  /** Leases that ended early, newest last, whose late votes are still welcome. */
  readonly former: Map<LeaseId, { host: PeerId; runs: readonly UnitRun[] }>
  readonly hosts: Map<PeerId, JobHost>
  /** Those who may be given work: connected, not away, not refused. */
  readonly serving: Set<PeerId>
  /** Hosts that asked and got nothing yet, longest wait first. */
  readonly parked: Set<PeerId>
  /** Hosts that asked ahead of time and have enough to do for now. */
  readonly busy: Set<PeerId>
  /** When the set of hosts that may serve last changed. */
  hostsChangedMs: number
  /** Copies given to confirm others, over all hosts. */
  confirmed: number
  /** All serving hosts together, at the last look; zeros before the first vote. */
  readonly survey: {
    unitsPerMs: number
    /** Thread-milliseconds a unit of a host that three in four are slower than. */
    fastMs: number
    /** Of the median host: liars in a hurry do not move it while they are few. */
    usualMs: number
  }
  /** Over all hosts. */
  readonly pace: Pace
  /** Leases in the journal, with the number of their units that are not canonical yet. */
  readonly unsettled: Map<LeaseId, number>
}

export function createSchedule(nowMs: number): Schedule {
  return {
    open: new Map(),
    lost: new Map(),
    wants: new Map(),
    wanted: 0,
    leases: new Map(),
    former: new Map(),
    hosts: new Map(),
    serving: new Set(),
    parked: new Set(),
    busy: new Set(),
    hostsChangedMs: nowMs,
    confirmed: 0,
    survey: { unitsPerMs: 0, fastMs: 0, usualMs: 0 },
    pace: { unitMs: undefined, recentMs: [] },
    unsettled: new Map(),
  }
}
