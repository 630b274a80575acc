/**
 * What a verified unit is worth to this node: what it would have cost here. Nobody else's word raises it.
 *
 * | known | price of a unit |
 * | --- | --- |
 * | fuel of the job's units on this node | that, times this node's own milliseconds per fuel of the tier |
 * | fuel as its hosts claim it | the least of the agreeing hosts' claims and the median claim, times the same |
 * | no fuel, or no pace of one's own | this node's own time for a unit of the job |
 * | nothing of one's own | the least of the agreeing hosts' times and the median time |
 *
 * Never more than the task lets a unit take. Hosts' claims are means over their votes on the job, so that a claim in a
 * single vote moves little; the median is the lower one of an even number.
 */
import type { TaskDescriptor } from '../../protocol/task-bundle.js'

/** Executions of one job's units by one host. */
export interface Executions {
  units: number
  fuel: number
  spentMs: number
}

/** This node's own executions, recent ones, by tier: fuel differs in worth between tiers. */
export type OwnPace = Map<TaskDescriptor['tier'], { fuel: number; spentMs: number }>

/** Thread time after which older executions count half: long enough to be steady, short enough to follow a new machine. */
const paceWindowMs = 60_000

export function noExecutions(): Executions {
  return { units: 0, fuel: 0, spentMs: 0 }
}

export function observeExecution(
  pace: OwnPace,
  tier: TaskDescriptor['tier'],
  fuel: number,
  spentMs: number,
): void {
  if (fuel <= 0 || spentMs <= 0) return
  const seen = pace.get(tier) ?? { fuel: 0, spentMs: 0 }
  seen.fuel += fuel
  seen.spentMs += spentMs
  if (seen.spentMs > paceWindowMs) {
    seen.fuel /= 2
    seen.spentMs /= 2
  }
  pace.set(tier, seen)
}

/** A host's claims as they enter a price: means of a unit. */
export interface UnitClaim {
  fuel: number
  spentMs: number
}

export function claimOf({ units, fuel, spentMs }: Executions): UnitClaim | undefined {
  return units === 0 ? undefined : { fuel: fuel / units, spentMs: spentMs / units }
}

/** The lower median of all hosts' claims, of fuel and of time apart; undefined while nobody has claimed anything. */
export function medianClaim(claims: Iterable<UnitClaim>): UnitClaim | undefined {
  const all = [...claims]
  if (all.length === 0) return undefined
  return {
    fuel: lowerMedian(all.map(({ fuel }) => fuel)),
    spentMs: lowerMedian(all.map(({ spentMs }) => spentMs)),
  }
}

function lowerMedian(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[(values.length - 1) >> 1] ?? 0
}

export interface Worth {
  task: Pick<TaskDescriptor, 'tier' | 'unitMsMax' | 'unitFuelMax'>
  pace: OwnPace
  /** This node's executions of the job. */
  own: Executions
  /** Of the hosts behind the result, this node aside. */
  agreeing: readonly UnitClaim[]
  /** Over all hosts of the job. */
  median: UnitClaim | undefined
}

/** @returns what the unit would have cost this node, milliseconds of a thread */
export function priceOf(worth: Worth): number {
  const { task, pace, own } = worth
  const seen = pace.get(task.tier)
  const fuel = fuelOf(worth)
  if (seen !== undefined && fuel > 0)
    return Math.min(task.unitMsMax, (fuel * seen.spentMs) / seen.fuel)
  const mine = claimOf(own)
  return Math.min(task.unitMsMax, mine?.spentMs ?? leastOf(worth, 'spentMs'))
}

/** @returns fuel of the unit as this node reckons; 0 where nobody meters it */
export function fuelOf(worth: Worth): number {
  const mine = claimOf(worth.own)
  const fuel = mine !== undefined && mine.fuel > 0 ? mine.fuel : leastOf(worth, 'fuel')
  return Math.min(fuel, worth.task.unitFuelMax ?? Number.POSITIVE_INFINITY)
}

function leastOf({ agreeing, median }: Worth, field: keyof UnitClaim): number {
  let least = median?.[field] ?? Number.POSITIVE_INFINITY
  for (const claim of agreeing) least = Math.min(least, claim[field])
  return Number.isFinite(least) ? least : 0
}
