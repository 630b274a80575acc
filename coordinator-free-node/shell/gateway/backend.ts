/**
 * What the gateway asks of the node behind it: a function a method of the gateway protocol.
 *
 * Requests have passed their schemas. What a function throws goes to the client as an `ErrorRecord`. The signal is
 * aborted when the client is gone or no longer wants the answer; jobs go on all the same.
 */
import type { GatewayRequest, GatewayResults, GatewayStreams } from '../../protocol/gateway-api.js'
import type { CallMethod, StreamMethod } from '../../protocol/gateway-frames.js'

/** Answers once. */
export type GatewayCall<M extends CallMethod> = (
  request: GatewayRequest<M>,
  signal: AbortSignal,
) => Promise<GatewayResults[M]>

/**
 * Yields any number of values and returns the last word; pulled only as fast as the client takes them. A yielded batch
 * of results should stay within `limits.batchBytesMax` (one unit's output at least). The generator is returned
 * (`finally` runs) when the client is gone; one that waits must heed the signal.
 */
export type GatewayStream<M extends StreamMethod> = (
  request: GatewayRequest<M>,
  signal: AbortSignal,
) => AsyncGenerator<GatewayStreams[M], GatewayResults[M], void>

export type GatewayBackend = { [M in CallMethod]: GatewayCall<M> } & {
  [M in StreamMethod]: GatewayStream<M>
}
