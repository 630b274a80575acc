/**
 * The envelopes of the gateway protocol, both ways; what they carry stands in gateway-api.ts.
 *
 * | client says | node says |
 * | --- | --- |
 * | `{id, method, params}` | `{id, result}` or `{id, error}` |
 * | the same, a stream method | `{id, next}` while there is credit, then `{id, result}` or `{id, error}` |
 * | `{id, credit}`: ready for so many more `next` | |
 * | `{id, stop: true}`: no more of this | nothing more under this id |
 */
import { z } from 'zod'
import { errorCodes } from './errors.js'
import type { GatewayMethod } from './gateway-api.js'
import { requestSchemas, streamMethods } from './gateway-api.js'

/** Chosen by the client, never twice on one connection. */
const id = z.number().int().min(0)

export const gatewayBounds = {
  /** `next` frames that a client is taken to be ready for when it opens a stream. */
  creditFirst: 8,
  /** Credit that a client may hold: more only hides a client that reads too slowly. */
  creditMax: 1024,
  /** Requests and streams of one client that are not answered yet: four for each job that a node may steward. */
  requestsMax: 4096,
  /** Bytes of those requests: four of the largest. */
  requestBytesMax: 128 * 1024 * 1024,
} as const

export const requestFrameSchema = z.strictObject({
  id,
  method: z.enum(Object.keys(requestSchemas) as [GatewayMethod, ...GatewayMethod[]]),
  params: z.unknown(),
})
const creditFrameSchema = z.strictObject({
  id,
  credit: z.number().int().min(1).max(gatewayBounds.creditMax),
})
const stopFrameSchema = z.strictObject({ id, stop: z.literal(true) })

export const clientFrameSchema = z.union([requestFrameSchema, creditFrameSchema, stopFrameSchema])
export type ClientFrame = z.infer<typeof clientFrameSchema>
export type RequestFrame = z.infer<typeof requestFrameSchema>

/** What a request could not be read as, but whose id could: the error has somewhere to go. */
export const anyRequestSchema = z.looseObject({ id })

const errorRecordSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  blame: z.enum(['user', 'local', 'remote']),
  retryable: z.boolean(),
  hint: z.string().optional(),
})

/** One of `result`, `next` and `error` is there. */
export const nodeFrameSchema = z.union([
  z.strictObject({ id, error: errorRecordSchema }),
  z.strictObject({ id, next: z.unknown() }),
  z.strictObject({ id, result: z.unknown() }),
])
export type NodeFrame = z.infer<typeof nodeFrameSchema>

export type StreamMethod = (typeof streamMethods)[number]
export type CallMethod = Exclude<GatewayMethod, StreamMethod>

export function isStreamMethod(method: GatewayMethod): method is StreamMethod {
  return (streamMethods as readonly string[]).includes(method)
}
