import { describe, expect, test } from '@jest/globals'
import { renderPeers } from '../../../coordinator-free-node/cli/peers.js'
import type { PeerView } from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { LIAR, PEER } from './fakes.js'

function peer(change: Partial<PeerView> = {}): PeerView {
  return {
    peer: PEER,
    connected: true,
    addresses: ['/ip4/192.0.2.7/tcp/4001/ws'],
    agent: 'manyhands/0.1.0',
    donates: true,
    receivedMs: 0,
    givenMs: 0,
    balanceMs: 0,
    accepted: 0,
    refuted: 0,
    checked: 0,
    audited: 0,
    banned: false,
    bannedForMs: undefined,
    slowed: false,
    refusals: [],
    share: undefined,
    receipts: { receipts: 0, accepted: 0 },
    ...change,
  }
}

const hourMs = 3_600_000

describe('peers', () => {
  test('that helped say how much, what they got for it, and what follows', () => {
    const helper = peer({
      ...{ receivedMs: 3.2 * hourMs, givenMs: hourMs / 1.5, balanceMs: 2.5 * hourMs },
      ...{ accepted: 1_204, checked: 420, audited: 12 },
      receipts: { receipts: 2, accepted: 300 },
    })
    expect(renderPeers([helper])).toBe(
      [
        '1 peer, 1 neighbour; we owe 1 of them 2 h 30 min',
        '',
        'hostAAAA  neighbour',
        '  favours   gave us 3 h 12 min of work (verified), we gave it 40 min 00 s: we owe it 2 h 30 min, it is served first',
        '  standing  1,204 units accepted, 420 checked, 12 of them by this node',
        '  receipts  it signed for 300 units that we did for it',
        '  address   /ip4/192.0.2.7/tcp/4001/ws',
      ].join('\n'),
    )
  })

  test.each([
    [{}, 'nothing given or received yet'],
    [
      { givenMs: hourMs },
      'we gave it 1 h 00 min of work, it gave us nothing that was verified yet',
    ],
    [{ givenMs: hourMs, receivedMs: hourMs }, 'we gave it 1 h 00 min: we owe it nothing'],
    [{ receivedMs: hourMs, balanceMs: hourMs }, 'we gave it nothing yet: we owe it 1 h 00 min'],
    [{ share: 0.02 }, 'received yet: it has 2.0 % of this node now, which others want, too'],
    [
      { receivedMs: hourMs, balanceMs: hourMs, share: 0.62 },
      'we owe it 1 h 00 min, it is served first, with 62 % of this node now',
    ],
  ])('%j in words', (change, words) => {
    expect(renderPeers([peer(change)])).toContain(words)
  })

  test.each([
    [{}, 'it has done nothing for us yet'],
    [{ accepted: 3 }, 'a stranger: 3 units accepted, none checked by others'],
    [
      { accepted: 3, checked: 1, audited: 1 },
      '3 units accepted, 1 checked, 1 of them by this node',
    ],
    [{ refuted: 2 }, 'nothing for us yet; caught with a wrong result 2 times'],
  ])('standing %j in words', (change, words) => {
    expect(renderPeers([peer(change)])).toContain(words)
  })

  test('that are refused say why and for how long', () => {
    const reason = 'gave a wrong result'
    const caught = peer({
      ...{ peer: LIAR, connected: false, banned: true, bannedForMs: hourMs, refuted: 1 },
      refusals: [
        { reason, endsInMs: hourMs },
        { reason: 'denied', endsInMs: undefined },
      ],
    })
    const text = renderPeers([caught])
    expect(text).toContain('1 peer, 0 neighbours; 1 refused')
    expect(text).toContain('hostBBBB  refused, away')
    expect(text).toMatch(
      /refused +gave a wrong result; for 1 h 00 min more\n +refused +denied; for good/,
    )
  })

  test('come in the order in which they are served, and not by the thousand', () => {
    const many = Array.from({ length: 100 }, (_, n) =>
      peer({ peer: `12D3KooW${String(n).padStart(44, 'x')}` as PeerId, balanceMs: n }),
    )
    const text = renderPeers(many)
    const names = [...text.matchAll(/^(x+\d+) /gm)].map(([, name]) => name)
    expect(names[0]).toBe('xxxxxx99')
    expect(names).toHaveLength(30)
    expect(text).toContain('70 more: manyhands peers --all')
    expect([...renderPeers(many, true).matchAll(/^x/gm)]).toHaveLength(100)
  })

  test('that nobody knows yet say how to meet some', () => {
    expect(renderPeers([])).toContain('--peer ADDRESS')
  })
})
