/** The digest that protocol/outcome defines, by the fastest hash of Node: every result is hashed by both sides. */
import { createHash, hash } from 'node:crypto'

const digestBytes = 32
/** Above it the copy costs more than the hash object that it saves. */
const copiedBytesMax = 4_096
const copied = Buffer.alloc(1 + copiedBytesMax)

/**
 * @param kind  index in `resultKinds`
 * @returns SHA-256 over the kind's byte and the output, 32 bytes
 */
export function digestOutput(kind: number, output: Uint8Array): Uint8Array {
  const digest = hashed(kind, output)
  const bytes = new Uint8Array(digestBytes)
  for (let i = 0; i < digestBytes; i++) bytes[i] = digest.charCodeAt(i)
  return bytes
}

/** Whether the digest is the one that stands at `index` in a column of digests. */
export function isDigestOf(
  digests: Uint8Array,
  index: number,
  kind: number,
  output: Uint8Array,
): boolean {
  const digest = hashed(kind, output)
  const from = index * digestBytes
  for (let i = 0; i < digestBytes; i++) if (digests[from + i] !== digest.charCodeAt(i)) return false
  return true
}

/** A character a byte: so it takes a quarter of the time that a hash object takes. */
function hashed(kind: number, output: Uint8Array): string {
  if (output.length > copiedBytesMax)
    return createHash('sha256').update(Uint8Array.of(kind)).update(output).digest('binary')
  copied[0] = kind
  copied.set(output, 1)
  return hash('sha256', copied.subarray(0, 1 + output.length), 'binary')
}
