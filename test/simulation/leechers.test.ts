import { describe, expect, test } from '@jest/globals'
import { runEconomy } from '../../coordinator-free-node/sim/economies.js'

describe('a grid with free riders', () => {
  test.each([
    [0.25, 0.03],
    [0.5, 0.05],
    [0.75, 0.15],
  ])('where a share of %d only takes, they soon get next to nothing', (rate, most) => {
    const report = runEconomy('leechers', 1, { hosts: 40, rate, units: 600 })
    expect(report.freeRiderShareLastHalf).toBeLessThan(most)
    // What it was before anybody knew anybody.
    expect(report.freeRiderShare).toBeGreaterThan(report.freeRiderShareLastHalf as number)
  })

  test('gives those who change their names no more than other free riders', () => {
    const choices = { hosts: 40, rate: 0.5, units: 600 }
    const known = runEconomy('leechers', 2, choices).freeRiderShare as number
    const renamed = runEconomy('name-changers', 2, choices).whitewasherShare as number
    expect(renamed).toBeLessThan(1.25 * known)
  })

  test('gives an honest newcomer its fair share after ten units for each neighbour', () => {
    const report = runEconomy('newcomers', 1, { hosts: 30, units: 1_600 })
    expect(report.newcomerFairness).toBeGreaterThan(1)
  })

  test('serves everybody while threads are idle', () => {
    const report = runEconomy('idle-grid', 1, { hosts: 30, units: 300 })
    expect(report.idleShare).toBeGreaterThan(0.3)
    expect(report.starvedRounds).toBe(0)
    expect(report.freeRiderServed).toBe(1)
    expect(report.collaboratorServed).toBe(1)
  })

  test('is the same for the same seed', () => {
    const run = (seed: number) => runEconomy('leechers', seed, { hosts: 30, units: 200 })
    expect(run(3)).toEqual(run(3))
    expect(run(3)).not.toEqual(run(4))
  })
})
