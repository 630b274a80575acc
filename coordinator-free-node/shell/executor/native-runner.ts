/**
 * Runs units of `native` tasks, each task in processes of its own: one unit at a time in each, kept while units of the
 * same task come, and killed for everything that ends a unit early.
 */
import type { UnitBatch, UnitInput } from '../../ports/executor.js'
import { limits } from '../../protocol/limits.js'
import {
  abortReasons,
  resultKinds,
  type UnitAbort,
  type UnitOutcome,
} from '../../protocol/outcome.js'
import { digestOutput } from '../output-digest.js'
import type { KernelOutcome } from './kernel-outcome.js'
import type { FromNative, ToNative } from './native-process.js'
import { entryFile, type SealedProcess, startSealed } from './sealed-process.js'
import { seededStream } from './seeded-stream.js'
import { WorkShare } from './work-share.js'

export interface NativeOptions {
  /** Most processes. */
  slots: number
  /** Part of its time that each of them works, 0.01 to 1. */
  cpuShare: number
  unitBytesMax: number
}

/** A process without a unit is kept for the next one so long: some fifty times what starting it costs. */
const idleMsMax = 5_000
const mib = 2 ** 20
/** Heap of Node's own. */
const heapMbMin = 32
/** What a process takes beside its unit's memory. */
const ownBytes = 256 * mib

export class NativeRunner {
  readonly #options: NativeOptions
  readonly #processes = new Set<NativeProcess>()
  /** By the caller's name for the unit. */
  readonly #running = new Map<number, NativeProcess>()

  constructor(options: NativeOptions) {
    this.#options = options
  }

  /**
   * Call it for at most `slots` units at a time.
   *
   * @param id  names the unit in `cancel`
   * @param ended  called once
   * @returns settles when the slot is free again: after the rest that the share of time asks for
   */
  async run(
    id: number,
    batch: UnitBatch,
    { unit, input }: UnitInput,
    ended: (outcome: UnitOutcome) => void,
  ): Promise<void> {
    const process = this.#processFor(batch)
    this.#running.set(id, process)
    const { inputs, params } = batch
    const seed = new Uint8Array(16)
    seededStream(batch.seed, unit)(seed)
    const outputBytesMax = this.#options.unitBytesMax
    const { outcome, spentMs } = await process.run({ inputs, input, params, seed, outputBytesMax })
    const { share } = process
    ended(outcomeOf(unit, outcome, share.occupiedMs(spentMs)))
    await process.rest(share.restAfter(spentMs))
    this.#running.delete(id)
  }

  /** The unit's outcome is of no interest any more. */
  cancel(id: number): void {
    this.#running.get(id)?.end('cancelled', 'cancelled')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.end('cancelled', 'cancelled')))
  }

  #processFor(batch: UnitBatch): NativeProcess {
    const free = [...this.#processes].filter(({ isFree }) => isFree)
    const found = free.find(({ task }) => task === batch.task)
    if (found !== undefined) return found
    // Another task's process makes room.
    if (this.#processes.size >= this.#options.slots) void free[0]?.end('cancelled', 'cancelled')
    const process = new NativeProcess(batch, this.#options.cpuShare, () => {
      this.#processes.delete(process)
    })
    this.#processes.add(process)
    return process
  }
}

interface Ended {
  outcome: KernelOutcome | Omit<UnitAbort, 'unit'>
  spentMs: number
}

class NativeProcess {
  readonly task: string
  readonly share: WorkShare
  readonly #unitMsMax: number
  #outputBytesMax = 0
  readonly #starting = new AbortController()
  readonly #sealed: SealedProcess
  /** Resolves when it is gone. */
  readonly #gone: Promise<void>
  /** Why it was ended. */
  #end: Omit<UnitAbort, 'unit'> | undefined
  #ended: ((ended: Ended) => void) | undefined
  #idle: NodeJS.Timeout | undefined
  #rest: { timer: NodeJS.Timeout; over: () => void } | undefined
  #isFree = true

  constructor({ task, bundle }: UnitBatch, cpuShare: number, gone: () => void) {
    const { unitMsMax, unitMemoryBytesMax } = bundle.descriptor
    this.task = task
    this.share = new WorkShare(cpuShare)
    this.#unitMsMax = unitMsMax
    const heapMb = Math.max(heapMbMin, Math.ceil(unitMemoryBytesMax / mib))
    this.#sealed = startSealed(
      {
        entry: entryFile('native-process.js'),
        args: [String(ownBytes + unitMemoryBytesMax)],
        flags: [`--max-old-space-size=${heapMb}`],
      },
      this.#starting.signal,
    )
    const { child, ready } = this.#sealed
    this.#gone = ready.then(
      () => this.#sealed.gone,
      (error: unknown) => {
        this.#end ??= abort('unavailable', error instanceof Error ? error.message : String(error))
      },
    )
    void this.#gone.then(() => {
      this.#isFree = false
      clearTimeout(this.#idle)
      gone()
      this.#settle({ outcome: this.#end ?? this.#death(), spentMs: 0 })
      this.#wake()
    })
    void ready.then(
      () => {
        child.on('message', (message: unknown) => this.#hear(message))
        this.#tell({ type: 'task', source: new TextDecoder().decode(bundle.code) })
      },
      () => {},
    )
  }

  get isFree(): boolean {
    return this.#isFree
  }

  async run(unit: Omit<ToNative & { type: 'unit' }, 'type'>): Promise<Ended> {
    this.#isFree = false
    this.#outputBytesMax = unit.outputBytesMax
    clearTimeout(this.#idle)
    const ended = new Promise<Ended>((resolve) => {
      this.#ended = resolve
    })
    let late: NodeJS.Timeout | undefined
    void this.#sealed.ready.then(
      () => {
        if (this.#ended === undefined) return
        const message = `ran longer than its limit of ${this.#unitMsMax} ms`
        late = setTimeout(() => void this.end('time', message), this.#unitMsMax)
        this.#tell({ type: 'unit', ...unit })
      },
      () => {},
    )
    try {
      return await ended
    } finally {
      clearTimeout(late)
    }
  }

  /** Free again after it; at once when the process is gone. */
  async rest(restMs: number): Promise<void> {
    if (restMs > 0 && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#rest = { timer: setTimeout(resolve, restMs), over: resolve }
      })
    this.#rest = undefined
    const { exitCode, signalCode } = this.#sealed.child
    if (this.#end !== undefined || exitCode !== null || signalCode !== null) return
    this.#isFree = true
    this.#idle = setTimeout(() => void this.end('cancelled', 'cancelled'), idleMsMax)
    this.#idle.unref()
  }

  /** Resolves when the process is gone. */
  async end(reason: UnitAbort['reason'], message: string): Promise<void> {
    this.#end ??= abort(reason, message)
    this.#isFree = false
    this.#starting.abort()
    this.#wake()
    // One that starts is ended by the signal: bubblewrap is not to be killed while it builds its wall.
    this.#sealed.ready.then(() => this.#sealed.child.kill('SIGKILL')).catch(() => {})
    await this.#gone
  }

  #wake(): void {
    clearTimeout(this.#rest?.timer)
    this.#rest?.over()
  }

  #tell(message: ToNative): void {
    const { child } = this.#sealed
    if (child.connected) child.send(message, () => {})
  }

  #hear(message: unknown): void {
    if (isEnded(message, this.#outputBytesMax))
      this.#settle({ outcome: message.outcome, spentMs: message.spentMs })
    else void this.end('crash', "the unit's process said what its own code never says")
  }

  #settle(ended: Ended): void {
    const settle = this.#ended
    this.#ended = undefined
    settle?.(ended)
  }

  #death(): Omit<UnitAbort, 'unit'> {
    const printed = this.#sealed.errors()
    if (/JavaScript heap out of memory/.test(printed))
      return abort('memory', 'the unit used more memory than its task allows')
    const last = printed.split('\n').at(-1) ?? ''
    if (/^the process held \d+ MiB/.test(last)) return abort('memory', last)
    const { exitCode, signalCode } = this.#sealed.child
    const how = signalCode ?? `exit code ${exitCode}`
    return abort(
      'crash',
      `the unit's process died: ${how} ${last.slice(0, limits.textCharsMax)}`.trim(),
    )
  }
}

function outcomeOf(unit: number, outcome: Ended['outcome'], spentMs: number): UnitOutcome {
  if (outcome.kind === 'abort') {
    const { kind, reason, message } = outcome
    return { unit, kind, reason, message: message.slice(0, limits.textCharsMax) }
  }
  const { kind, output } = outcome
  return {
    unit,
    kind,
    output,
    digest: digestOutput(resultKinds.indexOf(kind), output),
    spentMs,
    fuel: 0,
  }
}

/** A kernel can get at the channel; the daemon must take no harm from what it puts there. */
function isEnded(
  message: unknown,
  outputBytesMax: number,
): message is Extract<FromNative, { type: 'ended' }> {
  const { type, outcome, spentMs } = Object(message) as Partial<Record<string, unknown>>
  const { kind, output, reason, message: words } = Object(outcome) as Record<string, unknown>
  if (type !== 'ended' || !Number.isFinite(spentMs) || Number(spentMs) < 0) return false
  if (kind === 'abort') return abortReasons.some((r) => r === reason) && typeof words === 'string'
  if (!(output instanceof Uint8Array) || output.length > outputBytesMax) return false
  return resultKinds.some((k) => k === kind)
}

function abort(reason: UnitAbort['reason'], message: string): Omit<UnitAbort, 'unit'> {
  return { kind: 'abort', reason, message }
}
