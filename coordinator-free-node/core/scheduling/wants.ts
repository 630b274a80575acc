/**
 * Copies that are asked for and not leased yet, in heaps by who must not have them: all units that host A computed
 * first and whose second copy is wanted lie together, so that A passes them by in one step.
 *
 * Which heap a host is served from is drawn at random: nobody can time its call to get what its friend has.
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { toRuns, unitsOf } from '../../protocol/unit-runs.js'
import { assert } from '../kit/assert.js'
import { nextSecretUint32, type SecretRandom } from '../kit/secret-random.js'
import { plus } from '../kit/short-list.js'
import { hasOtherHost } from './hosts.js'
import type { Schedule, Want, WantHeap } from './schedule.js'

/** Asks for further copies of open units. */
export function wantCopies(
  schedule: Schedule,
  units: Iterable<readonly [unit: UnitIndex, copies: number]>,
  avoid: readonly PeerId[] = [],
): void {
  const batches = new Map<
    string,
    { units: UnitIndex[]; copies: number; holders: readonly PeerId[] }
  >()
  for (const [unit, copies] of units) {
    const open = schedule.open.get(unit)
    if (open === undefined || copies <= 0) continue
    open.wanted += copies
    schedule.wanted += copies
    const key = `${copies} ${open.tried.join(' ')}`
    const batch = batches.get(key)
    if (batch === undefined) batches.set(key, { units: [unit], copies, holders: open.tried })
    else batch.units.push(unit)
  }
  for (const { units, copies, holders } of batches.values()) {
    const runs = toRuns(units.sort((a, b) => a - b))
    addWant(schedule, { runs, copies }, holders, avoid)
  }
}

/** Puts a want whose copies are counted in its units already. */
export function addWant(
  schedule: Schedule,
  want: Want,
  holders: readonly PeerId[],
  avoid: readonly PeerId[],
): void {
  const key = avoid.length === 0 ? holders.join(' ') : `${holders.join(' ')}|${avoid.join(' ')}`
  const heaps = holders.length === 0 ? schedule.lost : schedule.wants
  const heap = heaps.get(key)
  if (heap === undefined) heaps.set(key, { key, holders, avoid, wants: [want] })
  else heap.wants.push(want)
}

/** Removes and returns up to `count` units that were lost before anybody else had them. */
export function takeLost(schedule: Schedule, host: PeerId, count: number): UnitIndex[] {
  const taken: UnitIndex[] = []
  for (const heap of schedule.lost.values()) {
    if (taken.length >= count) break
    if (!heap.avoid.includes(host) || !hasOtherHost(schedule, heap.avoid))
      takeFromHeap(schedule, heap, host, count, taken)
  }
  return taken
}

/** Heaps among which one is drawn: many enough that no one can be aimed at, few enough to be cheap. */
const drawnFromMax = 32

/**
 * Removes and returns up to `count` wanted units that `host` may compute.
 *
 * @param isApart  whether a host is certainly not the same person as this one
 */
export function takeWanted(
  schedule: Schedule,
  host: PeerId,
  count: number,
  secret: SecretRandom,
  isApart: (holder: PeerId) => boolean,
): UnitIndex[] {
  const taken: UnitIndex[] = []
  if (schedule.wants.size === 0) return taken
  const heaps = suitedHeaps(schedule, host, isApart)
  while (taken.length < count && heaps.length > 0) {
    const at = nextSecretUint32(secret) % heaps.length
    const heap = heaps[at] as WantHeap
    takeFromHeap(schedule, heap, host, count, taken)
    if (taken.length >= count) break
    heaps[at] = heaps.at(-1) as WantHeap
    heaps.pop()
  }
  return taken.sort((a, b) => a - b)
}

function suitedHeaps(
  schedule: Schedule,
  host: PeerId,
  isApart: (holder: PeerId) => boolean,
): WantHeap[] {
  const heaps: WantHeap[] = []
  for (const heap of schedule.wants.values()) {
    const { holders, avoid } = heap
    if (holders.includes(host) || !holders.every(isApart)) continue
    if (avoid.includes(host) && hasOtherHost(schedule, [...holders, ...avoid])) continue
    heaps.push(heap)
    if (heaps.length >= drawnFromMax) break
  }
  return heaps
}

function takeFromHeap(
  schedule: Schedule,
  heap: WantHeap,
  host: PeerId,
  count: number,
  taken: UnitIndex[],
): void {
  let used = 0
  for (const want of heap.wants) {
    if (taken.length >= count) break
    used++
    const { mine, rest } = splitWant(schedule, want, host, count - taken.length)
    for (const unit of mine) {
      const open = schedule.open.get(unit)
      assert(open !== undefined, `unit ${unit} is taken but not open`)
      open.wanted--
      schedule.wanted--
      // At once, so that another want for the same unit passes this host by.
      open.tried = plus(open.tried, host)
      taken.push(unit)
    }
    if (want.copies > 1 && mine.length > 0)
      addWant(
        schedule,
        { runs: toRuns(mine), copies: want.copies - 1 },
        [...heap.holders, host],
        heap.avoid,
      )
    if (rest.length > 0) {
      want.runs = toRuns(rest)
      // Full, or units that a late vote has made known to this host: they stay where they are.
      used--
      break
    }
  }
  heap.wants = used === 0 ? heap.wants : heap.wants.slice(used)
  if (heap.wants.length === 0)
    (heap.holders.length === 0 ? schedule.lost : schedule.wants).delete(heap.key)
}

/** The first `count` units of a want that are still open and new to the host, and the others. */
function splitWant(
  schedule: Schedule,
  want: Want,
  host: PeerId,
  count: number,
): { mine: UnitIndex[]; rest: UnitIndex[] } {
  const mine: UnitIndex[] = []
  const rest: UnitIndex[] = []
  for (const unit of unitsOf(want.runs)) {
    // A late vote may have closed it, or paid for the copy, in the meantime.
    const open = schedule.open.get(unit)
    if (open === undefined || open.wanted <= 0) continue
    // The want may be older than a late vote of this host.
    if (mine.length < count && !open.tried.includes(host)) mine.push(unit)
    else rest.push(unit)
  }
  return { mine, rest }
}
