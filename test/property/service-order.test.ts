import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type Contender,
  charge,
  createServiceOrder,
  orderOf,
} from '../../coordinator-free-node/core/reciprocity/service-order.js'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'

const quantumMs = 1_000
const peer = (n: number) => `12D3KooWpeer${n}` as PeerId

interface Wish {
  balanceMs: number
  trust?: number
}

const contenders = (wishes: readonly Wish[]): Contender[] =>
  wishes.map(({ balanceMs, trust = 1 }, n) => ({
    peer: peer(n),
    balanceMs,
    trust,
    outstandingMs: 0,
  }))

/** Serves whoever is first, `costOf` milliseconds at a time; @returns what each had */
function serve(
  wishes: readonly Wish[],
  forMs: number,
  costOf: (turn: number) => number,
  newcomerShare = 0.05,
): number[] {
  const order = createServiceOrder()
  const got = wishes.map(() => 0)
  let spentMs = 0
  for (let turn = 0; spentMs < forMs; turn++) {
    const [first] = orderOf(order, contenders(wishes), { newcomerShare, quantumMs })
    const n = wishes.findIndex((_, i) => peer(i) === first)
    expect(n).toBeGreaterThanOrEqual(0)
    const ms = costOf(turn)
    charge(order, peer(n), ms, quantumMs)
    got[n]! += ms
    spentMs += ms
  }
  return got
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const balances = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 12 })
const costs = fc.array(fc.integer({ min: 50, max: 2 * quantumMs }), { minLength: 1, maxLength: 20 })

describe('service order', () => {
  test('divides contended time in proportion to balances, whatever the pieces take', () => {
    fc.assert(
      fc.property(balances, costs, (owed, pieces) => {
        const wishes = owed.map((balanceMs) => ({ balanceMs }))
        const forMs = 200 * quantumMs
        const got = serve(wishes, forMs, (turn) => pieces[turn % pieces.length]!)
        got.forEach((ms, n) => {
          const fairMs = (owed[n]! / sum(owed)) * sum(got)
          // A piece too much or too little, and the credit that nobody may exceed.
          expect(Math.abs(ms - fairMs)).toBeLessThanOrEqual(4 * quantumMs + 0.02 * fairMs)
        })
      }),
    )
  })

  test('those without a balance never have more than their part while others want something', () => {
    fc.assert(
      fc.property(
        balances,
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
        costs,
        (owed, newcomers, share, pieces) => {
          const wishes = [
            ...owed.map((balanceMs) => ({ balanceMs })),
            ...Array.from({ length: newcomers }, () => ({ balanceMs: 0 })),
          ]
          const got = serve(wishes, 150 * quantumMs, (turn) => pieces[turn % pieces.length]!, share)
          const theirs = sum(got.slice(owed.length))
          expect(theirs).toBeLessThanOrEqual(share * sum(got) + 2 * quantumMs)
        },
      ),
      { numRuns: 50 },
    )
  })

  test('those without a balance have everything while nobody else wants it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), (newcomers) => {
        const wishes = Array.from({ length: newcomers }, () => ({ balanceMs: 0 }))
        const got = serve(wishes, 200 * quantumMs, () => quantumMs)
        for (const ms of got)
          expect(Math.abs(ms - sum(got) / newcomers)).toBeLessThanOrEqual(2 * quantumMs)
      }),
    )
  })

  test('among themselves they share by trust', () => {
    const wishes = [
      { balanceMs: 0, trust: 1 },
      { balanceMs: 0, trust: 0.01 },
    ]
    const got = serve(wishes, 500 * quantumMs, () => quantumMs)
    expect(got[1]! / sum(got)).toBeLessThan(0.02)
  })

  test('names nobody twice and leaves nobody out', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 20 }), (owed) => {
        const wishes = owed.map((balanceMs) => ({ balanceMs }))
        const ranked = orderOf(createServiceOrder(), contenders(wishes), {
          newcomerShare: 0.05,
          quantumMs,
        })
        expect([...ranked].sort()).toEqual(wishes.map((_, n) => peer(n)).sort())
      }),
    )
  })

  test('who wanted nothing for a while has saved nothing up, and owes what it owed', () => {
    const order = createServiceOrder()
    const both = contenders([{ balanceMs: 100 }, { balanceMs: 100 }])
    const terms = { newcomerShare: 0.05, quantumMs }
    const alone = both.slice(0, 1)
    // The first runs one very long unit while the second waits.
    orderOf(order, both, terms)
    charge(order, peer(0), 60_000, quantumMs)
    orderOf(order, [], terms)
    expect(orderOf(order, both, terms)[0]).toBe(peer(1))
    for (let i = 0; i < 100; i++) {
      orderOf(order, alone, terms)
      charge(order, peer(0), quantumMs, quantumMs)
    }
    // What it had alone cost it nothing, and earned the other nothing.
    let firstMs = 0
    let secondMs = 0
    while (firstMs < 10_000) {
      const [first] = orderOf(order, both, terms)
      charge(order, first!, quantumMs, quantumMs)
      if (first === peer(0)) firstMs += quantumMs
      else secondMs += quantumMs
    }
    expect(secondMs).toBeGreaterThan(30_000)
    expect(secondMs).toBeLessThan(80_000)
  })
})
