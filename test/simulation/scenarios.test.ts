import { describe, expect, test } from '@jest/globals'
import {
  runScenario,
  type ScenarioName,
  scenarios,
} from '../../coordinator-free-node/sim/scenarios.js'

const seeds = [1, 7, 42]
const names = Object.keys(scenarios) as ScenarioName[]

describe.each(names)('simulated grid "%s"', (name) => {
  test.each(seeds)(
    'seed %i: every unit gets its right result, and the state stays valid',
    (seed) => {
      const report = runScenario(name, seed)
      expect(report.finished).toBe(true)
      expect(report.accepted).toBe(report.units)
      expect(report.wrong).toBe(0)
      expect(report.sentAway).toEqual([])
      expect([...report.caught].sort()).toEqual([...report.liars].sort())
    },
  )

  test('the same seed gives the same trace, another seed another', () => {
    const trace = (seed: number) => runScenario(name, seed, { validateEvery: 0 }).traceHash
    expect(trace(7)).toBe(trace(7))
    expect(trace(7)).not.toBe(trace(8))
  })
})

describe('what each story must show', () => {
  test('a node alone finishes, and says that nobody checked it', () => {
    const report = runScenario('alone', 1)
    expect(report.unchecked).toBe(report.units)
    expect(report.executionsPerUnit).toBe(1)
  })

  test('an honest grid computes each unit little more than twice', () => {
    expect(runScenario('honest', 1).executionsPerUnit).toBeLessThan(2.1)
  })

  test('a host that has too much of what takes long gives some back to those that idle', () => {
    for (const seed of seeds) {
      const report = runScenario('uneven', seed)
      // Without it the last host works on alone for as long again.
      expect(report.makespanMs / report.idealMs).toBeLessThan(1.1)
      expect(report.executionsPerUnit).toBeLessThan(1.05)
    }
  })

  test('the last of a chain executes units of the first', () => {
    expect(runScenario('chain', 1).executedBy.at(-1)).toBeGreaterThan(0)
  })

  test('a restarted requester computes again only what was in flight', () => {
    const report = runScenario('crash', 1)
    expect(report.recomputed).toBeGreaterThan(0)
    expect(report.recomputed).toBeLessThan(report.units / 4)
  })

  test('units of killed hosts are finished by others', () => {
    expect(runScenario('leaver', 1).reassigned).toBeGreaterThan(0)
  })

  test('volunteers come and go, every one of them works, and no unit is lost or ends as an abort', () => {
    const report = runScenario('volunteers', 1)
    for (const executed of report.executedBy) expect(executed).toBeGreaterThan(0)
    expect(report.disputed).toBe(0)
    // What rests goes back at once: leases hardly ever have to expire.
    expect(report.reassigned).toBeLessThan(report.units / 50)
    expect(report.executionsPerUnit).toBeLessThan(2.3)
  })

  // Found by validateState: the want of a lost unit was older than the host's late vote.
  test.each([
    ['partition', 0],
    ['partition', 4],
    ['liar', 43],
    ['leaver', 41],
  ] as const)('a late vote and a second lease do not meet (%s, seed %i)', (name, seed) => {
    expect(runScenario(name, seed).finished).toBe(true)
  })
})
