/** What every implementation of the `Overlay` port does, the real one and the simulator's alike. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Overlay } from '../../coordinator-free-node/ports/overlay.js'
import { hashOf } from '../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import { join, type Station, startStation } from './overlay-recorder.js'

/** A set of overlays that can reach each other. */
export interface OverlayFleet {
  /** One more node, not started. */
  create(): Promise<Overlay>
  /** An address in this implementation's form where nobody answers. */
  unreachableAddress(): string
  /** Stops what is left. */
  dispose(): Promise<void>
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytesOf = (words: string) => new TextEncoder().encode(words)

export function describeOverlay(name: string, createFleet: () => Promise<OverlayFleet>): void {
  describe(`overlay: ${name}`, () => {
    let fleet: OverlayFleet
    let stations: Station[]

    beforeEach(async () => {
      fleet = await createFleet()
      stations = []
    })
    afterEach(async () => {
      await Promise.all(stations.map(({ overlay }) => overlay.stop()))
      await fleet.dispose()
    })

    async function station(): Promise<Station> {
      const started = await startStation(await fleet.create())
      stations.push(started)
      return started
    }

    async function pair(): Promise<[Station, Station]> {
      const both: [Station, Station] = [await station(), await station()]
      await join(...both)
      return both
    }

    test('a node tells at most eight addresses, each ending in its own peer id', async () => {
      const { overlay } = await station()
      const addresses = overlay.addresses()
      expect(addresses.length).toBeGreaterThan(0)
      expect(addresses.length).toBeLessThanOrEqual(limits.addressesMax)
      for (const address of addresses) expect(address.endsWith(overlay.self)).toBe(true)
    })

    test('both sides hear once that they are neighbours, and which of them dialled', async () => {
      const [a, b] = await pair()
      expect(a.overlay.neighbours()).toEqual([b.overlay.self])
      expect(b.overlay.neighbours()).toEqual([a.overlay.self])
      expect(a.seen.changes).toMatchObject([
        { type: 'neighbour-joined', peer: b.overlay.self, inbound: false },
      ])
      expect(b.seen.changes).toMatchObject([
        { type: 'neighbour-joined', peer: a.overlay.self, inbound: true },
      ])
    })

    test('connecting to a neighbour returns it at once', async () => {
      const [a, b] = await pair()
      expect(await a.overlay.connect(b.overlay.addresses())).toBe(b.overlay.self)
      expect(await b.overlay.connect(a.overlay.addresses())).toBe(a.overlay.self)
      expect(a.seen.countOf('neighbour-joined', b.overlay.self)).toBe(1)
    })

    test('several connects at once make one neighbour', async () => {
      const [a, b] = [await station(), await station()]
      const peers = await Promise.all([1, 2, 3].map(() => a.overlay.connect(b.overlay.addresses())))
      expect(new Set(peers)).toEqual(new Set([b.overlay.self]))
      expect(a.seen.countOf('neighbour-joined', b.overlay.self)).toBe(1)
    })

    test('when both connect at the same moment they settle on one stream and lose no mail', async () => {
      for (let round = 0; round < 4; round++) {
        const [a, b] = [await station(), await station()]
        // Mail goes out as early as it may: from the moment of joining.
        mailOnJoin(a, b)
        mailOnJoin(b, a)
        await Promise.all([
          a.overlay.connect(b.overlay.addresses()),
          b.overlay.connect(a.overlay.addresses()),
        ])
        await Promise.all([a.seen.untilMail(20), b.seen.untilMail(20)])
        for (const { seen } of [a, b]) {
          expect(seen.mail.map(({ bytes }) => bytes[0])).toEqual([...Array(20).keys()])
          expect(seen.changes.map(({ type }) => type)).toEqual(['neighbour-joined'])
        }
      }
    })

    function mailOnJoin(from: Station, to: Station): void {
      from.seen
        .untilJoined(to.overlay.self)
        .then(() => {
          for (let i = 0; i < 20; i++) from.overlay.send(to.overlay.self, [Uint8Array.of(i)])
        })
        .catch(() => {})
    }

    test('messages arrive whole, once and in the order sent, both ways', async () => {
      const [a, b] = await pair()
      const count = 3000
      for (let i = 0; i < count; i++) {
        expect(a.overlay.send(b.overlay.self, [bytesOf(`a${i}`)])).toBe(true)
        expect(b.overlay.send(a.overlay.self, [bytesOf(`b${i}`)])).toBe(true)
      }
      await Promise.all([a.seen.untilMail(count), b.seen.untilMail(count)])
      expect(b.seen.mail.map(({ bytes }) => text(bytes))).toEqual(
        Array.from({ length: count }, (_, i) => `a${i}`),
      )
      expect(a.seen.mail.map(({ bytes }) => text(bytes))).toEqual(
        Array.from({ length: count }, (_, i) => `b${i}`),
      )
      expect(new Set(b.seen.mail.map(({ from }) => from))).toEqual(new Set([a.overlay.self]))
    })

    test('messages of one turn travel together', async () => {
      const [a, b] = await pair()
      for (let i = 0; i < 1000; i++) a.overlay.send(b.overlay.self, [Uint8Array.of(i & 255)])
      await b.seen.untilMail(1000)
      expect(b.seen.batches).toBeLessThan(10)
    })

    test('an empty message and one of eight mebibytes both arrive', async () => {
      const [a, b] = await pair()
      const large = new Uint8Array(limits.unitOutputBytesMax).map((_, i) => i * 7)
      a.overlay.send(b.overlay.self, [new Uint8Array(), large, bytesOf('after')])
      await b.seen.untilMail(3)
      expect(b.seen.mail[0]?.bytes.length).toBe(0)
      expect(hashOf(b.seen.mail[1]?.bytes ?? new Uint8Array())).toBe(hashOf(large))
      expect(text(b.seen.mail[2]?.bytes ?? new Uint8Array())).toBe('after')
    })

    test('a message may be changed by its owner once it is received', async () => {
      const [a, b] = await pair()
      a.overlay.send(b.overlay.self, [bytesOf('one'), bytesOf('two')])
      await b.seen.untilMail(2)
      b.seen.mail[0]?.bytes.fill(0)
      expect(text(b.seen.mail[1]?.bytes ?? new Uint8Array())).toBe('two')
    })

    test('no more is read from a peer while its last messages are being handled', async () => {
      const [a, b] = await pair()
      let release = () => {}
      b.seen.hold = () => {
        b.seen.hold = undefined
        return new Promise<void>((resolve) => {
          release = resolve
        })
      }
      a.overlay.send(b.overlay.self, [bytesOf('first')])
      await b.seen.untilMail(1)
      const c = await station()
      await join(c, b)
      a.overlay.send(b.overlay.self, [bytesOf('second')])
      c.overlay.send(b.overlay.self, [bytesOf('from another')])
      await b.seen.untilMail(2)
      expect(b.seen.mail.map(({ bytes }) => text(bytes))).toEqual(['first', 'from another'])
      release()
      await b.seen.untilMail(3)
      expect(text(b.seen.mail[2]?.bytes ?? new Uint8Array())).toBe('second')
    })

    test('sending to somebody who is no neighbour is false', async () => {
      const [a, b] = [await station(), await station()]
      expect(a.overlay.send(b.overlay.self, [bytesOf('hello')])).toBe(false)
    })

    test('disconnecting is heard once on both sides, and ends the sending', async () => {
      const [a, b] = await pair()
      a.overlay.disconnect(b.overlay.self, 'enough')
      await Promise.all([a.seen.untilLeft(b.overlay.self), b.seen.untilLeft(a.overlay.self)])
      expect(a.overlay.neighbours()).toEqual([])
      expect(b.overlay.neighbours()).toEqual([])
      expect(a.overlay.send(b.overlay.self, [bytesOf('more')])).toBe(false)
      expect(a.seen.countOf('neighbour-left', b.overlay.self)).toBe(1)
      expect(b.seen.countOf('neighbour-left', a.overlay.self)).toBe(1)
      const left = b.seen.events.find(({ type }) => type === 'neighbour-left')
      expect(left).toMatchObject({ reason: expect.stringContaining('enough') })
    })

    test('what was sent before a disconnect still arrives', async () => {
      const [a, b] = await pair()
      a.overlay.send(b.overlay.self, [bytesOf('last words')])
      a.overlay.disconnect(b.overlay.self, 'enough')
      await b.seen.untilLeft(a.overlay.self)
      expect(b.seen.mail.map(({ bytes }) => text(bytes))).toEqual(['last words'])
    })

    test('after a disconnect the two can be neighbours again', async () => {
      const [a, b] = await pair()
      a.overlay.disconnect(b.overlay.self, 'enough')
      await Promise.all([a.seen.untilLeft(b.overlay.self), b.seen.untilLeft(a.overlay.self)])
      await join(b, a)
      expect(a.overlay.send(b.overlay.self, [bytesOf('again')])).toBe(true)
      await b.seen.untilMail(1)
    })

    test('stopping is heard by every neighbour', async () => {
      const [a, b] = await pair()
      const c = await station()
      await join(c, a)
      await a.overlay.stop()
      await Promise.all([b.seen.untilLeft(a.overlay.self), c.seen.untilLeft(a.overlay.self)])
      expect(b.overlay.neighbours()).toEqual([])
    })

    test('stopping twice is as good as once', async () => {
      const { overlay } = await station()
      await overlay.stop()
      await overlay.stop()
    })

    test('an address that is none is refused by name', async () => {
      const { overlay } = await station()
      await expect(overlay.connect(['not an address'])).rejects.toMatchObject({
        code: 'MH_BAD_ADDRESS',
        blame: 'user',
        message: expect.stringContaining('not an address'),
      })
    })

    test('a node cannot connect to itself', async () => {
      const { overlay } = await station()
      await expect(overlay.connect(overlay.addresses())).rejects.toMatchObject({
        code: 'MH_BAD_ADDRESS',
      })
    })

    test('where nobody answers the peer is unreachable', async () => {
      const { overlay } = await station()
      await expect(overlay.connect([fleet.unreachableAddress()])).rejects.toMatchObject({
        code: 'MH_PEER_UNREACHABLE',
        retryable: true,
      })
    })

    test('a blob comes whole from who has it', async () => {
      const [a, b] = await pair()
      const blob = new Uint8Array(3_000_000).map((_, i) => i * 13)
      const hash = b.seen.keep(blob)
      const got = await a.overlay.fetchBlob(b.overlay.self, hash, blob.length)
      expect(hashOf(got)).toBe(hash)
      const none = b.seen.keep(new Uint8Array())
      expect((await a.overlay.fetchBlob(b.overlay.self, none, 10)).length).toBe(0)
    })

    test('many blobs can be fetched at once', async () => {
      const [a, b] = await pair()
      const hashes = Array.from({ length: 30 }, (_, i) => b.seen.keep(bytesOf(`blob ${i}`)))
      const blobs = await Promise.all(
        hashes.map((hash) => a.overlay.fetchBlob(b.overlay.self, hash, 100)),
      )
      expect(blobs.map(text)).toEqual(hashes.map((_, i) => `blob ${i}`))
    })

    test('a blob that the peer lacks is missing', async () => {
      const [a, b] = await pair()
      const hash = hashOf(bytesOf('unheard of'))
      await expect(a.overlay.fetchBlob(b.overlay.self, hash, 100)).rejects.toMatchObject({
        code: 'MH_BLOB_MISSING',
      })
    })

    test('a blob over the wanted size is refused', async () => {
      const [a, b] = await pair()
      const hash = b.seen.keep(new Uint8Array(101))
      await expect(a.overlay.fetchBlob(b.overlay.self, hash, 100)).rejects.toMatchObject({
        code: 'MH_TOO_LARGE',
      })
    })

    test('other content under a hash is a mismatch', async () => {
      const [a, b] = await pair()
      const hash = hashOf(bytesOf('the truth'))
      b.seen.blobs.set(hash, bytesOf('a lie'))
      await expect(a.overlay.fetchBlob(b.overlay.self, hash, 100)).rejects.toMatchObject({
        code: 'MH_BLOB_MISMATCH',
        blame: 'remote',
      })
    })

    test('a blob of a stranger is out of reach', async () => {
      const [a, b] = [await station(), await station()]
      const hash = b.seen.keep(bytesOf('content'))
      await expect(a.overlay.fetchBlob(b.overlay.self, hash, 100)).rejects.toMatchObject({
        code: 'MH_PEER_UNREACHABLE',
      })
    })

    test('who provides a key is found by a neighbour of a neighbour, with addresses', async () => {
      const [a, b] = await pair()
      const c = await station()
      await join(c, b)
      const key = hashOf(bytesOf('some job'))
      const found = await untilFound(a, c, key)
      expect(found?.peer).toBe(a.overlay.self)
      expect(found?.addresses.length).toBeGreaterThan(0)
      expect(await c.overlay.connect(found?.addresses ?? [])).toBe(a.overlay.self)
    })

    // The directory promises best effort: a record may need another round until routes have settled.
    async function untilFound(provider: Station, seeker: Station, key: string) {
      for (let attempt = 0; attempt < 20; attempt++) {
        await provider.overlay.provide(key)
        const [found] = await seeker.overlay.lookup(key)
        if (found !== undefined) return found
      }
      return undefined
    }

    test('a key that nobody provides finds nobody', async () => {
      const [a] = await pair()
      expect(await a.overlay.lookup(hashOf(bytesOf('nothing')))).toEqual([])
    })
  })
}
