/**
 * The executor as the node sees it: batches in, outcomes out. Cuts batches into chunks for the threads of a forked
 * process, brings the process back when it dies, and sees to it that every unit has exactly one outcome.
 *
 * Story of a unit: queued -> in a chunk -> outcome. A chunk that ends early puts its other units back in the queue,
 * in front; only the unit that ran when its thread or process died is reported as aborted.
 */
import type { Executor, UnitBatch, UnitInput } from '../../ports/executor.js'
import type { BlobHash } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { UnitAbort, UnitOutcome } from '../../protocol/outcome.js'
import { type ChunkStop, type FromProcess, packInputs, unpackResults } from './chunk.js'
import { type ExecutorProcess, forkExecutor } from './fork.js'

export interface ExecutorOptions {
  /** Threads. */
  slots: number
}

interface Batch {
  readonly spec: UnitBatch
  /** Not in a chunk yet; taken from the front. */
  queue: UnitInput[]
  /** Units without an outcome. */
  readonly open: Set<number>
  report(outcomes: readonly UnitOutcome[]): void
  done(): void
}

interface InFlight {
  readonly chunk: number
  readonly batch: Batch
  /** Units of the chunk without an outcome, in order. */
  readonly units: Map<number, UnitInput>
}

/** Work that a chunk aims at: long beside what a chunk costs (50 us), short beside what a killed one loses. */
const chunkMs = 25
const chunkUnitsMax = 256
/** Below it a chunk is queued behind each running one, so that threads never wait for a message. */
const prefetchBelowMs = 20
/** Chunks whose units are longer are killed by a cancel; shorter ones end by themselves as soon. */
const killAboveMs = 200
/** A process that dies so often in a row is not started again by itself. */
const deathsMax = 5
/** Tasks that the process keeps; the daemon sends a task again when it may have been dropped. */
const tasksSentMax = 16

/** @returns an executor that is not started */
export function createExecutor(options: ExecutorOptions): Executor {
  return new ProcessExecutor(options.slots)
}

class ProcessExecutor implements Executor {
  readonly slots: number
  readonly #batches = new Map<string, Batch>()
  readonly #inFlight = new Map<number, InFlight>()
  /** Thread-milliseconds a unit of each task, smoothed. */
  readonly #unitMs = new Map<BlobHash, number>()
  #sent = new Set<BlobHash>()
  #process: ExecutorProcess | undefined
  #lastChunk = 0
  #deathsInARow = 0
  #stopped = false

  constructor(slots: number) {
    this.slots = slots
  }

  async start(): Promise<void> {
    this.#stopped = false
    await this.#fork()
  }

  execute(spec: UnitBatch, onOutcomes: (outcomes: readonly UnitOutcome[]) => void): Promise<void> {
    return new Promise((resolve) => {
      const batch: Batch = {
        spec,
        queue: [...spec.units],
        open: new Set(spec.units.map(({ unit }) => unit)),
        report: onOutcomes,
        done: resolve,
      }
      if (batch.open.size === 0) return resolve()
      this.#batches.set(spec.batch, batch)
      if (this.#stopped || this.#process === undefined)
        this.#abortAll(batch, 'unavailable', 'the executor is not running')
      else this.#fill()
    })
  }

  cancel(name: string, which: 'all' | 'queued' = 'all'): void {
    const batch = this.#batches.get(name)
    if (batch === undefined) return
    const queued = batch.queue
    batch.queue = []
    const cancelled = queued.map(({ unit }) => abortOf(unit, 'cancelled', 'cancelled'))
    if (which === 'all')
      for (const flying of [...this.#inFlight.values()])
        if (flying.batch === batch) {
          for (const unit of flying.units.keys())
            cancelled.push(abortOf(unit, 'cancelled', 'cancelled'))
          const unitMs = this.#unitMs.get(batch.spec.task)
          if (unitMs === undefined || unitMs > killAboveMs)
            this.#process?.tell({ type: 'cancel', chunk: flying.chunk })
        }
    this.#report(batch, cancelled)
    this.#fill()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const batch of [...this.#batches.values()])
      this.#abortAll(batch, 'cancelled', 'the executor was stopped')
    const process = this.#process
    this.#process = undefined
    this.#inFlight.clear()
    await process?.stop()
  }

  async #fork(): Promise<void> {
    this.#sent = new Set()
    this.#process = await forkExecutor(this.slots, {
      heard: (message) => this.#hear(message),
      died: (reason) => this.#died(reason),
    })
    this.#fill()
  }

  /** Keeps every thread busy: chunks go out while there is room, oldest batch first. */
  #fill(): void {
    if (this.#process === undefined) return
    for (const batch of this.#batches.values())
      while (batch.queue.length > 0) {
        const unitMs = this.#unitMs.get(batch.spec.task)
        const most = unitMs !== undefined && unitMs < prefetchBelowMs ? 2 * this.slots : this.slots
        if (this.#inFlight.size >= most) return
        this.#sendChunk(batch, unitMs)
      }
  }

  #sendChunk(batch: Batch, unitMs: number | undefined): void {
    const { spec } = batch
    if (!this.#sent.has(spec.task)) this.#sendTask(spec)
    const units = takeChunk(batch.queue, unitMs, this.slots)
    batch.queue = batch.queue.slice(units.length)
    const chunk = ++this.#lastChunk
    const byUnit = new Map(units.map((unit) => [unit.unit, unit]))
    this.#inFlight.set(chunk, { chunk, batch, units: byUnit })
    this.#process?.tell({
      type: 'chunk',
      chunk: {
        chunk,
        task: spec.task,
        params: spec.params,
        inputsKind: spec.inputs,
        seed: spec.seed,
        units: units.map(({ unit }) => unit),
        ...packInputs(units),
      },
    })
  }

  #sendTask({ task, bundle }: UnitBatch): void {
    // Sixteen others later the process may have dropped the first: begin the count again.
    if (this.#sent.size >= tasksSentMax) this.#sent.clear()
    this.#sent.add(task)
    const { descriptor, code } = bundle
    this.#process?.tell({ type: 'task', task, descriptor, code })
  }

  #hear(message: FromProcess): void {
    if (message.type === 'ready' || message.type === 'pong') return
    const flying = this.#inFlight.get(message.chunk)
    if (flying === undefined) return
    switch (message.type) {
      case 'results': {
        this.#deathsInARow = 0
        const outcomes = unpackResults(message.results)
        this.#observe(flying.batch.spec.task, message.results.spentMs)
        this.#settle(flying, outcomes)
        return
      }
      case 'abort':
        this.#settle(flying, [stopOutcome(message.stop)].filter(isKnown))
        return
      case 'end':
        this.#end(flying, message.stop)
        this.#fill()
    }
  }

  #observe(task: BlobHash, spentMs: readonly number[]): void {
    if (spentMs.length === 0) return
    const mean = spentMs.reduce((sum, ms) => sum + ms, 0) / spentMs.length
    const before = this.#unitMs.get(task)
    this.#unitMs.set(task, before === undefined ? mean : before + 0.3 * (mean - before))
  }

  #settle(flying: InFlight, outcomes: readonly UnitOutcome[]): void {
    for (const { unit } of outcomes) flying.units.delete(unit)
    this.#report(flying.batch, outcomes)
  }

  /** A chunk is over: the unit that stopped it is aborted, the rest of it runs again. */
  #end(flying: InFlight, stop: ChunkStop | undefined): void {
    this.#inFlight.delete(flying.chunk)
    if (stop?.unit !== undefined) this.#settle(flying, [stopOutcome(stop)].filter(isKnown))
    const { batch } = flying
    const again = [...flying.units.values()].filter(({ unit }) => batch.open.has(unit))
    if (again.length > 0) batch.queue = [...again, ...batch.queue]
  }

  /** Each unit is reported once; outcomes of cancelled units come too late and are dropped. */
  #report(batch: Batch, outcomes: readonly UnitOutcome[]): void {
    const fresh = outcomes.filter(({ unit }) => batch.open.delete(unit))
    if (fresh.length > 0) batch.report(fresh)
    if (batch.open.size > 0 || this.#batches.get(batch.spec.batch) !== batch) return
    this.#batches.delete(batch.spec.batch)
    batch.done()
  }

  #abortAll(batch: Batch, reason: UnitAbort['reason'], message: string): void {
    batch.queue = []
    this.#report(
      batch,
      [...batch.open].map((unit) => abortOf(unit, reason, message)),
    )
  }

  /** The process is gone: what ran is aborted, what waited runs in the next one. */
  #died(reason: string): void {
    if (this.#stopped) return
    this.#process = undefined
    this.#deathsInARow++
    const flying = [...this.#inFlight.values()]
    flying.forEach((entry, i) => {
      const [unit] = entry.units.keys()
      // Chunks beyond the threads had not begun.
      const ran = i < this.slots ? unit : undefined
      this.#end(entry, { unit: ran, reason: 'crash', message: `the executor died: ${reason}` })
    })
    if (this.#deathsInARow > deathsMax) {
      for (const batch of [...this.#batches.values()])
        this.#abortAll(batch, 'unavailable', `the executor died ${deathsMax} times: ${reason}`)
      this.#deathsInARow = 0
    }
    this.#fork().catch((error: unknown) => {
      for (const batch of [...this.#batches.values()])
        this.#abortAll(batch, 'unavailable', String(error))
    })
  }
}

/** Units for one chunk: some 25 ms of work, never more than a thread's share of the queue. */
function takeChunk(
  queue: readonly UnitInput[],
  unitMs: number | undefined,
  slots: number,
): UnitInput[] {
  const aimed = unitMs === undefined ? 1 : Math.floor(chunkMs / Math.max(unitMs, 0.01))
  const share = Math.ceil(queue.length / slots)
  const most = Math.max(1, Math.min(aimed, share, chunkUnitsMax))
  let bytes = 0
  let count = 0
  for (const { input } of queue) {
    bytes += input.length
    if (count > 0 && (count >= most || bytes > limits.batchBytesMax)) break
    count++
  }
  return queue.slice(0, count)
}

function abortOf(unit: number, reason: UnitAbort['reason'], message: string): UnitAbort {
  return { unit, kind: 'abort', reason, message }
}

function stopOutcome({ unit, reason, message }: ChunkStop): UnitAbort | undefined {
  return unit === undefined ? undefined : abortOf(unit, reason, message)
}

function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined
}
