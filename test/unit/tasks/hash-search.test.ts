import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { genesisHeader, hashSearch } from '../../../tasks/hash-search.js'
import { loadKernel, rangeInput, runTask } from './kernel-host.js'

const genesisNonce = 2083236893
const genesisDigest = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** The smallest double SHA-256 of a window, the slow way; digests as Bitcoin shows them. */
function smallest(header: Uint8Array, start: number, end: number) {
  let best: { nonce: number; digest: string } | undefined
  const bytes = Buffer.from(header)
  for (let nonce = start; nonce < end; nonce++) {
    bytes.writeUInt32LE(nonce, 76)
    const digest = sha256(sha256(bytes)).reverse().toString('hex')
    if (best === undefined || digest < best.digest) best = { nonce, digest }
  }
  return best
}

describe('hash-search', () => {
  test("finds the nonce of Bitcoin's first block", async () => {
    const window = { start: genesisNonce - 5000, end: genesisNonce + 5000, unitNonces: 4096 }
    const result = await runTask(hashSearch, window)
    expect(result).toMatchObject({ found: true, nonce: genesisNonce, digest: genesisDigest })
    expect(result.best).toEqual({ nonce: genesisNonce, digest: genesisDigest })
  })

  test('ends at the first hit, unless it is asked for all', async () => {
    const window = {
      start: genesisNonce - 10,
      end: genesisNonce + 5000,
      unitNonces: 1000,
    }
    expect((await runTask(hashSearch, window)).searched).toBe(1000)
    expect((await runTask(hashSearch, { ...window, all: true })).searched).toBe(5010)
  })

  test('tells the best of a window without a hit', async () => {
    const result = await runTask(hashSearch, { start: 7, end: 3008, unitNonces: 1000 })
    const best = smallest(Buffer.from(genesisHeader, 'hex'), 7, 3008)
    expect(result).toEqual({ found: false, digest: best?.digest, searched: 3001, best })
  })

  test('gives the smallest digest of any window of any header', async () => {
    const { run } = await loadKernel('hash-search')
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 80, maxLength: 80 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 1, max: 300 }),
        (header, start, count) => {
          const end = Math.min(start + count, 2 ** 32)
          const params = Buffer.concat([header, Buffer.alloc(32)])
          const { hit, output } = run(rangeInput(start, end), params)
          const part = hashSearch.decode(output, hashSearch.params.parse({}))
          expect(part).toEqual(smallest(header, start, end))
          expect(hit).toBe(false)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('counts a digest that equals the target as a hit', async () => {
    const best = smallest(Buffer.from(genesisHeader, 'hex'), 0, 100)
    const at = { start: 0, end: 100 }
    const below = (BigInt(`0x${best?.digest}`) - 1n).toString(16).padStart(64, '0')
    expect((await runTask(hashSearch, { ...at, target: best?.digest })).found).toBe(true)
    expect((await runTask(hashSearch, { ...at, target: below })).found).toBe(false)
  })

  test('takes the target from the header, in digits or in bits', async () => {
    const targetOf = async (given: object) => {
      const { params } = await hashSearch.plan(hashSearch.params.parse(given))
      return Buffer.from(params ?? [])
        .subarray(80)
        .reverse()
        .toString('hex')
    }
    expect(await targetOf({})).toBe(`00000000ffff${'0'.repeat(52)}`)
    expect(await targetOf({ targetBits: 12 })).toBe(`000${'f'.repeat(61)}`)
    expect(await targetOf({ targetBits: 0 })).toBe('f'.repeat(64))
    expect(await targetOf({ target: 'AB'.repeat(32) })).toBe('ab'.repeat(32))
  })

  test.each([
    [{ header: 'beef' }, 'header'],
    [{ start: -1 }, 'start'],
    [{ end: 2 ** 32 + 1 }, 'end'],
    [{ start: 9, end: 9 }, 'end'],
    [{ targetBits: 3, target: '0'.repeat(64) }, 'targetBits'],
    [{ unitNonces: 1.5 }, 'unitNonces'],
  ])('refuses %j and names the field', (given, field) => {
    expect(hashSearch.params.safeParse(given).error?.issues[0]?.path).toEqual([field])
  })
})
