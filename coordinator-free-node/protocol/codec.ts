/**
 * Bytes to plain values and back: MessagePack without extensions of our own.
 *
 * Decoding never trusts: the bytes are looked over before anything is made of them, and what comes out is `unknown` and
 * goes through a zod schema before anyone reads it.
 */
import { Packr } from 'msgpackr'
import type { z } from 'zod'
import { GridError } from './errors.js'
import { limits } from './limits.js'
import { faultOfPack } from './plain-pack.js'

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
 * @param valuesMax  how many values it may hold, keys included: more only for what this machine's user says or stored
 * @throws {GridError} MH_BAD_MESSAGE, blaming the remote, when the bytes do not decode or do not fit
 */
export function decode<T>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  what: string,
  valuesMax: number = limits.messageValuesMax,
): T {
  const fault = faultOfPack(bytes, { valuesMax, depthMax: limits.messageDepthMax })
  if (fault !== undefined) throw malformed(`${what} is not valid MessagePack: ${fault}`)
  let value: unknown
  try {
    value = packr.unpack(bytes)
  } catch (cause) {
    throw malformed(`${what} is not valid MessagePack`, cause)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = issue === undefined ? '' : issue.path.join('.')
  throw malformed(`${what} is malformed at "${path}": ${issue?.message}`)
}

/** The sender chose some of the words: logs and terminals get few of them, and no control characters. */
function malformed(words: string, cause?: unknown): GridError {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  const shown = words.slice(0, limits.textCharsMax).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return new GridError('MH_BAD_MESSAGE', shown, { blame: 'remote', cause })
}
