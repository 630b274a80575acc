/**
 * Units whose hosts agree but are not known well enough yet. Nobody computes them again at once: while the job goes
 * on its hosts become known, and then these votes are enough.
 *
 * Each unit is looked at again when one of its hosts has as many checked units as it would take if all of them rose
 * alike: before that, their doubts cannot have fallen far enough.
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { checksFor } from './credibility.js'

export interface Watches {
  /** Of the units that wait, those for which nothing is under way; longest first. */
  readonly waiting: Set<UnitIndex>
  /** Units to look at again once a host has that many checked units. */
  readonly byHost: Map<PeerId, Map<number, UnitIndex[]>>
}

export function createWatches(): Watches {
  return { waiting: new Set(), byHost: new Map() }
}

export interface WatchedHost {
  peer: PeerId
  checked: number
  doubt: number
}

/**
 * @param excess  how many times too large the probability of an error is
 */
export function watch(
  watches: Watches,
  unit: UnitIndex,
  hosts: readonly WatchedHost[],
  excess: number,
  faultShare: number,
): void {
  const factor = excess ** (1 / hosts.length)
  for (const { peer, checked, doubt } of hosts) {
    const at = Math.max(checked + 1, Math.floor(checksFor(doubt / factor, faultShare) * 0.98))
    let due = watches.byHost.get(peer)
    if (due === undefined) {
      due = new Map()
      watches.byHost.set(peer, due)
    }
    const units = due.get(at)
    if (units === undefined) due.set(at, [unit])
    else units.push(unit)
  }
}

/** Removes and returns what is to be looked at again now that a host rose from `before` to `after` checked units. */
export function takeDue(
  watches: Watches,
  peer: PeerId,
  before: number,
  after: number,
): UnitIndex[] {
  const due = watches.byHost.get(peer)
  if (due === undefined) return []
  const units: UnitIndex[] = []
  for (let at = before + 1; at <= after; at++) {
    const there = due.get(at)
    if (there === undefined) continue
    due.delete(at)
    units.push(...there)
  }
  return units
}
