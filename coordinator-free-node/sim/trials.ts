/**
 * Scenarios of which figures are published, made from a few choices: the attackers and grids of docs/verification.md.
 * Hosts are light, so that thousands of them and millions of units fit.
 */
import type { CoreConfig } from '../core/config.js'
import type { Random } from '../core/kit/random.js'
import { floodingAdvertiser, receiptForger } from './adversaries/conduct.js'
import {
  Clique,
  colluder,
  copyCat,
  lazySearcher,
  saboteur,
  trustThenCheat,
  withholder,
} from './adversaries/strategies.js'
import type { Strategy } from './adversaries/strategy.js'
import type { Scenario } from './grid.js'
import { type HostTraits, logNormal } from './host-traits.js'
import type { Policy } from './policies.js'

export interface TrialChoices {
  policy?: Policy | undefined
  /** Share of units that a liar lies about. */
  rate?: number | undefined
  hosts?: number | undefined
  units?: number | undefined
}

/** What the policies that it is compared with change. */
const policyConfig: Record<Policy, Partial<CoreConfig>> = {
  adaptive: {},
  voting: { auditShare: 0 },
  boinc: { acceptanceRule: 'boinc', auditShare: 0 },
  'fixed-leases': { leaseRule: 'fixed' },
}

/** Of a wide-area grid: light does not travel faster. */
const internet = { delayMs: 40, lossRate: 0 }
const meanUnitMs = 200
/** Threads that a requester gives where it audits: some four of a hundred hosts. */
const ownSlots = 8

/** Every `share`-th host, spread over the grid; never the requester. */
function isOneOf(node: number, share: number): boolean {
  return node > 0 && Math.floor(node * share) !== Math.floor((node - 1) * share)
}

interface Crowd {
  summary: string
  hosts: number
  units: number
  maxErrorRate: number
  liars?: (node: number) => Strategy | undefined
  traits?: (node: number) => Partial<HostTraits>
  unitMs?: number
}

/** Hosts of log-normal speed, sigma 0.7, as volunteers' machines are. */
function crowd(given: Crowd, choices: TrialChoices): Scenario {
  const policy = choices.policy ?? 'adaptive'
  const unitMs = given.unitMs ?? meanUnitMs
  return {
    summary: given.summary,
    hosts: choices.hosts ?? given.hosts,
    units: choices.units ?? given.units,
    light: true,
    network: internet,
    acceptance:
      policy === 'voting'
        ? { rule: 'quorum', quorum: 2 }
        : { rule: 'credibility', maxErrorRate: given.maxErrorRate },
    config: (node) => (node === 0 ? policyConfig[policy] : {}),
    traits: (node: number, random: Random) => ({
      slots: node === 0 ? ownSlots : 1,
      unitMs: node === 0 ? unitMs : unitMs * logNormal(random, 0.7),
      strategy: given.liars?.(node),
      ...given.traits?.(node),
    }),
  }
}

/** Standing of hosts that have worked for this requester for hours. */
const longStanding = { accepted: 100_000, checked: 40_000, audited: 500 }

function saboteurs(choices: TrialChoices): Scenario {
  return crowd(
    {
      summary: 'f = 0.2 of 200 new hosts lie at rate --rate, all alike; tolerated error 1e-6',
      hosts: 200,
      units: 10_000,
      maxErrorRate: 1e-6,
      liars: (node) => (isOneOf(node, 0.2) ? saboteur(choices.rate ?? 0.1) : undefined),
    },
    choices,
  )
}

export const trials = {
  'honest-200': (choices: TrialChoices) => ({
    ...crowd(
      {
        summary: '200 honest hosts whose standing was kept: 40,000 checked units each',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-4,
      },
      choices,
    ),
    standing: (node: number) => (node === 0 ? undefined : longStanding),
  }),
  saboteurs,
  'known-saboteurs': (choices: TrialChoices) => ({
    ...saboteurs(choices),
    summary: 'the same in their seventh job: standing and bans kept from six earlier jobs',
    earlierJobs: Array.from({ length: 6 }, () => choices.units ?? 10_000),
  }),
  'trust-then-cheat': (choices: TrialChoices) => ({
    ...crowd(
      {
        summary: 'f = 0.2 of 200 hosts are honest for 100 units, then lie at rate --rate',
        hosts: 200,
        units: 40_000,
        maxErrorRate: 1e-4,
        liars: (node) =>
          isOneOf(node, 0.2) ? trustThenCheat(100, choices.rate ?? 0.1) : undefined,
      },
      choices,
    ),
  }),
  sleepers: (choices: TrialChoices) => ({
    ...saboteurs(choices),
    summary:
      'f = 0.2 of 200 hosts with a standing of 40,000 checked units begin to lie at rate --rate',
    acceptance:
      choices.policy === 'voting'
        ? ({ rule: 'quorum', quorum: 2 } as const)
        : ({ rule: 'credibility', maxErrorRate: 1e-4 } as const),
    standing: (node: number) => (node === 0 ? undefined : longStanding),
  }),
  colluders: (choices: TrialChoices) => {
    const clique = new Clique()
    return crowd(
      {
        summary: 'c = 0.2 of 200 hosts lie only where two of them hold the same unit',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-4,
        liars: (node) => (isOneOf(node, 0.2) ? colluder(clique, 1_000) : undefined),
      },
      choices,
    )
  },
  'copy-cats': (choices: TrialChoices) => {
    const clique = new Clique()
    return crowd(
      {
        summary: 'f = 0.2 of 200 hosts do no work, copy each other, and make up the rest',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-6,
        liars: (node) => (isOneOf(node, 0.2) ? copyCat(clique, 0) : undefined),
      },
      choices,
    )
  },
  'lazy-searchers': (choices: TrialChoices) =>
    crowd(
      {
        summary: 'f = 0.2 of 200 hosts scan only a share --rate of each range (0.5)',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-6,
        liars: (node) => (isOneOf(node, 0.2) ? lazySearcher(choices.rate ?? 0.5) : undefined),
      },
      choices,
    ),
  churn: (choices: TrialChoices) => ({
    ...crowd(
      {
        summary: '100 hosts, up for 5 units at a time and two thirds of the time; 300 units once',
        hosts: 100,
        units: 300,
        maxErrorRate: 1e-4,
        unitMs: 10_000,
        traits: (node) => (node === 0 ? {} : { churn: { upMs: 50_000, downMs: 25_000 } }),
      },
      choices,
    ),
    acceptance: { rule: 'quorum', quorum: 1 } as const,
    config: (node: number) =>
      node === 0
        ? { ...policyConfig[choices.policy ?? 'adaptive'], donates: false, auditShare: 0 }
        : {},
  }),
  withholders: (choices: TrialChoices) =>
    crowd(
      {
        summary: '10,000 hosts, of which 1,000 take leases, renew them and never answer',
        hosts: 10_000,
        units: 100_000,
        maxErrorRate: 1e-4,
        unitMs: 1_000,
        liars: (node) => (isOneOf(node, choices.rate ?? 0.1) ? withholder : undefined),
      },
      choices,
    ),
  whitewashers: (choices: TrialChoices) =>
    crowd(
      {
        summary: 'f = 0.2 of 200 hosts lie, and come back under a new name when banned',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-6,
        traits: (node) =>
          isOneOf(node, 0.2) ? { strategy: saboteur(choices.rate ?? 0.3), renamesAfter: 50 } : {},
      },
      choices,
    ),
  sybils: (choices: TrialChoices) =>
    crowd(
      {
        summary: 'half of 200 hosts are one person in one subnet, who always lies alike',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-6,
        traits: (node) =>
          isOneOf(node, 0.5) ? { strategy: saboteur(choices.rate ?? 1), subnet: '203.0.113' } : {},
      },
      choices,
    ),
  forgers: (choices: TrialChoices) =>
    crowd(
      {
        summary: 'f = 0.2 of 200 hosts vote on what they were not given, and vote twice',
        hosts: 200,
        units: 10_000,
        maxErrorRate: 1e-6,
        traits: (node) => (isOneOf(node, 0.2) ? { conduct: receiptForger() } : {}),
      },
      choices,
    ),
  flood: (choices: TrialChoices) =>
    crowd(
      {
        summary: 'two of 50 hosts advertise a thousand made-up jobs a second each',
        hosts: 50,
        units: 2_500,
        maxErrorRate: 1e-4,
        traits: (node) => (isOneOf(node, 0.04) ? { conduct: floodingAdvertiser(1_000) } : {}),
      },
      choices,
    ),
} satisfies Record<string, (choices: TrialChoices) => Scenario>

export type TrialName = keyof typeof trials

export function isTrial(name: string): name is TrialName {
  return Object.hasOwn(trials, name)
}

/** A fresh scenario: what its liars share is its own. */
export function makeTrial(name: TrialName, choices: TrialChoices = {}): Scenario {
  return trials[name](choices)
}
