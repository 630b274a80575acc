/** The work that every system does in its own way: units that do nothing, and the nonce search by node:crypto. */
import { createHash } from 'node:crypto'
import { genesisHeader } from '../../dist/tasks/hash-search.js'

export const inputBytes = 100
export const outputBytes = 50

/** Text, as most systems send values: 100 bytes. */
export const input = 'x'.repeat(inputBytes)
const output = 'y'.repeat(outputBytes)

export function noop(given) {
  if (given.length !== inputBytes) throw new Error(`an input of ${given.length} bytes`)
  return output
}

/** @returns the smallest digest from `start` up to `end`, as people write such a loop */
export function search(start, end) {
  const header = Buffer.from(genesisHeader, 'hex')
  let best = 'f'.repeat(64)
  for (let nonce = start; nonce < end; nonce++) {
    header.writeUInt32LE(nonce, 76)
    const once = createHash('sha256').update(header).digest()
    const digest = createHash('sha256').update(once).digest().reverse().toString('hex')
    if (digest < best) best = digest
  }
  return best
}

/** Calls one after the other, `ahead` of them at a time. */
export async function inFlight(count, ahead, call) {
  let next = 0
  const results = []
  const one = async () => {
    while (next < count) {
      const i = next++
      results[i] = await call(i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(ahead, count) }, one))
  return results
}

/** @returns `[start, end]` of a unit */
export function rangeOf(unit, unitNonces) {
  return [unit * unitNonces, (unit + 1) * unitNonces]
}
