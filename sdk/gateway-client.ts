/**
 * A client of a node that may be stopped and started again: it finds the gateway anew and asks again, where asking
 * twice does no harm.
 */
import { GridError, isGridError } from '../coordinator-free-node/protocol/errors.js'
import type {
  GatewayRequest,
  GatewayResults,
  GatewayStreams,
} from '../coordinator-free-node/protocol/gateway-api.js'
import type { CallMethod, StreamMethod } from '../coordinator-free-node/protocol/gateway-frames.js'
import { GatewayWire } from './gateway-wire.js'
import { type GatewayAddress, openSocket } from './wire-socket.js'

/** Pause between two attempts to find the node again. */
const retryMs = 200
/** Connections that one request may lose: a request that ends the node each time is not asked forever. */
const lossesMax = 5
/** Asked once: a second `submit` would be a second job, and a drained node is meant to be gone. */
const askedOnce: readonly CallMethod[] = ['submit', 'drain']

export interface GatewayClientOptions {
  /** Where the gateway listens now; asked before every connection. */
  locate(): Promise<GatewayAddress>
  /** How long a lost node may take to come back, milliseconds. */
  reconnectMsMax: number
}

export class GatewayClient {
  readonly #options: GatewayClientOptions
  readonly #closing = new AbortController()
  #wire: GatewayWire | undefined
  #connecting: Promise<GatewayWire> | undefined

  private constructor(options: GatewayClientOptions) {
    this.#options = options
  }

  /** @throws {GridError} MH_GATEWAY_REFUSED, MH_GATEWAY_LOST */
  static async open(options: GatewayClientOptions): Promise<GatewayClient> {
    const client = new GatewayClient(options)
    client.#wire = await client.#connectOnce()
    return client
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** @throws {GridError} what the node answered; MH_GATEWAY_LOST, MH_STOPPED; the signal's reason */
  async call<M extends CallMethod>(
    method: M,
    params: GatewayRequest<M>,
    signal?: AbortSignal,
  ): Promise<GatewayResults[M]> {
    const once = askedOnce.includes(method)
    return await this.withWire(
      async (wire) => (await wire.call(method, params, signal)) as GatewayResults[M],
      { lossesMax: once ? 1 : lossesMax, ...(signal === undefined ? {} : { signal }) },
    )
  }

  /**
   * Does something on a connection, again on a new one where that is lost.
   *
   * @param work  must be able to begin again
   */
  async withWire<T>(
    work: (wire: GatewayWire) => Promise<T>,
    options: { lossesMax?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    for (let losses = 1; ; losses++) {
      const wire = await this.wire(options.signal)
      try {
        return await work(wire)
      } catch (error) {
        this.#throwIfClosed()
        if (!isLoss(error) || losses >= (options.lossesMax ?? lossesMax)) throw error
      }
    }
  }

  /**
   * One stream, which ends with its connection.
   *
   * @throws {GridError} as `call`; MH_GATEWAY_LOST also when only this connection is lost
   */
  async *stream<M extends StreamMethod>(
    method: M,
    params: GatewayRequest<M>,
    signal?: AbortSignal,
  ): AsyncGenerator<GatewayStreams[M], GatewayResults[M], void> {
    const wire = await this.wire(signal)
    try {
      const values = wire.stream(method, params, signal)
      // The gateway's own types: what it sends is what gateway-api.ts says.
      return yield* values as AsyncGenerator<GatewayStreams[M], GatewayResults[M], void>
    } catch (error) {
      this.#throwIfClosed()
      throw error
    }
  }

  /** A connection that works, found within `reconnectMsMax`. */
  async wire(signal?: AbortSignal): Promise<GatewayWire> {
    this.#throwIfClosed()
    signal?.throwIfAborted()
    if (this.#wire !== undefined && !this.#wire.isLost) return this.#wire
    this.#connecting ??= this.#reconnect().finally(() => {
      this.#connecting = undefined
    })
    return await this.#connecting
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(
      new GridError('MH_STOPPED', 'the connection to the node is closed', {
        blame: 'user',
        hint: 'take the results before grid.close(); jobs of a running node go on without you',
      }),
    )
    this.#wire?.close()
  }

  async #reconnect(): Promise<GatewayWire> {
    const deadlineMs = Date.now() + this.#options.reconnectMsMax
    for (;;) {
      try {
        const wire = await this.#connectOnce()
        this.#wire = wire
        return wire
      } catch (cause) {
        this.#throwIfClosed()
        if (Date.now() + retryMs > deadlineMs) throw this.#lostError(cause)
        await sleep(retryMs, this.#closing.signal)
        this.#throwIfClosed()
      }
    }
  }

  async #connectOnce(): Promise<GatewayWire> {
    const wire = new GatewayWire(await openSocket(await this.#options.locate()))
    if (this.#closing.signal.aborted) wire.close()
    return wire
  }

  #lostError(cause: unknown): GridError {
    const seconds = this.#options.reconnectMsMax / 1000
    return new GridError(
      'MH_GATEWAY_LOST',
      `the node went away and did not come back within ${seconds} s`,
      {
        blame: 'local',
        retryable: true,
        hint: 'start it again (manyhands node) and take the job up with grid.attach(id)',
        cause,
      },
    )
  }

  #throwIfClosed(): void {
    this.#closing.signal.throwIfAborted()
  }
}

export function isLoss(error: unknown): boolean {
  return isGridError(error) && error.code === 'MH_GATEWAY_LOST'
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
