import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  addRun,
  addUnit,
  emptyUnitSet,
  endOfGap,
  firstMissing,
  hasUnit,
  removeUnit,
  validateUnitSet,
} from '../../coordinator-free-node/core/kit/unit-set.js'
import { countUnits, toRuns, unitsOf } from '../../coordinator-free-node/protocol/unit-runs.js'

const units = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 })

describe('unit set', () => {
  test('behaves as a set of numbers, whatever is added and removed in any order', () => {
    fc.assert(
      fc.property(units, units, fc.integer({ min: 0, max: 210 }), (added, removed, probe) => {
        const set = emptyUnitSet()
        const model = new Set<number>()
        for (const unit of added) {
          expect(addUnit(set, unit)).toBe(!model.has(unit))
          model.add(unit)
          validateUnitSet(set)
        }
        for (const unit of removed) {
          expect(removeUnit(set, unit)).toBe(model.delete(unit))
          validateUnitSet(set)
        }
        expect(set.size).toBe(model.size)
        expect(hasUnit(set, probe)).toBe(model.has(probe))
        let missing = probe
        while (model.has(missing)) missing++
        expect(firstMissing(set, probe)).toBe(missing)
        let end = missing
        while (end < 250 && !model.has(end)) end++
        expect(endOfGap(set, missing, 250)).toBe(end)
      }),
    )
  })

  test('runs give back the units they were made of', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 5_000 })), (given) => {
        const sorted = [...given].sort((a, b) => a - b)
        const runs = toRuns(sorted)
        expect([...unitsOf(runs)]).toEqual(sorted)
        expect(countUnits(runs)).toBe(sorted.length)
        const set = emptyUnitSet()
        for (const run of runs) addRun(set, run)
        validateUnitSet(set)
        expect(set.size).toBe(sorted.length)
      }),
    )
  })

  test('ten million consecutive units are one run', () => {
    const set = emptyUnitSet()
    addRun(set, [0, 9_999_999])
    addUnit(set, 9_999_999)
    expect(set.starts).toEqual([0])
    expect(set.size).toBe(10_000_000)
  })
})
