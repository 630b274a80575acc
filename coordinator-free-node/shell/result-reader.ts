/**
 * Streams of canonical results from the store, for any number of readers at their own pace. A unit whose result was
 * withdrawn is one that is not there yet; readers who had it get the new result, where it differs, marked `revised`.
 */
import { addUnit, emptyUnitSet, hasUnit } from '../core/kit/unit-set.js'
import type { Store } from '../ports/store.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { readResults, readRevised, readUnits, readWithdrawn } from './result-packs.js'

/** Results in one batch to a client. */
const batchMax = { resultsMax: 1_024, bytesMax: limits.batchBytesMax }

export interface ReadOptions {
  store: Store
  job: JobId
  from: number
  signal: AbortSignal
  /** Resolves when there may be more. */
  news(signal: AbortSignal): Promise<void>
  hasEnded(): boolean
  /** Units that became canonical since the last call, for the first time or again. */
  arrived(): Iterable<number>
  /** Units whose results were withdrawn since the last call. */
  withdrawn(): Iterable<number>
}

/** By unit, each once: waits at a gap until it is filled or the job has ended. */
export async function* readInOrder(
  options: ReadOptions,
): AsyncGenerator<readonly ResultRecord[], number, void> {
  const { store, job, signal } = options
  let next = options.from
  let sent = 0
  const doubted = await doubtedUnits(options)
  yield* revisedOf(options, doubted, (unit) => unit < next)
  while (!signal.aborted) {
    const ended = options.hasEnded()
    const news = options.news(signal)
    yield* revisedOf(options, arrivedAgain(options, doubted), (unit) => unit < next)
    for await (const batch of readResults(store, job, next, batchMax)) {
      if (signal.aborted) break
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
    if (ended) {
      // A slow client may have kept this reader from hearing of what came before the end.
      yield* revisedOf(options, arrivedAgain(options, doubted), (unit) => unit < next)
      break
    }
    await news
  }
  return sent
}

/** As they become canonical; those already there come first, by unit. */
export async function* readAsCompleted(
  options: ReadOptions,
): AsyncGenerator<readonly ResultRecord[], number, void> {
  const { store, job, signal } = options
  const sent = emptyUnitSet()
  const isKnown = (unit: number) => unit < options.from || hasUnit(sent, unit)
  const doubted = await doubtedUnits(options)
  yield* revisedOf(options, doubted, isKnown)
  for await (const batch of readResults(store, job, options.from, batchMax)) {
    if (signal.aborted) break
    for (const { unit } of batch) addUnit(sent, unit)
    yield batch
  }
  while (!signal.aborted) {
    const ended = options.hasEnded()
    const news = options.news(signal)
    const units = [...options.arrived()]
    for (const unit of options.withdrawn()) doubted.add(unit)
    const again = units.filter((unit) => doubted.has(unit))
    yield* revisedOf(options, again, isKnown)
    const fresh = units.filter((unit) => !isKnown(unit))
    // One that was withdrawn in the meantime arrives again.
    for await (const batch of readUnits(store, job, fresh)) {
      for (const { unit } of batch) addUnit(sent, unit)
      yield batch
    }
    if (ended) break
    await news
  }
  return sent.size
}

/** Units that had another result in earlier times: a reader may have it from an earlier stream. */
async function doubtedUnits({ store, job }: ReadOptions): Promise<Set<number>> {
  const units = new Set<number>()
  for await (const unit of readWithdrawn(store, job)) units.add(unit)
  return units
}

function arrivedAgain(options: ReadOptions, doubted: Set<number>): number[] {
  const units: number[] = []
  const arrived = [...options.arrived()]
  for (const unit of options.withdrawn()) doubted.add(unit)
  for (const unit of arrived) if (doubted.has(unit)) units.push(unit)
  return units
}

/** Those of the units that have another result than before. */
async function* revisedOf(
  { store, job, signal }: ReadOptions,
  units: Iterable<number>,
  isKnown: (unit: number) => boolean,
): AsyncGenerator<readonly ResultRecord[], void, void> {
  for (const unit of units) {
    if (signal.aborted) return
    const record = isKnown(unit) ? await readRevised(store, job, unit) : undefined
    if (record !== undefined) yield [record]
  }
}
