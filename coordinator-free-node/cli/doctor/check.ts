/** One thing that a node needs or could use, and what was found. */
import { formatPairs } from '../table.js'

export interface Finding {
  ok: boolean
  /** What was found, a few words. */
  detail: string
  /** What to do where it is missing. */
  hint?: string
}

export interface Check {
  name: string
  /** Without it no node runs here. */
  essential: boolean
  look(): Finding | Promise<Finding>
}

export interface CheckResult extends Finding {
  name: string
  essential: boolean
}

/** A check that hangs counts as failed: the longest, starting the executor twice, takes about a second. */
const CHECK_MS_MAX = 20_000

/** Runs one check; what it throws is a finding as well. */
export async function runCheck({ name, essential, look }: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: 'no answer' }), CHECK_MS_MAX)
  })
  try {
    return { name, essential, ...(await Promise.race([look(), late])) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { name, essential, ok: false, detail }
  } finally {
    clearTimeout(timer)
  }
}

/** `ok`, `--` for what a node can do without, `MISSING` for what it cannot. */
export function renderChecks(results: readonly CheckResult[]): string {
  const lines = formatPairs(
    results.map(({ name, ok, essential, detail }) => [
      `${(ok ? 'ok' : essential ? 'MISSING' : '--').padEnd(7)}  ${name}`,
      detail,
    ]),
  )
  const hints = results.flatMap(({ name, ok, hint }) =>
    ok || hint === undefined ? [] : [`  ${name}: ${hint}`],
  )
  const missing = results.filter(({ ok, essential }) => !ok && essential).length
  return [
    lines,
    ...(hints.length === 0 ? [] : [`what to do:\n${hints.join('\n')}`]),
    missing === 0
      ? 'this machine can join the grid'
      : `this machine cannot join the grid yet: ${missing} missing`,
  ].join('\n\n')
}
