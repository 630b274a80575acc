/** Operators change their minds while jobs run: whoever is kept out, and for how long, no unit is lost. */
import { describe, expect, test } from '@jest/globals'
import {
  nextFraction,
  type Random,
  seedRandom,
} from '../../coordinator-free-node/core/kit/random.js'
import type { ListSource } from '../../coordinator-free-node/core/membership/gate.js'
import type { ListEntry } from '../../coordinator-free-node/protocol/lists.js'
import { runGrid, type Scenario } from '../../coordinator-free-node/sim/grid.js'
import { peerNamed } from '../../coordinator-free-node/sim/host-traits.js'
import type { SimulatedGrid } from '../../coordinator-free-node/sim/simulated-grid.js'

const fickle: Scenario = {
  summary: 'lists change at random',
  hosts: 8,
  units: 1_500,
  acceptance: { rule: 'quorum', quorum: 2 },
  network: { delayMs: 5, lossRate: 0 },
  traits: (node) => ({ slots: node === 0 ? 1 : 2 }),
  events: (grid) => changeMinds(grid, 60),
}

const pick = <T>(random: Random, items: readonly T[]): T | undefined =>
  items[Math.floor(nextFraction(random) * items.length)]

/** Every now and then an operator says something else, mostly for a while; in the end nobody denies anything. */
function changeMinds(grid: SimulatedGrid, times: number): void {
  const { clock, nodes } = grid
  const random = seedRandom(3)
  for (let n = 0; n < times; n++)
    clock.after(100 + n * 400, () => {
      pick(random, nodes)?.enlist(listOf(random, grid))
    })
  clock.after(100 + times * 400, () => {
    for (const node of nodes) node.enlist(undefined)
  })
}

function listOf(random: Random, { nodes, clock, requester }: SimulatedGrid): ListSource {
  const subjects = ['peer', 'peer', 'owner'] as const
  const entries = [1, 2].map((): ListEntry => {
    const subject = pick(random, subjects) ?? 'peer'
    const value = subject === 'owner' ? requester.peer : (pick(random, nodes)?.peer ?? '')
    const verdict = nextFraction(random) < 0.8 ? 'deny' : 'allow'
    const untilMs = clock.nowMs() + 3_000 * nextFraction(random)
    return { subject, verdict, value, ...(nextFraction(random) < 0.7 ? { untilMs } : {}) }
  })
  return { entries }
}

describe('operators who change their minds', () => {
  test.each([2, 11, 29])(
    'slow a job down, and lose none of its units, seed %i',
    (seed) => {
      const report = runGrid('fickle', fickle, seed)
      expect(report).toMatchObject({ finished: true, accepted: 1_500, wrong: 0, wronged: [] })
      expect(report.reassigned).toBeGreaterThan(0)
    },
    60_000,
  )

  test('and the same seed tells the same story', () => {
    const small = { ...fickle, units: 200 }
    expect(runGrid('fickle', small, 5)).toEqual(runGrid('fickle', small, 5))
  }, 60_000)
})

describe('a denied host', () => {
  test('counts no more from then on, and its units are done by others', () => {
    let votedBefore = 0
    let grid: SimulatedGrid | undefined
    const events = (built: SimulatedGrid) => {
      grid = built
      const value = built.nodes[3]?.peer ?? peerNamed(3)
      built.clock.after(1_000, () => {
        built.requester.enlist({ entries: [{ subject: 'peer', verdict: 'deny', value }] })
        const [job] = built.requester.state.stewarded.values()
        votedBefore = job?.schedule.hosts.get(value)?.executed ?? 0
      })
    }
    const report = runGrid('denied', { ...fickle, units: 600, events }, 7)
    expect(report).toMatchObject({ finished: true, accepted: 600, wrong: 0 })
    expect(votedBefore).toBeGreaterThan(0)
    expect(report.executedBy[3]).toBe(votedBefore)
    expect(grid?.requester.state.neighbours.neighbours.has(peerNamed(3))).toBe(false)
  }, 60_000)
})
