/** The gateway's views as text for a person. Pure; `--json` prints the views as they are. */
import type { HostedJobView, JobView, RefusalView } from '../protocol/gateway-api.js'
import { shortId } from '../protocol/ids.js'
import {
  countOf,
  formatCount,
  formatDurationMs,
  formatPeer,
  formatRate,
  percentOf,
} from './format.js'
import { formatPairs, formatTable } from './table.js'

const right = 'right' as const

function acceptanceText(acceptance: JobView['acceptance']): string {
  if (acceptance.rule === 'check') return 'checked by the task itself'
  return acceptance.rule === 'quorum'
    ? `${countOf(acceptance.quorum, 'host')} must agree`
    : `at most ${acceptance.maxErrorRate} wrong`
}

export function renderJobs(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return 'no jobs yet; submit one with: manyhands run FILE|TASK'
  return formatTable(
    [
      { title: 'JOB' },
      { title: 'NAME' },
      { title: 'STATE' },
      { title: 'UNITS', align: right },
      { title: 'DONE', align: right },
      { title: 'HOSTS', align: right },
      { title: 'TIME', align: right },
    ],
    jobs.map((job) => [
      shortId(job.job),
      job.name,
      job.phase,
      `${formatCount(job.units.verified)}/${job.units.total === undefined ? '?' : formatCount(job.units.total)}`,
      formatPercent(percentOf(job.units.verified, job.units.total)),
      formatCount(job.hosts.filter(({ executed }) => executed > 0).length),
      formatDurationMs(job.elapsedMs),
    ]),
  )
}

function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '-' : `${percent} %`
}

export function renderJob(job: JobView): string {
  const { units } = job
  const pairs: [string, string][] = [
    ['job', job.job],
    ['name', job.name],
    ['task', `${job.task} (${job.tier})`],
    ['state', job.phase],
    ['acceptance', acceptanceText(job.acceptance)],
    [
      'time',
      `${formatDurationMs(job.elapsedMs)}, ${formatRate(job.rate)}, ${formatDurationMs(job.etaMs)} left`,
    ],
    ['units', units.total === undefined ? 'still being read' : formatCount(units.total)],
    ...(job.unitItems === undefined
      ? []
      : [['  of', countOf(job.unitItems, 'item')] as [string, string]]),
    ['  verified', formatCount(units.verified)],
    ['  awaiting agreement', formatCount(units.awaitingAgreement)],
    ['  in flight', formatCount(units.inFlight)],
    ['  executions', formatCount(units.executions)],
    ['  reassigned', formatCount(units.reassigned)],
    ['  recomputed', formatCount(units.recomputed)],
    ['  aborted', formatCount(units.aborted)],
    ['  disputed', formatCount(units.disputed)],
    ['verification', ''],
    ...verificationPairs(job),
  ]
  if (job.hit !== undefined) pairs.push(['hit', `unit ${formatCount(job.hit)}`])
  if (job.error !== undefined) pairs.push(['error', job.error])
  if (job.warning !== undefined) pairs.push(['warning', job.warning])
  return [formatPairs(pairs), renderHosts(job), ...renderRefused(job)].join('\n\n')
}

function verificationPairs({ verification, units }: JobView): [string, string][] {
  const { executionsPerUnit, audited, auditedShare, expectedErrorRate } = verification
  const perUnit =
    executionsPerUnit === undefined
      ? '-'
      : `${executionsPerUnit.toFixed(2)} executions for each verified unit`
  const share = auditedShare === undefined ? '' : `, ${(100 * auditedShare).toFixed(1)} % of them`
  const expected =
    expectedErrorRate === undefined
      ? '-'
      : expectedErrorRate === 0
        ? 'none expected'
        : `${expectedErrorRate.toExponential(1)} of the results expected`
  return [
    ['  redundancy', perUnit],
    ['  confirmed', `${countOf(verification.confirmations, 'vote')} by a further host`],
    ['  audited', `${countOf(audited, 'unit')} computed again by this node${share}`],
    ['  withdrawn', `${countOf(verification.withdrawn, 'unit')} of caught hosts`],
    ['  corrected', `${countOf(verification.corrected, 'unit')} had a wrong result for a while`],
    ['  wrong', expected],
    ['  unchecked', countOf(units.unchecked, 'unit')],
    ['  caught', countOf(verification.caught.length, 'host')],
  ]
}

function renderHosts(job: JobView): string {
  if (job.hosts.length === 0)
    return `no host has taken units yet; see: manyhands why ${shortId(job.job)}`
  return formatTable(
    [
      { title: 'HOST' },
      { title: 'EXECUTED', align: right },
      { title: 'ACCEPTED', align: right },
      { title: 'REJECTED', align: right },
      { title: 'ABORTED', align: right },
      { title: 'IN FLIGHT', align: right },
      { title: 'TIME', align: right },
      { title: 'STATE' },
    ],
    job.hosts.map((host) => [
      formatPeer(host.peer, host.self),
      formatCount(host.executed),
      formatCount(host.accepted),
      formatCount(host.rejected),
      formatCount(host.aborted),
      formatCount(host.inFlight),
      formatDurationMs(host.spentMs),
      host.refused === undefined ? (host.connected ? 'connected' : 'gone') : 'refused',
    ]),
  )
}

function renderRefused({ verification }: JobView): string[] {
  const { caught } = verification
  return caught.length === 0 ? [] : [`refused:\n${refusalLines(caught).join('\n')}`]
}

/** A line for each host that gets nothing more: who, why, since when. */
export function refusalLines(refused: readonly RefusalView[]): string[] {
  return refused.map(({ peer, ground, agoMs }) => {
    const since = agoMs === undefined ? '' : ` (${formatDurationMs(agoMs)} ago)`
    return `  ${formatPeer(peer)}: ${ground}${since}`
  })
}

export function renderHosted(jobs: readonly HostedJobView[]): string {
  if (jobs.length === 0) return 'no job is known to this node as a host'
  return formatTable(
    [
      { title: 'JOB' },
      { title: 'NAME' },
      { title: 'OWNER' },
      { title: 'TASK' },
      { title: 'TIER' },
      { title: 'EXECUTED', align: right },
      { title: 'IN FLIGHT', align: right },
      { title: 'TIME', align: right },
      { title: 'ANSWER' },
      { title: 'WHY' },
    ],
    jobs.map((job) => [
      shortId(job.job),
      job.name,
      formatPeer(job.owner, job.own),
      shortId(job.task),
      job.tier,
      formatCount(job.executed),
      formatCount(job.inFlight),
      formatDurationMs(job.spentMs),
      job.verdict,
      job.reason,
    ]),
  )
}
