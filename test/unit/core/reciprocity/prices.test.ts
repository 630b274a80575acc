import { describe, expect, test } from '@jest/globals'
import {
  medianClaim,
  noExecutions,
  type OwnPace,
  observeExecution,
  priceOf,
  type Worth,
} from '../../../../coordinator-free-node/core/reciprocity/prices.js'

const task = { tier: 'wasm', unitMsMax: 60_000 } as const
/** Two milliseconds of this node for a thousand of fuel. */
const pace: OwnPace = new Map([['wasm', { fuel: 1_000_000, spentMs: 2_000 }]])
const worth = (change: Partial<Worth>): Worth => ({
  task,
  pace,
  own: noExecutions(),
  agreeing: [],
  median: undefined,
  ...change,
})
const claim = (fuel: number, spentMs = 1) => ({ fuel, spentMs })

describe('price of a unit', () => {
  test('is what its fuel costs this node, however long its hosts took', () => {
    const own = { units: 4, fuel: 40_000, spentMs: 500 }
    const slow = priceOf(worth({ own, agreeing: [claim(1e12, 50_000), claim(1e12, 50_000)] }))
    expect(slow).toBeCloseTo(20)
  })

  test('a host that claims more fuel than the one it agrees with earns no more', () => {
    const honest = claim(10_000)
    const median = medianClaim([honest, claim(1e12)])
    expect(priceOf(worth({ agreeing: [honest, claim(1e12)], median }))).toBeCloseTo(20)
  })

  test('a host that is believed alone is paid by the median claim at most', () => {
    const median = medianClaim([claim(10_000), claim(11_000), claim(9_000), claim(1e12)])
    expect(median?.fuel).toBe(10_000)
    expect(priceOf(worth({ agreeing: [claim(1e12)], median }))).toBeCloseTo(20)
  })

  test('is never above what the task lets a unit take', () => {
    expect(priceOf(worth({ agreeing: [claim(1e15)] }))).toBe(60_000)
    const bounded = { ...task, unitFuelMax: 5_000 }
    expect(priceOf(worth({ task: bounded, agreeing: [claim(1e15)] }))).toBeCloseTo(10)
  })

  test('without fuel it is the time that a unit takes here, else the median time', () => {
    const plain = { tier: 'native', unitMsMax: 60_000 } as const
    const own = { units: 2, fuel: 0, spentMs: 300 }
    expect(priceOf(worth({ task: plain, own, agreeing: [claim(0, 9_000)] }))).toBe(150)
    const median = medianClaim([claim(0, 100), claim(0, 120), claim(0, 50_000)])
    expect(priceOf(worth({ task: plain, agreeing: [claim(0, 50_000)], median }))).toBe(120)
  })

  test('follows a machine that became slower', () => {
    const changed: OwnPace = new Map()
    observeExecution(changed, 'js', 1_000_000, 60_000)
    for (let i = 0; i < 20; i++) observeExecution(changed, 'js', 1_000_000, 120_000)
    const js = { tier: 'js', unitMsMax: 1e6 } as const
    const priceMs = priceOf(worth({ task: js, pace: changed, agreeing: [claim(1_000_000)] }))
    expect(priceMs).toBeGreaterThan(110_000)
  })

  test('units that burn nothing say nothing of the pace', () => {
    const none: OwnPace = new Map()
    observeExecution(none, 'builtin', 0, 100)
    observeExecution(none, 'builtin', 100, 0)
    expect(none.size).toBe(0)
  })
})
