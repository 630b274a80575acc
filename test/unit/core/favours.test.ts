import { describe, expect, test } from '@jest/globals'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import type { AdvertBody } from '../../../coordinator-free-node/protocol/messages.js'
import { digestOf } from '../../../coordinator-free-node/protocol/outcome.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'
import { receiptOf } from './made-receipt.js'

const one = { kind: 'range', start: 0, end: 1, unitItems: 1 } as const
const advert: AdvertBody = {
  job,
  steward: peer(1),
  addresses: [],
  serial: 1,
  ttlMs: 30_000,
  closed: false,
  name: 'test',
  requester: peer(1),
  taskHash: manifest().taskHash,
  tier: 'builtin',
  unitMemoryBytesMax: 65_536,
}

describe('favours', () => {
  test('what this node did for a peer is booked when it was done, whatever the peer says of it', () => {
    const node = new LoneNode({ donates: true })
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    node.hear(peer(1), { type: 'advert', body: advert, sealed: undefined, hops: 0 })
    node.event({ type: 'job-fetched', job, manifest: manifest({ requester: peer(1) }) })
    node.hear(peer(1), {
      type: 'lease',
      job,
      lease: 7,
      runs: [[0, 2]],
      leaseMs: 10_000,
      voteMs: 100,
      inputs: undefined,
    })
    const output = Uint8Array.of(1)
    const digest = digestOf('done', output)
    const outcomes = [0, 1].map((unit) => ({
      unit,
      kind: 'done' as const,
      output,
      digest,
      spentMs: 40,
      fuel: 10,
    }))
    node.event({ type: 'units-executed', job, lease: 7, outcomes })
    expect(node.state.ledger.get(peer(1))?.givenMs).toBe(80)
    node.hear(peer(1), receiptOf({ accepted: 0, creditMs: 0 }))
    expect(node.state.ledger.get(peer(1))?.givenMs).toBe(80)
    expect(node.state.pace.get('builtin')).toEqual({ fuel: 20, spentMs: 80 })
  })

  test('thousands of changed peers are written some at a time', () => {
    const node = new LoneNode()
    node.event({ type: 'job-submitted', job, manifest: manifest({ inputs: one }) })
    for (let n = 0; n < 2_000; n++) {
      const record = { accepted: 1, checked: 0, audited: 0, refuted: 0, bannedUntilMs: 0 }
      node.state.standing.set(peer(n), { peer: peer(n), ...record })
      node.state.unsavedPeers.add(peer(n))
    }
    const written = () =>
      node.effects.flatMap((effect) =>
        effect.type === 'journal' && effect.records.some(({ type }) => type === 'standing')
          ? [effect.records.length]
          : [],
      )
    for (let i = 0; i < 10; i++) node.pass(1_000)
    expect(Math.max(...written())).toBe(limits.peersSavedAtOnceMax)
    expect(written().reduce((sum, records) => sum + records)).toBe(2_000)
    expect(node.state.unsavedPeers.size).toBe(0)
  })
})
