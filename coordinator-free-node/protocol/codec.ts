/**
 * Bytes to plain values and back: MessagePack without extensions of our own.
 *
 * Decoding never trusts: what comes out is `unknown` and goes through a zod schema before anyone reads it.
 */
import { Packr } from 'msgpackr'
import type { z } from 'zod'
import { GridError } from './errors.js'

const packr = new Packr({ useRecords: false, mapsAsObjects: true, largeBigIntToFloat: false })

/** @param value  plain data: null, booleans, numbers, strings, Uint8Array, arrays, objects */
export function encode(value: unknown): Uint8Array {
  // packr reuses its buffer: a copy is what makes the result safe to keep.
  return new Uint8Array(packr.pack(value))
}

/**
 * @param bytes  MessagePack from anywhere
 * @param schema  what the value must be
 * @param what  how the error calls it, for example "a message"
 * @throws {GridError} MH_BAD_MESSAGE, blaming the remote, when the bytes do not decode or do not fit
 */
export function decode<T>(bytes: Uint8Array, schema: z.ZodType<T>, what: string): T {
  let value: unknown
  try {
    value = packr.unpack(bytes)
  } catch (cause) {
    throw new GridError('MH_BAD_MESSAGE', `${what} is not valid MessagePack`, {
      blame: 'remote',
      cause,
    })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = issue === undefined ? '' : issue.path.join('.')
  throw new GridError('MH_BAD_MESSAGE', `${what} is malformed at "${path}": ${issue?.message}`, {
    blame: 'remote',
  })
}
