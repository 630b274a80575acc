/**
 * Progress of jobs on stderr: one line rewritten in place on a terminal, a line now and then otherwise. Owns which
 * warnings were said already, so that each is said once.
 */
import type { JobView } from '../protocol/gateway-api.js'
import { countOf, formatCount, formatDurationMs, formatRate, percentOf } from './format.js'
import type { Terminal } from './terminal.js'

const BAR_CHARS = 24
/** Where lines cannot be rewritten: seldom enough for a log, often enough to see that it lives. */
const SPARSE_MS = 10_000

/** `[######------]`; all dashes where the share is unknown. */
export function renderBar(percent: number | undefined, chars = BAR_CHARS): string {
  const full = percent === undefined ? 0 : Math.floor((Math.min(100, percent) / 100) * chars)
  return `[${'#'.repeat(full)}${'-'.repeat(chars - full)}]`
}

/** Hosts that work for the job now. */
function hostsAtWork(view: JobView): number {
  return view.hosts.filter(
    ({ connected, refused, executed, inFlight }) =>
      connected && refused === undefined && executed + inFlight > 0,
  ).length
}

/** One line: bar, percent, units, rate, time left, hosts. */
export function renderProgress(view: JobView): string {
  const { verified, total } = view.units
  const percent = percentOf(verified, total)
  const share = percent === undefined ? '' : `${String(percent).padStart(3)} % `
  const units = `${formatCount(verified)}/${total === undefined ? '?' : formatCount(total)} units`
  return [
    `${view.name} ${renderBar(percent)} ${share}${units}`,
    formatRate(view.rate),
    `${formatDurationMs(view.etaMs)} left`,
    countOf(hostsAtWork(view), 'host'),
  ].join(' | ')
}

const endOf = {
  running: 'stopped watching',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<JobView['phase'], string>

/** One line about a job that has ended. */
export function renderEnd(view: JobView): string {
  const { units } = view
  const helpers = view.hosts.filter(({ accepted }) => accepted > 0).length
  return [
    `${view.name}: ${endOf[view.phase]} in ${formatDurationMs(view.elapsedMs)}`,
    `${countOf(units.verified, 'unit')} by ${countOf(helpers, 'host')}`,
    ...(units.unchecked > 0 ? [`${formatCount(units.unchecked)} unchecked`] : []),
    ...(units.reassigned > 0 ? [`${formatCount(units.reassigned)} reassigned`] : []),
    ...(units.disputed > 0 ? [`${formatCount(units.disputed)} disputed`] : []),
  ].join(', ')
}

export interface ProgressPrinter {
  update(view: JobView): void
  /** Removes the live line. */
  end(): void
}

/**
 * @param clockMs  milliseconds, rising
 */
export function createProgressPrinter(
  terminal: Terminal,
  clockMs: () => number = () => performance.now(),
): ProgressPrinter {
  const saidWarnings = new Set<string>()
  const refusedHosts = new Set<string>()
  const corrected = new Map<string, number>()
  let lastLineMs: number | undefined

  function sayNews(view: JobView): void {
    if (view.warning !== undefined && !saidWarnings.has(view.warning)) {
      saidWarnings.add(view.warning)
      terminal.say(`warning: ${view.warning}`)
    }
    for (const host of view.hosts) {
      const key = `${view.job} ${host.peer}`
      if (host.refused === undefined || refusedHosts.has(key)) continue
      refusedHosts.add(key)
      terminal.say(`host ${host.peer} gets no more units: ${host.refused}`)
    }
    sayCorrections(view)
  }

  function sayCorrections({ job, name, units }: JobView): void {
    const fresh = units.corrected - (corrected.get(job) ?? 0)
    if (fresh <= 0) return
    corrected.set(job, units.corrected)
    terminal.say(
      `${name}: ${countOf(fresh, 'unit')} had a wrong result, which is replaced now; what was printed of it before is void`,
    )
  }

  return {
    update(view) {
      sayNews(view)
      if (view.phase !== 'running') {
        terminal.live(undefined)
        terminal.say(renderEnd(view))
        return
      }
      if (terminal.canRewrite) {
        terminal.live(renderProgress(view))
        return
      }
      const nowMs = clockMs()
      // The first line waits as well: a job that ends at once needs none.
      lastLineMs ??= nowMs
      if (nowMs - lastLineMs < SPARSE_MS) return
      lastLineMs = nowMs
      terminal.say(renderProgress(view))
    },
    end: () => terminal.live(undefined),
  }
}
