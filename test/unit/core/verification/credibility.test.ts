import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  checkRate,
  checksFor,
  doubtAfter,
  errorOf,
} from '../../../../coordinator-free-node/core/verification/credibility.js'

const doubt = fc.double({ min: 1e-9, max: 0.5, noNaN: true })

describe('doubt', () => {
  test('starts at the share of liars and falls with every checked unit', () => {
    expect(doubtAfter(0, 0.2)).toBe(0.2)
    let before = 1
    for (const checked of [0, 1, 2, 10, 100, 1e6]) {
      expect(doubtAfter(checked, 0.2)).toBeLessThanOrEqual(before)
      before = doubtAfter(checked, 0.2)
    }
    // f / ((1 - f) e n) by hand
    expect(doubtAfter(100, 0.2)).toBeCloseTo(0.25 / (Math.E * 100), 12)
  })

  test('bounds what a liar of any rate does next, when whoever is caught is gone', () => {
    // Of hosts that lie at rate s a share (1 - s)^n is still here after n checks.
    for (const n of [1, 5, 50, 500])
      for (let s = 0.001; s < 1; s += 0.001) {
        const liars = 0.2 * (1 - s) ** n
        expect((liars * s) / (liars + 0.8)).toBeLessThanOrEqual(doubtAfter(n, 0.2) + 1e-12)
      }
  })

  test('the checks for a doubt are the least that bring it there', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-7, max: 0.05, noNaN: true }), (wanted) => {
        const checks = checksFor(wanted, 0.2)
        expect(doubtAfter(checks, 0.2)).toBeLessThanOrEqual(wanted * (1 + 1e-9))
        expect(doubtAfter(checks - 1, 0.2)).toBeGreaterThanOrEqual(Math.min(0.2, wanted))
      }),
    )
  })
})

describe('error of a group', () => {
  test('of one host is its doubt', () => {
    expect(errorOf([[0.1]], 0)).toBeCloseTo(0.1, 12)
  })

  test('of agreeing hosts is near the product of their doubts', () => {
    expect(errorOf([[0.01, 0.02]], 0)).toBeCloseTo(0.0002 / (0.0002 + 0.99 * 0.98), 12)
  })

  test('is nothing where this node itself agrees, and all where it differs', () => {
    expect(errorOf([[0], [0.1, 0.1]], 0)).toBe(0)
    expect(errorOf([[0], [0.1, 0.1]], 1)).toBe(1)
  })

  test('is a probability, falls with every vote in favour and rises with every one against', () => {
    const group = fc.array(doubt, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(group, group, doubt, (a, b, next) => {
        const error = errorOf([a, b], 0)
        expect(error).toBeGreaterThanOrEqual(0)
        expect(error).toBeLessThanOrEqual(1)
        expect(errorOf([[...a, next], b], 0)).toBeLessThanOrEqual(error * (1 + 1e-9))
        expect(errorOf([a, [...b, next]], 0)).toBeGreaterThanOrEqual(error * (1 - 1e-9))
      }),
    )
  })
})

describe('check rate', () => {
  test('is near one for a host at the bound of belief, and small for one far beyond', () => {
    expect(checkRate(0.5, 1e-4)).toBeCloseTo(1, 6)
    expect(checkRate(1e-4, 1e-4)).toBeCloseTo(0.632, 3)
    expect(checkRate(5e-6, 1e-4)).toBeCloseTo(0.0488, 3)
  })

  test('leaves a patient liar at most the error that is tolerated, whatever number of lies it tries', () => {
    const faultShare = 0.2
    for (const maxErrorRate of [1e-3, 1e-4])
      for (const checked of [1e3, 1e4, 1e5]) {
        const rate = checkRate(doubtAfter(checked, faultShare), maxErrorRate)
        for (let lies = 1; lies < 1e5; lies *= 2) {
          const unnoticed = lies * (1 - rate) ** lies
          expect((faultShare * unnoticed) / checked).toBeLessThanOrEqual(maxErrorRate)
        }
      }
  })
})
