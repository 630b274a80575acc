/** `why` as text for a person; `--json` prints the view as it is. */
import type { LeaseView, WaitReason, WaitView, WhyView } from '../protocol/gateway-api.js'
import { shortId } from '../protocol/ids.js'
import type { UnitRun } from '../protocol/unit-runs.js'
import { countOf, formatDurationMs, formatPeer } from './format.js'
import { formatTable } from './table.js'
import { refusalLines } from './views.js'

const words = {
  warning: '',
  'no-host': 'no host works on this job',
  fresh: 'not leased out yet',
  host: 'wait for a free host: who had them is gone, or failed',
  leased: 'leased to hosts, no result yet',
  'second-host': 'wait for a second host to confirm a result',
  'independent-host': 'wait for a host that is certainly not the one that voted already',
  standing: 'hosts agree on them, but are not known well enough yet',
  disputed: 'disputed: hosts gave different results',
  audit: 'being computed again by this node, as a secret check',
  inputs: 'the list of inputs has not ended yet',
  disk: 'results are being written to disk',
} as const satisfies Record<WaitReason, string>

/** Leases shown; the oldest are the interesting ones. */
const leasesShownMax = 20

export function renderWhy(why: WhyView): string {
  const parts = [`job ${shortId(why.job)} is ${why.phase}`]
  if (why.waits.length > 0) parts.push(`it waits for:\n${why.waits.flatMap(waitLines).join('\n')}`)
  else parts.push(why.phase === 'running' ? 'nothing holds it up' : 'it waits for nothing')
  if (why.leases.length > 0) parts.push(renderLeases(why.leases))
  if (why.refused.length > 0)
    parts.push(`hosts that get nothing more:\n${refusalLines(why.refused).join('\n')}`)
  parts.push(renderAnswers(why))
  return parts.join('\n')
}

function waitLines({ reason, units, runs, hint }: WaitView): string[] {
  if (reason === 'warning') return [`  ${hint ?? ''}`]
  const which = units === undefined ? '' : ` (${countOf(units, 'unit')}${runsText(runs, units)})`
  return [`  ${words[reason]}${which}`, ...(hint === undefined ? [] : [`    hint: ${hint}`])]
}

/** `: 0-9, 12, ...` */
function runsText(runs: readonly UnitRun[], units: number): string {
  if (runs.length === 0) return ''
  const shown = runs.map(([first, count]) =>
    count === 1 ? String(first) : `${first}-${first + count - 1}`,
  )
  const told = runs.reduce((sum, [, count]) => sum + count, 0)
  return `: ${shown.join(', ')}${told < units ? ', ...' : ''}`
}

function renderLeases(leases: readonly LeaseView[]): string {
  const table = formatTable(
    [{ title: 'HOST' }, { title: 'UNITS' }, { title: 'SINCE', align: 'right' }, { title: 'STATE' }],
    leases
      .slice(0, leasesShownMax)
      .map(({ peer, self, units, runs, agoMs, ...lease }) => [
        formatPeer(peer, self),
        `${countOf(units, 'unit')}${runsText(runs, units)}`,
        formatDurationMs(agoMs),
        leaseState(lease),
      ]),
  )
  const more = leases.length - leasesShownMax
  return more > 0 ? `${table}\nand ${countOf(more, 'lease')} more` : table
}

function leaseState({ expectedInMs, lostInMs }: Pick<LeaseView, 'expectedInMs' | 'lostInMs'>) {
  if (expectedInMs >= 0) return `expected in ${formatDurationMs(expectedInMs)}`
  const lost = lostInMs > 0 ? `; given to others in ${formatDurationMs(lostInMs)}` : ''
  return `overdue by ${formatDurationMs(-expectedInMs)}${lost}`
}

function renderAnswers({ answers }: WhyView): string {
  if (answers.length === 0) return 'no peer has answered its advert'
  return formatTable(
    [{ title: 'PEER' }, { title: 'ANSWER' }, { title: 'AGO', align: 'right' }, { title: 'WHY' }],
    answers.map(({ peer, verdict, reason, agoMs }) => [
      formatPeer(peer),
      verdict,
      formatDurationMs(agoMs),
      reason,
    ]),
  )
}
