/** One connection to a gateway: requests out, answers in. Once its socket closes it stays closed. */
import { decode, encode } from '../coordinator-free-node/protocol/codec.js'
import { fromErrorRecord, GridError } from '../coordinator-free-node/protocol/errors.js'
import type { GatewayMethod } from '../coordinator-free-node/protocol/gateway-api.js'
import {
  type ClientFrame,
  nodeFrameSchema,
} from '../coordinator-free-node/protocol/gateway-frames.js'
import { limits } from '../coordinator-free-node/protocol/limits.js'
import type { WireSocket } from './wire-socket.js'

interface Listener {
  next(value: unknown): void
  result(value: unknown): void
  fail(error: GridError): void
}

export class GatewayWire {
  readonly #socket: WireSocket
  readonly #listeners = new Map<number, Listener>()
  #nextId = 1
  #lost: GridError | undefined

  /** @param socket  open */
  constructor(socket: WireSocket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#receive(data)
    socket.onclose = () => this.#lose('the node closed the connection')
    socket.onerror = () => this.#lose('the connection to the node broke')
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** @throws {GridError} what the node answered; MH_GATEWAY_LOST when it is gone */
  call(method: GatewayMethod, params: unknown, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#listeners.delete(id)
        reject(signal?.reason)
      }
      const settle = () => signal?.removeEventListener('abort', onAbort)
      const id = this.#ask(method, params, {
        next: () => {},
        result: (value) => {
          settle()
          resolve(value)
        },
        fail: (error) => {
          settle()
          reject(error)
        },
      })
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /**
   * Holds `gatewayBounds.creditFirst` values at most ahead of its reader.
   *
   * @throws {GridError} as `call`; the signal's reason when it is aborted
   */
  async *stream(
    method: GatewayMethod,
    params: unknown,
    signal?: AbortSignal,
  ): AsyncGenerator<unknown, unknown, void> {
    signal?.throwIfAborted()
    const values: unknown[] = []
    let end: { result: unknown } | { error: unknown } | undefined
    let wake = () => {}
    const finish = (how: { result: unknown } | { error: unknown }) => {
      end ??= how
      wake()
    }
    const id = this.#ask(method, params, {
      next: (value) => {
        values.push(value)
        wake()
      },
      result: (result) => finish({ result }),
      fail: (error) => finish({ error }),
    })
    const onAbort = () => {
      // What is already here is not wanted any more.
      values.length = 0
      finish({ error: signal?.reason })
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      for (;;) {
        if (values.length > 0) {
          const value = values.shift()
          yield value
          this.#say({ id, credit: 1 })
        } else if (end !== undefined) {
          if ('error' in end) throw end.error
          return end.result
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      if (this.#listeners.delete(id)) this.#say({ id, stop: true })
    }
  }

  close(): void {
    this.#lose('the connection was closed here')
    this.#socket.close()
  }

  #ask(method: GatewayMethod, params: unknown, listener: Listener): number {
    const id = this.#nextId++
    if (this.#lost !== undefined) {
      listener.fail(this.#lost)
      return id
    }
    this.#listeners.set(id, listener)
    this.#say({ id, method, params })
    return id
  }

  #say(frame: ClientFrame): void {
    if (this.#lost === undefined) this.#socket.send(encode(frame))
  }

  #receive(data: unknown): void {
    let frame: ReturnType<typeof readFrame>
    try {
      frame = readFrame(data)
    } catch {
      this.#lose('the node sent what is no gateway frame')
      this.#socket.close()
      return
    }
    const listener = this.#listeners.get(frame.id)
    if (listener === undefined) return
    if ('next' in frame) {
      listener.next(frame.next)
      return
    }
    this.#listeners.delete(frame.id)
    if ('error' in frame) listener.fail(fromErrorRecord(frame.error))
    else listener.result(frame.result)
  }

  #lose(message: string): void {
    if (this.#lost !== undefined) return
    const lost = new GridError('MH_GATEWAY_LOST', message, { blame: 'local', retryable: true })
    this.#lost = lost
    for (const listener of this.#listeners.values()) listener.fail(lost)
    this.#listeners.clear()
  }
}

function readFrame(data: unknown) {
  const bytes = new Uint8Array(data as ArrayBuffer)
  return decode(bytes, nodeFrameSchema, 'a frame from the node', limits.localValuesMax)
}
