/** Tells readers and watchers that a job has moved, without either side waiting for the other. */
import { addUnit, emptyUnitSet, type UnitSet } from '../core/kit/unit-set.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId } from '../protocol/ids.js'

export interface JobNews {
  resultsReady(job: JobId, results: readonly ResultRecord[]): void
  /** Readers that have them get what comes in their place. */
  resultsWithdrawn(job: JobId, units: readonly number[]): void
  jobChanged(job: JobId): void
  drained(): void
  /** Resolves at the next news of the job, or when the signal aborts. */
  next(job: JobId, signal: AbortSignal): Promise<void>
  /** Resolves at the next `drained`. */
  nextDrained(signal: AbortSignal): Promise<void>
  /** Gathers what becomes of the job's units from now on, until `close`. */
  follow(job: JobId): JobFollower
}

export interface JobFollower {
  /** Units that became canonical since the last call, for the first time or again. */
  arrived(): Iterable<number>
  /** Units that ceased to be canonical since the last call. */
  withdrawn(): Iterable<number>
  close(): void
}

export function createJobNews(): JobNews {
  const waiting = new Map<string, Set<() => void>>()
  const followers = new Map<JobId, Set<{ units: UnitSet; doubted: number[] }>>()

  const tell = (key: string) => {
    const listeners = waiting.get(key)
    waiting.delete(key)
    for (const listener of listeners ?? []) listener()
  }

  const wait = (key: string, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = () => {
        signal.removeEventListener('abort', done)
        waiting.get(key)?.delete(done)
        resolve()
      }
      signal.addEventListener('abort', done, { once: true })
      const listeners = waiting.get(key) ?? new Set()
      waiting.set(key, listeners.add(done))
    })

  return {
    resultsReady(job, results) {
      for (const follower of followers.get(job) ?? [])
        for (const { unit } of results) addUnit(follower.units, unit)
      tell(job)
    },
    resultsWithdrawn(job, units) {
      for (const follower of followers.get(job) ?? []) follower.doubted.push(...units)
      tell(job)
    },
    jobChanged: tell,
    drained: () => tell('drained'),
    next: wait,
    nextDrained: (signal) => wait('drained', signal),
    follow(job) {
      const follower = { units: emptyUnitSet(), doubted: [] as number[] }
      const all = followers.get(job) ?? new Set()
      followers.set(job, all.add(follower))
      return {
        arrived() {
          const { starts, ends } = follower.units
          follower.units = emptyUnitSet()
          return unitsBetween(starts, ends)
        },
        withdrawn() {
          const { doubted } = follower
          follower.doubted = []
          return doubted
        },
        close() {
          all.delete(follower)
          if (all.size === 0) followers.delete(job)
        },
      }
    },
  }
}

function* unitsBetween(starts: readonly number[], ends: readonly number[]): Generator<number> {
  for (const [i, start] of starts.entries())
    for (let unit = start; unit < (ends[i] ?? start); unit++) yield unit
}
