/** Threads that take virtual time. What a unit is worth computing is a function of its index alone. */
import { nextFraction, type Random } from '../core/kit/random.js'
import type { UnitIndex } from '../protocol/ids.js'
import { digestOf, type UnitOutcome } from '../protocol/outcome.js'
import type { VirtualClock } from './virtual-clock.js'

export interface ExecutorTraits {
  slots: number
  /** Thread-milliseconds a unit, before a spread of a fifth either way. */
  unitMs: number
  /** Share of units for which this host makes a result up. */
  lieRate: number
  /** Takes leases and never answers. */
  withholds: boolean
}

/** The right result of a unit: 8 bytes. */
export function rightOutput(unit: UnitIndex): Uint8Array {
  const output = new Uint8Array(8)
  new DataView(output.buffer).setFloat64(0, unit * unit + 1)
  return output
}

interface Entry {
  batch: string
  unit: UnitIndex
  done: (outcome: UnitOutcome) => void
}

export class VirtualExecutor {
  readonly #queue: Entry[] = []
  readonly #running = new Set<Entry>()
  #busy = 0
  #stopped = false
  executed = 0

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly traits: ExecutorTraits,
  ) {}

  execute(batch: string, units: Iterable<UnitIndex>, done: (outcome: UnitOutcome) => void): void {
    for (const unit of units) this.#queue.push({ batch, unit, done })
    this.#fill()
  }

  /** Units end as cancelled; with `queued` those that run are left alone. */
  cancel(batch: string, which: 'all' | 'queued'): void {
    for (const entry of which === 'all' ? this.#running : [])
      if (entry.batch === batch && this.#running.delete(entry)) {
        this.#busy--
        cancelled(entry)
      }
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      const entry = this.#queue[i]
      if (entry?.batch !== batch) continue
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
    if (this.traits.withholds) return
    while (this.#busy < this.traits.slots) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#busy++
      this.#running.add(next)
      const spentMs = this.traits.unitMs * (0.8 + 0.4 * nextFraction(this.random))
      const lies = nextFraction(this.random) < this.traits.lieRate
      this.clock.after(spentMs, () => {
        if (this.#stopped || !this.#running.delete(next)) return
        this.#busy--
        this.executed++
        const output = rightOutput(next.unit)
        if (lies) output[0] = 1 + Math.floor(nextFraction(this.random) * 254)
        const digest = digestOf('done', output)
        next.done({ unit: next.unit, kind: 'done', output, digest, spentMs, fuel: 1 })
        this.#fill()
      })
    }
  }
}

function cancelled({ unit, done }: Entry): void {
  done({ unit, kind: 'abort', reason: 'cancelled', message: 'cancelled' })
}
