import { describe, expect, test } from '@jest/globals'
import { countUnits } from '../../../coordinator-free-node/protocol/unit-runs.js'
import { job, LoneNode, manifest, peer } from './lone-node.js'

test('second copies of one host ahead of the others are leased many at a time', () => {
  const units = 2_000
  const node = new LoneNode({ donates: false })
  const acceptance = { rule: 'quorum', quorum: 2 } as const
  const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
  node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance, inputs }) })
  // The first host computes all of them, some 100 ms a unit by its word.
  for (let i = 0; i < units && node.stewarded.tallies.size < units; i++) {
    node.want(peer(1))
    node.vote(peer(1))
    node.pass(10)
  }
  expect(node.stewarded.tallies.size).toBe(units)
  expect(node.stewarded.schedule.wanted).toBe(units)
  node.want(peer(2))
  node.vote(peer(2))
  node.want(peer(2))
  expect(countUnits(node.sent('lease', peer(2)).at(-1)?.runs ?? [])).toBeGreaterThan(5)
})

describe('a host that asks again before its first word', () => {
  const submitted = (units: number) => {
    const node = new LoneNode({ donates: false })
    const acceptance = { rule: 'quorum', quorum: 1 } as const
    const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
    node.event({ type: 'job-submitted', job, manifest: manifest({ acceptance, inputs }) })
    node.want(peer(1))
    node.want(peer(1))
    return node
  }
  const runsOf = (node: LoneNode) => node.sent('lease', peer(1)).map(({ runs }) => countUnits(runs))

  test('has something to do until the answer to it is there, where there is plenty', () => {
    const node = submitted(100)
    expect(runsOf(node)).toEqual([1, 2])
    node.want(peer(1))
    expect(runsOf(node)).toEqual([1, 2])
    // With its first word all that it has is foreseen, and it gets an ordinary lease.
    node.vote(peer(1))
    expect(runsOf(node)).toEqual([1, 2, 13])
    expect(node.stewarded.schedule.hosts.get(peer(1))?.busyUntilMs).toBeLessThan(node.nowMs + 2_000)
  })

  test('waits where others could begin at once with what it would get', () => {
    expect(runsOf(submitted(10))).toEqual([1])
  })
})
