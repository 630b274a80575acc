/** What nodes show each other before anything else, over real sockets: who is refused sees nothing, and hears why. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
import type {
  Credentials,
  CredentialsDesk,
} from '../../coordinator-free-node/shell/overlay/credentials.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { startStation } from '../contract/overlay-recorder.js'

const fleet = libp2pFleet({ dht: 'off' })
afterEach(() => fleet.dispose())

/** Admits whoever shows the word. */
function deskOf(word: string, seen: [PeerId, Credentials][] = []): CredentialsDesk {
  const membership = new TextEncoder().encode(word)
  return {
    own: () => ({ membership }),
    judge(peer, theirs) {
      seen.push([peer, theirs])
      const shown = new TextDecoder().decode(theirs.membership)
      return shown === word ? undefined : 'it is no member: ask for an invitation'
    },
  }
}

describe('credentials', () => {
  test('are shown both ways to the peer that noise has proven', async () => {
    const [seenByA, seenByB]: [PeerId, Credentials][][] = [[], []]
    const a = await startStation(await fleet.create({ credentials: deskOf('sesame', seenByA) }))
    const b = await startStation(await fleet.create({ credentials: deskOf('sesame', seenByB) }))
    await a.overlay.connect(b.overlay.addresses())
    await b.seen.untilJoined(a.overlay.self)
    const membership = new TextEncoder().encode('sesame')
    expect(seenByA).toEqual([[b.overlay.self, { membership }]])
    expect(seenByB).toEqual([[a.overlay.self, { membership }]])
    b.overlay.send(a.overlay.self, [Uint8Array.of(7)])
    await a.seen.untilMail(1)
  })

  test('that do not hold are refused by the listener, which tells why and nothing else', async () => {
    const seen: [PeerId, Credentials][] = []
    const a = await startStation(await fleet.create({ credentials: deskOf('wrong', seen) }))
    const b = await startStation(await fleet.create({ credentials: deskOf('sesame') }))
    await expect(a.overlay.connect(b.overlay.addresses())).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringContaining('it refused: it is no member: ask for an invitation'),
    })
    expect(seen).toEqual([])
    expect(b.seen.events).toEqual([])
  })

  test('that do not hold are refused by the dialler, which is no neighbour then', async () => {
    const a = await startStation(await fleet.create({ credentials: deskOf('sesame') }))
    const b = await startStation(await fleet.create())
    await expect(a.overlay.connect(b.overlay.addresses())).rejects.toMatchObject({
      message: expect.stringContaining('it is no member'),
    })
    expect(a.seen.events).toEqual([])
    expect(b.seen.changes).toEqual([])
  })

  test('of another grid are refused by name', async () => {
    const a = await startStation(await fleet.create({ grid: 'other' }))
    const b = await startStation(await fleet.create())
    await expect(a.overlay.connect(b.overlay.addresses())).rejects.toMatchObject({
      message: expect.stringContaining('it belongs to another grid'),
    })
  })

  test('may take a while to judge, and have a time limit', async () => {
    const times = { handshakeMs: 500, dialMs: 2_000 }
    const slow: CredentialsDesk = {
      own: () => ({}),
      judge: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 100)),
    }
    const a = await startStation(await fleet.create({ credentials: slow }))
    const b = await startStation(await fleet.create({ credentials: slow }))
    await a.overlay.connect(b.overlay.addresses())
    const never: CredentialsDesk = { own: () => ({}), judge: () => new Promise(() => {}) }
    const c = await startStation(await fleet.create({ credentials: never, times }))
    await expect(a.overlay.connect(c.overlay.addresses())).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
    })
    expect(c.seen.changes).toEqual([])
  })
})
