/** The published table: which trials are run how often, and what each must show. */
import type { Figures } from './figures.js'
import type { TrialChoices, TrialName } from './trials.js'

/** One line of figures: a trial under one policy. */
export interface Variant {
  trial: TrialName
  choices: TrialChoices
  /** Units over all seeds: three times the inverse of the rate that is claimed, or more. */
  units: number
  unitsQuick: number
  /** Run with the same seeds; makespans are told as multiples of its. Otherwise as multiples of the ideal. */
  baseline?: TrialChoices
}

/** What a figure of every one of our own variants may be at most. */
export interface Goal {
  figure: keyof Figures
  atMost: number
  words: string
}

export interface Row {
  title: string
  goals: readonly Goal[]
  /** What the best published scheme reaches. */
  published: string
  variants: readonly Variant[]
}

/** The rates at which a liar may lie: the worst is not the largest. */
export const sweep = [0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 1] as const

function each(
  trial: TrialName,
  choices: readonly TrialChoices[],
  units: number,
  unitsQuick: number,
): Variant[] {
  return choices.map((given) => ({ trial, choices: given, units, unitsQuick }))
}

const compared = [{ policy: 'voting' }, { policy: 'boinc' }] as const satisfies TrialChoices[]

/** The same rates under the policies that ours is compared with. */
function comparedAt(rates: readonly number[]): TrialChoices[] {
  return compared.flatMap((choices) => rates.map((rate) => ({ ...choices, rate })))
}

export const rows = {
  honest: {
    title: 'honest grid, 200 hosts, standing kept',
    goals: [{ figure: 'executionsMean', atMost: 1.05, words: 'executions a unit <= 1.05' }],
    published: 'BOINC adaptive 1.02-1.05',
    variants: each('honest-200', [{}, ...compared], 200_000, 20_000),
  },
  saboteurs: {
    title: 'f = 0.2 independent saboteurs, new hosts, 50 units a host, tolerated error 1e-6',
    goals: [
      { figure: 'executionsMean', atMost: 2.8, words: 'executions a unit <= 2.8' },
      { figure: 'wrongBound', atMost: 1e-6, words: 'wrong <= 1e-6, bound over all rates' },
    ],
    published: 'credibility voting 3.4, plain voting 32.5',
    variants: [
      ...each(
        'saboteurs',
        sweep.map((rate) => ({ rate })),
        3_000_000,
        20_000,
      ),
      ...each('saboteurs', comparedAt([0.03, 1]), 100_000, 20_000),
    ],
  },
  'known-saboteurs': {
    title: 'the same, standing kept from six earlier jobs',
    goals: [{ figure: 'executionsMean', atMost: 2.0, words: 'executions a unit <= 2.0' }],
    published: '-',
    variants: each(
      'known-saboteurs',
      sweep.map((rate) => ({ rate })),
      300_000,
      20_000,
    ),
  },
  'trust-then-cheat': {
    title: 'f = 0.2 honest for 100 units, then lying',
    goals: [{ figure: 'wrongShare', atMost: 1e-4, words: 'wrong <= 1e-4' }],
    published: 'BOINC adaptive 7.5e-2',
    variants: [
      ...each(
        'trust-then-cheat',
        [0.01, 0.1, 1].map((rate) => ({ rate })),
        400_000,
        40_000,
      ),
      ...each('trust-then-cheat', comparedAt([0.1, 1]), 200_000, 40_000),
    ],
  },
  sleepers: {
    title: 'f = 0.2 known for long, who then lie: wrong results of that one job',
    goals: [],
    published: '-',
    variants: [
      ...each(
        'sleepers',
        [0.01, 0.03, 0.1, 1].map((rate) => ({ rate })),
        50_000,
        20_000,
      ),
      ...each('sleepers', [{ policy: 'boinc', rate: 0.1 }], 20_000, 20_000),
    ],
  },
  colluders: {
    title: 'c = 0.2 lie only where two of them hold the same unit',
    goals: [
      { figure: 'wrongShare', atMost: 2.5e-4, words: 'wrong <= 2.5e-4 mean' },
      { figure: 'wrongWorst', atMost: 3e-3, words: '<= 3e-3 in the worst seed' },
      { figure: 'auditShare', atMost: 0.06, words: 'audits <= 6 %' },
    ],
    published: 'quorum of 2 without audit 3.9e-2',
    variants: [
      ...each('colluders', [{}], 500_000, 50_000),
      ...each('colluders', compared, 100_000, 20_000),
    ],
  },
  'copy-cats': {
    title: 'f = 0.2 copy each other and make up the rest',
    goals: [{ figure: 'wrong', atMost: 0, words: 'none accepted in 1e5' }],
    published: '-',
    variants: each('copy-cats', [{}, ...compared], 100_000, 20_000),
  },
  'lazy-searchers': {
    title: 'f = 0.2 scan half of each range',
    goals: [{ figure: 'wrong', atMost: 0, words: 'none accepted in 1e5' }],
    published: '-',
    variants: each('lazy-searchers', [{}, ...compared], 100_000, 20_000),
  },
  churn: {
    title: 'churn: 100 hosts, sessions of 5 units, 300 units',
    goals: [
      { figure: 'makespanMean', atMost: 1.2, words: 'makespan <= 1.2 of the ideal' },
      { figure: 'wasteMean', atMost: 0.15, words: 'waste <= 15 %' },
    ],
    published: 'fixed lease 10x: 20.7',
    variants: each('churn', [{}, { policy: 'fixed-leases' }], 9_000, 3_000),
  },
  withholders: {
    title: '1,000 withholders among 10,000 hosts',
    goals: [{ figure: 'makespanMean', atMost: 1.15, words: 'makespan <= 1.15 of that without' }],
    published: '-',
    variants: [{}, { policy: 'fixed-leases' } as const].map((choices) => ({
      trial: 'withholders' as const,
      choices: { ...choices, rate: 0.1 },
      baseline: { ...choices, rate: 0, hosts: 9_000 },
      units: 300_000,
      unitsQuick: 100_000,
    })),
  },
  whitewashers: {
    title: 'f = 0.2 lie at 0.3 and rename themselves',
    goals: [{ figure: 'wrong', atMost: 0, words: 'none accepted in 1e5' }],
    published: '-',
    variants: each('whitewashers', [{}, ...compared], 100_000, 20_000),
  },
  sybils: {
    title: 'half of the hosts are one liar in one subnet',
    goals: [{ figure: 'wrong', atMost: 0, words: 'none accepted in 1e5' }],
    published: '-',
    variants: each('sybils', [{}, ...compared], 100_000, 20_000),
  },
  forgers: {
    title: 'f = 0.2 vote on what they were not given',
    goals: [{ figure: 'wrong', atMost: 0, words: 'none accepted in 1e5' }],
    published: '-',
    variants: each('forgers', [{}], 100_000, 20_000),
  },
} as const satisfies Record<string, Row>

export type RowName = keyof typeof rows
