/** Reads a job from the node that stewards it, across restarts of that node, and says how it ended. */
import {
  type Blame,
  type FailureCode,
  GridError,
} from '../coordinator-free-node/protocol/errors.js'
import type {
  GatewayRequest,
  JobView,
  ResultRecord,
} from '../coordinator-free-node/protocol/gateway-api.js'
import { limits } from '../coordinator-free-node/protocol/limits.js'
import { type GatewayClient, isLoss } from './gateway-client.js'

type Order = GatewayRequest<'results'>['order']

/** Beyond every unit: a stream from there brings nothing but the news of the job's end. */
const beyondUnits = limits.jobUnitsMax - 1
/** A stream that ends although the job runs is asked for again, not at once. */
const resumeMs = 200

export class JobReader {
  readonly #client: GatewayClient
  readonly #job: string
  readonly #failed: AbortSignal

  /** @param failed  aborted, with the error as its reason, when the job is lost to its user */
  constructor(client: GatewayClient, job: string, failed: AbortSignal) {
    this.#client = client
    this.#job = job
    this.#failed = failed
  }

  /**
   * Canonical results from unit `from` on, each once, until the job is done.
   *
   * @param onRevised  called with the new result of a unit whose first one was given and turned out wrong
   * @throws {GridError} MH_UNIT_FAILED, MH_UNIT_DISPUTED, MH_INPUT_FAILED, MH_JOB_FAILED, MH_JOB_CANCELLED, MH_GATEWAY_LOST
   */
  async *results(
    from: number,
    order: Order,
    onRevised: (record: ResultRecord) => void = () => {},
  ): AsyncGenerator<ResultRecord, void, void> {
    for await (const { record, again } of this.#records(from, order)) {
      if (again) onRevised(record)
      else yield record
    }
  }

  /** New results of units whose first ones turned out wrong, those of the past as well. @throws as `results` */
  async *corrections(): AsyncGenerator<ResultRecord, void, void> {
    for await (const { record, again } of this.#records(beyondUnits, 'completion')) {
      if (again) yield record
    }
  }

  async *#records(
    from: number,
    order: Order,
  ): AsyncGenerator<{ record: ResultRecord; again: boolean }, void, void> {
    const seen = new SeenUnits(from)
    // A node that comes back tells again what was corrected before it went.
    const revised = new Map<number, Uint8Array>()
    for (;;) {
      try {
        const request = { job: this.#job, from: seen.allBelow, order }
        for await (const batch of this.#client.stream('results', request, this.#failed)) {
          for (const record of batch) {
            this.#failed.throwIfAborted()
            if (record.revised === true && seen.has(record.unit)) {
              if (isSame(revised.get(record.unit), record.output)) continue
              revised.set(record.unit, record.output)
              yield { record, again: true }
              continue
            }
            if (order === 'input') seen.passTo(record.unit)
            else if (!seen.add(record.unit)) continue
            if (record.kind === 'trap') throw trapError(record)
            yield { record, again: false }
          }
        }
      } catch (error) {
        if (!isLoss(error) || this.#failed.aborted) throw error
        // Finds the node again, or throws that it did not come back.
        await this.#client.wire(this.#failed)
        continue
      }
      const view = await this.view()
      if (view.phase === 'done') return
      if (view.phase !== 'running') throw endError(view)
      await new Promise((resolve) => setTimeout(resolve, resumeMs))
    }
  }

  /** Waits for the job's end. @throws {GridError} as `results` */
  async done(): Promise<JobView> {
    for await (const _ of this.results(beyondUnits, 'completion')) {
      // There is no such unit.
    }
    return await this.view()
  }

  view(): Promise<JobView> {
    return this.#client.call('show', { job: this.#job }, this.#failed)
  }
}

/** Which units were seen, in memory that grows only with how far they come out of order. */
class SeenUnits {
  /** Every unit below was seen. */
  allBelow: number
  readonly #above = new Set<number>()

  constructor(from: number) {
    this.allBelow = from
  }

  has(unit: number): boolean {
    return unit < this.allBelow || this.#above.has(unit)
  }

  /** @returns false for one that was seen before */
  add(unit: number): boolean {
    if (this.has(unit)) return false
    this.#above.add(unit)
    while (this.#above.delete(this.allBelow)) this.allBelow++
    return true
  }

  /** Units come in order: what lies before this one will not come. */
  passTo(unit: number): void {
    this.allBelow = unit + 1
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i])
}

/**
 * What is made of a job's results, made anew where one that was taken turned out wrong.
 *
 * @param make  may be called several times
 */
export async function makeOf<T>(
  reader: JobReader,
  order: Order,
  make: (records: AsyncIterable<ResultRecord>) => Promise<T> | T,
): Promise<T> {
  for (;;) {
    let isStale = false
    let isLost = false
    const records = reader.results(0, order, () => {
      isStale = true
    })
    const watched = async function* () {
      try {
        yield* records
      } catch (error) {
        isLost = true
        throw error
      }
    }
    try {
      const made = await make(watched())
      if (!isStale) return made
    } catch (error) {
      // What a wrong result led to is no fault of its user's code.
      if (isLost || !isStale) throw error
    }
  }
}

function trapError({ unit, output }: ResultRecord): GridError {
  return new GridError(
    'MH_UNIT_FAILED',
    `unit ${unit} failed: ${new TextDecoder().decode(output)}`,
    {
      blame: 'user',
      hint: 'the kernel threw; try it on that item here',
    },
  )
}

/** Who has to act on each kind of failure, and what to do. */
const failureAdvice = {
  MH_UNIT_FAILED: {
    blame: 'user',
    hint: 'try the kernel on that unit here; limits are `unitMsMax`, `unitMemoryBytesMax` and `unitFuelMax`',
  },
  MH_UNIT_DISPUTED: {
    blame: 'remote',
    hint: 'hosts disagree: see that the kernel is deterministic, then who voted what with "manyhands why"',
  },
  MH_INPUT_FAILED: { blame: 'user' },
  MH_STORE_FAILED: { blame: 'local', hint: 'see that the disk has room and may be written' },
  MH_JOB_FAILED: { blame: 'local' },
} as const satisfies Record<FailureCode, { blame: Blame; hint?: string }>

function endError(view: JobView): GridError {
  if (view.phase === 'cancelled') return cancelledError()
  const code = view.errorCode ?? 'MH_JOB_FAILED'
  return new GridError(code, view.error ?? 'the job failed', failureAdvice[code])
}

/** @param cause  an abort signal's reason */
export function cancelledError(cause?: unknown): GridError {
  const options = { blame: 'user' as const, ...(cause === undefined ? {} : { cause }) }
  return new GridError('MH_JOB_CANCELLED', 'the job was cancelled', options)
}
