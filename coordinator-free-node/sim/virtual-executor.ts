/** Threads that take virtual time. What a unit is worth computing is a function of its index alone. */
import { nextFraction, type Random } from '../core/kit/random.js'
import type { UnitIndex } from '../protocol/ids.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { type CancelledUnits, isInRuns } from '../protocol/unit-runs.js'
import { later, never, right, type Strategy } from './adversaries/strategy.js'
import { digestOfOutput, outputOf } from './answers.js'
import type { VirtualClock } from './virtual-clock.js'

export interface ExecutorTraits {
  slots: number
  /** Thread-milliseconds a unit, before a spread of a fifth either way. */
  unitMs: number
  /** A unit's work as a multiple of the usual. @default 1 */
  costOf?: (unit: UnitIndex) => number
  /** How it answers; undefined: honestly. */
  strategy: Strategy | undefined
}

/** A host that waits for its friends looks again this often. */
export const lookAgainMs = 100

interface Entry {
  batch: string
  unit: UnitIndex
  done: (outcome: UnitOutcome) => void
}

export class VirtualExecutor {
  readonly #queue: Entry[] = []
  readonly #running = new Set<Entry>()
  /** Done but not answered: their hosts wait for their friends, or for ever. */
  readonly #held = new Set<Entry>()
  #stopped = false
  executed = 0
  /** Units of which its threads did a part or all. */
  worked = 0
  readonly #startedMs = new Map<Entry, { atMs: number; spentMs: number }>()

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly traits: ExecutorTraits,
    private readonly host: number,
  ) {}

  execute(batch: string, units: Iterable<UnitIndex>, done: (outcome: UnitOutcome) => void): void {
    for (const unit of units) {
      this.traits.strategy?.given?.(unit, this.host)
      this.#queue.push({ batch, unit, done })
    }
    this.#fill()
  }

  /** Units end as cancelled; those that run are left alone unless all are meant. */
  cancel(batch: string, which: CancelledUnits): void {
    for (const entries of which === 'all' ? [this.#running, this.#held] : [])
      for (const entry of entries)
        if (entry.batch === batch && entries.delete(entry)) {
          this.#stopClock(entry)
          cancelled(entry)
        }
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      const entry = this.#queue[i]
      if (entry?.batch !== batch) continue
      if (typeof which !== 'string' && !isInRuns(which, entry.unit)) continue
      this.#queue.splice(i, 1)
      cancelled(entry)
    }
    this.#fill()
  }

  stop(): void {
    this.#stopped = true
    this.#queue.length = 0
  }

  #fill(): void {
    const { unitMs, costOf, slots, strategy } = this.traits
    while (this.#running.size < slots) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#running.add(next)
      const work = (costOf?.(next.unit) ?? 1) * (strategy?.effort ?? 1)
      const spentMs = unitMs * work * (0.8 + 0.4 * nextFraction(this.random))
      this.#startedMs.set(next, { atMs: this.clock.nowMs(), spentMs })
      this.clock.after(spentMs, () => {
        if (this.#stopped || !this.#running.delete(next)) return
        this.#stopClock(next)
        this.#held.add(next)
        this.#answer(next, spentMs, this.clock.nowMs())
        this.#fill()
      })
    }
  }

  #stopClock(entry: Entry): void {
    const started = this.#startedMs.get(entry)
    if (started === undefined) return
    this.#startedMs.delete(entry)
    this.worked += (this.clock.nowMs() - started.atMs) / started.spentMs
  }

  /** A finished unit keeps no thread while its host waits to see what to say. */
  #answer(entry: Entry, spentMs: number, readyMs: number): void {
    if (this.#stopped || !this.#held.has(entry)) return
    const { unit } = entry
    const { clock, random, host, executed: answered } = this
    const nowMs = clock.nowMs()
    const said =
      this.traits.strategy?.answer({ unit, host, nowMs, readyMs, answered, random }) ?? right
    if (said === never) return
    if (said === later) {
      clock.after(lookAgainMs, () => this.#answer(entry, spentMs, readyMs))
      return
    }
    this.#held.delete(entry)
    this.executed++
    const output = outputOf(unit, said)
    const digest = digestOfOutput(output)
    entry.done({ unit, kind: 'done', output, digest, spentMs, fuel: 1 })
  }
}

function cancelled({ unit, done }: Entry): void {
  done({ unit, kind: 'abort', reason: 'cancelled', message: 'cancelled' })
}
