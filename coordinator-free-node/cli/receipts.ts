/** Receipts as text for a person. Pure. */
import type { ReceiptView } from '../protocol/gateway-api.js'
import { type PeerId, shortId } from '../protocol/ids.js'
import type { ReceiptStatement } from '../protocol/receipt.js'
import { countOf, formatCount, formatDurationMs, formatPeer } from './format.js'
import { formatTable } from './table.js'

const right = 'right' as const

export function renderReceipts(receipts: readonly ReceiptView[]): string {
  if (receipts.length === 0)
    return 'no receipts yet: stewards sign for units that this machine computed once they are accepted'
  const table = formatTable(
    [
      { title: 'SIGNED' },
      { title: 'STEWARD' },
      { title: 'JOB' },
      { title: 'TASK' },
      { title: 'ACCEPTED', align: right },
      { title: 'WORTH TO IT', align: right },
      { title: 'FUEL', align: right },
    ],
    receipts.map((receipt) => [
      formatDate(receipt.issuedUtcMs),
      formatPeer(receipt.steward),
      shortId(receipt.job),
      receipt.taskName,
      countOf(receipt.accepted, 'unit'),
      formatDurationMs(receipt.creditMs),
      formatFuel(receipt.fuel),
    ]),
  )
  const units = receipts.reduce((sum, { accepted }) => sum + accepted, 0)
  const stewards = new Set(receipts.map(({ steward }) => steward)).size
  return `${table}\n\n${countOf(units, 'unit')} accepted by ${countOf(stewards, 'steward')}`
}

/** What one steward signed for one host. */
export interface ReceiptTotal {
  steward: PeerId
  host: PeerId
  receipts: number
  jobs: number
  accepted: number
  creditMs: number
  fuel: number
  firstUtcMs: number
  lastUtcMs: number
}

/** Sums by steward and host, the most units first. */
export function sumReceipts(receipts: readonly ReceiptStatement[]): ReceiptTotal[] {
  const totals = new Map<string, ReceiptTotal & { ids: Set<string> }>()
  for (const { steward, host, job, accepted, creditMs, fuel, issuedUtcMs } of receipts) {
    const key = `${steward}/${host}`
    const total = totals.get(key) ?? {
      steward,
      host,
      receipts: 0,
      jobs: 0,
      accepted: 0,
      creditMs: 0,
      fuel: 0,
      firstUtcMs: issuedUtcMs,
      lastUtcMs: issuedUtcMs,
      ids: new Set<string>(),
    }
    totals.set(key, total)
    total.receipts++
    total.jobs = total.ids.add(job).size
    total.accepted += accepted
    total.creditMs += creditMs
    total.fuel += fuel
    total.firstUtcMs = Math.min(total.firstUtcMs, issuedUtcMs)
    total.lastUtcMs = Math.max(total.lastUtcMs, issuedUtcMs)
  }
  return [...totals.values()]
    .map(({ ids, ...total }) => total)
    .sort((a, b) => b.accepted - a.accepted || (a.steward < b.steward ? -1 : 1))
}

/** What a check found: sums of what counts, then every line that does not. */
export function renderCheck(
  totals: readonly ReceiptTotal[],
  refused: readonly { line: number; reason: string }[],
): string {
  const right = totals.reduce((sum, { receipts }) => sum + receipts, 0)
  const verdict =
    refused.length === 0
      ? `${countOf(right, 'receipt')}: all signed by their stewards, none twice`
      : `${countOf(right, 'receipt')} right, ${countOf(refused.length, 'line')} refused`
  return [
    verdict,
    ...(totals.length === 0 ? [] : [totalsTable(totals)]),
    ...(refused.length === 0
      ? []
      : [`refused:\n${refused.map(({ line, reason }) => `  line ${line}: ${reason}`).join('\n')}`]),
  ].join('\n\n')
}

function totalsTable(totals: readonly ReceiptTotal[]): string {
  return formatTable(
    [
      { title: 'STEWARD' },
      { title: 'HOST' },
      { title: 'RECEIPTS', align: right },
      { title: 'JOBS', align: right },
      { title: 'ACCEPTED', align: right },
      { title: 'WORTH TO IT', align: right },
      { title: 'FUEL', align: right },
      { title: 'SIGNED' },
    ],
    totals.map((total) => [
      total.steward,
      total.host,
      formatCount(total.receipts),
      formatCount(total.jobs),
      countOf(total.accepted, 'unit'),
      formatDurationMs(total.creditMs),
      formatFuel(total.fuel),
      formatDates(total),
    ]),
  )
}

function formatDates({ firstUtcMs, lastUtcMs }: ReceiptTotal): string {
  const [first, last] = [formatDate(firstUtcMs), formatDate(lastUtcMs)]
  return first === last ? first : `${first} to ${last}`
}

/** `2031-05-09`: the day, the same for every reader. */
function formatDate(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 10)
}

function formatFuel(fuel: number): string {
  if (fuel === 0) return '-'
  return fuel < 1e6 ? formatCount(fuel) : fuel.toExponential(1).replace('e+', 'e')
}
