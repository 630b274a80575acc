/** Adverts cost nothing: what a host does about jobs that are not there. */
import { describe, expect, test } from '@jest/globals'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import type { JobId, PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../coordinator-free-node/protocol/limits.js'
import { LoneNode, manifest, peer } from './lone-node.js'

const jobOf = (n: number) => n.toString(16).padStart(64, '0') as JobId

function advert(steward: PeerId, job: JobId): CoreMessage {
  return {
    type: 'advert',
    body: {
      ...{ job, steward, serial: 1, ttlMs: 45_000, closed: false, requester: steward },
      ...{ addresses: ['/ip4/192.0.2.7/tcp/4001/ws'], name: 'somebody', tier: 'builtin' },
      ...{ taskHash: manifest().taskHash, unitMemoryBytesMax: 65_536 },
    },
    sealed: { body: new Uint8Array(), signer: steward, signature: new Uint8Array(64) },
    hops: 0,
  }
}

function host(): LoneNode {
  const node = new LoneNode({ donates: true, slots: 2 })
  for (const n of [1, 2]) node.event({ type: 'neighbour-joined', peer: peer(n), addresses: [] })
  return node
}

/** Jobs that the node has begun to fetch since it was asked last. */
function fetched(node: LoneNode): JobId[] {
  return node.effects
    .splice(0)
    .flatMap((effect) => (effect.type === 'fetch-job' ? [effect.job] : []))
}

function miss(node: LoneNode, job: JobId): void {
  const reason = 'the steward does not have it'
  node.event({ type: 'job-fetch-failed', job, reason, retryable: true, misdeed: 'job-missing' })
}

describe('a job that its steward does not have', () => {
  test('makes the others of that steward wait, those that it advertises next as well', () => {
    const node = host()
    for (let n = 0; n < 12; n++) node.hear(peer(1), advert(peer(1), jobOf(n)))
    const begun = fetched(node)
    expect(begun.length).toBeLessThan(12)
    for (const job of begun) miss(node, job)
    node.hear(peer(1), advert(peer(1), jobOf(12)))
    expect(fetched(node)).toEqual([])
    node.pass(1_001)
    expect(fetched(node).length).toBeGreaterThan(0)
  })

  test('is in nobody else’s way', () => {
    const node = host()
    for (let n = 0; n < 12; n++) node.hear(peer(1), advert(peer(1), jobOf(n)))
    for (const job of fetched(node)) miss(node, job)
    node.hear(peer(2), advert(peer(2), jobOf(20)))
    expect(fetched(node)).toEqual([jobOf(20)])
  })

  test('is asked for ever more rarely', () => {
    const node = host()
    node.hear(peer(1), advert(peer(1), jobOf(0)))
    let asked = 0
    for (let second = 0; second < 120; second++) {
      for (const job of fetched(node)) {
        asked++
        miss(node, job)
      }
      node.pass(1_000)
    }
    expect(asked).toBeLessThan(10)
  })
})

describe('stewards that nobody ever heard of', () => {
  /** The node's dials since it was asked last, each of which fails. */
  function dialled(node: LoneNode): number {
    const dials = node.effects
      .splice(0)
      .flatMap((effect) => (effect.type === 'dial' ? [effect.peer] : []))
    for (const peer of dials) node.event({ type: 'dial-failed', peer, reason: 'nobody there' })
    return dials.length
  }

  test('are looked for a few a minute, however many are advertised', () => {
    const node = host()
    let searches = 0
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 20; n++) {
        const made = 20 * second + n
        node.hear(peer(1), advert(peer(100 + made), jobOf(made)))
        searches += dialled(node)
      }
      node.pass(1_000)
      searches += dialled(node)
    }
    expect(searches).toBeGreaterThan(10)
    const { perSecond, atOnce } = limits.stewardSearches
    expect(searches).toBeLessThanOrEqual(60 * perSecond + atOnce)
  })
})
