/**
 * Work is asked back from the host that will be through last when another has none: what a lease takes is known only
 * when it is done, and near the end nothing else is left to hand out.
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { canServe } from './hosts.js'
import { expectedUnitMs } from './pace.js'
import type { JobHost, Lease, Schedule } from './schedule.js'

/** Two hosts that will be through within so long of each other are left alone: two messages cost a part of it. */
const worthMs = 50

/** A host that did not give anything back is asked again after so long. */
const restMs = 500

/** What a unit is taken to last while nobody knows. */
const unknownMs = 60_000

/** Leases that are looked at, the oldest first: their hosts are the latest, and thousands of others may wait. */
const lookedAtMax = 64

/** Units that one host should give back, by the lease that it has them in. */
export interface Recall {
  readonly host: JobHost
  readonly units: ReadonlyMap<Lease, UnitIndex[]>
}

/**
 * Chooses the host that will be through last, and as much of the end of its work as lets it and `idle` end together.
 *
 * @param isPlain  whether `idle` may have units that others computed as well
 * @returns undefined when there is nothing worth it
 */
export function planRecall(
  schedule: Schedule,
  idle: JobHost,
  nowMs: number,
  isPlain: boolean,
): Recall | undefined {
  const host = latestHost(schedule, idle, nowMs)
  if (host === undefined) return undefined
  const gapMs = leftMs(schedule, host, nowMs) - leftMs(schedule, idle, nowMs)
  if (gapMs < worthMs) return undefined
  const most = Math.floor(gapMs / (unitMsOf(schedule, idle) + unitMsOf(schedule, host)))
  const units = lastUnits(schedule, host, Math.min(most, limits.leaseUnitsMax), (unit) => {
    const open = schedule.open.get(unit)
    if (open === undefined || open.leases.length > 1 || open.wanted > 0) return false
    return isPlain ? !open.tried.includes(idle.peer) : open.tried.length === 1
  })
  return units.size === 0 ? undefined : { host, units }
}

function latestHost(schedule: Schedule, idle: JobHost, nowMs: number): JobHost | undefined {
  let latest: JobHost | undefined
  let mostMs = 0
  const seen = new Set<PeerId>([idle.peer])
  let looked = 0
  for (const { host: peer } of schedule.leases.values()) {
    if (++looked > lookedAtMax) break
    if (seen.has(peer)) continue
    seen.add(peer)
    const host = schedule.hosts.get(peer)
    if (host === undefined || !canServe(host) || nowMs < host.recalledMs + restMs) continue
    const ms = leftMs(schedule, host, nowMs)
    if (ms <= mostMs) continue
    mostMs = ms
    latest = host
  }
  return latest
}

/** Milliseconds in which a host gets through a unit, all its threads together. */
function unitMsOf(schedule: Schedule, host: JobHost): number {
  return ((expectedUnitMs(schedule, host) ?? unknownMs) * host.stretch) / host.slots
}

/** Time that a host still needs for what it holds; since it was last heard of it has worked on. */
function leftMs(schedule: Schedule, host: JobHost, nowMs: number): number {
  let units = 0
  let heardMs = Number.NEGATIVE_INFINITY
  for (const id of host.leases) {
    const lease = schedule.leases.get(id)
    if (lease === undefined) continue
    units += lease.remaining.size
    heardMs = Math.max(heardMs, lease.deadlineMs - lease.leaseMs)
  }
  if (units === 0) return 0
  return Math.max(0, units * unitMsOf(schedule, host) - Math.max(0, nowMs - heardMs))
}

/** The last of a host's units that suit, in few enough runs for a message a lease. */
function lastUnits(
  schedule: Schedule,
  host: JobHost,
  most: number,
  suits: (unit: UnitIndex) => boolean,
): Map<Lease, UnitIndex[]> {
  const chosen = new Map<Lease, UnitIndex[]>()
  let left = most
  for (const id of [...host.leases].reverse()) {
    const lease = schedule.leases.get(id)
    if (left <= 0 || lease === undefined) continue
    const units = [...lease.remaining].filter(suits).slice(-Math.min(left, limits.leaseRunsMax))
    if (units.length > 0) chosen.set(lease, units)
    left -= units.length
  }
  return chosen
}
