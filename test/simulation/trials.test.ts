import { describe, expect, test } from '@jest/globals'
import { runGrid } from '../../coordinator-free-node/sim/grid.js'
import type { ScenarioReport } from '../../coordinator-free-node/sim/report.js'
import {
  makeTrial,
  type TrialChoices,
  type TrialName,
  trials,
} from '../../coordinator-free-node/sim/trials.js'

const names = Object.keys(trials) as TrialName[]
/** Small enough for a test of every trial; the published figures come from `npm run sim:table`. */
const small = { hosts: 30, units: 300 }

function run(name: TrialName, seed: number, choices: TrialChoices = {}): ScenarioReport {
  const trial = makeTrial(name, { ...small, ...choices })
  return runGrid(name, trial, seed, { validateEvery: 7, trace: true })
}

describe.each(names)('trial "%s", on a small grid', (name) => {
  test('ends with a result for every unit, and the same trace twice', () => {
    const [once, twice] = [run(name, 3), run(name, 3)]
    expect(once.finished).toBe(true)
    expect(once.accepted).toBe(once.units)
    expect(twice.traceHash).toBe(once.traceHash)
    expect(run(name, 4).traceHash).not.toBe(once.traceHash)
  })
})

describe('what the trials must show', () => {
  // What broke: the last open unit was disputed, and waiting hosts, the own one too, were told that there is no work.
  test('a dispute about the last unit is settled by the own host (colluders, seed 4)', () => {
    expect(run('colluders', 4).finished).toBe(true)
  })

  test('nobody honest is caught where liars do not agree beforehand', () => {
    for (const name of ['honest-200', 'saboteurs', 'lazy-searchers', 'forgers', 'flood'] as const)
      expect(run(name, 5).wronged).toEqual([])
  })

  test('forged and repeated votes count for nothing', () => {
    const report = run('forgers', 1)
    expect(report.wrong).toBe(0)
    expect(report.executedBy.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(report.executions)
  })

  test('hosts that answer nothing cost little more than their own work', () => {
    const without = run('withholders', 1, { rate: 0, units: 1_000 })
    const withThem = run('withholders', 1, { rate: 0.1, units: 1_000 })
    expect(withThem.finished && without.finished).toBe(true)
    expect(withThem.makespanMs).toBeLessThan(4 * without.makespanMs)
  })

  test('a host in a subnet full of liars needs somebody from elsewhere to agree', () => {
    expect(run('sybils', 2).wrong).toBe(0)
  })
})
