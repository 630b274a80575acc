/** How fast hosts are, from their own votes, and how much work to give them at once. */
import { limits } from '../../protocol/limits.js'
import { countUnits } from '../../protocol/unit-runs.js'
import type { JobHost, Lease, Pace, Schedule } from './schedule.js'

/** Smoothing of unit times: recent leases count most, one odd lease does not turn the estimate over. */
const paceWeight = 0.4

/** Votes whose times are remembered: enough for a ninetieth percentile. */
const recentVotes = 20

export function observePace(schedule: Schedule, { pace }: JobHost, unitMs: number): void {
  for (const each of [pace, schedule.pace]) {
    const before = each.unitMs
    each.unitMs = before === undefined ? unitMs : before + paceWeight * (unitMs - before)
    each.recentMs.push(unitMs)
    if (each.recentMs.length > recentVotes) each.recentMs.shift()
  }
}

/** Part of a lease's time that is no sign of other work: round trips, a start. */
const latencyMs = 1_000

/** No host is taken to serve so many jobs at once, whatever it says about the time that it worked. */
const stretchMax = 32

/** A lease ended with all its votes: how long its work took, beside what its host says it worked. */
export function observeStretch(host: JobHost, lease: Lease, nowMs: number): void {
  const tookMs = nowMs - Math.max(lease.grantedMs, host.freeMs) - latencyMs
  host.freeMs = nowMs
  const units = countUnits(lease.runs)
  const workedMs = (Math.ceil(units / host.slots) * lease.spentMs) / units
  const seen = Math.min(stretchMax, Math.max(1, tookMs / Math.max(workedMs, 1)))
  // Up at once: a limit that is too short costs more than one that is too long.
  host.stretch = Math.max(seen, host.stretch + paceWeight * (seen - host.stretch))
}

/** A host that has answered before let a lease run out: it may have more to do than was seen so far. */
export function observeLateness(host: JobHost): void {
  if (host.executed > 0) host.stretch = Math.min(stretchMax, 2 * host.stretch)
}

/** Time that a lease of so many units is expected to take on a host; undefined while nobody knows. */
export function expectedWorkMs(
  schedule: Schedule,
  host: JobHost,
  units: number,
): number | undefined {
  const unitMs = expectedUnitMs(schedule, host)
  if (unitMs === undefined) return undefined
  return Math.ceil(units / host.slots) * unitMs * host.stretch
}

/** Time that nine in ten of the last votes kept to, milliseconds a unit; undefined before the first. */
export function slowestMs({ recentMs }: Pace): number | undefined {
  if (recentMs.length === 0) return undefined
  const sorted = [...recentMs].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.9))]
}

/** Thread-milliseconds that a unit is expected to take on a host; undefined while nobody knows. */
export function expectedUnitMs(schedule: Schedule, { pace }: JobHost): number | undefined {
  return pace.unitMs ?? schedule.pace.unitMs
}

/** The last leases are no shorter: what one costs its steward and its host is a tenth of that. */
const leastMs = 25

/**
 * Units for a host's next lease: about `targetMs` of work for each of its threads, but no more than half of its
 * share of what is left, so that the last leases end together. While nobody knows how long a unit takes, one for each
 * thread, and two behind it.
 *
 * @param unitsLeft  executions that are left; Infinity where unknown
 * @see Hummel, Schonberg and Flynn, "Factoring" (1992)
 */
export function leaseUnits(
  schedule: Schedule,
  host: JobHost,
  unitsLeft: number,
  targetMs: number,
): number {
  const unitMs = expectedUnitMs(schedule, host)
  if (unitMs === undefined) return host.slots * (1 + host.leases.size)
  const aimed = Math.floor((host.slots * targetMs) / Math.max(unitMs, 0.001))
  const share = Math.ceil(unitsLeft / (2 * Math.max(1, schedule.serving.size)))
  const least = Math.max(host.slots, Math.ceil((host.slots * leastMs) / Math.max(unitMs, 0.001)))
  return Math.max(1, Math.min(aimed, Math.max(share, least), limits.leaseUnitsMax))
}

/** Hosts that a steward hears from about once in the length of a usual lease: a few thousand messages a second. */
const hostsHeardOften = 500
/** Leases are stretched no further than this: what a host takes with it when it vanishes is still little. */
const burdenMax = 15

/**
 * How many times longer than usual leases are, so that what a steward hears does not grow with the number of its hosts.
 */
export function burdenOf({ serving }: Schedule): number {
  return Math.min(burdenMax, Math.max(1, serving.size / hostsHeardOften))
}

/** Time that a lease may take beyond its work: a round trip, a start, a busy machine. */
const leaseGraceMs = 10_000

/** How far beyond its usual pace a host may stay before its units are taken back; and one whose pace nobody knows. */
const patience = { known: 3, unknown: 10 }

/**
 * However often a lease is renewed, it ends so long after its grant: three times what nine in ten of this host's units
 * took, for its units and those queued in front of them; ten times what they took elsewhere while it has no history. A
 * unit that ran out of time before gets twice as long each time.
 *
 * @param expiries  times that a unit of the lease was taken back before
 */
export function hardLeaseMs(
  schedule: Schedule,
  host: JobHost,
  lease: { units: number; queuedMs: number; expiries: number; unitMsMax: number },
): number {
  const { units, queuedMs, expiries, unitMsMax } = lease
  const rounds = Math.ceil(units / host.slots) * host.stretch
  const own = slowestMs(host.pace)
  const factor = own === undefined ? patience.unknown : patience.known
  // The first votes are those of the fastest: they say little about the others.
  const elsewhere =
    schedule.pace.recentMs.length < recentVotes ? undefined : slowestMs(schedule.pace)
  const usual = own ?? elsewhere
  const unitMs = usual === undefined ? unitMsMax : usual * 2 ** expiries
  const workMs = Math.min(patience.known * rounds * unitMsMax, factor * rounds * unitMs)
  return Math.min(86_400_000, leaseGraceMs + patience.known * queuedMs + workMs)
}

/** Takes the measure of all hosts together; once in a while, since it looks at each. */
export function surveyPace(schedule: Schedule): void {
  const { survey } = schedule
  const paces: number[] = []
  survey.unitsPerMs = 0
  for (const peer of schedule.serving) {
    const host = schedule.hosts.get(peer)
    const unitMs = host?.pace.unitMs
    if (host === undefined || unitMs === undefined) continue
    paces.push(unitMs)
    survey.unitsPerMs += host.slots / Math.max(unitMs, 0.001)
  }
  paces.sort((a, b) => a - b)
  survey.fastMs = paces[paces.length >> 2] ?? 0
  survey.usualMs = paces[paces.length >> 1] ?? 0
}

/**
 * Whether a host would be done with a unit only when all others have long been through with the job: it is better left to
 * a faster one that is busy now.
 *
 * @param unitsLeft  executions that are left; Infinity where unknown
 */
export function isTooSlow(schedule: Schedule, { pace }: JobHost, unitsLeft: number): boolean {
  const { unitsPerMs, fastMs } = schedule.survey
  if (pace.unitMs === undefined || unitsPerMs === 0) return false
  return pace.unitMs > unitsLeft / unitsPerMs + fastMs
}
