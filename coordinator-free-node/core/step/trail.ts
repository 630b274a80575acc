/**
 * The trail of a job: what happened to it, for a person who asks. Looked at twice a second, so that a thousand lost
 * leases are one event, and nothing is counted where votes come in.
 */
import type { TrailEvent, TrailKind } from '../../protocol/gateway-api.js'
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { unitTotal } from '../jobs/job.js'
import type { JobCounters, StewardedJob } from '../state.js'
import { journalThen, type Turn } from './turn.js'

/** Peers that one event names; the others are a number. */
const peersNamed = 8
/** Events at every tenth of the units. */
const milestones = 10

type Happening = Omit<TrailEvent, 'atMs' | 'index'>

/** Writes an event down; of a job with too many of them only the end is still written. */
export function note(turn: Turn, { trail, job }: StewardedJob, happening: Happening): void {
  const isEnd = ends.has(happening.kind)
  if (trail.length >= limits.trailEventsMax && !isEnd) return
  const event: TrailEvent = { ...happening, index: trail.length++, atMs: turn.nowMs }
  journalThen(
    turn,
    job.job,
    [{ type: 'trail', job: job.job, event }],
    [{ type: 'job-changed', job: job.job }],
  )
}

const ends = new Set<TrailKind>(['done', 'failed', 'cancelled'])

/** Counters whose growth is an event. */
const counted = {
  reassigned: 'reassigned',
  aborted: 'aborted',
  disputed: 'disputed',
  withdrawn: 'withdrawn',
  corrected: 'corrected',
} as const satisfies Partial<Record<keyof JobCounters, TrailKind>>

/** Notes what has changed since the last look. */
export function followJob(turn: Turn, stewarded: StewardedJob): void {
  const { trail, counters, warning } = stewarded
  followHosts(turn, stewarded)
  for (const [name, kind] of Object.entries(counted) as [keyof typeof counted, TrailKind][]) {
    const grown = counters[name] - (trail.counters[name] ?? 0)
    if (grown > 0) note(turn, stewarded, { kind, units: grown })
  }
  trail.counters = { ...counters }
  followProgress(turn, stewarded)
  if (warning !== trail.warning && warning !== undefined)
    note(turn, stewarded, { kind: 'warning', text: warning })
  trail.warning = warning
}

function followHosts(turn: Turn, stewarded: StewardedJob): void {
  const { trail, schedule } = stewarded
  const came = [...schedule.serving].filter((peer) => !trail.serving.has(peer))
  const left = [...trail.serving].filter((peer) => !schedule.serving.has(peer))
  const caught = left.filter((peer) => schedule.hosts.get(peer)?.refused !== undefined)
  for (const peer of came) trail.serving.add(peer)
  for (const peer of left) trail.serving.delete(peer)
  if (came.length > 0) note(turn, stewarded, { kind: 'hosts-came', ...named(came) })
  for (const peer of caught.slice(0, peersNamed)) {
    const text = schedule.hosts.get(peer)?.refused
    if (trail.refused.has(peer) || text === undefined) continue
    trail.refused.add(peer)
    note(turn, stewarded, { kind: 'host-refused', ...named([peer]), text })
  }
  const gone = left.filter((peer) => !caught.includes(peer))
  if (gone.length > 0) note(turn, stewarded, { kind: 'hosts-left', ...named(gone) })
}

function followProgress(turn: Turn, stewarded: StewardedJob): void {
  const { trail, job } = stewarded
  const total = unitTotal(job)
  if (total === undefined || total === 0) return
  const tenths = Math.floor((milestones * job.canonical.size) / total)
  if (tenths > trail.tenths && tenths < milestones)
    note(turn, stewarded, { kind: 'progress', units: job.canonical.size, total })
  trail.tenths = Math.max(trail.tenths, tenths)
}

function named(peers: readonly PeerId[]): Pick<TrailEvent, 'peers' | 'count'> {
  return { peers: peers.slice(0, peersNamed), count: peers.length }
}
