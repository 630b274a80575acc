import { describe, expect, test } from '@jest/globals'
import type { CoreMessage, CoreMessageOf } from '../../../coordinator-free-node/core/messages.js'
import { decode, encode } from '../../../coordinator-free-node/protocol/codec.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import { jobIdOf, packManifest } from '../../../coordinator-free-node/protocol/manifest.js'
import { peerMessageSchema } from '../../../coordinator-free-node/protocol/messages.js'
import { digestOf, resultKinds } from '../../../coordinator-free-node/protocol/outcome.js'
import { EnclosedManifests } from '../../../coordinator-free-node/shell/enclosed-manifests.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'
import { createMail } from '../../../coordinator-free-node/shell/mail.js'
import { checkReceipts, lineOfReceipt } from '../../../coordinator-free-node/shell/receipt-file.js'
import { job, manifest } from '../core/lone-node.js'
import { receiptOf } from '../core/made-receipt.js'

function person() {
  const { signer } = loadIdentity(createIdentity())
  return { peer: signer.self, mail: createMail(signer) }
}

function vote(change: { digests?: Uint8Array; outputs?: Uint8Array[] } = {}) {
  const outputs = change.outputs ?? [Uint8Array.of(1, 2), new Uint8Array()]
  const digests = new Uint8Array(64)
  outputs.forEach((output, i) => {
    if (i < 2) digests.set(digestOf('done', output), 32 * i)
  })
  const message: CoreMessage = {
    type: 'vote',
    body: {
      job,
      lease: 7,
      runs: [[3, 2]],
      kinds: new Uint8Array(2).fill(resultKinds.indexOf('done')),
      digests: change.digests ?? digests,
      spentMs: 1.5,
      fuel: 0,
    },
    outputs,
  }
  return message
}

function advert(steward: PeerId): CoreMessage {
  return {
    type: 'advert',
    body: {
      job,
      steward,
      addresses: ['/ip4/192.0.2.7/tcp/4001/ws'],
      serial: 1,
      ttlMs: 1_000,
      closed: false,
      name: 'test',
      requester: steward,
      taskHash: manifest().taskHash,
      tier: 'builtin',
      unitMemoryBytesMax: 65_536,
    },
    sealed: undefined,
    hops: 0,
  }
}

const remoteFault = (code: string) => expect.objectContaining({ code, blame: 'remote' })

describe('mail', () => {
  test('a vote arrives as it was sent', () => {
    const host = person()
    const sent = vote()
    expect(person().mail.unpack(host.peer, host.mail.pack(sent))).toEqual(sent)
  })

  test('a want that goes along with a vote arrives, even where the vote is not worth opening', () => {
    const host = person()
    const sent = { ...vote(), wantSlots: 3 }
    const bytes = host.mail.pack(sent)
    expect(person().mail.unpack(host.peer, bytes)).toEqual(sent)
    expect(person().mail.unpack(host.peer, bytes, () => 'unknown-lease')).toEqual({
      type: 'unopened',
      misdeed: 'unknown-lease',
      want: { type: 'want', job, slots: 3 },
    })
  })

  test('a vote that another peer signed is refused', () => {
    const host = person()
    const bytes = host.mail.pack(vote())
    expect(() => person().mail.unpack(person().peer, bytes)).toThrow(
      remoteFault('MH_BAD_SIGNATURE'),
    )
  })

  test('a result that does not match its digest is refused', () => {
    const host = person()
    const bytes = host.mail.pack(vote({ digests: new Uint8Array(64) }))
    expect(() => person().mail.unpack(host.peer, bytes)).toThrow(remoteFault('MH_BAD_MESSAGE'))
  })

  test('columns of different lengths are refused', () => {
    const host = person()
    const outputs = [1, 2, 3].map((n) => Uint8Array.of(n))
    const bytes = host.mail.pack(vote({ outputs }))
    expect(() => person().mail.unpack(host.peer, bytes)).toThrow(remoteFault('MH_BAD_MESSAGE'))
  })

  test('an advert can be passed on, and still names and proves its steward', () => {
    const [steward, relay, host] = [person(), person(), person()]
    const heard = relay.mail.unpack(steward.peer, steward.mail.pack(advert(steward.peer)))
    const told = host.mail.unpack(relay.peer, relay.mail.pack(heard))
    expect(told).toMatchObject({ type: 'advert', body: { steward: steward.peer, job } })
  })

  test("an advert in another steward's name is refused", () => {
    const [steward, forger] = [person(), person()]
    const bytes = forger.mail.pack(advert(steward.peer))
    expect(() => person().mail.unpack(forger.peer, bytes)).toThrow(remoteFault('MH_BAD_SIGNATURE'))
  })

  describe('the manifest of a job', () => {
    const steward = loadIdentity(createIdentity()).signer
    const sealedOf = (params: Uint8Array) => {
      const mail = createMail(steward)
      return encode(mail.seal('manifest', packManifest(manifest({ params }))))
    }
    const advertFor = (sealed: Uint8Array, closed = false) => {
      const sent = advert(steward.self) as CoreMessageOf<'advert'>
      return { ...sent, body: { ...sent.body, job: jobIdOf(sealed), closed } }
    }
    /** What is left with a host of an advert of a steward that keeps this manifest. */
    const heard = (sealed: Uint8Array, from: PeerId = steward.self, closed = false) => {
      const kept = { there: new EnclosedManifests(), here: new EnclosedManifests() }
      kept.there.keep(sealed)
      const bytes = createMail(steward, Date.now, undefined, kept.there).pack(
        advertFor(sealed, closed),
      )
      const host = createMail(loadIdentity(createIdentity()).signer, Date.now, undefined, kept.here)
      host.unpack(from, bytes)
      return kept.here.of(jobIdOf(sealed))
    }

    test('goes along with the advert of its steward', () => {
      const sealed = sealedOf(new Uint8Array(100))
      expect(heard(sealed)).toEqual(sealed)
    })

    test('is left to be fetched where it is long, the job is over, or another passes the advert on', () => {
      const short = sealedOf(new Uint8Array(100))
      expect(heard(sealedOf(new Uint8Array(limits.enclosedManifestBytesMax)))).toBeUndefined()
      expect(heard(short, steward.self, true)).toBeUndefined()
      expect(heard(short, person().peer)).toBeUndefined()
    })

    test('is kept under its own hash, whatever it came with, and only so many are', () => {
      const kept = new EnclosedManifests()
      const all = Array.from({ length: 300 }, (_, i) => sealedOf(Uint8Array.of(i, i >> 8)))
      for (const sealed of all) kept.keep(sealed)
      const there = all.map((sealed) => kept.of(jobIdOf(sealed)) !== undefined)
      expect(there.filter(Boolean)).toHaveLength(256)
      expect(there[0]).toBe(false)
      expect(there.at(-1)).toBe(true)
    })
  })

  describe('a receipt', () => {
    const [steward, host] = [person(), person()]
    const packed = (change: Parameters<typeof receiptOf>[0] = {}, by = steward) =>
      by.mail.pack(receiptOf({ steward: steward.peer, host: host.peer, ...change }))

    test('arrives with what was signed, so that it can be shown to others', () => {
      const heard = host.mail.unpack(steward.peer, packed())
      if (heard.type !== 'receipt' || heard.sealed === undefined) throw new Error('no receipt')
      expect(heard.receipt).toEqual(receiptOf({ steward: steward.peer, host: host.peer }).receipt)
      expect(checkReceipts(lineOfReceipt(heard.sealed))).toMatchObject({
        receipts: [{ ...heard.receipt, line: 1 }],
        refused: [],
      })
    })
    test('carries the date of its steward, for people', () => {
      const { signer } = loadIdentity(createIdentity())
      const mail = createMail(signer, () => 1_900_000_000_000.5)
      const bytes = mail.pack(receiptOf({ steward: signer.self, host: host.peer }))
      const heard = host.mail.unpack(signer.self, bytes)
      if (heard.type !== 'receipt' || heard.sealed === undefined) throw new Error('no receipt')
      const { receipts } = checkReceipts(lineOfReceipt(heard.sealed))
      expect(receipts[0]?.issuedUtcMs).toBe(1_900_000_000_000)
    })
    test('that another peer hands on is refused', () => {
      expect(() => host.mail.unpack(person().peer, packed())).toThrow(
        remoteFault('MH_BAD_SIGNATURE'),
      )
    })
    test("in another steward's name is refused", () => {
      expect(() => host.mail.unpack(steward.peer, packed({ steward: person().peer }))).toThrow(
        remoteFault('MH_BAD_SIGNATURE'),
      )
    })
    test('for another host is refused', () => {
      expect(() => host.mail.unpack(steward.peer, packed({ host: person().peer }))).toThrow(
        remoteFault('MH_BAD_MESSAGE'),
      )
    })
    test('is no vote: what was signed for one purpose counts for no other', () => {
      const message = decode(packed(), peerMessageSchema, 'a message')
      if (message.type !== 'receipt') throw new Error('no receipt')
      const sealed = steward.mail.seal('vote', message.sealed.body)
      expect(() => host.mail.unpack(steward.peer, encode({ type: 'receipt', sealed }))).toThrow(
        remoteFault('MH_BAD_SIGNATURE'),
      )
    })
    test('larger than a receipt can be is refused before its signature is looked at', () => {
      const body = new Uint8Array(2_000)
      const sealed = { ...steward.mail.seal('receipt', body), signature: new Uint8Array(64) }
      expect(() => host.mail.unpack(steward.peer, encode({ type: 'receipt', sealed }))).toThrow(
        remoteFault('MH_BAD_MESSAGE'),
      )
    })
  })

  test('one changed byte breaks the signature', () => {
    const host = person()
    const message = decode(host.mail.pack(vote()), peerMessageSchema, 'a message')
    if (message.type !== 'vote') throw new Error('not a vote')
    message.sealed.body[message.sealed.body.length - 1]! ^= 1
    expect(() => person().mail.unpack(host.peer, encode(message))).toThrow(
      expect.objectContaining({ blame: 'remote' }),
    )
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['noise', Uint8Array.of(0xc1, 0xff, 0x00)],
    ['another type', encode({ type: 'steal' })],
    ['a field too many', encode({ type: 'want', job, slots: 1, admin: true })],
    ['a count below its bound', encode({ type: 'want', job, slots: 0 })],
    [
      'overlapping runs',
      encode({
        type: 'release',
        job,
        lease: 1,
        runs: [
          [5, 2],
          [6, 1],
        ],
      }),
    ],
    [
      'too many units',
      encode({
        type: 'release',
        job,
        lease: 1,
        runs: [
          [0, 4096],
          [5000, 1],
        ],
      }),
    ],
  ])('%s is refused, and the remote is to blame', (_what, bytes) => {
    expect(() => person().mail.unpack(person().peer, bytes)).toThrow(remoteFault('MH_BAD_MESSAGE'))
  })
})
