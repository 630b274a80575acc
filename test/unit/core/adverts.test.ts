import { describe, expect, test } from '@jest/globals'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import type { JobId } from '../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

function advert(
  serial: number,
  hops = 0,
  closed = false,
  { id = job, steward = peer(9) } = {},
): CoreMessage {
  return {
    type: 'advert',
    body: {
      job: id,
      steward,
      addresses: ['/ip4/127.0.0.1/tcp/1/ws'],
      serial,
      ttlMs: 45_000,
      closed,
      name: 'somebody',
      requester: steward,
      taskHash: manifest().taskHash,
      tier: 'builtin',
      unitMemoryBytesMax: 65_536,
    },
    sealed: { body: new Uint8Array(), signer: steward, signature: new Uint8Array(64) },
    hops,
  }
}

const jobOf = (n: number) => n.toString(16).padStart(64, '0') as JobId

function between(config = { donates: true }) {
  const node = new LoneNode(config)
  for (const n of [1, 2, 3]) node.event({ type: 'neighbour-joined', peer: peer(n), addresses: [] })
  return node
}

describe('advert', () => {
  test('is passed on to every other neighbour once, one hop further', () => {
    const node = between()
    node.hear(peer(1), advert(1))
    node.hear(peer(2), advert(1))
    expect(node.sent('advert', peer(1))).toHaveLength(0)
    expect(node.sent('advert', peer(2))).toHaveLength(1)
    expect(node.sent('advert', peer(3))[0]?.hops).toBe(1)
  })

  test('goes no further than its hops', () => {
    const node = between()
    node.hear(peer(1), advert(1, limits.advertHopsMax - 1))
    expect(node.sent('advert')).toHaveLength(0)
  })

  test('makes a host connect to a steward it does not know', () => {
    const node = between()
    const effects = node.hear(peer(1), advert(1))
    expect(effects.find(({ type }) => type === 'dial')).toMatchObject({ peer: peer(9), job })
  })

  test('is refused by a node that donates nothing, which goes on relaying it', () => {
    const node = between({ donates: false })
    node.event({ type: 'neighbour-joined', peer: peer(9), addresses: [] })
    node.hear(peer(9), advert(1))
    expect(node.sent('answer', peer(9))[0]).toMatchObject({ verdict: 'refused' })
    expect(node.sent('advert', peer(2))).toHaveLength(1)
  })

  test('that is renewed is refused once, and again when its steward comes back', () => {
    const node = between({ donates: false })
    node.event({ type: 'neighbour-joined', peer: peer(9), addresses: [] })
    for (let serial = 1; serial <= 5; serial++) node.hear(peer(9), advert(serial))
    expect(node.sent('answer', peer(9))).toHaveLength(1)
    node.event({ type: 'neighbour-left', peer: peer(9) })
    node.event({ type: 'neighbour-joined', peer: peer(9), addresses: [] })
    node.hear(peer(9), advert(6))
    expect(node.sent('answer', peer(9))).toHaveLength(2)
  })

  test('that is closed makes hosts forget the job', () => {
    const node = between()
    node.hear(peer(1), advert(1))
    expect(node.state.hosting.jobs.size).toBe(1)
    node.hear(peer(1), advert(2, 0, true))
    expect(node.state.hosting.jobs.size).toBe(0)
  })

  test('floods are cut off at the rate limit', () => {
    const node = between()
    const { advertsPerNeighbour, advertsToldPerNeighbour } = limits
    for (let serial = 1; serial <= 3 * advertsPerNeighbour.atOnce; serial++)
      node.hear(peer(1), advert(serial))
    // As many again, and whoever sends them is sent away.
    expect(node.state.adverts.dropped).toBe(advertsPerNeighbour.atOnce)
    expect(node.state.neighbours.neighbours.has(peer(1))).toBe(false)
    // Passed on more slowly still: the next one hears them all, whatever holds them up on the way.
    expect(node.sent('advert', peer(2)).length).toBe(advertsToldPerNeighbour.atOnce)
  })

  test('of many flooders together are heard no faster, and a quiet neighbour is heard all the same', () => {
    const node = between()
    const { advertsHeard, advertsPerNeighbour, advertsSurePerNeighbour } = limits
    const flooders = [10, 11, 12]
    for (const n of flooders) {
      node.event({ type: 'neighbour-joined', peer: peer(n), addresses: [] })
      for (let i = 0; i < advertsPerNeighbour.atOnce; i++)
        node.hear(peer(n), advert(1, 0, false, { id: jobOf(1_000 * n + i), steward: peer(n) }))
    }
    const heard = node.state.adverts.adverts.size
    expect(heard).toBe(advertsHeard.atOnce + 2 * advertsSurePerNeighbour.atOnce)
    node.hear(peer(1), advert(1))
    expect(node.state.adverts.adverts.size).toBe(heard + 1)
  })

  test('expires, and takes the job along', () => {
    const node = between()
    node.hear(peer(1), advert(1))
    node.pass(46_000)
    expect(node.state.adverts.adverts.size).toBe(0)
    expect(node.state.hosting.jobs.size).toBe(0)
  })
})
