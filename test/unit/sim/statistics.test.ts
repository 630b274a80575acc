import { describe, expect, test } from '@jest/globals'
import { mean, poissonUpperBound, spread } from '../../../coordinator-free-node/sim/statistics.js'

describe('bounds', () => {
  // Tables of the Poisson distribution, 95 %, one side.
  test.each([
    [0, 2.996],
    [1, 4.744],
    [5, 10.513],
    [20, 29.062],
  ])('%i counted: at most %d expected', (count, bound) => {
    expect(poissonUpperBound(count)).toBeCloseTo(bound, 2)
  })

  test('mean and spread between runs', () => {
    expect(mean([1, 2, 3])).toBe(2)
    expect(spread([1, 2, 3])).toBe(1)
    expect(spread([4])).toBe(0)
  })
})
