/** The nonce search that grid and limit do alike. */
import { hexToBytes } from '@noble/hashes/utils.js'
import { genesisHeader, hashSearch } from '../../dist/tasks/hash-search.js'
import { plainKernel, rangeBytes } from './plain-kernel.mjs'

/** Header and a target that no digest reaches, as the kernel reads them. */
export const searchParams = new Uint8Array(112)
searchParams.set(hexToBytes(genesisHeader))

/** @returns nonces that a plain loop tries in a millisecond */
export function noncesPerMs() {
  const kernel = plainKernel('hash-search')
  const nonces = 2 ** 19
  const timed = Array.from({ length: 5 }, () => {
    const startMs = performance.now()
    kernel(rangeBytes(0, nonces), searchParams)
    return performance.now() - startMs
  })
  return nonces / Math.min(...timed)
}

/** @returns the smallest digest, so that the work can be checked */
export async function searchOnGrid({ sdk }, { nonces, unitNonces, quorum = 1 }) {
  const given = { end: nonces, unitNonces, targetBits: 256, all: true }
  const { digest, searched } = await sdk.run(hashSearch, given, { quorum })
  if (searched !== nonces) throw new Error(`the grid searched ${searched} of ${nonces} nonces`)
  return digest
}

/** The same by plain workers, each a half from the start. */
export async function searchPlainly(workers, nonces) {
  const half = Math.ceil(nonces / 2)
  const shares = [[rangeBytes(0, half)], [rangeBytes(half, nonces)]]
  const outputs = await workers.run({ kernel: 'hash-search', params: searchParams, shares })
  const digests = outputs.map(([output]) => hashSearch.decode(output).digest)
  return digests.sort()[0]
}
