/**
 * A node of one honest host without a network: keeps jobs in memory and runs js kernels in this process, behind the
 * real gateway. It survives its gateway, so a test can stop one and start the next.
 */
import { randomBytes } from 'node:crypto'
import { type FailureCode, GridError } from '../../../coordinator-free-node/protocol/errors.js'
import type {
  JobPhase,
  JobView,
  ResultRecord,
  Submission,
} from '../../../coordinator-free-node/protocol/gateway-api.js'
import { hashOf, type JobId, type PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import {
  jobIdOf,
  packManifest,
  rangeOfUnit,
  unitCountOf,
} from '../../../coordinator-free-node/protocol/manifest.js'
import { unpackBundle } from '../../../coordinator-free-node/protocol/task-bundle.js'
import type { GatewayBackend } from '../../../coordinator-free-node/shell/gateway/backend.js'
import type { JsUnit } from '../../../tasks/contract.js'
import { decodeValue, encodeValue } from '../../../tasks/value.js'

const donation = {
  donating: true,
  reason: undefined,
  changesInMs: undefined,
  unitsLeft: 0,
}

export const fakePeer = '12D3KooWFakeFakeFakeFakeFakeFake'

type Program = (unit: JsUnit) => { hit?: boolean; value: unknown }

export interface FakeJob {
  id: JobId
  submission: Submission
  program: Program | undefined
  phase: JobPhase
  errorCode: FailureCode | undefined
  error: string | undefined
  hit: number | undefined
  inputs: Uint8Array[]
  total: number | undefined
  results: Map<number, ResultRecord>
  /** Results that came in the place of wrong ones, in that order. */
  revised: ResultRecord[]
  /** Sizes of the appends, in units. */
  appends: number[]
  computing: boolean
}

const unused = async (): Promise<never> => {
  throw new Error('this backend has none of that')
}

export class FakeBackend {
  readonly jobs = new Map<string, FakeJob>()
  readonly dialled: string[] = []
  /** Results stop here until it is raised: the unit that no host finishes. */
  unitsMax = Number.POSITIVE_INFINITY
  /** Inputs ahead of results. */
  aheadMax = 1000
  /** In which order units become canonical, in groups of so many, each turned round. */
  shuffle = 1
  /** Results in one frame. */
  batch = 100
  /** Results handed to readers, all of them together. */
  delivered = 0
  /** Makes a result of a unit instead of running it. */
  compute: ((job: FakeJob, unit: number, input: Uint8Array) => ResultRecord) | undefined
  readonly #changes = new Set<() => void>()

  readonly backend: GatewayBackend = {
    submit: async (submission) => {
      const manifest = {
        ...submission.manifest,
        requester: fakePeer as PeerId,
        nonce: randomBytes(8).toString('hex'),
      }
      const id = jobIdOf(packManifest(manifest))
      if (hashOf(submission.bundle) !== submission.manifest.taskHash) throw new Error('bad hash')
      const { descriptor, code } = unpackBundle(submission.bundle)
      const source = new TextDecoder().decode(code)
      this.jobs.set(id, {
        id,
        submission,
        program:
          descriptor.tier === 'js' ? (new Function(`return (${source})`)() as Program) : undefined,
        phase: 'running',
        errorCode: undefined,
        error: undefined,
        hit: undefined,
        inputs: [],
        total: unitCountOf(manifest.inputs),
        results: new Map(),
        revised: [],
        appends: [],
        computing: false,
      })
      this.#work(id)
      return { job: id }
    },
    append: async ({ job: id, first, inputs }, signal) => {
      const job = this.#job(id)
      job.appends.push(inputs.length)
      if (first > job.inputs.length) throw new Error(`gap before ${first}`)
      job.inputs.push(...inputs.slice(job.inputs.length - first))
      this.#work(id)
      while (
        job.phase === 'running' &&
        job.inputs.length - job.results.size >= this.aheadMax &&
        !signal.aborted
      ) {
        await this.#change(signal)
      }
      if (job.phase !== 'running') {
        throw new GridError('MH_JOB_CANCELLED', 'the job has ended', { blame: 'user' })
      }
      return { units: job.inputs.length }
    },
    close: async ({ job: id, units, error }) => {
      const job = this.#job(id)
      if (error !== undefined)
        this.fail(job, 'MH_INPUT_FAILED', `the inputs failed after unit ${units}: ${error}`)
      else job.total = units
      this.#work(id)
      return { units }
    },
    results: (request, signal) => this.#results(request, signal),
    watch: async function* (
      this: FakeBackend,
      { job, everyMs }: { job: string; everyMs: number },
      signal: AbortSignal,
    ) {
      for (;;) {
        const view = this.view(job)
        if (view.phase !== 'running' || signal.aborted) return view
        yield view
        await this.#change(AbortSignal.any([signal, AbortSignal.timeout(everyMs)]))
      }
    }.bind(this),
    jobs: async () => ({ jobs: [...this.jobs.keys()].map((id) => this.view(id)) }),
    show: async ({ job }) => this.view(job),
    why: async ({ job }) => ({
      job: this.#job(job).id,
      phase: this.#job(job).phase,
      waits: [],
      leases: [],
      refused: [],
      answers: [],
    }),
    cancel: async ({ job }) => {
      this.#end(this.#job(job), 'cancelled')
      return this.view(job)
    },
    peers: async () => ({ peers: [] }),
    status: async () => ({ peer: fakePeer, version: 'fake' }) as never,
    dial: async ({ address }) => {
      if (address.startsWith('bad')) {
        throw new GridError('MH_PEER_UNREACHABLE', `nobody at ${address}`, { blame: 'remote' })
      }
      this.dialled.push(address)
      return { peer: fakePeer as PeerId }
    },
    receipts: async () => ({ receipts: [] }),
    hosted: async () => ({ jobs: [] }),
    pause: async () => donation,
    resume: async () => donation,
    // biome-ignore lint/correctness/useYield: nothing happens here
    trail: async function* () {
      return { events: 0 }
    },
    grid: unused,
    invite: unused,
    revoke: unused,
    lists: unused,
    enlist: unused,
    delist: unused,
    importList: unused,
    exportList: unused,
    inspect: unused,
    drain: async () => ({}),
    finish: async () => ({}),
  }

  /** The only job. */
  get job(): FakeJob {
    const [job] = this.jobs.values()
    if (job === undefined) throw new Error('no job')
    return job
  }

  view(ref: string): JobView {
    const job = this.#job(ref)
    const { name, task, acceptance } = job.submission.manifest
    return {
      job: job.id,
      name,
      task: task.name,
      tier: task.tier,
      phase: job.phase,
      acceptance,
      units: {
        total: job.total,
        verified: job.results.size,
        unchecked: 0,
        awaitingAgreement: 0,
        inFlight: 0,
        executions: job.results.size,
        reassigned: 0,
        recomputed: 0,
        aborted: 0,
        disputed: 0,
        audited: 0,
        withdrawn: 0,
        corrected: 0,
      },
      verification: {
        executionsPerUnit: 1,
        audited: 0,
        auditedShare: 0,
        confirmations: 0,
        withdrawn: 0,
        corrected: 0,
        unchecked: 0,
        expectedErrorRate: undefined,
        caught: [],
      },
      rate: undefined,
      etaMs: undefined,
      elapsedMs: 0,
      hosts: [],
      hit: job.hit,
      errorCode: job.errorCode,
      error: job.error,
      warning: undefined,
    }
  }

  /** Lets results go on up to `units`. */
  release(units = Number.POSITIVE_INFINITY): void {
    this.unitsMax = units
    for (const id of this.jobs.keys()) this.#work(id)
  }

  /** Puts another result in the place of a unit's. */
  revise(unit: number, output: unknown, kind: ResultRecord['kind'] = 'done'): void {
    const record = { unit, kind, output: encodeValue(output), agreed: 2 }
    this.job.results.set(unit, record)
    this.job.revised.push({ ...record, revised: true })
    this.#changed()
  }

  fail(job: FakeJob, code: FailureCode, error: string): void {
    this.#end(job, 'failed', code, error)
  }

  /** Resolves when `is` holds. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await this.#change(AbortSignal.timeout(10))
  }

  #job(ref: string): FakeJob {
    for (const [id, job] of this.jobs) if (id.startsWith(ref)) return job
    throw new GridError('MH_JOB_UNKNOWN', `no job ${ref}`, { blame: 'user' })
  }

  #work(id: string): void {
    const job = this.#job(id)
    if (job.computing) return
    job.computing = true
    void (async () => {
      let unit = job.results.size
      while (job.phase === 'running') {
        const known = job.total ?? job.inputs.length
        const end = Math.min(known, unit + this.shuffle, this.unitsMax)
        if (unit >= end) break
        for (let at = end - 1; at >= unit && job.phase === 'running'; at--) this.#finish(job, at)
        unit = Math.max(unit, end)
        if (unit % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
        this.#changed()
      }
      job.computing = false
      if (job.phase === 'running' && job.results.size === job.total) this.#end(job, 'done')
      this.#changed()
    })()
  }

  #finish(job: FakeJob, unit: number): void {
    const { inputs, params, goal } = job.submission.manifest
    const input = job.inputs[unit] ?? new Uint8Array()
    const given: JsUnit =
      inputs.kind === 'range'
        ? { range: rangeOfUnit(inputs, unit) }
        : { input: job.program && decodeValue(input) }
    if (params.length > 0 && job.program) given.params = decodeValue(params)
    try {
      const record = this.compute?.(job, unit, input) ?? run(job.program, unit, given)
      job.results.set(unit, record)
      if (goal === 'first-hit' && record.kind === 'hit') {
        job.hit = unit
        this.#end(job, 'done')
      }
    } catch (error) {
      this.fail(job, 'MH_UNIT_FAILED', `unit ${unit} failed on one host: ${error}`)
    }
  }

  #end(job: FakeJob, phase: JobPhase, code?: FailureCode, error?: string): void {
    if (job.phase !== 'running') return
    job.phase = phase
    job.errorCode = code
    job.error = error
    this.#changed()
  }

  async *#results(
    { job: ref, from, order }: { job: string; from: number; order: 'input' | 'completion' },
    signal: AbortSignal,
  ) {
    const job = this.#job(ref)
    let next = from
    const sent = new Set<number>()
    const told = new Set<ResultRecord>()
    while (!signal.aborted) {
      const ended = job.phase !== 'running'
      const batch: ResultRecord[] = []
      for (const record of job.revised) {
        const isKnown = record.unit < from || sent.has(record.unit) || record.unit < next
        if (isKnown && !told.has(record)) batch.push(record)
        told.add(record)
      }
      if (order === 'completion') {
        for (const record of job.results.values()) {
          if (record.unit >= from && !sent.has(record.unit)) batch.push(record)
          sent.add(record.unit)
        }
      } else {
        for (; ; next++) {
          const record = job.results.get(next)
          if (record !== undefined) batch.push(record)
          else if (!ended || next > Math.max(-1, ...job.results.keys())) break
        }
      }
      for (let i = 0; i < batch.length; i += this.batch) {
        const part = batch.slice(i, i + this.batch)
        yield part
        this.delivered += part.length
      }
      if (ended) break
      await this.#change(signal)
    }
    return { units: next }
  }

  #changed(): void {
    for (const wake of [...this.#changes]) wake()
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#changes.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#changes.add(wake)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    })
  }
}

function run(program: Program | undefined, unit: number, given: JsUnit): ResultRecord {
  if (program === undefined) throw new Error('no program')
  const { hit, value } = program(given)
  return { unit, kind: hit === true ? 'hit' : 'done', output: encodeValue(value), agreed: 2 }
}
