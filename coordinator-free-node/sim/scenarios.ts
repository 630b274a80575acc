/**
 * Simulated grids, each a story with an end that can be checked. `manyhands sim NAME --seed N` runs one; the same
 * seed gives the same trace, byte for byte.
 */
import type { CoreConfig } from '../core/config.js'
import type { DonationRules } from '../core/hosting/availability.js'
import { nextFraction, nextUint32, type Random, seedRandom } from '../core/kit/random.js'
import { jobView } from '../core/views.js'
import type { JobView } from '../protocol/gateway-api.js'
import type { BlobHash, JobId, PeerId } from '../protocol/ids.js'
import type { Acceptance, Manifest } from '../protocol/manifest.js'
import { Trace } from './trace.js'
import { VirtualClock } from './virtual-clock.js'
import { type ExecutorTraits, rightOutput } from './virtual-executor.js'
import { type NetworkOptions, VirtualNetwork } from './virtual-network.js'
import { VirtualNode, type World } from './virtual-node.js'

export interface Scenario {
  /** One line for `--help` and lists. */
  summary: string
  hosts: number
  units: number
  acceptance: Acceptance
  network: NetworkOptions
  /** Differences from an ordinary host, by its number; 0 is the requester. */
  traits?: (node: number, random: Random) => Partial<ExecutorTraits>
  /** What each node's volunteer chose, by its number. */
  config?: (node: number) => Partial<CoreConfig>
  /** Each node knows only the next, instead of all knowing the requester. */
  chain?: boolean
  /** What befalls the grid while the job runs. */
  events?: (grid: SimulatedGrid) => void
}

export interface SimulatedGrid {
  clock: VirtualClock
  network: VirtualNetwork
  random: Random
  /** The requester first. */
  nodes: readonly VirtualNode[]
}

export interface ScenarioReport {
  scenario: string
  seed: number
  /** SHA-256 over every event and effect of every node. */
  traceHash: string
  events: number
  finished: boolean
  /** Virtual time from submission to the last canonical result. */
  makespanMs: number
  units: number
  accepted: number
  wrong: number
  executions: number
  executionsPerUnit: number
  reassigned: number
  recomputed: number
  disputed: number
  unchecked: number
  /** Hosts whose votes were refuted, and those that lied. */
  caught: readonly string[]
  liars: readonly string[]
  /** Units voted on by each node, the requester first. */
  executedBy: readonly number[]
}

const lan: NetworkOptions = { delayMs: 5, lossRate: 0 }
/** Two hosts must agree. */
const plain: Acceptance = { rule: 'quorum', quorum: 2 }
const none = { lieRate: 0, withholds: false }

export const scenarios = {
  honest: {
    summary: 'five honest hosts of different speeds',
    hosts: 5,
    units: 500,
    acceptance: plain,
    network: lan,
    traits: (_node, random) => ({ unitMs: 50 + 200 * nextFraction(random) }),
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
    traits: (node) => (node === 3 ? { lieRate: 0.3 } : {}),
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
    traits: (node) => (node === 2 || node === 4 ? { withholds: true } : {}),
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

/** A job that hangs is a failure worth seeing: a day is far beyond every scenario's end. */
const virtualTimeMaxMs = 86_400_000

/**
 * @param seed  any integer
 * @param options.validate  checks every node's state after every event. @default true
 */
export function runScenario(
  name: ScenarioName,
  seed: number,
  options: { validate?: boolean } = {},
): ScenarioReport {
  const scenario: Scenario = scenarios[name]
  const { grid, world, job } = build(scenario, seed, options.validate ?? true)
  const [requester] = grid.nodes
  if (requester === undefined) throw new Error('a scenario needs a requester')
  const submittedMs = grid.clock.nowMs()
  const ended = () => {
    const phase = requester.state.stewarded.get(job)?.job.phase
    return phase !== undefined && phase !== 'running'
  }
  while (!ended() && grid.clock.advance(virtualTimeMaxMs)) {
    // each step is one callback of the virtual clock
  }
  const view = jobView(requester.state, job, grid.clock.nowMs())
  return report(name, seed, { grid, world, requester, view, submittedMs })
}

function build(scenario: Scenario, seed: number, validate: boolean) {
  const random = seedRandom(seed)
  const clock = new VirtualClock()
  const network = new VirtualNetwork(clock, seedRandom(nextUint32(random)), scenario.network)
  const world: World = { clock, network, trace: new Trace(), manifests: new Map(), validate }
  const nodes = Array.from({ length: scenario.hosts + 1 }, (_, i) => {
    const traits = { slots: 1, unitMs: 100, ...none, ...scenario.traits?.(i, random) }
    const config = scenario.config?.(i) ?? {}
    return new VirtualNode(peerNamed(i), world, nextUint32(random), traits, config)
  })
  for (const node of nodes) node.start()
  nodes.forEach((node, i) => {
    const to = scenario.chain === true ? nodes[i - 1] : nodes[0]
    if (i > 0 && to !== undefined) node.dial(to.peer)
  })
  const grid: SimulatedGrid = { clock, network, random, nodes }
  while (clock.advance(1_000)) {
    // let the mesh form
  }
  const [requester] = nodes
  const manifest = manifestOf(scenario, requester?.peer as PeerId)
  const job = 'ab'.repeat(32) as JobId
  world.manifests.set(job, manifest)
  requester?.submit(job, manifest)
  scenario.events?.(grid)
  return { grid, world, job }
}

function manifestOf(scenario: Scenario, requester: PeerId): Manifest {
  return {
    version: 1,
    requester,
    nonce: 'simulated',
    name: 'simulated',
    task: { name: 'simulated', tier: 'builtin', unitMsMax: 60_000, unitMemoryBytesMax: 65_536 },
    taskHash: 'cd'.repeat(32) as BlobHash,
    params: new Uint8Array(),
    inputs: { kind: 'range', start: 0, end: scenario.units, unitItems: 1 },
    goal: 'all',
    acceptance: scenario.acceptance,
  }
}

/** Peer ids of a simulation name their node: `12D3KooWsimNode3`. */
export function peerNamed(node: number): PeerId {
  return `12D3KooWsimNode${'abcdefghijk'[node] ?? `z${node}`}` as PeerId
}

function report(
  scenario: string,
  seed: number,
  run: {
    grid: SimulatedGrid
    world: World
    requester: VirtualNode
    view: JobView | undefined
    submittedMs: number
  },
): ScenarioReport {
  const { grid, world, requester, view, submittedMs } = run
  const results = [...(requester.disk.results.values().next().value?.values() ?? [])]
  const wrong = results.filter(({ unit, output }) => {
    const right = rightOutput(unit)
    return output.some((byte, i) => byte !== right[i])
  })
  const units = view?.units
  const executions = units?.executions ?? 0
  return {
    scenario,
    seed,
    traceHash: world.trace.digest(),
    events: world.trace.events,
    finished: view?.phase === 'done',
    makespanMs: Math.round(grid.clock.nowMs() - submittedMs),
    units: units?.total ?? 0,
    accepted: results.length,
    wrong: wrong.length,
    executions,
    executionsPerUnit: results.length === 0 ? 0 : executions / results.length,
    reassigned: units?.reassigned ?? 0,
    recomputed: units?.recomputed ?? 0,
    disputed: units?.disputed ?? 0,
    unchecked: units?.unchecked ?? 0,
    caught: view?.hosts.filter(({ rejected }) => rejected > 0).map(({ peer }) => peer) ?? [],
    liars: grid.nodes.filter(({ traits }) => traits.lieRate > 0).map(({ peer }) => peer),
    executedBy: grid.nodes.map(
      (node) => view?.hosts.find(({ peer }) => peer === node.peer)?.executed ?? 0,
    ),
  }
}
