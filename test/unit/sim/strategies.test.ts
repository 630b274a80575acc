import { describe, expect, test } from '@jest/globals'
import { seedRandom } from '../../../coordinator-free-node/core/kit/random.js'
import {
  Clique,
  colluder,
  copyCat,
  faulty,
  lazySearcher,
  saboteur,
  trustThenCheat,
  withholder,
} from '../../../coordinator-free-node/sim/adversaries/strategies.js'
import {
  commonLie,
  later,
  never,
  right,
  type Sight,
  type Strategy,
} from '../../../coordinator-free-node/sim/adversaries/strategy.js'
import { isRight, outputOf, rightOutput } from '../../../coordinator-free-node/sim/answers.js'

const random = seedRandom(9)

function sight(change: Partial<Sight>): Sight {
  return { unit: 1, host: 1, nowMs: 0, readyMs: 0, answered: 0, random, ...change }
}

function lieShare(strategy: Strategy, units = 20_000): number {
  let lies = 0
  for (let unit = 0; unit < units; unit++) if (strategy.answer(sight({ unit })) !== right) lies++
  return lies / units
}

describe('liars', () => {
  test.each([0.01, 0.1, 1])('a saboteur lies at its rate of %d, always the same lie', (rate) => {
    expect(lieShare(saboteur(rate))).toBeCloseTo(rate, 1)
    expect(saboteur(1).answer(sight({}))).toBe(commonLie)
  })

  test('a faulty machine errs differently each time', () => {
    const errors = new Set(Array.from({ length: 50 }, () => faulty(1).answer(sight({}))))
    expect(errors.size).toBe(50)
  })

  test('trust-then-cheat is honest until it has answered enough', () => {
    const strategy = trustThenCheat(20, 1)
    expect(strategy.answer(sight({ answered: 19 }))).toBe(right)
    expect(strategy.answer(sight({ answered: 20 }))).toBe(commonLie)
  })

  test('a colluder waits for a friend, lies with one, and is honest without', () => {
    const strategy = colluder(new Clique(), 1_000)
    strategy.given?.(1, 1)
    expect(strategy.answer(sight({ nowMs: 900 }))).toBe(later)
    strategy.given?.(1, 2)
    expect(strategy.answer(sight({ nowMs: 950 }))).toBe(commonLie)
    strategy.given?.(2, 1)
    expect(strategy.answer(sight({ unit: 2, nowMs: 1_000 }))).toBe(right)
    // Binding: a friend who comes later is honest as well.
    strategy.given?.(2, 2)
    expect(strategy.answer(sight({ unit: 2, host: 2, nowMs: 1_000 }))).toBe(right)
  })

  test('a copy-cat says what its friend said, and makes up what nobody has', () => {
    const strategy = copyCat(new Clique(), 0)
    const made = strategy.answer(sight({ unit: 7 }))
    expect(made).not.toBe(right)
    expect(strategy.answer(sight({ unit: 7, host: 2 }))).toBe(made)
    expect(strategy.answer(sight({ unit: 8 }))).not.toBe(made)
    expect(lieShare(copyCat(new Clique(), 0.5))).toBeCloseTo(0.5, 1)
  })

  test('a withholder never answers', () => {
    expect(withholder.answer(sight({}))).toBe(never)
  })
})

describe('answers', () => {
  test('a lie is no right result, and differs from other lies', () => {
    for (let unit = 0; unit < 1_000; unit++) {
      expect(isRight(unit, rightOutput(unit))).toBe(true)
      expect(isRight(unit, outputOf(unit, commonLie))).toBe(false)
      expect(outputOf(unit, commonLie)).not.toEqual(outputOf(unit, 2))
    }
  })

  test('who scans half of a range finds the witness half of the time', () => {
    const share = lazySearcher(0.5).answer(sight({}))
    let found = 0
    for (let unit = 0; unit < 4_000; unit++) if (isRight(unit, outputOf(unit, share))) found++
    expect(found / 4_000).toBeCloseTo(0.5, 1)
  })
})
