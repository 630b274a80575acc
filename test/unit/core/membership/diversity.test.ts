/** Somebody with a thousand names in one /24: few places in every table, one vote on a unit. */
import { beforeEach, describe, expect, test } from '@jest/globals'
import { hasRoom } from '../../../../coordinator-free-node/core/membership/diversity.js'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import { digestOf, resultKinds } from '../../../../coordinator-free-node/protocol/outcome.js'
import { job as jobId, LoneNode, manifest, peer } from '../lone-node.js'

const at = (n: number) => `/ip4/203.0.113.${1 + (n % 250)}/tcp/${1 + n}/ws`
const elsewhere = (n: number) => `/ip4/198.51.${n}.7/tcp/1/ws`
const sybil = (n: number) => peer(1_000 + n)

let node: LoneNode

beforeEach(() => {
  node = new LoneNode({ donates: false })
})

const joins = (from: PeerId, place: string, addresses: readonly string[] = [place]) =>
  node.event({ type: 'neighbour-joined', peer: from, addresses, place })
/** The directory names them: one neighbour may not name so many. */
const discover = (found: PeerId, address: string) =>
  node.event({ type: 'peer-discovered', peer: found, addresses: [address] })

describe('a subnet with a thousand names', () => {
  test('has few places in the book of known peers', () => {
    joins(peer(1), elsewhere(1))
    joins(peer(2), elsewhere(2))
    for (let n = 0; n < 1_008; n++) discover(sybil(n), at(n))
    const { known, places, heardOf } = node.state.neighbours
    expect(known.size).toBe(2 + limits.knownPerSubnetMax)
    expect(known.has(peer(2))).toBe(true)
    expect(heardOf.size).toBe(limits.knownPerSubnetMax)
    expect(hasRoom(places, places.of.get(sybil(1_007)), limits.knownPerSubnetMax)).toBe(false)
  })

  test('has few seats among the neighbours, and the others find theirs', () => {
    for (let n = 0; n < 1_000; n++) joins(sybil(n), at(n))
    const { neighbours } = node.state.neighbours
    expect(neighbours.size).toBe(limits.neighboursPerSubnetMax)
    expect(node.effects.filter(({ type }) => type === 'disconnect')).toHaveLength(
      1_000 - limits.neighboursPerSubnetMax,
    )
    joins(peer(1), elsewhere(1))
    expect(neighbours.has(peer(1))).toBe(true)
    node.event({ type: 'neighbour-left', peer: sybil(0) })
    joins(sybil(999), at(999))
    expect(neighbours.has(sybil(999))).toBe(true)
  })

  test('is known by where its connections come from, not by what it says', () => {
    for (let n = 0; n < 100; n++) joins(sybil(n), at(n), [elsewhere(n)])
    expect(node.state.neighbours.neighbours.size).toBe(limits.neighboursPerSubnetMax)
  })

  test('does not drive out peers that were met', () => {
    for (let n = 0; n < 100; n++) {
      joins(peer(n), elsewhere(n))
      node.event({ type: 'neighbour-left', peer: peer(n) })
    }
    joins(peer(200), elsewhere(200))
    // Addresses cost nothing where nobody has to answer there.
    for (let n = 0; n < 2 * limits.knownPeersMax; n++)
      discover(sybil(n), `/ip4/20.${n >> 8}.${n & 255}.1/tcp/1/ws`)
    const { known } = node.state.neighbours
    expect(known.size).toBe(limits.knownPeersMax)
    for (let n = 0; n < 100; n++) expect(known.has(peer(n))).toBe(true)
  })

  test('counts as many machines where the volunteer says so', () => {
    node = new LoneNode({ donates: false, sameSubnet: true })
    for (let n = 0; n < 60; n++) joins(sybil(n), at(n))
    expect(node.state.neighbours.neighbours.size).toBe(60)
  })

  test('counts as many machines on loopback and in private ranges', () => {
    for (let n = 0; n < 60; n++) joins(sybil(n), `/ip4/192.168.1.${n}/tcp/1/ws`)
    expect(node.state.neighbours.neighbours.size).toBe(60)
  })
})

describe('a quorum', () => {
  const votes = (from: PeerId, value: number) => {
    for (const { lease, runs } of node.sent('lease', from).splice(-1)) {
      const units = runs.reduce((sum, [, count]) => sum + count, 0)
      const output = Uint8Array.of(value)
      const digests = new Uint8Array(32 * units)
      for (let i = 0; i < units; i++) digests.set(digestOf('done', output), 32 * i)
      const kinds = new Uint8Array(units).fill(resultKinds.indexOf('done'))
      const outputs = Array.from({ length: units }, () => output)
      const body = { job: jobId, lease, runs, kinds, digests, spentMs: 1, fuel: 0 }
      node.hear(from, { type: 'vote', body, outputs })
    }
  }
  const submit = (quorum: number) =>
    node.event({
      type: 'job-submitted',
      job: jobId,
      manifest: manifest({
        inputs: { kind: 'range', start: 0, end: 1, unitItems: 1 },
        acceptance: { rule: 'quorum', quorum },
      }),
    })

  test('has one seat for a subnet', () => {
    submit(2)
    for (let n = 0; n < 20; n++) {
      joins(sybil(n), at(n))
      node.want(sybil(n))
    }
    // One holds the unit; the others are not asked to confirm it.
    const asked = Array.from({ length: 20 }, (_, n) => sybil(n)).filter(
      (name) => node.sent('lease', name).length > 0,
    )
    expect(asked).toHaveLength(1)
    votes(asked[0]!, 66)
    node.pass(60_000)
    expect(node.stewarded.job.canonical.size).toBe(0)
    joins(peer(1), elsewhere(1))
    node.want(peer(1))
    votes(peer(1), 66)
    expect(node.stewarded.job.canonical.size).toBe(1)
  })

  test('remembers whose seat it was when its host has left', () => {
    submit(2)
    joins(sybil(1), at(1))
    node.want(sybil(1))
    votes(sybil(1), 66)
    node.event({ type: 'neighbour-left', peer: sybil(1) })
    joins(sybil(2), at(2))
    node.want(sybil(2))
    expect(node.sent('lease', sybil(2))).toHaveLength(0)
  })

  test('has a seat for each machine of a lab that says it shares a subnet', () => {
    node = new LoneNode({ donates: false, sameSubnet: true })
    submit(2)
    for (const n of [1, 2]) {
      joins(sybil(n), at(n))
      node.want(sybil(n))
      votes(sybil(n), 7)
    }
    expect(node.stewarded.job.canonical.size).toBe(1)
  })
})
