/**
 * A set of units kept as runs: memory grows with its gaps, not with its size. Ten million verified units of a job
 * that runs roughly in order are a handful of runs.
 */
import type { UnitIndex } from '../../protocol/ids.js'
import type { UnitRun } from '../../protocol/unit-runs.js'
import { assert } from './assert.js'

export interface UnitSet {
  /** First units of the runs, ascending. */
  readonly starts: UnitIndex[]
  /** One past the last unit of each run; parallel to `starts`. */
  readonly ends: UnitIndex[]
  size: number
}

export function emptyUnitSet(): UnitSet {
  return { starts: [], ends: [], size: 0 }
}

/** Index of the first run that ends after `unit`. */
function runAt(set: UnitSet, unit: UnitIndex): number {
  let low = 0
  let high = set.ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((set.ends[middle] ?? 0) <= unit) low = middle + 1
    else high = middle
  }
  return low
}

export function hasUnit(set: UnitSet, unit: UnitIndex): boolean {
  const start = set.starts[runAt(set, unit)]
  return start !== undefined && start <= unit
}

/** @returns false when the unit was in the set already */
export function addUnit(set: UnitSet, unit: UnitIndex): boolean {
  const at = runAt(set, unit)
  const start = set.starts[at]
  if (start !== undefined && start <= unit) return false
  set.size++
  const joinsLeft = at > 0 && set.ends[at - 1] === unit
  const joinsRight = start === unit + 1
  if (joinsLeft && joinsRight) {
    set.ends.splice(at - 1, 1)
    set.starts.splice(at, 1)
  } else if (joinsLeft) set.ends[at - 1] = unit + 1
  else if (joinsRight) set.starts[at] = unit
  else {
    set.starts.splice(at, 0, unit)
    set.ends.splice(at, 0, unit + 1)
  }
  return true
}

/** @returns false when the unit was not in the set */
export function removeUnit(set: UnitSet, unit: UnitIndex): boolean {
  const at = runAt(set, unit)
  const start = set.starts[at]
  const end = set.ends[at]
  if (start === undefined || end === undefined || unit < start) return false
  set.size--
  if (start === unit && end === unit + 1) {
    set.starts.splice(at, 1)
    set.ends.splice(at, 1)
  } else if (start === unit) set.starts[at] = unit + 1
  else if (end === unit + 1) set.ends[at] = unit
  else {
    set.starts.splice(at + 1, 0, unit + 1)
    set.ends.splice(at, 0, unit)
  }
  return true
}

/** Adds a run that begins at or after the end of everything in the set, as a journal gives them. */
export function addRun(set: UnitSet, [first, count]: UnitRun): void {
  const last = set.ends.at(-1)
  assert(last === undefined || last <= first, `run ${first} added to a set that ends at ${last}`)
  if (last === first) set.ends[set.ends.length - 1] = first + count
  else {
    set.starts.push(first)
    set.ends.push(first + count)
  }
  set.size += count
}

/** The smallest unit at or after `from` that is not in the set. */
export function firstMissing(set: UnitSet, from: UnitIndex): UnitIndex {
  const at = runAt(set, from)
  const start = set.starts[at]
  return start !== undefined && start <= from ? (set.ends[at] ?? from) : from
}

/** One past the longest run of missing units that begins at `from`, which is missing; at most `end`. */
export function endOfGap(set: UnitSet, from: UnitIndex, end: UnitIndex): UnitIndex {
  return Math.min(end, set.starts[runAt(set, from)] ?? end)
}

/** @throws when the runs are out of order, touch, or do not add up */
export function validateUnitSet(set: UnitSet): void {
  let size = 0
  let previous = -1
  set.starts.forEach((start, i) => {
    const end = set.ends[i] ?? -1
    assert(start > previous && end > start, `unit set has run ${start}..${end} after ${previous}`)
    previous = end
    size += end - start
  })
  assert(size === set.size, `unit set counts ${set.size}, holds ${size}`)
}
