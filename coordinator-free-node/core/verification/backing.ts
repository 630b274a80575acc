/**
 * Who stands behind each canonical result, so that results can be taken back when their hosts are caught.
 *
 * Kept in runs by the group of hosts that agreed. Bounded: of a job with more units the oldest results become final.
 */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'

/** Consecutive units with the same hosts behind them. */
interface BackedRun {
  readonly group: BackedGroup
  readonly first: UnitIndex
  /** By unit; undefined once this node computed it itself, which makes it final. */
  readonly digests: (string | undefined)[]
}

interface BackedGroup {
  readonly key: string
  readonly hosts: readonly PeerId[]
  readonly runs: Set<BackedRun>
  newest: BackedRun | undefined
}

export interface Backing {
  readonly groups: Map<string, BackedGroup>
  /** Most results come from the same hosts as the one before: their key need not be made again. */
  latest: BackedGroup | undefined
  readonly groupsOf: Map<PeerId, Set<BackedGroup>>
  /** Oldest first. */
  readonly runs: Set<BackedRun>
  /** Units in all runs. */
  units: number
  /** Units that fell out, being the oldest. */
  forgotten: number
}

/** A canonical result and those who gave it. */
export interface BackedUnit {
  unit: UnitIndex
  digest: string
  hosts: readonly PeerId[]
}

export function createBacking(): Backing {
  const [groups, groupsOf, runs] = [new Map(), new Map(), new Set<BackedRun>()]
  return { groups, latest: undefined, groupsOf, runs, units: 0, forgotten: 0 }
}

export function back(backing: Backing, { unit, digest, hosts }: BackedUnit): void {
  const group = groupFor(backing, hosts)
  let run = group.newest
  if (run === undefined || run.first + run.digests.length !== unit) {
    run = { group, first: unit, digests: [] }
    group.newest = run
    group.runs.add(run)
    backing.runs.add(run)
  }
  run.digests.push(digest)
  backing.units++
  while (backing.units > limits.backedUnitsMax) {
    const [oldest] = backing.runs
    if (oldest === undefined) return
    backing.forgotten += oldest.digests.length
    dropRun(backing, oldest)
  }
}

/** Removes and returns the results that rest on a host. */
export function takeBackedBy(backing: Backing, host: PeerId): BackedUnit[] {
  const taken: BackedUnit[] = []
  for (const group of [...(backing.groupsOf.get(host) ?? [])])
    for (const run of [...group.runs]) {
      taken.push(...unitsOfRun(run))
      dropRun(backing, run)
    }
  return taken
}

/** Removes and returns the results that rest on one host each. */
export function takeBackedAlone(backing: Backing): BackedUnit[] {
  const taken: BackedUnit[] = []
  for (const { hosts } of [...backing.groups.values()]) {
    if (hosts.length > 1) continue
    for (const run of [...(backing.groups.get(keyOf(hosts))?.runs ?? [])]) {
      taken.push(...unitsOfRun(run))
      dropRun(backing, run)
    }
  }
  return taken
}

/** Up to `count` results that rest on a host, as they come. */
export function someBackedBy(backing: Backing, host: PeerId, count: number): BackedUnit[] {
  const some: BackedUnit[] = []
  for (const group of backing.groupsOf.get(host) ?? [])
    for (const run of group.runs)
      for (const backed of unitsOfRun(run)) {
        if (some.length >= count) return some
        some.push(backed)
      }
  return some
}

/** This node computed the unit itself and found the same: it is final. */
export function settleBacked(backing: Backing, { unit, hosts }: BackedUnit): void {
  for (const run of backing.groups.get(keyOf(hosts))?.runs ?? []) {
    const at = unit - run.first
    if (at >= 0 && at < run.digests.length) run.digests[at] = undefined
  }
}

/** Groups with the number of their units that are not final. */
export function* backedGroups(
  backing: Backing,
): Generator<{ hosts: readonly PeerId[]; units: number }> {
  for (const { hosts, runs } of backing.groups.values()) {
    let units = 0
    for (const { digests } of runs) for (const digest of digests) if (digest !== undefined) units++
    yield { hosts, units }
  }
}

function keyOf(hosts: readonly PeerId[]): string {
  return hosts.length === 1 ? (hosts[0] ?? '') : [...hosts].sort().join(' ')
}

function groupFor(backing: Backing, hosts: readonly PeerId[]): BackedGroup {
  const { latest } = backing
  if (latest !== undefined && isOf(latest, hosts)) return latest
  const key = keyOf(hosts)
  const group = backing.groups.get(key) ?? openGroup(backing, key, hosts)
  backing.latest = group
  return group
}

function isOf(group: BackedGroup, hosts: readonly PeerId[]): boolean {
  return group.hosts.length === hosts.length && hosts.every((host) => group.hosts.includes(host))
}

function openGroup(backing: Backing, key: string, hosts: readonly PeerId[]): BackedGroup {
  const group: BackedGroup = { key, hosts: [...hosts], runs: new Set(), newest: undefined }
  backing.groups.set(key, group)
  for (const host of hosts) {
    const groups = backing.groupsOf.get(host)
    if (groups === undefined) backing.groupsOf.set(host, new Set([group]))
    else groups.add(group)
  }
  return group
}

function dropRun(backing: Backing, run: BackedRun): void {
  const { group } = run
  backing.runs.delete(run)
  backing.units -= run.digests.length
  group.runs.delete(run)
  if (group.newest === run) group.newest = undefined
  if (group.runs.size > 0) return
  if (backing.latest === group) backing.latest = undefined
  backing.groups.delete(group.key)
  for (const host of group.hosts) {
    const groups = backing.groupsOf.get(host)
    groups?.delete(group)
    if (groups?.size === 0) backing.groupsOf.delete(host)
  }
}

function* unitsOfRun({ group, first, digests }: BackedRun): Generator<BackedUnit> {
  for (const [at, digest] of digests.entries())
    if (digest !== undefined) yield { unit: first + at, digest, hosts: group.hosts }
}
