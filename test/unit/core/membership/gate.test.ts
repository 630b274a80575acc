import { describe, expect, test } from '@jest/globals'
import {
  createGate,
  denialOfAddress,
  denialOfOwner,
  denialOfPeer,
  denialOfTask,
  type ListSource,
  nextAllowanceEndMs,
  setSource,
} from '../../../../coordinator-free-node/core/membership/gate.js'
import type { BlobHash, PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import type { ListEntry } from '../../../../coordinator-free-node/protocol/lists.js'
import { parseIp } from '../../../../coordinator-free-node/protocol/subnet.js'

const ada = '12D3KooWada' as PeerId
const bob = '12D3KooWbob' as PeerId
const primes = 'aa'.repeat(32) as BlobHash
const miner = 'bb'.repeat(32) as BlobHash

const says = (...entries: [ListEntry['verdict'], ListEntry['subject'], string, number?][]) => ({
  entries: entries.map(([verdict, subject, value, untilMs]) => ({
    verdict,
    subject,
    value,
    ...(untilMs === undefined ? {} : { untilMs }),
  })),
})

const address = (sources: Record<string, ListSource>, host: string, nowMs = 0) => {
  const ip = parseIp(host)
  return ip && denialOfAddress(createGate(sources), ip, nowMs)
}

describe('a gate', () => {
  test('without lists lets everybody in', () => {
    const gate = createGate()
    expect(denialOfPeer(gate, ada, 0)).toBeUndefined()
    expect(denialOfOwner(gate, ada, 0)).toBeUndefined()
    expect(denialOfTask(gate, primes, 0)).toBeUndefined()
    expect(address({}, '192.0.2.7')).toBeUndefined()
  })

  test('keeps the denied out, and lets others pass', () => {
    const gate = createGate({ option: says(['deny', 'peer', ada], ['deny', 'owner', bob]) })
    expect(denialOfPeer(gate, ada, 0)).toMatchObject({ source: 'option', untilMs: undefined })
    expect(denialOfPeer(gate, bob, 0)).toBeUndefined()
    expect(denialOfOwner(gate, bob, 0)?.reason).toBe('this node takes no work of this owner')
    expect(denialOfOwner(gate, ada, 0)).toBeUndefined()
  })

  test('deals with the allowed alone, once there are any', () => {
    const gate = createGate({ file: says(['allow', 'peer', ada], ['allow', 'task', primes]) })
    expect(denialOfPeer(gate, ada, 0)).toBeUndefined()
    expect(denialOfPeer(gate, bob, 0)).toMatchObject({ source: 'file' })
    expect(denialOfTask(gate, miner, 0)?.reason).toBe('this node runs certain tasks only')
    // Each kind is a list by itself.
    expect(denialOfOwner(gate, bob, 0)).toBeUndefined()
  })

  test('an empty list of the allowed lets nobody pass', () => {
    const gate = createGate({ option: { entries: [], only: ['owner'] } })
    expect(denialOfOwner(gate, ada, 0)?.reason).toBe('this node takes work of certain owners only')
  })

  test('denial beats allowance, whichever source says which', () => {
    for (const sources of [
      { a: says(['deny', 'peer', ada]), b: says(['allow', 'peer', ada]) },
      { a: says(['allow', 'peer', ada]), b: says(['deny', 'peer', ada]) },
      { a: says(['allow', 'peer', ada], ['deny', 'peer', ada]) },
    ])
      expect(denialOfPeer(createGate(sources), ada, 0)?.reason).toMatch(/does not deal with that/)
  })

  test('what one source allows is allowed where another allows something else', () => {
    const gate = createGate({ a: says(['allow', 'owner', ada]), b: says(['allow', 'owner', bob]) })
    expect(denialOfOwner(gate, ada, 0)).toBeUndefined()
    expect(denialOfOwner(gate, bob, 0)).toBeUndefined()
  })

  test('a denial ends by itself; of two about the same the longer one holds', () => {
    const gate = createGate({
      command: says(['deny', 'peer', ada, 500], ['deny', 'peer', ada, 1_000]),
    })
    expect(denialOfPeer(gate, ada, 999)).toMatchObject({ untilMs: 1_000 })
    expect(denialOfPeer(gate, ada, 1_000)).toBeUndefined()
  })

  test('an allowance that has ended goes on keeping the others out', () => {
    const gate = createGate({ command: says(['allow', 'peer', ada, 1_000]) })
    expect(nextAllowanceEndMs(gate, 0)).toBe(1_000)
    expect(denialOfPeer(gate, ada, 999)).toBeUndefined()
    expect(denialOfPeer(gate, ada, 1_000)).toBeDefined()
    expect(denialOfPeer(gate, bob, 1_000)).toBeDefined()
    expect(nextAllowanceEndMs(gate, 1_000)).toBe(Number.POSITIVE_INFINITY)
  })

  test('a small block inside a denied one is denied, one that is allowed inside it as well', () => {
    const sources = {
      option: says(['deny', 'subnet', '10.0.0.0/8'], ['allow', 'subnet', '10.1.0.0/16']),
    }
    expect(address(sources, '10.1.2.3')?.reason).toMatch(/does not deal with that address/)
    expect(address(sources, '192.0.2.7')?.reason).toMatch(/certain addresses only/)
  })

  test('a timed denial of a block ends, a wider one that lasts goes on', () => {
    const sources = {
      list: says(['deny', 'subnet', '192.0.2.0/24', 100], ['deny', 'subnet', '192.0.0.0/16']),
    }
    expect(address(sources, '192.0.2.7', 200)).toMatchObject({ untilMs: undefined })
  })

  test('a source is replaced as a whole, and taken away', () => {
    const gate = createGate({ list: says(['deny', 'peer', ada]) })
    setSource(gate, 'list', says(['deny', 'peer', bob]))
    expect(denialOfPeer(gate, ada, 0)).toBeUndefined()
    expect(denialOfPeer(gate, bob, 0)).toBeDefined()
    setSource(gate, 'list', undefined)
    expect(denialOfPeer(gate, bob, 0)).toBeUndefined()
  })
})
