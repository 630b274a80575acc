/** Canonical units that this node computes again by itself, in secret: the one check that no liar can foresee. */
import type { LeaseId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { BackedUnit } from './backing.js'

export interface Audits {
  /** To do, in order. */
  readonly queue: BackedUnit[]
  /** Being computed by this node's own host. */
  readonly leases: Map<LeaseId, Map<UnitIndex, BackedUnit>>
  /** When the job ends without the rest, once nothing else is left; undefined before. */
  untilMs: number | undefined
}

export function createAudits(): Audits {
  return { queue: [], leases: new Map(), untilMs: undefined }
}

/** Audited units after which a host is audited half as often. */
const familiarAfter = 8

/** However well its hosts are known, a unit is audited at least this much as often as a stranger's. */
const leastShare = 0.1

/**
 * @param audited  units of the least audited of the hosts that agree
 * @param auditShare  for strangers
 * @returns the probability with which a unit is audited
 */
export function auditRate(audited: number, auditShare: number): number {
  return auditShare * Math.max(leastShare, familiarAfter / (familiarAfter + audited))
}

export function queueAudit(audits: Audits, backed: BackedUnit): void {
  if (audits.queue.length < limits.auditsQueuedMax) audits.queue.push(backed)
}

export function hasAudits(audits: Audits): boolean {
  return audits.queue.length > 0 || audits.leases.size > 0
}
