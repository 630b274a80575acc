/**
 * A grid whose jobs are shown and cancelled by the command, without a word from the program that submits them.
 */
import type { Grid, JobHandle, JobOptions } from '../../../sdk/types.js'

export type AnyJob = JobHandle<unknown, unknown>

export interface Tracking {
  /** Cancels every job. */
  signal: AbortSignal
  /** Options from the command line: they win over the program's own. */
  overrides: JobOptions
  onJob(job: AnyJob): void
}

/** Where each submitting method takes its options. */
const optionsPosition: Partial<Record<PropertyKey, number>> = { map: 2, find: 2, run: 2, reduce: 3 }

export function trackGrid(grid: Grid, tracking: Tracking): Grid {
  return new Proxy(grid, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      const position = optionsPosition[name]
      return (...given: unknown[]) => {
        if (position === undefined) return member.apply(target, given)
        const args = given.slice(0, position)
        while (args.length < position) args.push(undefined)
        const job = member.apply(target, [...args, mergedOptions(given[position], tracking)])
        tracking.onJob(job as AnyJob)
        return job
      }
    },
  })
}

function mergedOptions(given: unknown, { signal, overrides }: Tracking): JobOptions {
  const { maxErrorRate, quorum, ...rest } = (given ?? {}) as JobOptions
  // One rule takes the place of the other: two at once are refused.
  const hasRule = overrides.maxErrorRate !== undefined || overrides.quorum !== undefined
  const rule = {
    ...(maxErrorRate === undefined ? {} : { maxErrorRate }),
    ...(quorum === undefined ? {} : { quorum }),
  }
  const own: JobOptions = hasRule ? rest : { ...rest, ...rule }
  return {
    ...own,
    ...overrides,
    signal: own.signal === undefined ? signal : AbortSignal.any([own.signal, signal]),
  }
}
