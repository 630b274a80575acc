import { describe, expect, test } from '@jest/globals'
import {
  banAt,
  banMs,
  bannedUntilMs,
  bookMisdeed,
  createConduct,
  isThrottled,
  misdeedWeights,
  scoreOf,
  subnetBannedUntilMs,
  throttleAt,
  viewConduct,
} from '../../../../coordinator-free-node/core/membership/conduct.js'
import type { CoreMessage } from '../../../../coordinator-free-node/core/messages.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import { misdeeds } from '../../../../coordinator-free-node/protocol/misdeeds.js'
import { LoneNode, peer } from '../lone-node.js'

const somebody = { peer: peer(1), subnet: undefined }

describe('conduct', () => {
  test('every misdeed has a weight', () => {
    expect(Object.keys(misdeedWeights).sort()).toEqual([...misdeeds].sort())
  })

  test('fades by half in a minute', () => {
    const conduct = createConduct()
    bookMisdeed(conduct, somebody, 'blob-mismatch', 0)
    expect(scoreOf(conduct, peer(1), 60_000)).toBeCloseTo(25)
    expect(isThrottled(conduct, peer(1), 0)).toBe(true)
    expect(isThrottled(conduct, peer(1), 60_000)).toBe(false)
  })

  test('too bad is banned, twice as long each further time', () => {
    const conduct = createConduct()
    let nowMs = 0
    for (const lastingMs of [1, 2, 4, 8].map((n) => n * banMs.first)) {
      expect(bookMisdeed(conduct, somebody, 'malformed', nowMs)).toBe(lastingMs)
      expect(bannedUntilMs(conduct, peer(1), nowMs)).toBe(nowMs + lastingMs)
      nowMs += lastingMs
      expect(bannedUntilMs(conduct, peer(1), nowMs)).toBeUndefined()
    }
    for (let n = 0; n < 20; n++) nowMs += bookMisdeed(conduct, somebody, 'malformed', nowMs) ?? 0
    expect(bookMisdeed(conduct, somebody, 'malformed', nowMs)).toBe(banMs.most)
  })

  test('after a ban a peer begins with half of what throttles, and a day later with nothing', () => {
    const conduct = createConduct()
    bookMisdeed(conduct, somebody, 'malformed', 0)
    expect(scoreOf(conduct, peer(1), banMs.first)).toBe(throttleAt / 2)
    expect(bookMisdeed(conduct, somebody, 'malformed', 2 * 86_400_000)).toBe(banMs.first)
  })

  test('three banned names of a public subnet ban all of it; of a LAN they do not', () => {
    const conduct = createConduct()
    for (let n = 0; n < 3; n++) {
      expect(subnetBannedUntilMs(conduct, '4:203.0.113.0', 0)).toBeUndefined()
      bookMisdeed(conduct, { peer: peer(n), subnet: '4:203.0.113.0' }, 'malformed', 0)
      bookMisdeed(conduct, { peer: peer(n + 10), subnet: undefined }, 'malformed', 0)
    }
    expect(subnetBannedUntilMs(conduct, '4:203.0.113.0', 0)).toBe(banMs.first)
    expect(viewConduct(conduct, 0)).toMatchObject({ bans: 6, subnetBans: 1, bannedNow: 6 })
  })

  test('its table is bounded, and names that nobody knows do not wash out the banned', () => {
    const conduct = createConduct()
    bookMisdeed(conduct, somebody, 'malformed', 0)
    for (let n = 2; n < limits.conductPeersMax + 5_000; n++)
      bookMisdeed(conduct, { peer: peer(n), subnet: undefined }, 'stale-message', 1)
    expect(conduct.peers.size).toBe(limits.conductPeersMax)
    expect(bannedUntilMs(conduct, peer(1), 1)).toBeDefined()
  })
})

describe('a node', () => {
  const joined = () => {
    const node = new LoneNode({ donates: false })
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    return node
  }

  test('sends who misbehaves away, does not hear it, and lets it in again later', () => {
    const node = joined()
    const { effects } = node
    node.event({ type: 'peer-misbehaved', peer: peer(1), misdeed: 'malformed', times: 1 })
    expect(effects.filter(({ type }) => type === 'turn-away')).toHaveLength(1)
    expect(node.state.neighbours.neighbours.size).toBe(0)
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    expect(node.state.neighbours.neighbours.size).toBe(0)
    node.pass(banMs.first + 1)
    node.event({ type: 'neighbour-joined', peer: peer(1), addresses: [] })
    expect(node.state.neighbours.neighbours.size).toBe(1)
  })

  test('takes messages that mean nothing here for what they are, in numbers', () => {
    const node = joined()
    const job = 'ee'.repeat(32) as never
    const stale: CoreMessage = { type: 'renew', job, leases: [1] }
    const enough = banAt / misdeedWeights['stale-message']
    for (let n = 0; n < enough - 1; n++) node.hear(peer(1), stale)
    expect(node.state.conduct.bans).toBe(0)
    for (let n = 0; n < 2; n++) node.hear(peer(1), stale)
    expect(node.state.conduct.bans).toBe(1)
  })

  test('blames who names peers that are not there, and dials few of them', () => {
    const node = joined()
    const peers = Array.from({ length: limits.introductionPeersMax }, (_, n) => ({
      peer: peer(100 + n),
      addresses: [`/ip4/192.0.${n}.1/tcp/1/ws`],
    }))
    for (let n = 0; n < 20; n++) {
      node.hear(peer(1), { type: 'introduce', peers })
      for (const effect of node.effects.splice(0))
        if (effect.type === 'dial')
          node.event({ type: 'dial-failed', peer: effect.peer, reason: 'nobody there' })
    }
    const { counts } = node.state.conduct
    expect(counts['dead-address']).toBeGreaterThan(0)
    expect(counts['dead-address']).toBeLessThanOrEqual(60 * limits.strangerDials.perSecond)
    expect(counts['stale-message']).toBeGreaterThan(0)
    expect(node.state.conduct.bans).toBe(0)
  })
})
