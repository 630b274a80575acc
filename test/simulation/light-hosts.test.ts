import { describe, expect, test } from '@jest/globals'
import { runGrid } from '../../coordinator-free-node/sim/grid.js'
import { makeTrial, type TrialName } from '../../coordinator-free-node/sim/trials.js'

/** The same trial with light hosts and with full nodes. */
function both(name: TrialName, seed: number) {
  const run = (light: boolean) => {
    const trial = { ...makeTrial(name, { hosts: 40, units: 1_500, rate: 0.3 }), light }
    return runGrid(name, trial, seed, { validateEvery: 0, trace: false })
  }
  return { light: run(true), full: run(false) }
}

describe('light hosts stand in for full nodes', () => {
  test.each(['honest-200', 'saboteurs'] as const)('%s costs the same with either', (name) => {
    const { light, full } = both(name, 4)
    expect(full.finished && light.finished).toBe(true)
    expect(full.wrong + light.wrong).toBe(0)
    expect(Math.abs(light.executionsPerUnit / full.executionsPerUnit - 1)).toBeLessThan(0.2)
    expect(Math.abs(light.makespanMs / full.makespanMs - 1)).toBeLessThan(0.4)
  })
})
