/** The digest that protocol/outcome defines, by the fastest hash of Node: every result is hashed by both sides. */
import { createHash, hash } from 'node:crypto'

/** Above it the copy costs more than the hash object that it saves. */
const copiedBytesMax = 4_096
const copied = Buffer.alloc(1 + copiedBytesMax)

/**
 * @param kind  index in `resultKinds`
 * @returns SHA-256 over the kind's byte and the output, 32 bytes
 */
export function digestOutput(kind: number, output: Uint8Array): Uint8Array {
  if (output.length > copiedBytesMax)
    return new Uint8Array(createHash('sha256').update(Uint8Array.of(kind)).update(output).digest())
  copied[0] = kind
  copied.set(output, 1)
  // As text and back it takes a quarter of the time of a hash object.
  const digest = hash('sha256', copied.subarray(0, 1 + output.length), 'binary')
  const bytes = new Uint8Array(32)
  for (let i = 0; i < bytes.length; i++) bytes[i] = digest.charCodeAt(i)
  return bytes
}
