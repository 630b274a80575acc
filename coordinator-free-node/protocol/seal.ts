/**
 * Signed bytes: a body, who signed it and the signature over a purpose and the body. The purpose keeps a signature
 * made for one kind of statement from being shown as another.
 *
 * The body travels as the bytes that were signed, so relays pass it on untouched and nothing depends on an
 * encoder giving the same bytes twice.
 */

import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { peerIdSchema } from './ids.js'
import { limits } from './limits.js'

export const sealPurposes = [
  'advert',
  'vote',
  'manifest',
  'deny-list',
  'receipt',
  'membership',
  'revocation',
] as const
export type SealPurpose = (typeof sealPurposes)[number]

const signature = bytesSchema.refine((bytes) => bytes.length === 64, {
  message: 'expected 64 bytes',
})

export const sealedSchema = z.strictObject({
  body: bytesSchema.refine((bytes) => bytes.length <= limits.frameBytesMax),
  signer: peerIdSchema,
  signature,
})
export type Sealed = z.infer<typeof sealedSchema>

/** The bytes that a signature covers. */
export function sealedBytes(purpose: SealPurpose, body: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode(`manyhands/1/${purpose}\0`)
  const bytes = new Uint8Array(label.length + body.length)
  bytes.set(label)
  bytes.set(body, label.length)
  return bytes
}
