/**
 * Metrics for Prometheus, made when somebody asks: from the core's state, from what is counted where it happens, and
 * from the process. No metric has a label per peer; those by job have one for each of the running jobs, a few.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { conductView, donationView } from '../../core/views.js'
import type { NodeParts } from '../node-parts.js'
import { systemClock } from '../system-clock.js'
import { writeBucketsS } from './tallies.js'

/** Running jobs that have metrics of their own; the others are in the totals. */
const jobsShownMax = 20
/** How late the event loop runs is asked this often: every look wakes the thread, and a hundred a second are most of what an idle node would do. */
const lagSampleMs = 5_000

/** One value of a metric. */
interface Sample {
  labels?: Record<string, string>
  value: number
}

interface MetricSource {
  name: string
  help: string
  kind: 'gauge' | 'counter'
  labels?: readonly string[]
  read(parts: NodeParts): Iterable<Sample>
}

const one = (value: number): Sample[] => [{ value }]
const byLabel = (label: string, counts: Iterable<readonly [string, number]>): Sample[] =>
  [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }))

/** Every metric of the node's own; docs/observability.md lists them, and a test holds the two together. */
export const metricSources: readonly MetricSource[] = [
  {
    name: 'manyhands_neighbours',
    help: 'Peers with an open, authenticated connection',
    kind: 'gauge',
    read: ({ state }) => one(state.neighbours.neighbours.size),
  },
  {
    name: 'manyhands_known_peers',
    help: 'Peers in the address book',
    kind: 'gauge',
    read: ({ state }) => one(state.neighbours.known.size),
  },
  {
    name: 'manyhands_adverts',
    help: 'Adverts of jobs that are remembered',
    kind: 'gauge',
    read: ({ state }) => one(state.adverts.adverts.size),
  },
  {
    name: 'manyhands_messages_total',
    help: 'Messages to and from neighbours, by direction and type',
    kind: 'counter',
    labels: ['direction', 'type'],
    read: ({ tallies }) => [
      ...[...tallies.messagesIn].map(([type, value]) => ({
        labels: { direction: 'in', type },
        value,
      })),
      ...[...tallies.messagesOut].map(([type, value]) => ({
        labels: { direction: 'out', type },
        value,
      })),
    ],
  },
  {
    name: 'manyhands_message_bytes_total',
    help: 'Bytes of those messages, before encryption',
    kind: 'counter',
    labels: ['direction'],
    read: ({ tallies }) =>
      byLabel('direction', [
        ['in', tallies.bytesIn],
        ['out', tallies.bytesOut],
      ]),
  },
  {
    name: 'manyhands_bad_messages_total',
    help: 'Messages that should not have been sent, and cost their sender the connection',
    kind: 'counter',
    read: ({ tallies }) => one(tallies.badMessages),
  },
  {
    name: 'manyhands_denied_connections_total',
    help: 'Connections that lists kept out: at the socket, after the handshake, own dials',
    kind: 'counter',
    labels: ['where'],
    read: ({ overlay }) => byLabel('where', Object.entries(overlay.denials())),
  },
  {
    name: 'manyhands_misdeeds_total',
    help: 'What peers did wrong, by kind',
    kind: 'counter',
    labels: ['misdeed'],
    read: ({ state }) => byLabel('misdeed', Object.entries(state.conduct.counts)),
  },
  {
    name: 'manyhands_misconduct_bans_total',
    help: 'Peers and whole subnets sent away because of that',
    kind: 'counter',
    labels: ['of'],
    read: ({ state: { conduct } }) =>
      byLabel('of', [
        ['peer', conduct.bans],
        ['subnet', conduct.subnetBans],
      ]),
  },
  {
    name: 'manyhands_misconduct_peers',
    help: 'Peers banned because of that, and those of which a tenth is read (slowed)',
    kind: 'gauge',
    labels: ['state'],
    read: ({ state }) => {
      const { bannedNow, throttledNow } = conductView(state, systemClock.nowMs())
      return byLabel('state', [
        ['banned', bannedNow],
        ['slowed', throttledNow],
      ])
    },
  },
  {
    name: 'manyhands_adverts_left_total',
    help: 'Adverts over their rate: not read (in), not passed on (out)',
    kind: 'counter',
    labels: ['direction'],
    read: ({ state: { adverts } }) =>
      byLabel('direction', [
        ['in', adverts.dropped],
        ['out', adverts.untold],
      ]),
  },
  {
    name: 'manyhands_neighbour_waits_total',
    help: 'Times that a neighbour was not read because its budget was used up',
    kind: 'counter',
    read: ({ overlay }) => one(overlay.traffic().waits),
  },
  {
    name: 'manyhands_neighbour_buffer_bytes',
    help: 'Held of all neighbours together: received and not handled (in), waiting to be sent (out)',
    kind: 'gauge',
    labels: ['direction'],
    read: ({ overlay }) => {
      const { receiveBytes, sendBytes } = overlay.traffic()
      return byLabel('direction', [
        ['in', receiveBytes],
        ['out', sendBytes],
      ])
    },
  },
  {
    name: 'manyhands_neighbours_cut_total',
    help: 'Neighbours cut because they held most of that when it was too much',
    kind: 'counter',
    read: ({ overlay }) => one(overlay.traffic().cutForMemory),
  },
  {
    name: 'manyhands_neighbours_joined_total',
    help: 'Connections that became neighbours, by who dialled',
    kind: 'counter',
    labels: ['direction'],
    read: ({ tallies }) => byLabel('direction', Object.entries(tallies.joined)),
  },
  {
    name: 'manyhands_neighbours_left_total',
    help: 'Neighbours that left or were lost',
    kind: 'counter',
    read: ({ tallies }) => one(tallies.left),
  },
  {
    name: 'manyhands_dials_total',
    help: 'Dials that the node decided on, and those that failed',
    kind: 'counter',
    labels: ['outcome'],
    read: ({ tallies }) => byLabel('outcome', Object.entries(tallies.dials)),
  },
  {
    name: 'manyhands_banned_peers',
    help: 'Peers that get no work because they were caught',
    kind: 'gauge',
    read: ({ state }) => {
      let banned = 0
      for (const { bannedUntilMs } of state.standing.values())
        if (bannedUntilMs > systemClock.nowMs()) banned++
      return one(banned)
    },
  },
  {
    name: 'manyhands_donating',
    help: '1 while the node works for others',
    kind: 'gauge',
    read: ({ state }) => one(donationView(state, systemClock.nowMs()).donating ? 1 : 0),
  },
  {
    name: 'manyhands_hosted_jobs',
    help: 'Jobs of others and its own as their host, by phase',
    kind: 'gauge',
    labels: ['phase'],
    read: ({ state }) => {
      const phases = new Map<string, number>()
      for (const { phase } of state.hosting.jobs.values())
        phases.set(phase, (phases.get(phase) ?? 0) + 1)
      return byLabel('phase', phases)
    },
  },
  {
    name: 'manyhands_hosted_units',
    help: 'Units that it holds as a host and has not answered',
    kind: 'gauge',
    read: ({ state }) => {
      let units = 0
      for (const { leases } of state.hosting.jobs.values())
        for (const { remaining } of leases.values()) units += remaining.size
      return one(units)
    },
  },
  {
    name: 'manyhands_units_executed_total',
    help: 'Units that ran here, by how they ended',
    kind: 'counter',
    labels: ['outcome'],
    read: ({ tallies }) => byLabel('outcome', tallies.outcomes),
  },
  {
    name: 'manyhands_execution_seconds_total',
    help: 'Thread time of units that ran here',
    kind: 'counter',
    read: ({ state }) => one(state.hosting.spentMs / 1_000),
  },
  {
    name: 'manyhands_jobs',
    help: 'Jobs of this node as requester, by phase',
    kind: 'gauge',
    labels: ['phase'],
    read: ({ state }) => {
      const phases = new Map<string, number>()
      for (const { job } of state.stewarded.values())
        phases.set(job.phase, (phases.get(job.phase) ?? 0) + 1)
      return byLabel('phase', phases)
    },
  },
  {
    name: 'manyhands_job_units',
    help: 'Units of running jobs: verified, leased or waiting for agreement (open)',
    kind: 'gauge',
    labels: ['job', 'state'],
    read: ({ state }) =>
      runningJobs(state).flatMap(({ job, schedule }) => [
        { labels: { job: job.job.slice(0, 10), state: 'verified' }, value: job.canonical.size },
        { labels: { job: job.job.slice(0, 10), state: 'open' }, value: schedule.open.size },
      ]),
  },
  {
    name: 'manyhands_job_hosts',
    help: 'Hosts that serve running jobs',
    kind: 'gauge',
    labels: ['job'],
    read: ({ state }) =>
      runningJobs(state).map(({ job, schedule }) => ({
        labels: { job: job.job.slice(0, 10) },
        value: schedule.serving.size,
      })),
  },
  {
    name: 'manyhands_job_events',
    help: 'Executions and what became of them, over the jobs that are remembered',
    kind: 'gauge',
    labels: ['event'],
    read: ({ state }) => {
      const sums = new Map<string, number>()
      for (const { counters } of state.stewarded.values())
        for (const [event, count] of Object.entries(counters))
          sums.set(event, (sums.get(event) ?? 0) + count)
      return byLabel('event', sums)
    },
  },
  {
    name: 'manyhands_favours_seconds',
    help: 'Verified work received from peers, and work done for them, in own seconds',
    kind: 'gauge',
    labels: ['direction'],
    read: ({ state }) => {
      let [received, given] = [0, 0]
      for (const { receivedMs, givenMs } of state.ledger.values()) {
        received += receivedMs
        given += givenMs
      }
      return byLabel('direction', [
        ['received', received / 1_000],
        ['given', given / 1_000],
      ])
    },
  },
  {
    name: 'manyhands_journal_backlog_bytes',
    help: 'Bytes that wait for the disk',
    kind: 'gauge',
    read: ({ journal }) => one(journal.backlogBytes),
  },
  {
    name: 'manyhands_journal_writes_failed_total',
    help: 'Writes of the journal that failed',
    kind: 'counter',
    read: ({ tallies }) => one(tallies.writesFailed),
  },
  {
    name: 'manyhands_journal_writes_total',
    help: 'Writes of the journal that took at most so long, seconds; +Inf: all',
    kind: 'counter',
    labels: ['le'],
    read: ({ tallies }) => {
      let sum = 0
      return tallies.writes.map((count, i) => {
        sum += count
        return { labels: { le: String(writeBucketsS[i] ?? '+Inf') }, value: sum }
      })
    },
  },
  {
    name: 'manyhands_journal_write_seconds_total',
    help: 'Time that writes of the journal took',
    kind: 'counter',
    read: ({ tallies }) => one(tallies.writesS),
  },
  {
    name: 'manyhands_notices_total',
    help: 'Things that a person should know, said in the log',
    kind: 'counter',
    labels: ['level'],
    read: ({ tallies }) => byLabel('level', Object.entries(tallies.notices)),
  },
]

function runningJobs({ stewarded }: NodeParts['state']) {
  return [...stewarded.values()].filter(({ job }) => job.phase === 'running').slice(0, jobsShownMax)
}

export interface Metrics {
  readonly contentType: string
  /** In the text format of Prometheus. */
  text(): Promise<string>
}

export function createMetrics(parts: NodeParts): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({
    register: registry,
    prefix: 'manyhands_',
    eventLoopMonitoringPrecision: lagSampleMs,
  })
  for (const source of metricSources) register(registry, source, parts)
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

function register(registry: Registry, source: MetricSource, parts: NodeParts): void {
  const { name, help, labels = [] } = source
  const options = { name, help, labelNames: [...labels], registers: [registry] }
  if (source.kind === 'gauge') {
    new Gauge({
      ...options,
      collect() {
        this.reset()
        for (const { labels: at = {}, value } of source.read(parts)) this.set(at, value)
      },
    })
    return
  }
  new Counter({
    ...options,
    collect() {
      // Counted elsewhere: what it stands at is set anew.
      this.reset()
      for (const { labels: at = {}, value } of source.read(parts)) this.inc(at, value)
    },
  })
}
