/** The job handle: one implementation for every kind of job; what differs is a `JobKind`. */
import type {
  ResultRecord,
  TrailEvent,
  WhyView,
} from '../coordinator-free-node/protocol/gateway-api.js'
import type { JobId } from '../coordinator-free-node/protocol/ids.js'
import { type GatewayClient, isLoss } from './gateway-client.js'
import { cancelledError, JobReader } from './job-reader.js'
import { allowManyListeners } from './signals.js'
import type { Correction, JobHandle, Progress } from './types.js'

/** What distinguishes a map from a task from an attached job. */
export interface JobKind<Whole, Each> {
  /** Submits the job, or finds it. */
  open(): Promise<JobId>
  /** Hands over inputs until there are no more or the job has `ended`. */
  feed?(job: JobId, ended: AbortSignal): Promise<void>
  /** Accompanies the job in the background from its beginning. */
  follow?(reader: JobReader): Promise<void>
  each(reader: JobReader): AsyncIterable<Each>
  whole(reader: JobReader): Promise<Whole>
  /** What iterating would have given for this record, and where. */
  correction(record: ResultRecord): Promise<Correction<Each>>
}

/** How often `watch` reports where the user does not say. */
const watchMs = 500

export class GridJob<Whole, Each> implements JobHandle<Whole, Each> {
  readonly id: Promise<JobId>
  readonly #client: GatewayClient
  readonly #kind: JobKind<Whole, Each>
  /** Aborted with the error when the job is lost to its user: every reader hears of it at once. */
  readonly #failed = new AbortController()
  /** Aborted when no more inputs are wanted. */
  readonly #ended = new AbortController()
  readonly #following: Promise<void>
  #whole: Promise<Whole> | undefined
  #over: Promise<void> | undefined

  constructor(client: GatewayClient, kind: JobKind<Whole, Each>, signal?: AbortSignal) {
    this.#client = client
    this.#kind = kind
    allowManyListeners(this.#failed.signal).addEventListener('abort', () => this.#ended.abort())
    if (signal !== undefined) this.#obey(signal)
    this.id = this.#open()
    this.#following = this.#accompany()
    // Whoever asks hears of a failure; that nobody asks is no reason to end the process.
    this.id.catch(() => {})
    this.#following.catch(() => {})
  }

  get result(): Promise<Whole> {
    this.#whole ??= this.#collect()
    this.#whole.catch(() => {})
    return this.#whole
  }

  // biome-ignore lint/suspicious/noThenProperty: a job is awaited for its result
  then<A = Whole, B = never>(
    onResult?: ((result: Whole) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(onResult, onError)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Each, void, void> {
    yield* this.#kind.each(await this.#reader())
  }

  async progress(): Promise<Progress> {
    return await this.#client.call('show', { job: await this.id })
  }

  async *watch(
    options: { everyMs?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Progress, void, void> {
    const request = { job: await this.id, everyMs: options.everyMs ?? watchMs }
    for (;;) {
      try {
        const last = yield* this.#client.stream('watch', request, options.signal)
        yield last
        return
      } catch (error) {
        if (!isLoss(error)) throw error
        await this.#client.wire(options.signal)
      }
    }
  }

  async *trail(
    options: { follow?: boolean; last?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<TrailEvent, void, void> {
    const { follow = false, last, signal } = options
    const job = await this.id
    const request = last === undefined ? { job, follow } : { job, follow, last }
    yield* this.#client.stream('trail', request, signal)
  }

  async cancel(): Promise<void> {
    let job: JobId
    try {
      job = await this.id
    } catch {
      return
    }
    const view = await this.#client.call('cancel', { job })
    if (view.phase === 'cancelled' || view.phase === 'running') this.#fail(cancelledError())
  }

  async why(): Promise<WhyView> {
    return await this.#client.call('why', { job: await this.id })
  }

  async *corrections(): AsyncGenerator<Correction<Each>, void, void> {
    const reader = await this.#reader()
    for await (const record of reader.corrections()) yield await this.#kind.correction(record)
  }

  async #reader(): Promise<JobReader> {
    return new JobReader(this.#client, await this.id, this.#failed.signal)
  }

  async #collect(): Promise<Whole> {
    const whole = await this.#kind.whole(await this.#reader())
    await this.#following
    return whole
  }

  async #open(): Promise<JobId> {
    this.#failed.signal.throwIfAborted()
    const job = await this.#kind.open()
    // Cancelled while it was being submitted: the node has to hear of it all the same.
    if (this.#failed.signal.aborted) {
      this.#cancelQuietly(job)
      throw this.#failed.signal.reason
    }
    return job
  }

  /** Feeds and follows the job; a fault of either ends it. */
  async #accompany(): Promise<void> {
    const { feed, follow } = this.#kind
    if (feed === undefined && follow === undefined) return
    const job = await this.id
    const reader = await this.#reader()
    const tasks: Promise<void>[] = []
    if (feed !== undefined) {
      // A source may be silent for long: the end of the job, or of the connection, must not wait for its next word.
      this.#whenOver(() => this.#ended.abort())
      tasks.push(feed.call(this.#kind, job, this.#ended.signal))
    }
    if (follow !== undefined) tasks.push(follow.call(this.#kind, reader))
    try {
      await Promise.all(tasks)
    } catch (error) {
      if (!this.#failed.signal.aborted && !this.#client.isClosed) {
        this.#fail(error)
        this.#cancelQuietly(job)
      }
      throw error
    } finally {
      this.#ended.abort()
    }
  }

  /** Cancels when the user's signal says so, until the job has ended. */
  #obey(signal: AbortSignal): void {
    const onAbort = () => {
      this.#fail(cancelledError(signal.reason))
      this.id?.then((job) => this.#cancelQuietly(job)).catch(() => {})
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    allowManyListeners(signal).addEventListener('abort', onAbort, { once: true })
    this.#whenOver(() => signal.removeEventListener('abort', onAbort))
  }

  /** Calls once the job has ended, by whatever cause, or nobody can tell any more. */
  #whenOver(then: () => void): void {
    // Not before the constructor has set the id; one stream for all who ask.
    this.#over ??= Promise.resolve().then(async () => {
      await (await this.#reader()).done()
    })
    this.#over.then(then, then)
  }

  #fail(error: unknown): void {
    if (!this.#failed.signal.aborted) this.#failed.abort(error)
  }

  #cancelQuietly(job: JobId): void {
    // Its user has been told already, and a node that is gone works on nothing.
    this.#client.call('cancel', { job }).catch(() => {})
  }
}
