/** Streams of canonical results from the store, for any number of readers at their own pace. */
import { addUnit, emptyUnitSet, hasUnit } from '../core/kit/unit-set.js'
import type { Store } from '../ports/store.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { decodeResult, keyOf, under } from './journal.js'

/** Results in one batch to a client. */
const batchResults = 1_024

export interface ReadOptions {
  store: Store
  job: JobId
  from: number
  signal: AbortSignal
  /** Resolves when there may be more. */
  news(signal: AbortSignal): Promise<void>
  hasEnded(): boolean
}

/** By unit, each once: waits at a gap until it is filled or the job has ended. */
export async function* readInOrder(
  options: ReadOptions,
): AsyncGenerator<readonly ResultRecord[], number, void> {
  const { job, signal } = options
  let next = options.from
  let sent = 0
  while (!signal.aborted) {
    const ended = options.hasEnded()
    const news = options.news(signal)
    for await (const batch of batches(options, {
      ...under(`out/${job}`),
      from: keyOf.result(job, next),
    })) {
      // After the end of a first-hit job gaps stay for ever; before it they are about to be filled.
      const gap = ended ? -1 : batch.findIndex(({ unit }, i) => unit !== next + i)
      const ready = gap < 0 ? batch : batch.slice(0, gap)
      if (ready.length > 0) {
        next = (ready.at(-1)?.unit ?? next) + 1
        sent += ready.length
        yield ready
      }
      if (gap >= 0) break
    }
    if (ended) break
    await news
  }
  return sent
}

/** As they become canonical; those already there come first, by unit. */
export async function* readAsCompleted(
  options: ReadOptions & {
    /** Units that became canonical since the last call. */
    arrived(): Iterable<number>
  },
): AsyncGenerator<readonly ResultRecord[], number, void> {
  const { store, job, signal } = options
  const sent = emptyUnitSet()
  for await (const batch of batches(options, {
    ...under(`out/${job}`),
    from: keyOf.result(job, options.from),
  })) {
    for (const { unit } of batch) addUnit(sent, unit)
    yield batch
  }
  while (!signal.aborted) {
    const ended = options.hasEnded()
    const news = options.news(signal)
    let batch: ResultRecord[] = []
    for (const unit of options.arrived()) {
      if (unit < options.from || hasUnit(sent, unit)) continue
      addUnit(sent, unit)
      const key = keyOf.result(job, unit)
      const value = await store.get(key)
      if (value !== undefined) batch.push(decodeResult(key, value))
      if (batch.length < batchResults && bytesOf(batch) < limits.batchBytesMax) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
    if (ended) break
    await news
  }
  return sent.size
}

async function* batches(
  { store, signal }: ReadOptions,
  range: { from: string; to: string },
): AsyncGenerator<ResultRecord[], void, void> {
  let batch: ResultRecord[] = []
  let bytes = 0
  for await (const [key, value] of store.scan(range)) {
    if (signal.aborted) return
    if (batch.length >= batchResults || bytes + value.length > limits.batchBytesMax) {
      if (batch.length > 0) yield batch
      batch = []
      bytes = 0
    }
    batch.push(decodeResult(key, value))
    bytes += value.length
  }
  if (batch.length > 0) yield batch
}

function bytesOf(batch: readonly ResultRecord[]): number {
  return batch.reduce((sum, { output }) => sum + output.length, 0)
}
