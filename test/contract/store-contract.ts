/** What every store promises; run by store.test.ts on the real one and the one in memory. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Store, StoreWrite } from '../../coordinator-free-node/ports/store.js'
import { type BlobHash, hashOf } from '../../coordinator-free-node/protocol/ids.js'

export interface StoreUnderTest {
  store: Store
  dispose(): Promise<void>
}

const everything = { from: '', to: '\u{10ffff}' }
const bytes = (text: string) => new TextEncoder().encode(text)
const put = (key: string, value = key): StoreWrite => ({ type: 'put', key, value: bytes(value) })

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} store`, () => {
    let under: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      under = await open()
      store = under.store
    })
    afterEach(async () => await under.dispose())

    test('gives back what was written, and undefined for what was not', async () => {
      await store.write([put('a', 'one'), put('b', '')])
      expect(await store.get('a')).toEqual(bytes('one'))
      expect(await store.get('b')).toEqual(bytes(''))
      expect(await store.get('c')).toBeUndefined()
    })

    test('applies the writes of a batch in order, without sync too', async () => {
      await store.write(
        [put('a', '1'), { type: 'delete', key: 'a' }, put('b', '1'), put('b', '2')],
        {
          sync: false,
        },
      )
      expect(await store.get('a')).toBeUndefined()
      expect(await store.get('b')).toEqual(bytes('2'))
      await store.write([])
    })

    test('keeps its own copy of a value', async () => {
      const value = bytes('before')
      await store.write([{ type: 'put', key: 'a', value }])
      value.fill(0)
      const read = await store.get('a')
      read?.fill(0)
      expect(await store.get('a')).toEqual(bytes('before'))
    })

    test('scans from (inclusive) to (exclusive), in order, within a limit', async () => {
      await store.write(['b', 'a', 'd', 'c', 'aa'].map((key) => put(key)))
      const keys = (range: Parameters<Store['keys']>[0]) => collect(store.keys(range))
      expect(await keys({ from: 'a', to: 'c' })).toEqual(['a', 'aa', 'b'])
      expect(await keys({ from: 'b', to: 'z', limit: 2 })).toEqual(['b', 'c'])
      expect(await keys({ from: 'z', to: 'a' })).toEqual([])
      expect(await keys({ from: 'a', to: 'z', limit: 0 })).toEqual([])
      expect(await collect(store.scan({ from: 'd', to: 'e' }))).toEqual([['d', bytes('d')]])
    })

    test('orders keys by their UTF-8 bytes and shows none of its own', async () => {
      const keys = ['\u{1f600}', '\uffee', 'z', 'é', '\u0001']
      await store.write(keys.map((key) => put(key)))
      expect(await collect(store.keys(everything))).toEqual([
        '\u0001',
        'z',
        'é',
        '\uffee',
        '\u{1f600}',
      ])
    })

    test('scans more than it reads ahead, and ends early without harm', async () => {
      const keys = Array.from({ length: 2000 }, (_, i) => String(i).padStart(6, '0'))
      await store.write(keys.map((key) => put(key)))
      expect(await collect(store.keys(everything))).toEqual(keys)
      for await (const [key] of store.scan(everything)) if (key === '000700') break
      for await (const key of store.keys(everything))
        await store.write([{ type: 'delete', key }], { sync: false })
      expect(await collect(store.keys(everything))).toEqual([])
    })

    test('clears a range and nothing else', async () => {
      await store.write(['a', 'b', 'c', 'd'].map((key) => put(key)))
      await store.clear({ from: 'b', to: 'd' })
      expect(await collect(store.keys(everything))).toEqual(['a', 'd'])
    })

    test('behaves as a sorted map under any writes', async () => {
      const key = fc.string({
        minLength: 1,
        maxLength: 3,
        unit: fc.constantFrom('a', 'b', '/', 'ü'),
      })
      const write = fc.record({ key, put: fc.boolean(), value: fc.uint8Array({ maxLength: 8 }) })
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(write, { maxLength: 20 }), { maxLength: 8 }),
          async (batches) => {
            await store.clear(everything)
            const model = new Map<string, Uint8Array>()
            for (const batch of batches) {
              for (const step of batch) {
                if (step.put) model.set(step.key, step.value)
                else model.delete(step.key)
              }
              await store.write(
                batch.map((step) =>
                  step.put
                    ? { type: 'put', key: step.key, value: step.value }
                    : { type: 'delete', key: step.key },
                ),
                { sync: false },
              )
            }
            const expected = [...model].sort(([a], [b]) =>
              Buffer.compare(Buffer.from(a), Buffer.from(b)),
            )
            const actual = await collect(store.scan(everything))
            expect(actual.map(([k, v]) => [k, [...v]])).toEqual(
              expected.map(([k, v]) => [k, [...v]]),
            )
          },
        ),
        { numRuns: 40 },
      )
    })

    test('keeps blobs by their hash', async () => {
      const blob = bytes('a task')
      await store.writeBlob(hashOf(blob), blob)
      await store.writeBlob(hashOf(blob), blob)
      expect(await store.readBlob(hashOf(blob))).toEqual(blob)
      expect(await store.readBlob(hashOf(bytes('another')))).toBeUndefined()
    })

    test('refuses a blob under a name that is not its hash', async () => {
      const wrong = '0'.repeat(64) as BlobHash
      await expect(store.writeBlob(wrong, bytes('x'))).rejects.toMatchObject({
        code: 'MH_BLOB_MISMATCH',
      })
      expect(await store.readBlob(wrong)).toBeUndefined()
    })

    test('lists blobs with their sizes, and forgets those removed', async () => {
      const [one, other] = [bytes('a task'), bytes('another')]
      for (const blob of [one, other]) await store.writeBlob(hashOf(blob), blob)
      const sizes = new Map((await store.listBlobs()).map((blob) => [blob.hash, blob.bytes]))
      expect(sizes).toEqual(new Map([one, other].map((blob) => [hashOf(blob), blob.length])))
      for (const { writtenMs } of await store.listBlobs())
        expect(Math.abs(writtenMs - Date.now())).toBeLessThan(60_000)
      await store.removeBlob(hashOf(one))
      await store.removeBlob(hashOf(one))
      expect(await store.readBlob(hashOf(one))).toBeUndefined()
      expect(await store.listBlobs()).toHaveLength(1)
      await store.writeBlob(hashOf(one), one)
      expect(await store.readBlob(hashOf(one))).toEqual(one)
    })

    test('gives back from a spool what was appended, by where it lies', async () => {
      const places = []
      for (const text of ['one', 'three'])
        places.push(await store.appendSpool('a1', [bytes(text), bytes('!')]))
      expect(places).toEqual([0, 4])
      expect(await store.appendSpool('b2', [bytes('other')])).toBe(0)
      expect(await store.readSpool('a1', 4, 6)).toEqual(bytes('three!'))
      expect(await store.readSpool('a1', 1, 5)).toEqual(bytes('ne!th'))
      expect(await store.readSpool('a1', 4, 7)).toBeUndefined()
      expect(await store.readSpool('c3', 0, 1)).toBeUndefined()
    })

    test('appends of several callers at once come one after another', async () => {
      const texts = Array.from({ length: 40 }, (_, i) => `${i}`.repeat(1 + (i % 7)))
      const names = Array.from({ length: 20 }, (_, i) => `${10 + i}`)
      const appended = texts.flatMap((text) =>
        names.map(async (name) => ({
          ...{ name, text },
          at: await store.appendSpool(name, [bytes(text)]),
        })),
      )
      await Promise.all(
        appended.map(async (appending) => {
          const { name, text, at } = await appending
          expect(await store.readSpool(name, at, text.length)).toEqual(bytes(text))
        }),
      )
    })

    test('lists spools and removes them; a new one of the same name is empty', async () => {
      for (const name of ['a1', 'b2']) await store.appendSpool(name, [bytes('text')])
      expect([...(await store.listSpools())].sort()).toEqual(['a1', 'b2'])
      for (const name of ['a1', 'a1', 'c3']) await store.removeSpool(name)
      expect(await store.listSpools()).toEqual(['b2'])
      expect(await store.readSpool('a1', 0, 1)).toBeUndefined()
      expect(await store.appendSpool('a1', [bytes('new')])).toBe(0)
    })

    test('answers MH_STOPPED once closed; closing twice is fine', async () => {
      await store.close()
      await store.close()
      await expect(store.get('a')).rejects.toMatchObject({ code: 'MH_STOPPED' })
    })
  })
}
