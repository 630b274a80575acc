/** How fast this machine searches: one timed run of the demo's own kernel in an executor of its own. */

import { hashSearch } from '../../../tasks/index.js'
import { runLocally } from '../local-units.js'
import { GENESIS_HEADER, GENESIS_NONCE } from './block-search.js'

/** Long enough to see past compiling and starting, short enough not to be noticed. */
const NONCES = 2 ** 21

/** @returns hashes a second on one thread */
export async function measureHashRate(): Promise<number> {
  const start = GENESIS_NONCE - 4 * NONCES
  const params = { header: GENESIS_HEADER, start, end: start + 2 * NONCES, unitNonces: NONCES }
  // The first unit pays for compiling the module; the second is timed.
  const outcomes = await runLocally(hashSearch, params, 2)
  const timed = outcomes.at(-1)
  const spentMs = timed === undefined || timed.kind === 'abort' ? 1000 : timed.spentMs
  return NONCES / (Math.max(1, spentMs) / 1000)
}
