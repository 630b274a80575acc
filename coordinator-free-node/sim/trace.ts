/** A fingerprint of everything that happened: the same seed must give the same, byte for byte. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

export class Trace {
  readonly #hash = sha256.create()
  events = 0

  /** @param hashes  false: counts only, since hashing every event costs more than the core's own work */
  constructor(private readonly hashes = true) {}

  add(entry: readonly unknown[]): void {
    this.events++
    if (this.hashes) this.#hash.update(utf8ToBytes(JSON.stringify(entry, asText)))
  }

  /** 64 hexadecimal digits over all that was added so far; undefined where nothing was hashed. */
  digest(): string | undefined {
    return this.hashes ? bytesToHex(this.#hash.clone().digest()) : undefined
  }
}

function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (value === undefined) return null
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value
}
