import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  back,
  backedGroups,
  createBacking,
  settleBacked,
  someBackedBy,
  takeBackedBy,
} from '../../../../coordinator-free-node/core/verification/backing.js'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'

const peer = (n: number) => `12D3KooWhost${n}` as PeerId

describe('backing', () => {
  test('gives back exactly the results that rest on a host', () => {
    const results = fc.uniqueArray(
      fc.record({
        unit: fc.integer({ min: 0, max: 60 }),
        hosts: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
      }),
      { selector: ({ unit }) => unit, maxLength: 60 },
    )
    fc.assert(
      fc.property(results, fc.array(fc.integer({ min: 0, max: 4 })), (given, caught) => {
        const backing = createBacking()
        let model = given.map(({ unit, hosts }) => ({
          unit,
          digest: `d${unit}`,
          hosts: hosts.map(peer),
        }))
        for (const backed of model) back(backing, backed)
        for (const host of caught.map(peer)) {
          const expected = model.filter(({ hosts }) => hosts.includes(host))
          const byUnit = (a: { unit: number }, b: { unit: number }) => a.unit - b.unit
          const taken = takeBackedBy(backing, host)
            .map(({ unit, digest, hosts }) => ({ unit, digest, hosts: [...hosts].sort() }))
            .sort(byUnit)
          expect(taken).toEqual(
            expected.map((b) => ({ ...b, hosts: [...b.hosts].sort() })).sort(byUnit),
          )
          model = model.filter(({ hosts }) => !hosts.includes(host))
          expect(backing.units).toBe(model.length)
        }
      }),
    )
  })

  test('consecutive units of the same hosts are one run', () => {
    const backing = createBacking()
    for (let unit = 0; unit < 1_000; unit++)
      back(backing, { unit, digest: 'd', hosts: [peer(1), peer(2)] })
    expect(backing.runs.size).toBe(1)
  })

  test('an audited result is final', () => {
    const backing = createBacking()
    for (const unit of [0, 1, 2]) back(backing, { unit, digest: 'd', hosts: [peer(1)] })
    settleBacked(backing, { unit: 1, digest: 'd', hosts: [peer(1)] })
    expect([...backedGroups(backing)]).toEqual([{ hosts: [peer(1)], units: 2 }])
    expect(someBackedBy(backing, peer(1), 5).map(({ unit }) => unit)).toEqual([0, 2])
    expect(takeBackedBy(backing, peer(1)).map(({ unit }) => unit)).toEqual([0, 2])
  })

  test('forgets the oldest beyond its bound, and counts them', () => {
    const backing = createBacking()
    const extra = 10
    for (let unit = 0; unit < limits.backedUnitsMax + extra; unit++)
      back(backing, { unit, digest: 'd', hosts: [peer(unit % 2)] })
    expect(backing.units).toBe(limits.backedUnitsMax)
    expect(backing.forgotten).toBe(extra)
  })
})
