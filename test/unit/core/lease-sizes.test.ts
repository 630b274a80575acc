import { expect, test } from '@jest/globals'
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
