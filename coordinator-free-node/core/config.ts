import type { DonationRules } from './hosting/availability.js'
import type { HostingPolicy } from './hosting/policy.js'
import type { ListSource } from './membership/gate.js'
import type { Belonging } from './membership/members.js'

/** The core's durations and sizes that a node may choose; bounds against abuse stand in protocol/limits. */
export interface CoreConfig {
  /** Executes other people's units, and one's own. */
  donates: boolean
  /** Threads for units. */
  slots: number
  /** Memory that one unit may ask for, bytes. */
  unitMemoryBytesMax: number
  /** Memory of all units that run at the same time, bytes: a job is served when `slots` of its units fit. */
  memoryBytesMax: number
  /** Peers in one public subnet are not taken for one person's: for a lab whose machines share one. */
  sameSubnet: boolean
  /** What kinds of tasks run here at all. */
  policy: HostingPolicy
  /** Whom and what this node lets in, by source; `lists-changed` replaces one. */
  lists: Readonly<Record<string, ListSource>>
  /** This node's place in a private grid; undefined in an open one. */
  belonging: Belonging | undefined
  /** When: hours, idle, battery. */
  rules: DonationRules
  /** Units of others that run when donation stops may go on for so long. */
  graceMs: number
  /** Own adverts go out again this often; three times shorter than they live. */
  advertEveryMs: number
  advertTtlMs: number
  /** How long the known hosts may be too few for agreement before the requester's own word is enough. */
  aloneGraceMs: number
  /** Work that a lease aims at, thread-milliseconds a slot: long enough to hide a round trip, short enough to lose. */
  leaseTargetMs: number
  /** Shortest lease; renewals come at a third of it. */
  leaseMsMin: number
  leaseMsMax: number
  /** Outcomes wait at most this long for company before they travel as a vote. */
  voteFlushMs: number
  /** A host connected to no steward of a job keeps its unfinished leases this long. */
  orphanLeaseMs: number
  /** Share of unknown hosts that this node expects to lie; the doubt that every new host starts with. */
  assumedFaultShare: number
  /** Share of accepted units that this node computes again by itself, while their hosts are new to it. */
  auditShare: number
  /** BOINC's adaptive replication instead of credibility: for comparison in the simulator, it lets patient liars through. */
  acceptanceRule: 'adaptive' | 'boinc'
  /** Leases of fixed length without backups, noticed departures or renewal limits: for comparison in the simulator. */
  leaseRule: 'adaptive' | 'fixed'
  /** A refuted host gets no more units from this node for so long. */
  banMs: number
  /** Part of contended time, 0 to 1, that those whom this node owes nothing may have, all together. */
  newcomerShare: number
  /** Jobs that this host asks for work at once; the others queue in the service order. */
  activeJobsMax: number
}

export const defaultCoreConfig: CoreConfig = {
  donates: true,
  slots: 1,
  unitMemoryBytesMax: 1024 * 1024 * 1024,
  memoryBytesMax: Number.POSITIVE_INFINITY,
  sameSubnet: false,
  policy: {
    tiers: ['builtin', 'wasm', 'js'],
    nativeOwners: [],
  },
  lists: {},
  belonging: undefined,
  rules: { windows: [], idle: undefined, neverOnBattery: false },
  graceMs: 20_000,
  advertEveryMs: 15_000,
  advertTtlMs: 45_000,
  aloneGraceMs: 3_000,
  leaseTargetMs: 1_300,
  leaseMsMin: 10_000,
  leaseMsMax: 120_000,
  voteFlushMs: 100,
  orphanLeaseMs: 60_000,
  assumedFaultShare: 0.2,
  auditShare: 0.05,
  acceptanceRule: 'adaptive',
  leaseRule: 'adaptive',
  banMs: 7 * 24 * 3_600_000,
  newcomerShare: 0.05,
  activeJobsMax: 4,
}
