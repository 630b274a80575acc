/**
 * Feeds a source into a list job: one side reads the source, the other sends what has come. While an `append` is under
 * way the next batch gathers, so a fast source is sent in large batches and a slow one at once, without timers. The
 * node answers an `append` when it has room; until then the source is not read further.
 */
import { setImmediate } from 'node:timers/promises'
import { GridError, isGridError } from '../coordinator-free-node/protocol/errors.js'
import type { JobId } from '../coordinator-free-node/protocol/ids.js'
import type { Cutter } from './cutters.js'
import type { GatewayClient } from './gateway-client.js'

export interface FeedOptions<T> {
  client: GatewayClient
  job: JobId
  source: Iterable<T> | AsyncIterable<T>
  cutter: Cutter<T>
  /** Aborted when the job has ended, by whatever cause: nobody wants the rest. */
  ended: AbortSignal
}

/** How long a source that is read at one go keeps the rest of the program waiting. */
const breathMs = 10

/** How much of a failed source's message the node keeps. */
const errorCharsMax = 500

/**
 * Resolves when the node has every input, or the job ended before that. The source's iterator is returned when it is
 * not read to its end.
 *
 * @throws {GridError} MH_INPUT_FAILED with the source's error as cause, MH_NOT_ENCODABLE, MH_TOO_LARGE; what the node
 *   answered to an `append`
 */
export async function feed<T>(options: FeedOptions<T>): Promise<void> {
  const feeding = new Feeding(options)
  const reading = feeding.read()
  try {
    await feeding.send()
  } finally {
    await reading
  }
}

class Feeding<T> {
  readonly #options: FeedOptions<T>
  #isRead = false
  /** What ended the reading: the source's fault or the cutter's. */
  #fault: GridError | undefined
  /** The sender gave up. */
  #isOver = false
  #wake = () => {}

  constructor(options: FeedOptions<T>) {
    this.#options = options
    options.ended.addEventListener('abort', () => this.#stop(), { once: true })
    if (options.ended.aborted) this.#isOver = true
  }

  /** Never rejects. */
  async read(): Promise<void> {
    const { cutter, source } = this.#options
    let iterator: Iterator<T> | AsyncIterator<T> | undefined
    let isExhausted = false
    try {
      iterator = iteratorOf(source)
      let breathedMs = performance.now()
      while (!this.#isOver) {
        // A source that never waits keeps the sender from what it has given so far.
        if (performance.now() - breathedMs > breathMs) {
          await setImmediate()
          breathedMs = performance.now()
        }
        const next = iterator.next()
        const step = 'then' in next ? await this.#unlessEnded(next) : next
        if (step === undefined) break
        if (step.done === true) {
          isExhausted = true
          break
        }
        cutter.push(step.value)
        this.#notify()
        while (cutter.isFull && !this.#isOver) await this.#news()
      }
    } catch (error) {
      this.#fault = isGridError(error) ? error : inputError(error)
    }
    if (!isExhausted) returnIterator(iterator)
    this.#isRead = true
    this.#notify()
  }

  async send(): Promise<void> {
    const { client, job, cutter, ended } = this.#options
    let units = 0
    try {
      for (;;) {
        if (this.#isOver) return
        const inputs = this.#fault === undefined ? cutter.take(this.#isRead) : []
        if (inputs.length > 0) {
          this.#notify()
          await client.call('append', { job, first: units, inputs }, ended)
          units += inputs.length
        } else if (this.#isRead) {
          break
        } else {
          await this.#news()
        }
      }
      const error = this.#fault?.message.slice(0, errorCharsMax)
      await client.call(
        'close',
        error === undefined ? { job, units } : { job, units, error },
        ended,
      )
    } catch (error) {
      this.#stop()
      // The job's end is told where its results are read.
      const isEnd = ended.aborted || (isGridError(error) && error.code === 'MH_JOB_CANCELLED')
      if (!isEnd) throw this.#fault ?? error
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  /** The source's next value; undefined when it is no longer wanted before it came. */
  #unlessEnded(next: Promise<IteratorResult<T>>): Promise<IteratorResult<T> | undefined> {
    return new Promise((resolve, reject) => {
      const giveUp = () => resolve(undefined)
      const { ended } = this.#options
      ended.addEventListener('abort', giveUp, { once: true })
      next.then(resolve, reject).finally(() => ended.removeEventListener('abort', giveUp))
    })
  }

  #stop(): void {
    this.#isOver = true
    this.#notify()
  }

  /** Reader and sender wait for each other at the same bell; neither minds one ring too many. */
  #news(): Promise<void> {
    const before = this.#wake
    return new Promise((resolve) => {
      this.#wake = () => {
        before()
        resolve()
      }
    })
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = () => {}
    wake()
  }
}

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  // A string is iterable too, and no object to look into.
  if (typeof source !== 'string' && Symbol.asyncIterator in source) {
    return source[Symbol.asyncIterator]()
  }
  return source[Symbol.iterator]()
}

/** Not awaited: a generator that is stuck in `next` returns when that comes. */
function returnIterator<T>(iterator: Iterator<T> | AsyncIterator<T> | undefined): void {
  try {
    Promise.resolve(iterator?.return?.()).catch(() => {})
  } catch {
    // Its values are not wanted; neither are its complaints.
  }
}

function inputError(cause: unknown): GridError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new GridError('MH_INPUT_FAILED', `the source of the inputs failed: ${message}`, {
    blame: 'user',
    cause,
  })
}
