/** The random stream of a unit: SHA-256 in counter mode over the job's seed and the unit, the same on every host. */
import { sha256 } from '@noble/hashes/sha2.js'

export function seededStream(seed: Uint8Array, unit: number): (bytes: Uint8Array) => void {
  // Few units draw anything.
  let draw: ((bytes: Uint8Array) => void) | undefined
  return (bytes) => {
    draw ??= streamOf(seed, unit)
    draw(bytes)
  }
}

function streamOf(seed: Uint8Array, unit: number): (bytes: Uint8Array) => void {
  const block = new Uint8Array(seed.length + 16)
  block.set(seed)
  const view = new DataView(block.buffer)
  view.setBigUint64(seed.length, BigInt(unit), true)
  let counter = 0
  let buffered = new Uint8Array()
  return (bytes) => {
    let filled = 0
    while (filled < bytes.length) {
      if (buffered.length === 0) {
        view.setBigUint64(seed.length + 8, BigInt(counter++), true)
        buffered = sha256(block)
      }
      const count = Math.min(buffered.length, bytes.length - filled)
      bytes.set(buffered.subarray(0, count), filled)
      buffered = buffered.subarray(count)
      filled += count
    }
  }
}
