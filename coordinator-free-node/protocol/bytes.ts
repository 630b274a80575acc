/** Bytes as a schema, over any kind of buffer. */
import { z } from 'zod'

export const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array, {
  message: 'expected bytes',
})
