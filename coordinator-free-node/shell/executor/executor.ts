/**
 * The executor as the node sees it: batches in, outcomes out. Cuts batches into chunks for the threads of a forked
 * process, and sees to it that every unit has exactly one outcome, whatever becomes of thread and process.
 *
 * Story of a unit: queued -> in a chunk -> outcome. A chunk that ends early puts its other units back in the queue,
 * in front; only the unit that ran when its thread died is reported as aborted. When the whole process dies nobody
 * knows which unit of a chunk ran: they run again one by one, and the one that was alone is reported.
 */
import type { Executor, UnitBatch, UnitInput } from '../../ports/executor.js'
import type { BlobHash } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type { UnitAbort, UnitOutcome } from '../../protocol/outcome.js'
import { type CancelledUnits, isInRuns } from '../../protocol/unit-runs.js'
import {
  type ChunkStop,
  type FromProcess,
  isParcel,
  type ProcessSettings,
  packInputs,
  tasksKeptMax,
  type UnitObservation,
  unpackResults,
} from './chunk.js'
import { NativeRunner } from './native-runner.js'
import { ProcessKeeper } from './process-keeper.js'
import { UnitQueue } from './unit-queue.js'
import { UnpreparedTasks } from './unprepared-tasks.js'

export interface ExecutorOptions {
  /** Threads. */
  slots: number
  /** Share of its time that each thread works, 0.01 to 1; it rests between units. @default 1 */
  cpuShare?: number
  /**
   * Resident memory of the process, bytes; over it the unit that may have most is ended, and at last the process.
   *
   * @default what the limits of its tasks add up to on all threads, and 1 GiB
   */
  memoryBytesMax?: number
  /** The compiled process.js, for those who move it. @default the one of this package */
  entry?: URL
  /** Silence after which the process is killed, milliseconds; see ForkOptions. @default 20000 */
  silenceMsMax?: number
  /**
   * Most bytes of one unit's input or output.
   *
   * @default the grid's 8 MiB, what a lease and a vote can carry
   */
  unitBytesMax?: number
  /**
   * Runs `native` tasks, which nothing but the walls guards, in processes of their own; who may submit them is the
   * node's affair.
   *
   * @default false: their units end as `unavailable`
   */
  native?: boolean
  /** Time for guard and compiler of one task, milliseconds; a task that takes longer is turned away. @default 20000 */
  prepareMsMax?: number
  /** Told what a person who reads logs should know: a process that died, one that came back. */
  log?(message: string): void
  /** Told what `wasm` units log, how far they are, and what memory they had; for who runs a task to see it at work. */
  observe?(observation: UnitObservation): void
}

/** An executor whose process can be seen from outside. */
export interface LocalExecutor extends Executor {
  /** Process id while there is one. */
  readonly pid: number | undefined
}

interface Batch {
  readonly spec: UnitBatch
  /** Not in a chunk yet. */
  readonly queue: UnitQueue
  /** Units without an outcome. */
  readonly open: Set<number>
  report(outcomes: readonly UnitOutcome[]): void
  done(): void
  failed(error: unknown): void
}

interface InFlight {
  readonly chunk: number
  readonly batch: Batch
  /** Units of the chunk without an outcome, in order. */
  readonly units: Map<number, UnitInput>
  /** In a process of its task's own. */
  readonly isNative: boolean
}

/** Guard and compiler are linear in a module's size, and 16 MiB take a few seconds on a slow machine. */
const prepareMsMaxDefault = 20_000
const gridUnitBytesMax = Math.max(limits.unitInputBytesMax, limits.unitOutputBytesMax)
/**
 * Below it a chunk is queued behind each running one, so that threads never wait for a message: what a longer unit loses
 * that way is nothing, and what is queued cannot be taken back for so long.
 */
const prefetchBelowMs = 500
/** Tasks whose unit times are remembered: more than a node serves at once. */
const tasksTimedMax = 256

/**
 * @param options  slots is an integer from 1
 * @returns an executor that is not started
 */
export function createExecutor(options: ExecutorOptions): LocalExecutor {
  return new ProcessExecutor(options)
}

class ProcessExecutor implements LocalExecutor {
  readonly slots: number
  readonly #keeper: ProcessKeeper
  readonly #batches = new Map<string, Batch>()
  /** In the order of their sending: the first `slots` run, the others wait in the process. */
  readonly #inFlight = new Map<number, InFlight>()
  /** Thread-milliseconds a unit of each task, smoothed; the task last seen is last. */
  readonly #unitMs = new Map<BlobHash, number>()
  readonly #sent = new Set<BlobHash>()
  readonly #unprepared = new UnpreparedTasks(() => performance.now())
  /** Of each process that is started from now on. */
  readonly #settings: ProcessSettings
  readonly #native: NativeRunner | undefined
  readonly #observe: ExecutorOptions['observe']
  #lastChunk = 0

  constructor(options: ExecutorOptions) {
    const { slots, entry, silenceMsMax, prepareMsMax = prepareMsMaxDefault, log } = options
    const { cpuShare = 1, unitBytesMax = gridUnitBytesMax, memoryBytesMax } = options
    this.#settings = { slots, cpuShare, prepareMsMax, unitBytesMax, memoryBytesMax }
    this.#native = options.native === true ? new NativeRunner(this.#settings) : undefined
    this.slots = slots
    this.#observe = options.observe
    this.#keeper = new ProcessKeeper(
      { settings: this.#settings, entry, silenceMsMax },
      {
        cameUp: () => this.#cameUp(),
        heard: (message, parcels) => this.#hear(message, parcels),
        died: (reason) => {
          log?.(`the executor's process died (${reason}); another one is started`)
          this.#died(reason)
        },
        gaveUp: (reason) => {
          log?.(`the executor's process does not stay alive: ${reason}`)
          for (const batch of [...this.#batches.values()])
            this.#abortAll(batch, 'unavailable', `the executor does not stay alive: ${reason}`)
        },
      },
    )
  }

  get pid(): number | undefined {
    return this.#keeper.pid
  }

  start(): Promise<void> {
    return this.#keeper.start()
  }

  execute(spec: UnitBatch, onOutcomes: (outcomes: readonly UnitOutcome[]) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#batches.has(spec.batch))
        throw new Error(`a batch named ${spec.batch} is being executed already`)
      const batch: Batch = {
        spec,
        queue: new UnitQueue(spec.units),
        open: new Set(spec.units.map(({ unit }) => unit)),
        report: onOutcomes,
        done: resolve,
        failed: reject,
      }
      if (batch.open.size === 0) return resolve()
      this.#batches.set(spec.batch, batch)
      this.#abortTooLong(batch)
      const fault = this.#unprepared.find(spec.task)
      if (fault !== undefined) this.#abortAll(batch, fault.reason, fault.message)
      else if (this.#keeper.isStarted) this.#fill()
      else this.#abortAll(batch, 'unavailable', 'the executor is not running')
    })
  }

  /** Whoever takes more than this executor says so in time; its process would take it for a fault. */
  #abortTooLong(batch: Batch): void {
    const { unitBytesMax } = this.#settings
    const isTooLong = ({ input }: UnitInput) => input.length > unitBytesMax
    if (!batch.spec.units.some(isTooLong)) return
    const message = `the input has more than the ${unitBytesMax} bytes that this executor takes`
    const aborts = batch.queue
      .take(isTooLong)
      .map(({ unit }) => abortOf(unit, 'unavailable', message))
    this.#report(batch, aborts)
  }

  cancel(name: string, which: CancelledUnits = 'all'): void {
    const batch = this.#batches.get(name)
    if (batch === undefined) return
    const isMeant = ({ unit }: UnitInput) => typeof which === 'string' || isInRuns(which, unit)
    const queued = batch.queue.take(isMeant)
    const cancelled = queued.map(({ unit }) => abortOf(unit, 'cancelled', 'cancelled'))
    if (which === 'all')
      for (const flying of this.#inFlight.values()) {
        if (flying.batch !== batch) continue
        for (const unit of flying.units.keys())
          cancelled.push(abortOf(unit, 'cancelled', 'cancelled'))
        // The slot is taken until the process says that the chunk has ended.
        if (flying.isNative) this.#native?.cancel(flying.chunk)
        else this.#keeper.tell({ type: 'cancel', chunk: flying.chunk })
      }
    this.#report(batch, cancelled)
  }

  async stop(): Promise<void> {
    const stopped = Promise.all([this.#keeper.stop(), this.#native?.stop()])
    this.#inFlight.clear()
    for (const batch of [...this.#batches.values()])
      this.#abortAll(batch, 'cancelled', 'the executor was stopped')
    await stopped
  }

  #cameUp(): void {
    this.#sent.clear()
    this.#fill()
  }

  /** Keeps every thread busy: chunks go out while there is room, oldest batch first. */
  #fill(): void {
    if (!this.#keeper.isUp) return
    for (const batch of this.#batches.values())
      while (batch.queue.size > 0) {
        const native = batch.spec.bundle.descriptor.tier === 'native' ? this.#native : undefined
        if (native !== undefined) {
          if (this.#inFlight.size >= this.slots) break
          this.#runNative(native, batch)
          continue
        }
        const unitMs = this.#unitMs.get(batch.spec.task)
        const most = unitMs !== undefined && unitMs < prefetchBelowMs ? 2 * this.slots : this.slots
        if (this.#inFlight.size >= most) return
        this.#sendChunk(batch, unitMs)
      }
  }

  #sendChunk(batch: Batch, unitMs: number | undefined): void {
    const { task, use = 'compute', bundle, params, inputs, seed } = batch.spec
    if (!this.#sent.has(task)) this.#sendTask(task, bundle)
    const units = batch.queue.takeChunk(unitMs, this.slots)
    const { chunk } = this.#takeOff(batch, units, false)
    const isObserved = this.#observe !== undefined
    const { parcels, ...packed } = packInputs(units)
    const columns = { units: units.map(({ unit }) => unit), ...packed }
    const about = { chunk, task, use, params, inputsKind: inputs, seed, isObserved }
    this.#keeper.tell({ type: 'chunk', chunk: { ...about, ...columns } }, parcels)
  }

  #takeOff(batch: Batch, units: readonly UnitInput[], isNative: boolean): InFlight {
    const chunk = ++this.#lastChunk
    const flying = { chunk, batch, units: new Map(units.map((u) => [u.unit, u])), isNative }
    this.#inFlight.set(chunk, flying)
    return flying
  }

  /** A unit alone: its process does one after the other. */
  #runNative(native: NativeRunner, batch: Batch): void {
    const [unit] = batch.queue.takeChunk(undefined, this.slots)
    if (unit === undefined) return
    const flying = this.#takeOff(batch, [unit], true)
    const ended = (outcome: UnitOutcome) => this.#settle(flying, [outcome])
    void native.run(flying.chunk, batch.spec, unit, ended).then(() => {
      this.#inFlight.delete(flying.chunk)
      this.#fill()
    })
  }

  #sendTask(task: BlobHash, { descriptor, code }: UnitBatch['bundle']): void {
    // So many others later the process has dropped the first; what it misses it asks for.
    if (this.#sent.size >= tasksKeptMax) this.#sent.clear()
    this.#sent.add(task)
    const about = { type: 'task', task, descriptor } as const
    if (isParcel(code.length)) this.#keeper.tell(about, [code])
    else this.#keeper.tell({ ...about, code })
  }

  #hear(message: FromProcess, parcels: readonly Uint8Array[]): void {
    if (message.type === 'ready' || message.type === 'pong') return
    if (message.type === 'preparing') return this.#unprepared.begin(message.task)
    if (message.type === 'prepared') return this.#unprepared.end(message.task)
    const flying = this.#inFlight.get(message.chunk)
    if (flying === undefined) return
    switch (message.type) {
      case 'results':
        this.#keeper.praise()
        this.#time(flying.batch.spec.task, message.results.spentMs)
        this.#settle(flying, unpackResults(message.results, parcels))
        return
      case 'abort':
        this.#settle(flying, [abortOf(message.unit, message.reason, message.message)])
        return
      case 'observed': {
        const { type: _, chunk: __, ...observation } = message
        this.#observe?.(observation)
        return
      }
      case 'task-missing':
        this.#sent.delete(flying.batch.spec.task)
        this.#end(flying, undefined)
        break
      case 'unprepared': {
        const { task } = flying.batch.spec
        this.#unprepared.remember(task, message)
        this.#end(flying, undefined)
        this.#turnAway(task)
        break
      }
      case 'end':
        this.#end(flying, message.stop)
    }
    this.#fill()
  }

  /** What has begun of the task ends as it may, though nobody waits for it any more. */
  #turnAway(task: BlobHash): void {
    const fault = this.#unprepared.find(task)
    for (const batch of [...this.#batches.values()])
      if (fault !== undefined && batch.spec.task === task)
        this.#abortAll(batch, fault.reason, fault.message)
  }

  #time(task: BlobHash, spentMs: readonly number[]): void {
    if (spentMs.length === 0) return
    const mean = spentMs.reduce((sum, ms) => sum + ms, 0) / spentMs.length
    const before = this.#unitMs.get(task)
    this.#unitMs.delete(task)
    this.#unitMs.set(task, before === undefined ? mean : before + 0.3 * (mean - before))
    if (this.#unitMs.size <= tasksTimedMax) return
    for (const oldest of this.#unitMs.keys()) {
      this.#unitMs.delete(oldest)
      return
    }
  }

  #settle(flying: InFlight, outcomes: readonly UnitOutcome[]): void {
    for (const { unit } of outcomes) flying.units.delete(unit)
    this.#report(flying.batch, outcomes)
  }

  /** A chunk is over: the unit that stopped it is aborted, the rest of it runs again. */
  #end(flying: InFlight, stop: ChunkStop | undefined, areSuspect = false): void {
    this.#inFlight.delete(flying.chunk)
    if (stop !== undefined) {
      // A thread that died before its first unit would die again and again: its first unit is reported.
      const [first] = flying.units.keys()
      const unit = stop.unit ?? first
      if (unit !== undefined) this.#settle(flying, [abortOf(unit, stop.reason, stop.message)])
    }
    const { batch } = flying
    const again = [...flying.units.values()].filter(({ unit }) => batch.open.has(unit))
    if (again.length > 0) batch.queue.putBack(again, areSuspect)
  }

  /** Each unit is reported once; outcomes of cancelled units come too late and are dropped. */
  #report(batch: Batch, outcomes: readonly UnitOutcome[]): void {
    const fresh = outcomes.filter(({ unit }) => batch.open.delete(unit))
    try {
      if (fresh.length > 0) batch.report(fresh)
    } catch (error) {
      // The caller's own fault, so it is the caller's promise that fails.
      batch.open.clear()
      batch.queue.take()
      batch.failed(error)
    }
    if (batch.open.size > 0 || this.#batches.get(batch.spec.batch) !== batch) return
    this.#batches.delete(batch.spec.batch)
    batch.done()
  }

  #abortAll(batch: Batch, reason: UnitAbort['reason'], message: string): void {
    batch.queue.take()
    const aborts = [...batch.open].map((unit) => abortOf(unit, reason, message))
    this.#report(batch, aborts)
  }

  /** The process is gone: a unit that ran alone is aborted, all others run in the next process. */
  #died(reason: string): void {
    const message = `the executor's process died: ${reason}`
    // A chunk whose units all have outcomes holds no thread any more.
    const lost = [...this.#inFlight.values()].filter(({ isNative }) => !isNative)
    for (const { chunk } of lost) this.#inFlight.delete(chunk)
    const flying = lost.filter(({ units }) => units.size > 0)
    const isPreparing = flying.map(({ batch }) => this.#unprepared.isAtWork(batch.spec.task))
    for (const task of this.#unprepared.blame(message)) this.#turnAway(task)
    // From last to first, so that putting back in front restores their order.
    for (const [place, entry] of [...flying.entries()].reverse()) {
      const hadBegun = place < this.slots && isPreparing[place] === false
      const stop = { unit: undefined, reason: 'crash' as const, message }
      if (hadBegun && entry.units.size === 1) this.#end(entry, stop)
      else this.#end(entry, undefined, hadBegun)
    }
  }
}

/** The words may be those of a process that a unit has taken over: they have an end. */
function abortOf(unit: number, reason: UnitAbort['reason'], message: string): UnitAbort {
  return { unit, kind: 'abort', reason, message: message.slice(0, limits.textCharsMax) }
}
