/** Builds a simulated grid, submits its jobs and runs the clock until the last of them has ended. */
import type { CoreConfig } from '../core/config.js'
import { nextUint32, type Random, seedRandom } from '../core/kit/random.js'
import type { StandingRecord } from '../core/kit/records.js'
import { jobView } from '../core/views.js'
import type { BlobHash, JobId, PeerId } from '../protocol/ids.js'
import type { Acceptance, Manifest } from '../protocol/manifest.js'
import { type HostTraits, honest } from './host-traits.js'
import { LightHost } from './light-host.js'
import { reportOf, type ScenarioReport, workOf } from './report.js'
import type { SimulatedGrid } from './simulated-grid.js'
import { Trace } from './trace.js'
import { VirtualClock } from './virtual-clock.js'
import { type NetworkOptions, VirtualNetwork } from './virtual-network.js'
import { VirtualNode } from './virtual-node.js'
import type { World } from './world.js'

export interface Scenario {
  /** One line for `--help` and lists. */
  summary: string
  hosts: number
  units: number
  acceptance: Acceptance
  network: NetworkOptions
  /** Hosts are light: they speak the protocol, and have no core of their own. */
  light?: boolean
  /** Differences from an ordinary host, by its number; 0 is the requester. */
  traits?: (node: number, random: Random) => Partial<HostTraits>
  /** What each full node's volunteer chose, by its number. */
  config?: (node: number) => Partial<CoreConfig>
  /** Each node knows only the next, instead of all knowing the requester. */
  chain?: boolean
  /** Jobs before the one that is reported, whose standing stays; the units of each. */
  earlierJobs?: readonly number[]
  /** What the requester believes of a host when the first job begins, as if kept from earlier lives. */
  standing?: (node: number) => Partial<StandingRecord> | undefined
  /** What befalls the grid while the reported job runs. */
  events?: (grid: SimulatedGrid) => void
}

export interface RunOptions {
  /** Every so many events of a node its whole state is validated; 0: never. @default 1 */
  validateEvery?: number
  /** Hashes every event, so that two runs can be compared. @default true */
  trace?: boolean
  /** A job that has not ended by then hangs. @default ten days */
  virtualTimeMaxMs?: number
}

/** A job that hangs is a failure worth seeing: ten days are far beyond every scenario's end. */
const tenDaysMs = 10 * 86_400_000

/** @param seed  any integer; the same gives the same report */
export function runGrid(
  name: string,
  scenario: Scenario,
  seed: number,
  options: RunOptions = {},
): ScenarioReport {
  const grid = buildGrid(scenario, seed, options)
  const sizes = [...(scenario.earlierJobs ?? []), scenario.units]
  let submittedMs = 0
  let job = jobNamed(0)
  let before = workOf(grid)
  sizes.forEach((units, n) => {
    submittedMs = grid.clock.nowMs()
    job = jobNamed(n)
    before = workOf(grid)
    submit(grid, job, manifestOf(scenario, units, grid.requester.peer))
    if (n === sizes.length - 1) scenario.events?.(grid)
    runUntilEnded(grid, job, submittedMs + (options.virtualTimeMaxMs ?? tenDaysMs))
  })
  const view = jobView(grid.requester.state, job, grid.clock.nowMs())
  return reportOf(name, seed, grid, { job, view, submittedMs, before })
}

export function buildGrid(
  scenario: Scenario,
  seed: number,
  { validateEvery = 1, trace = true }: RunOptions = {},
): SimulatedGrid {
  const random = seedRandom(seed)
  const clock = new VirtualClock()
  const network = new VirtualNetwork(clock, seedRandom(nextUint32(random)), scenario.network)
  const manifests = new Map<JobId, Manifest>()
  const world: World = { clock, network, trace: new Trace(trace), manifests, validateEvery }
  const traitsOf = (node: number) => ({ ...honest, ...scenario.traits?.(node, random) })
  const full = (node: number) =>
    new VirtualNode(node, world, nextUint32(random), traitsOf(node), scenario.config?.(node) ?? {})
  const requester = full(0)
  const hosts = Array.from({ length: scenario.hosts }, (_, i) =>
    scenario.light === true
      ? new LightHost(i + 1, requester.peer, world, nextUint32(random), traitsOf(i + 1))
      : full(i + 1),
  )
  const nodes = [requester, ...hosts.filter((host) => host instanceof VirtualNode)]
  const everybody = [requester, ...hosts]
  for (const { node, peer } of everybody) {
    const known = scenario.standing?.(node)
    if (known !== undefined) requester.disk.standing.set(peer, { ...stranger, ...known, peer })
  }
  for (const node of everybody) node.start()
  nodes.forEach((node, i) => {
    const to = scenario.chain === true ? nodes[i - 1] : requester
    if (i > 0 && to !== undefined) node.dial(to.peer)
  })
  while (clock.advance(1_000)) {
    // let the mesh form
  }
  return { world, clock, network, random, requester, nodes, everybody }
}

/** Nothing is known of it. */
const stranger = { accepted: 0, checked: 0, audited: 0, refuted: 0, bannedUntilMs: 0 }

/** Runs the clock until the requester's job has ended, or `untilMs` has come. */
export function runUntilEnded(grid: SimulatedGrid, job: JobId, untilMs: number): void {
  const { requester, clock } = grid
  const ended = () => {
    const phase = requester.state.stewarded.get(job)?.job.phase
    return phase !== undefined && phase !== 'running'
  }
  while (!ended() && clock.advance(untilMs)) {
    // each step is one callback of the virtual clock
  }
}

export function submit({ world, requester }: SimulatedGrid, job: JobId, manifest: Manifest): void {
  world.manifests.set(job, manifest)
  requester.submit(job, manifest)
}

export function jobNamed(n: number): JobId {
  return n.toString(16).padStart(4, '0').padStart(64, 'ab') as JobId
}

export function manifestOf(
  { acceptance }: Pick<Scenario, 'acceptance'>,
  units: number,
  requester: PeerId,
): Manifest {
  return {
    version: 1,
    requester,
    nonce: 'simulated',
    name: 'simulated',
    task: { name: 'simulated', tier: 'builtin', unitMsMax: 60_000, unitMemoryBytesMax: 65_536 },
    taskHash: 'cd'.repeat(32) as BlobHash,
    params: new Uint8Array(),
    inputs: { kind: 'range', start: 0, end: units, unitItems: 1 },
    goal: 'all',
    acceptance,
  }
}
