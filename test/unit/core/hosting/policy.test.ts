import { describe, expect, test } from '@jest/globals'
import { defaultCoreConfig } from '../../../../coordinator-free-node/core/config.js'
import {
  type HostingPolicy,
  type JobFacts,
  refusalOf,
} from '../../../../coordinator-free-node/core/hosting/policy.js'
import type { BlobHash, PeerId } from '../../../../coordinator-free-node/protocol/ids.js'

const ada = '12D3KooWada' as PeerId
const bob = '12D3KooWbob' as PeerId
const primes = 'aa'.repeat(32) as BlobHash
const mib = 1024 * 1024

const asked: JobFacts = {
  requester: ada,
  taskHash: primes,
  tier: 'wasm',
  unitMemoryBytesMax: 64 * mib,
}
const means = { ...defaultCoreConfig, slots: 4, draining: false }

const judge = (
  policy: Partial<HostingPolicy>,
  { own = false, ...job }: Partial<JobFacts> & { own?: boolean } = {},
  with_: Partial<typeof means> = {},
) => refusalOf({ ...asked, ...job }, own, { ...means, ...with_ }, { ...means.policy, ...policy })

describe('policy', () => {
  test('serves everybody every guarded task at first', () => {
    for (const tier of ['builtin', 'wasm', 'js'] as const)
      expect(judge({}, { tier })).toBeUndefined()
  })

  test.each([
    ['a tier left out', { tiers: ['builtin' as const] }, {}, /runs no wasm tasks/],
    ['native work', {}, { tier: 'native' as const }, /native tasks are off/],
    [
      'native work of others than those named',
      { nativeOwners: [bob] },
      { tier: 'native' as const },
      /native tasks of this owner/,
    ],
    ['a unit too large', {}, { unitMemoryBytesMax: 2048 * mib }, /allows 1024 MiB/],
  ])('refuses %s', (_, policy, job, reason) => {
    expect(judge(policy, job)).toMatch(reason)
  })

  test('serves native work of those named, whatever kinds it serves for others', () => {
    expect(judge({ nativeOwners: [ada], tiers: ['js'] }, { tier: 'native' })).toBeUndefined()
  })

  test('as many units must fit as there are threads', () => {
    expect(judge({}, {}, { memoryBytesMax: 256 * mib })).toBeUndefined()
    expect(judge({}, {}, { memoryBytesMax: 255 * mib })).toMatch(/4 units .* 256 MiB.* 255 MiB/)
  })

  test("the user's own jobs are bound by the machine, not by kinds", () => {
    const strict = { tiers: [] }
    expect(judge(strict, { own: true })).toBeUndefined()
    expect(judge(strict, { own: true }, { donates: false })).toMatch(/donates no CPU/)
    expect(judge(strict, { own: true }, { memoryBytesMax: mib })).toMatch(/memory/)
    expect(judge(strict, { own: true, tier: 'native' })).toMatch(/native tasks are off/)
  })
})
