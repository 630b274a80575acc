/**
 * Random mixes of faults and attackers, one a seed: kills and restarts of hosts and of the requester, partitions,
 * links that break, liars of every kind. Every step of every full node is validated; at the end no unit may be
 * missing, no job stuck, and no more results wrong than was asked for.
 */
import { nextFraction, nextUint32, type Random, seedRandom } from '../core/kit/random.js'
import type { Acceptance } from '../protocol/manifest.js'
import { floodingAdvertiser, receiptForger } from './adversaries/conduct.js'
import {
  Clique,
  colluder,
  copyCat,
  faulty,
  lazySearcher,
  saboteur,
  trustThenCheat,
  withholder,
} from './adversaries/strategies.js'
import type { Strategy } from './adversaries/strategy.js'
import { runGrid, type Scenario } from './grid.js'
import type { HostTraits } from './host-traits.js'
import { logNormal } from './host-traits.js'
import type { ScenarioReport } from './report.js'
import type { SimulatedGrid } from './simulated-grid.js'
import { poissonUpperBound } from './statistics.js'

export interface SoakResult {
  seed: number
  /** What was mixed, for a person. */
  mix: string
  /** What went wrong; empty for a good seed. */
  faults: readonly string[]
  report: ScenarioReport | undefined
}

/** Draws what one seed is made of. */
class Dice {
  constructor(readonly random: Random) {}

  between(low: number, high: number): number {
    return low + (high - low) * nextFraction(this.random)
  }

  integer(low: number, high: number): number {
    return low + (nextUint32(this.random) % (high - low + 1))
  }

  chance(share: number): boolean {
    return nextFraction(this.random) < share
  }

  oneOf<T>(values: readonly T[]): T {
    return values[nextUint32(this.random) % values.length] as T
  }
}

/** Strategies by name; those of one clique know each other. */
function strategiesOf(dice: Dice): Record<string, () => Strategy> {
  const clique = new Clique()
  const rate = dice.oneOf([0.03, 0.1, 0.3, 1])
  const after = dice.integer(5, 60)
  const holdMs = dice.between(200, 3_000)
  return {
    saboteur: () => saboteur(rate),
    faulty: () => faulty(rate),
    'trust-then-cheat': () => trustThenCheat(after, rate),
    colluder: () => colluder(clique, holdMs),
    'copy-cat': () => copyCat(clique, 0.2),
    'lazy searcher': () => lazySearcher(0.5),
    withholder: () => withholder,
  }
}

/** Those who agree beforehand can win against hosts of which nothing is known yet. */
const conspiring = new Set(['colluder', 'copy-cat'])

interface Mix {
  scenario: Scenario
  /** Kinds of strategies in it. */
  kinds: ReadonlySet<string>
  words: string
}

export function mixOf(seed: number): Mix {
  const dice = new Dice(seedRandom(seed ^ 0x50a4))
  const light = dice.chance(0.4)
  const hosts = light ? dice.integer(10, 60) : dice.integer(3, 14)
  const units = dice.integer(50, light ? 600 : 250)
  const liarShare = dice.oneOf([0, 0.1, 0.2])
  const acceptance: Acceptance = dice.chance(0.75)
    ? { rule: 'credibility', maxErrorRate: dice.oneOf([1e-3, 1e-4, 1e-6]) }
    : { rule: 'quorum', quorum: dice.integer(1, 3) }
  const strategies = strategiesOf(dice)
  const names = Object.keys(strategies)
  const palette = [dice.oneOf(names), dice.oneOf(names)]
  const kinds = new Map<number, string>()
  for (let n = 0; n < Math.floor(hosts * liarShare); n++)
    kinds.set(dice.integer(1, hosts), dice.oneOf(palette))
  const churns = dice.chance(0.3)
  const unitMs = dice.between(50, 800)
  const misbehaves = new Map<number, Partial<HostTraits>>()
  if (dice.chance(0.2))
    misbehaves.set(dice.integer(1, hosts), {
      conduct: dice.chance(0.7) ? receiptForger() : floodingAdvertiser(20),
    })
  const network = {
    delayMs: dice.between(2, 120),
    lossRate: dice.chance(0.4) ? dice.between(0, 0.004) : 0,
  }
  const troubles = troublesOf(dice, units * unitMs)
  const ownSlots = dice.integer(1, 3)
  const scenario: Scenario = {
    summary: 'a random mix',
    hosts,
    units,
    acceptance,
    network,
    light,
    traits: (node, random) => ({
      slots: node === 0 ? ownSlots : light ? 1 : dice.integer(1, 2),
      unitMs: unitMs * logNormal(random, 0.7),
      strategy: strategies[kinds.get(node) ?? '']?.(),
      ...(churns && node > 0 && !isLast(node, hosts)
        ? { churn: { upMs: 30 * unitMs + 5_000, downMs: 5_000 } }
        : {}),
      ...misbehaves.get(node),
    }),
    events: (grid) => {
      for (const trouble of troubles) trouble.plan(grid)
    },
  }
  const words = [
    `${hosts} ${light ? 'light' : 'full'} hosts`,
    `${units} units of ${Math.round(unitMs)} ms`,
    JSON.stringify(acceptance),
    `links of ${Math.round(network.delayMs)} ms that lose ${network.lossRate.toFixed(4)}`,
    ...(churns ? ['churn'] : []),
    ...[...kinds.values()].sort(),
    ...[...misbehaves.values()].map(({ conduct }) => conduct?.name ?? ''),
    ...troubles.map(({ words }) => words),
  ].join(', ')
  return { scenario, kinds: new Set(kinds.values()), words }
}

/** One that never leaves, so that a job can end. */
function isLast(node: number, hosts: number): boolean {
  return node === hosts
}

interface Trouble {
  words: string
  plan(grid: SimulatedGrid): void
}

/** @param workMs  thread time of the whole job, to place troubles in its course */
function troublesOf(dice: Dice, workMs: number): Trouble[] {
  const courseMs = Math.min(60_000, 2_000 + workMs / 4)
  return Array.from({ length: dice.integer(0, 4) }, () => {
    const atMs = dice.between(0, courseMs)
    const forMs = dice.between(500, 25_000)
    const which = dice.integer(1, 1_000_000)
    return dice.oneOf([killHost, killRequester, split])(atMs, forMs, which)
  })
}

function killHost(atMs: number, forMs: number, which: number): Trouble {
  return {
    words: `a host down at ${Math.round(atMs)} for ${Math.round(forMs)} ms`,
    plan: ({ clock, everybody, requester }) => {
      const host = everybody[1 + (which % (everybody.length - 1))]
      clock.after(atMs, () => host?.kill())
      clock.after(atMs + forMs, () => {
        if (host === undefined || host.isUp) return
        host.start()
        host.dial(requester.peer)
      })
    },
  }
}

function killRequester(atMs: number, forMs: number): Trouble {
  return {
    words: `the requester down at ${Math.round(atMs)} for ${Math.round(forMs)} ms`,
    plan: ({ clock, nodes, requester }) => {
      clock.after(atMs, () => requester.kill())
      clock.after(atMs + forMs, () => {
        if (requester.isUp) return
        requester.start()
        for (const host of nodes) if (host !== requester && host.isUp) host.dial(requester.peer)
      })
    },
  }
}

function split(atMs: number, forMs: number, which: number): Trouble {
  return {
    words: `a partition at ${Math.round(atMs)} for ${Math.round(forMs)} ms`,
    plan: ({ clock, network, everybody }) => {
      const every = 2 + (which % 3)
      clock.after(atMs, () =>
        network.partition(new Map(everybody.map(({ peer }, i) => [peer, i % every === 1 ? 1 : 0]))),
      )
      clock.after(atMs + forMs, () => network.partition(new Map()))
    },
  }
}

/** Runs one seed; never throws for what it finds. */
export function soak(seed: number): SoakResult {
  const { scenario, kinds, words: mix } = mixOf(seed)
  try {
    const report = runGrid('soak', scenario, seed, {
      validateEvery: 1,
      trace: false,
      virtualTimeMaxMs: 6 * 3_600_000,
    })
    return { seed, mix, faults: faultsIn(report, scenario, kinds), report }
  } catch (error) {
    const story = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { seed, mix, faults: [story], report: undefined }
  }
}

function faultsIn(
  report: ScenarioReport,
  { units, acceptance, hosts }: Scenario,
  kinds: ReadonlySet<string>,
): string[] {
  const faults: string[] = []
  if (!report.finished)
    faults.push(`the job did not end: ${report.accepted} of ${units} units; ${report.error ?? ''}`)
  else if (report.accepted !== units)
    faults.push(`${units - report.accepted} of ${units} units have no result`)
  const most = wrongAtMost(acceptance, units, hosts, kinds)
  if (report.wrong > most) faults.push(`${report.wrong} results are wrong, ${most} may be`)
  if (kinds.size === 0 && report.wronged.length > 0)
    faults.push(`honest hosts were banned: ${report.wronged.join(', ')}`)
  if (report.sentAway.length > 0)
    faults.push(`honest nodes were sent away: ${report.sentAway.join(', ')}`)
  return faults
}

/**
 * Plain voting promises nothing against liars that agree. Credibility promises a rate: a single seed may have as many
 * wrong as a Poisson variable of that mean hardly ever has, and more where hosts of a small grid agreed beforehand.
 */
function wrongAtMost(
  acceptance: Acceptance,
  units: number,
  hosts: number,
  kinds: ReadonlySet<string>,
): number {
  if (kinds.size === 0) return 0
  if (acceptance.rule === 'quorum') return units
  if (acceptance.rule === 'check') return 0
  const expected = units * acceptance.maxErrorRate
  const conspired = [...kinds].some((kind) => conspiring.has(kind))
  return Math.ceil(poissonUpperBound(Math.ceil(expected)) + (conspired ? units / hosts : 0))
}
