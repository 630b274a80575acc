/**
 * One client of the gateway: its frames in, its answers out, its streams. Ends with its socket, and its signals with
 * it; the jobs it submitted do not.
 */
import type { RawData, WebSocket } from 'ws'
import { decode, encode } from '../../protocol/codec.js'
import { GridError, toErrorRecord } from '../../protocol/errors.js'
import {
  type GatewayMethod,
  type GatewayRequest,
  requestSchemas,
} from '../../protocol/gateway-api.js'
import {
  anyRequestSchema,
  type CallMethod,
  clientFrameSchema,
  gatewayBounds,
  isStreamMethod,
  type NodeFrame,
  type RequestFrame,
  type StreamMethod,
} from '../../protocol/gateway-frames.js'
import { limits } from '../../protocol/limits.js'
import type { GatewayBackend, GatewayCall, GatewayStream } from './backend.js'

interface OpenRequest {
  readonly controller: AbortController
  readonly bytes: number
  /** `next` frames that the client is ready for. */
  credit: number
  /** Wakes the stream that waits for credit. */
  credited: (() => void) | undefined
}

export interface SessionLog {
  debug(fields: object, text: string): void
}

/** Serves one client until its socket closes. */
export function serveClient(socket: WebSocket, backend: GatewayBackend, log: SessionLog): void {
  const session = new ClientSession(socket, backend, log)
  socket.on('message', (data, isBinary) => session.receive(data, isBinary))
  socket.on('close', () => session.end())
  // 'close' follows and does the work; without a listener a broken frame would end the process.
  socket.on('error', (error) => log.debug({ error: error.message }, 'gateway client failed'))
}

class ClientSession {
  readonly #socket: WebSocket
  readonly #backend: GatewayBackend
  readonly #log: SessionLog
  readonly #open = new Map<number, OpenRequest>()
  #openBytes = 0

  constructor(socket: WebSocket, backend: GatewayBackend, log: SessionLog) {
    this.#socket = socket
    this.#backend = backend
    this.#log = log
  }

  receive(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer
    try {
      if (!isBinary) throw badFrame('a gateway frame is binary MessagePack, not text')
      this.#dispatch(bytes)
    } catch (error) {
      const id = idOf(bytes)
      if (id !== undefined && !this.#open.has(id)) this.#send({ id, error: toErrorRecord(error) })
      else this.#socket.close(1008, closeReason(toErrorRecord(error).message))
    }
  }

  end(): void {
    const reason = new GridError('MH_STOPPED', 'the client is gone', { blame: 'remote' })
    for (const request of this.#open.values()) {
      request.controller.abort(reason)
      request.credited?.()
    }
    this.#open.clear()
  }

  #dispatch(bytes: Uint8Array): void {
    const frame = decode(bytes, clientFrameSchema, 'a gateway frame', limits.localValuesMax)
    if ('method' in frame) {
      this.#begin(frame, bytes.length)
      return
    }
    // A stream that has ended meanwhile is no fault of the client.
    const request = this.#open.get(frame.id)
    if (request === undefined) return
    if ('credit' in frame) {
      request.credit = Math.min(gatewayBounds.creditMax, request.credit + frame.credit)
    } else {
      this.#forget(frame.id)
      request.controller.abort(
        new GridError('MH_STOPPED', 'the client wants no more', { blame: 'remote' }),
      )
    }
    request.credited?.()
  }

  #begin(frame: RequestFrame, bytes: number): void {
    const { id, method } = frame
    if (this.#open.has(id)) throw badFrame(`request ${id} is open already`)
    if (
      this.#open.size >= gatewayBounds.requestsMax ||
      this.#openBytes + bytes > gatewayBounds.requestBytesMax
    ) {
      throw new GridError(
        'MH_TOO_MANY',
        `${this.#open.size} requests are open on this connection`,
        {
          blame: 'user',
          retryable: true,
          hint: 'wait for answers before sending more',
        },
      )
    }
    const params = checkParams(method, frame.params)
    const request = {
      controller: new AbortController(),
      bytes,
      credit: gatewayBounds.creditFirst,
      credited: undefined,
    }
    this.#open.set(id, request)
    this.#openBytes += bytes
    void this.#answer(id, method, params, request)
  }

  async #answer(
    id: number,
    method: GatewayMethod,
    params: unknown,
    request: OpenRequest,
  ): Promise<void> {
    try {
      const result = isStreamMethod(method)
        ? await this.#stream(id, method, params, request)
        : await this.#call(method, params, request)
      if (this.#forget(id)) await this.#send({ id, result })
    } catch (error) {
      if (this.#forget(id)) await this.#send({ id, error: toErrorRecord(error) })
    }
  }

  #call(method: CallMethod, params: unknown, request: OpenRequest): Promise<unknown> {
    // The schema of `method` made `params` what its function takes; TypeScript cannot pair the two.
    const call = this.#backend[method] as GatewayCall<CallMethod>
    return call.call(this.#backend, params as GatewayRequest<CallMethod>, request.controller.signal)
  }

  async #stream(
    id: number,
    method: StreamMethod,
    params: unknown,
    request: OpenRequest,
  ): Promise<unknown> {
    const open = this.#backend[method] as GatewayStream<StreamMethod>
    const { signal } = request.controller
    const items = open.call(this.#backend, params as GatewayRequest<StreamMethod>, signal)
    try {
      for (;;) {
        await hasCredit(request)
        const step = await items.next()
        if (signal.aborted) return undefined
        if (step.done === true) return step.value
        request.credit--
        // Waiting for the socket bounds what a client that grants credit but does not read can make us hold.
        await this.#send({ id, next: step.value })
      }
    } finally {
      // Not awaited: a generator that waits for the core ends when it gets there.
      items.return(undefined as never).catch((error: unknown) => {
        this.#log.debug(
          { error: toErrorRecord(error).message, method },
          'gateway stream end failed',
        )
      })
    }
  }

  /** @returns whether the request was still open, that is, whether the client waits for an answer */
  #forget(id: number): boolean {
    const request = this.#open.get(id)
    if (request === undefined) return false
    this.#open.delete(id)
    this.#openBytes -= request.bytes
    return true
  }

  /** Resolves when the socket has taken the frame, or is gone. */
  #send(frame: NodeFrame): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve()
    return new Promise((resolve) => this.#socket.send(encode(frame), () => resolve()))
  }
}

function hasCredit(request: OpenRequest): Promise<void> {
  if (request.credit > 0 || request.controller.signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    request.credited = () => {
      request.credited = undefined
      resolve()
    }
  })
}

function checkParams(method: GatewayMethod, params: unknown): unknown {
  const parsed = requestSchemas[method].safeParse(params)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = [method, ...(issue?.path ?? [])].join('.')
  throw new GridError('MH_SCHEMA', `${field}: ${issue?.message ?? 'malformed'}`, { blame: 'user' })
}

function idOf(bytes: Uint8Array): number | undefined {
  try {
    return decode(bytes, anyRequestSchema, 'a gateway frame', limits.localValuesMax).id
  } catch {
    return undefined
  }
}

/** A WebSocket's goodbye holds 123 bytes, and a longer one throws; letters of other scripts have up to three. */
function closeReason(message: string): string {
  return message.slice(0, 41)
}

function badFrame(message: string): GridError {
  return new GridError('MH_BAD_MESSAGE', message, { blame: 'remote' })
}
