/** Runs of consecutive units, `[first, count]`, ascending and apart: how sets of units travel and are kept. */
import { z } from 'zod'
import type { UnitIndex } from './ids.js'
import { limits } from './limits.js'

export type UnitRun = readonly [first: UnitIndex, count: number]

/** Units of a lease to call off: all, those that have not begun, or those of some runs that have not. */
export type CancelledUnits = 'all' | 'queued' | readonly UnitRun[]

export const unitRunsSchema = z
  .array(
    z.tuple([
      z.number().int().min(0).max(limits.jobUnitsMax),
      z.number().int().min(1).max(limits.leaseUnitsMax),
    ]),
  )
  .max(limits.leaseRunsMax)
  .refine((runs) => runs.every(([first], i) => i === 0 || first >= endOf(runs[i - 1])), {
    message: 'runs must ascend without overlap',
  })
  .refine((runs) => countUnits(runs) <= limits.leaseUnitsMax, { message: 'too many units' })

function endOf(run: UnitRun | undefined): number {
  return run === undefined ? 0 : run[0] + run[1]
}

/** How many units the runs hold. */
export function countUnits(runs: readonly UnitRun[]): number {
  let count = 0
  for (const run of runs) count += run[1]
  return count
}

/** Every unit of the runs, in order. */
export function* unitsOf(runs: readonly UnitRun[]): Generator<UnitIndex> {
  for (const [first, count] of runs) for (let i = 0; i < count; i++) yield first + i
}

/** @param units  ascending, without repeats; @returns the same set as runs */
export function toRuns(units: Iterable<UnitIndex>): UnitRun[] {
  const runs: [number, number][] = []
  for (const unit of units) {
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === unit) last[1]++
    else runs.push([unit, 1])
  }
  return runs
}

/** Whether ascending runs hold a unit. */
export function isInRuns(runs: readonly UnitRun[], unit: UnitIndex): boolean {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const [first, count] = runs[middle] ?? [0, 0]
    if (first + count <= unit) low = middle + 1
    else high = middle
  }
  const first = runs[low]?.[0]
  return first !== undefined && first <= unit
}
