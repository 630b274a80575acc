import { describe, expect, test } from '@jest/globals'
import type { CoreConfig } from '../../../coordinator-free-node/core/config.js'
import type { ListSource } from '../../../coordinator-free-node/core/membership/gate.js'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import type { ListSubject } from '../../../coordinator-free-node/protocol/lists.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

const steward = peer(9)

const deny = (subject: ListSubject, value: string, untilMs?: number): ListSource => ({
  entries: [{ subject, verdict: 'deny', value, ...(untilMs === undefined ? {} : { untilMs }) }],
})

function advert(serial = 1, by: PeerId = steward): CoreMessage {
  return {
    type: 'advert',
    body: {
      job,
      steward: by,
      addresses: ['/ip4/192.0.2.7/tcp/4001/ws'],
      serial,
      ttlMs: 45_000,
      closed: false,
      name: 'somebody',
      requester: by,
      taskHash: manifest().taskHash,
      tier: 'builtin',
      unitMemoryBytesMax: 65_536,
    },
    sealed: { body: new Uint8Array(), signer: by, signature: new Uint8Array(64) },
    hops: 0,
  }
}

class Listed extends LoneNode {
  change(list: ListSource | undefined, source = 'command') {
    return this.event({ type: 'lists-changed', source, list })
  }

  join(who: PeerId, address = '/ip4/198.51.100.1/tcp/4001/ws') {
    return this.event({ type: 'neighbour-joined', peer: who, addresses: [address] })
  }

  of<Type extends string>(type: Type) {
    return this.effects.filter((effect) => effect.type === type)
  }
}

/** A host with units of a job of the steward's. */
function working(config: Partial<CoreConfig> = {}) {
  const node = new Listed({ donates: true, ...config })
  node.join(steward)
  node.hear(steward, advert())
  node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
  node.event({ type: 'message-received', from: steward, message: lease })
  return node
}

const lease: CoreMessage = {
  type: 'lease',
  job,
  lease: 5,
  runs: [[0, 4]],
  leaseMs: 10_000,
  voteMs: 100,
  inputs: [],
}

describe('a denied peer', () => {
  test('is sent away, and its leases go to others at once', () => {
    const node = new Listed()
    const quorum = { rule: 'quorum', quorum: 1 } as const
    node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance: quorum }) })
    node.want(peer(1))
    expect(node.sent('lease', peer(1))).not.toHaveLength(0)
    node.want(peer(2))
    node.change(deny('peer', peer(1)))
    expect(node.of('turn-away')).toContainEqual(expect.objectContaining({ peers: [peer(1)] }))
    expect(node.state.neighbours.neighbours.has(peer(1))).toBe(false)
    for (const { host } of node.stewarded.schedule.leases.values()) expect(host).toBe(peer(2))
    expect(node.stewarded.counters.reassigned).toBeGreaterThan(0)
  })

  test('is not heard, though what it said was on its way', () => {
    const node = new Listed()
    node.event({ type: 'job-submitted', job, manifest: manifest() })
    node.change(deny('peer', peer(1)))
    const before = node.effects.length
    node.hear(peer(1), { type: 'want', job, slots: 4 })
    expect(node.effects).toHaveLength(before)
    expect(node.stewarded.schedule.hosts.size).toBe(0)
  })

  test('that slips in while the list changes is turned away, and told nothing', () => {
    const node = new Listed({ lists: { option: deny('peer', peer(1)) } })
    node.join(peer(1))
    expect(node.state.neighbours.neighbours.size).toBe(0)
    expect(node.of('turn-away')).not.toHaveLength(0)
    expect(node.sent('hello')).toHaveLength(0)
  })

  test('is neither remembered nor dialled nor introduced', () => {
    const node = new Listed({ lists: { option: deny('peer', peer(1)) } })
    const addresses = ['/ip4/203.0.113.5/tcp/4001/ws']
    node.hear(peer(3), { type: 'introduce', peers: [{ peer: peer(1), addresses }] })
    node.event({ type: 'peer-discovered', peer: peer(1), addresses })
    node.pass(60_000)
    expect(node.state.neighbours.known.has(peer(1))).toBe(false)
    expect(node.of('dial')).toHaveLength(0)
  })

  test('is forgotten, on disk as well', () => {
    const node = new Listed()
    node.event({ type: 'peer-discovered', peer: peer(1), addresses: ['/ip4/203.0.113.5/tcp/1/ws'] })
    node.change(deny('peer', peer(1)))
    expect(node.state.neighbours.known.has(peer(1))).toBe(false)
    expect(node.of('journal')).toContainEqual(
      expect.objectContaining({ records: [{ type: 'peer-forgotten', peer: peer(1) }] }),
    )
  })

  test('has no mouthpiece here: its adverts are neither served nor passed on', () => {
    const node = new Listed({ donates: true, lists: { option: deny('peer', steward) } })
    node.join(peer(1))
    node.join(peer(2))
    node.hear(peer(1), advert())
    expect(node.sent('advert')).toHaveLength(0)
    expect(node.state.hosting.jobs.size).toBe(0)
  })

  test('loses the units that run here for it', () => {
    const node = working()
    node.change(deny('peer', steward))
    expect(node.of('cancel-units')).toContainEqual(expect.objectContaining({ which: 'all' }))
    expect(node.state.hosting.jobs.size).toBe(0)
    expect(node.state.adverts.adverts.size).toBe(0)
  })

  test('comes back when its time is over', () => {
    const node = new Listed()
    node.change(deny('peer', peer(1), node.nowMs + 1_000))
    node.nowMs += 1_000
    node.join(peer(1))
    expect(node.state.neighbours.neighbours.has(peer(1))).toBe(true)
  })
})

describe('a denied address', () => {
  test('is not dialled; the others of the same peer are', () => {
    const node = new Listed({ lists: { option: deny('subnet', '192.0.2.0/24') } })
    const addresses = ['/ip4/192.0.2.7/tcp/1/ws', '/ip4/198.51.100.7/tcp/1/ws']
    node.event({ type: 'peer-discovered', peer: peer(1), addresses })
    node.event({ type: 'peer-discovered', peer: peer(2), addresses: addresses.slice(0, 1) })
    expect(node.of('dial')).toMatchObject([{ peer: peer(1), addresses: addresses.slice(1) }])
  })

  test('of a steward is a reason not to serve its job', () => {
    const node = new Listed({ donates: true, lists: { option: deny('subnet', '192.0.2.0/24') } })
    node.join(peer(1))
    node.hear(peer(1), advert())
    expect(node.of('dial')).toHaveLength(0)
    expect(node.state.hosting.jobs.get(job)?.reason).toMatch(/address of its steward/)
  })
})

describe('a denied owner', () => {
  const refused = { verdict: 'refused', reason: 'this node takes no work of this owner' }

  test('has its units cancelled and handed back, one by one as they end', () => {
    const node = working()
    node.change(deny('owner', steward))
    expect(node.sent('answer', steward).at(-1)).toMatchObject(refused)
    expect(node.of('cancel-units')).toMatchObject([{ lease: 5, which: 'all' }])
    // Its steward is no enemy: the connection stays.
    expect(node.state.neighbours.neighbours.has(steward)).toBe(true)
    const outcomes = [0, 1, 2, 3].map((unit) => ({
      unit,
      kind: 'abort' as const,
      reason: 'cancelled' as const,
      message: '',
    }))
    node.event({ type: 'units-executed', job, lease: 5, outcomes })
    expect(node.sent('release', steward)).toMatchObject([{ lease: 5, runs: [[0, 4]] }])
  })

  test('gets no more leases, though its advert comes again before the units are back', () => {
    const node = working()
    node.change(deny('owner', steward))
    node.hear(steward, advert(2))
    expect(node.state.hosting.jobs.get(job)?.leases.size).toBe(1)
    node.event({ type: 'message-received', from: steward, message: { ...lease, lease: 6 } })
    expect(node.sent('release', steward)).toMatchObject([{ lease: 6 }])
  })

  test('is served again as soon as the denial is taken back', () => {
    const node = new Listed({ donates: true, lists: { command: deny('owner', steward) } })
    node.join(steward)
    node.hear(steward, advert())
    expect(node.sent('answer', steward).at(-1)).toMatchObject(refused)
    node.change(undefined)
    expect(node.of('fetch-job')).toHaveLength(1)
  })
})

describe('an allowance', () => {
  test('that ends takes along who was here by it', () => {
    const node = new Listed()
    const untilMs = node.nowMs + 5_000
    node.change({ entries: [{ subject: 'peer', verdict: 'allow', value: peer(1), untilMs }] })
    node.join(peer(1))
    node.join(peer(2))
    expect([...node.state.neighbours.neighbours.keys()]).toEqual([peer(1)])
    node.pass(5_010)
    expect(node.state.neighbours.neighbours.size).toBe(0)
  })

  test('of peers holds at the start over what earlier lives remembered', () => {
    const node = new Listed({ lists: { file: { entries: [], only: ['peer'] } } })
    node.event({
      ...{ type: 'started', addresses: [], leaseBase: 1, jobs: [], ledger: [], standing: [] },
      peers: [{ peer: peer(1), addresses: ['/ip4/203.0.113.5/tcp/1/ws'], seenMs: 0 }],
      receipts: [],
      members: [],
      revoked: [],
      pausedUntilUtcMs: undefined,
    })
    expect(node.state.neighbours.known.size).toBe(0)
  })
})
