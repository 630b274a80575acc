import { describe, expect, test } from '@jest/globals'
import { type BlobHash, hashOf } from '../../../../coordinator-free-node/protocol/ids.js'
import { createBlobSpace } from '../../../../coordinator-free-node/shell/store/blob-space.js'
import { createMemoryStore } from '../../../contract/memory-store.js'

const pinned = new Set<string>()

async function filled(count: number, bytesMax: number) {
  const store = createMemoryStore()
  const hashes: BlobHash[] = []
  const errors: unknown[] = []
  const space = createBlobSpace(store, {
    bytesMax,
    isInUse: (hash) => pinned.has(hash),
    onError: (error) => errors.push(error),
  })
  for (let i = 0; i < count; i++) {
    const content = new Uint8Array(100).fill(i)
    hashes.push(hashOf(content))
    await store.writeBlob(hashOf(content), content)
  }
  return { store, hashes, space, errors }
}

const kept = async (store: ReturnType<typeof createMemoryStore>, hashes: readonly BlobHash[]) => {
  const there = await Promise.all(hashes.map((hash) => store.readBlob(hash)))
  return there.flatMap((blob, i) => (blob === undefined ? [] : [i]))
}

describe('blob space', () => {
  test('over its bound the oldest go, and some more to make room', async () => {
    const { store, hashes, space } = await filled(10, 500)
    space.grew(0)
    await space.idle()
    expect(await kept(store, hashes)).toEqual([6, 7, 8, 9])
  })

  test('what is in use stays, however old', async () => {
    const { store, hashes, space } = await filled(10, 500)
    for (const i of [0, 3]) pinned.add(hashes[i] ?? '')
    space.grew(0)
    await space.idle()
    pinned.clear()
    expect(await kept(store, hashes)).toEqual([0, 3, 8, 9])
  })

  test('within its bound nothing goes', async () => {
    const { store, hashes, space } = await filled(5, 500)
    space.grew(0)
    await space.idle()
    expect(await kept(store, hashes)).toHaveLength(5)
  })

  test('a disk that fails is told, and the node goes on', async () => {
    const { store, space, errors } = await filled(5, 100)
    await store.close()
    space.grew(0)
    await space.idle()
    expect(errors).toHaveLength(1)
  })
})
