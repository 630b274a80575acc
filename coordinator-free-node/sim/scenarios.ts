/**
 * Simulated grids, each a story with an end that can be checked. `manyhands sim NAME --seed N` runs one; the same
 * seed gives the same trace, byte for byte.
 */
import type { DonationRules } from '../core/hosting/availability.js'
import { nextFraction } from '../core/kit/random.js'
import type { PeerId } from '../protocol/ids.js'
import type { Acceptance } from '../protocol/manifest.js'
import { faulty, withholder } from './adversaries/strategies.js'
import { type RunOptions, runGrid, type Scenario } from './grid.js'
import type { ScenarioReport } from './report.js'
import type { SimulatedGrid } from './simulated-grid.js'
import type { NetworkOptions } from './virtual-network.js'

const lan: NetworkOptions = { delayMs: 5, lossRate: 0 }
/** Two hosts must agree. */
const plain: Acceptance = { rule: 'quorum', quorum: 2 }

export const scenarios = {
  honest: {
    summary: 'five honest hosts of different speeds',
    hosts: 5,
    units: 500,
    acceptance: plain,
    network: lan,
    traits: (_node, random) => ({ unitMs: 50 + 200 * nextFraction(random) }),
  },
  uneven: {
    summary: 'units of which some take seven times as long as others, far from the start',
    hosts: 3,
    units: 800,
    acceptance: { rule: 'quorum', quorum: 1 },
    network: lan,
    // A bell on a plain, 1 on average.
    traits: () => ({
      unitMs: 10,
      costOf: (unit) => 0.4 + 2.26 * Math.exp(-(((unit - 560) / 120) ** 2)),
    }),
  },
  alone: {
    summary: 'a requester and nobody else: accepted, and said to be unchecked',
    hosts: 0,
    units: 50,
    acceptance: plain,
    network: lan,
  },
  liar: {
    summary: 'six hosts, one of which makes results up',
    hosts: 6,
    units: 500,
    acceptance: plain,
    network: lan,
    traits: (node) => (node === 3 ? { strategy: faulty(0.3) } : {}),
  },
  leaver: {
    summary: 'hosts that are killed and come back, one that leaves for good',
    hosts: 6,
    units: 600,
    acceptance: plain,
    network: lan,
    events: ({ clock, nodes, random }) => {
      for (const node of nodes.slice(1)) {
        const downMs = 2_000 + 20_000 * nextFraction(random)
        clock.after(downMs, () => node.kill())
        if (node !== nodes.at(-1))
          clock.after(downMs + 3_000, () => {
            node.start()
            node.dial(nodes[0]?.peer as PeerId)
          })
      }
    },
  },
  partition: {
    summary: 'half of the hosts out of reach for twenty seconds, on links that break now and then',
    hosts: 6,
    units: 600,
    acceptance: plain,
    network: { delayMs: 40, lossRate: 0.002 },
    events: ({ clock, network, nodes }) => {
      const sides = new Map(nodes.map(({ peer }, i) => [peer, i > 3 ? 1 : 0]))
      clock.after(4_000, () => network.partition(sides))
      clock.after(24_000, () => network.partition(new Map()))
    },
  },
  crash: {
    summary: 'the requester is killed half-way and started again',
    hosts: 4,
    units: 400,
    acceptance: plain,
    network: lan,
    events: ({ clock, nodes: [requester, ...hosts] }) => {
      clock.after(8_000, () => requester?.kill())
      clock.after(10_000, () => requester?.start())
      for (const host of hosts)
        clock.after(10_500, () => requester !== undefined && host.dial(requester.peer))
    },
  },
  withholder: {
    summary: 'two of six hosts take leases and never answer',
    hosts: 6,
    units: 300,
    acceptance: plain,
    network: lan,
    traits: (node) => (node === 2 || node === 4 ? { strategy: withholder } : {}),
  },
  volunteers: {
    summary:
      'hosts that work by hours, on mains, when idle, and as their volunteers pause and resume',
    hosts: 6,
    units: 600,
    acceptance: plain,
    network: lan,
    traits: (_node, random) => ({ unitMs: 150 + 300 * nextFraction(random) }),
    config: (node) => ({ graceMs: 1_000, rules: rulesOfVolunteer(node) }),
    events: (grid) => {
      measureVolunteers(grid)
      const { clock, nodes } = grid
      const [paused, ...others] = nodes.slice(4)
      // A pause outlives the node that was told of it.
      clock.after(6_000, () => paused?.pause(Number.POSITIVE_INFINITY))
      clock.after(9_000, () => paused?.kill())
      clock.after(11_000, () => paused?.start())
      clock.after(11_000, () => paused?.dial(nodes[0]?.peer as PeerId))
      clock.after(40_000, () => paused?.resume())
      for (const node of others) clock.after(15_000, () => node.pause(clock.nowMs() + 12_000))
      clock.after(50_000, () => nodes.at(-1)?.drain())
    },
  },
  chain: {
    summary: 'eight nodes in a row, each knowing only the next',
    hosts: 7,
    units: 300,
    acceptance: plain,
    network: lan,
    chain: true,
  },
} satisfies Record<string, Scenario>

/** Node 1 keeps hours of ten seconds in every thirty, 2 stays off battery, 3 waits until nobody is there. */
function rulesOfVolunteer(node: number): DonationRules {
  const windows = Array.from({ length: 20 }, (_, i) => ({
    startMs: 30_000 * i,
    endMs: 30_000 * i + 10_000,
  }))
  return {
    windows: node === 1 ? windows : [],
    idle: node === 3 ? { afterMs: 4_000, othersCpuShareMax: 0.5 } : undefined,
    neverOnBattery: node === 2,
  }
}

/** Every machine is measured now and then; plugs are pulled and keys pressed at random. */
function measureVolunteers({ clock, nodes, random }: SimulatedGrid): void {
  for (const node of nodes) {
    let inputMs = 0
    const measure = () => {
      const nowMs = clock.nowMs()
      if (nextFraction(random) < 0.2) inputMs = nowMs
      node.measure({
        utcMs: nowMs,
        weekMs: nowMs,
        onBattery: nextFraction(random) < 0.3,
        inputIdleMs: nowMs - inputMs,
        othersCpuShare: nextFraction(random) / 1.6,
      })
      clock.after(2_000 * (0.5 + nextFraction(random)), measure)
    }
    measure()
  }
}

export type ScenarioName = keyof typeof scenarios

export function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name)
}

/** @param seed  any integer; the same gives the same report, trace and all */
export function runScenario(
  name: ScenarioName,
  seed: number,
  options: RunOptions = {},
): ScenarioReport {
  return runGrid(name, scenarios[name], seed, options)
}
