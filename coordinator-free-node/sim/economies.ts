/** Grids of which docs/reciprocity.md tells what free riders get, made from a few choices; see barter. */
import { type BarterReport, type BarterTerms, type Part, runBarter } from './barter.js'

export interface EconomyChoices {
  /** Share of peers that only take. */
  rate?: number | undefined
  hosts?: number | undefined
  /** Units of thread time that every peer has to give or to do without. */
  units?: number | undefined
}

export interface Economy {
  summary: string
  terms(choices: EconomyChoices): BarterTerms
}

/** What a run of `manyhands sim` prints: one figure a line. */
export interface EconomyReport {
  scenario: string
  seed: number
  finished: boolean
  wrong: number
  [figure: string]: unknown
}

/** Units of a round: rounds are what a run is made of. */
const roundUnits = 20

function takers(part: Part, { rate = 0.5, hosts = 100, units = 6_000 }: EconomyChoices) {
  const count = Math.round(rate * hosts)
  return {
    parts: { collaborator: hosts - count, [part]: count },
    rounds: Math.max(1, Math.round(units / roundUnits)),
  }
}

export const economies = {
  leechers: {
    summary: 'of 100 peers a share --rate (0.5) always asks and never gives; the others do both',
    terms: (choices) => takers('free-rider', choices),
  },
  'name-changers': {
    summary: 'the same, and free riders have a new name for every job of 20 units',
    terms: (choices) => takers('whitewasher', choices),
  },
  newcomers: {
    summary:
      'five honest peers come to a grid with a share --rate of free riders, and do ten units for each neighbour first',
    terms: (choices) => {
      const { parts, rounds } = takers('free-rider', { rate: 0.25, units: 6_000, ...choices })
      return { parts: { ...parts, newcomer: 5 }, rounds, newcomersAfter: Math.floor(rounds / 4) }
    },
  },
  'idle-grid': {
    summary: 'free riders where there is more than anybody asks for',
    terms: (choices) => ({
      ...takers('free-rider', { units: 2_000, ...choices }),
      asking: 0.1,
      wanted: 5,
    }),
  },
} satisfies Record<string, Economy>

export type EconomyName = keyof typeof economies

export function isEconomy(name: string): name is EconomyName {
  return Object.hasOwn(economies, name)
}

export function runEconomy(
  name: EconomyName,
  seed: number,
  choices: EconomyChoices = {},
): EconomyReport {
  const terms = economies[name].terms(choices)
  return {
    scenario: name,
    seed,
    finished: true,
    wrong: 0,
    ...figuresOf(terms, runBarter(terms, seed)),
  }
}

function figuresOf({ rounds }: BarterTerms, report: BarterReport): Record<string, unknown> {
  const { parts, idleShare, newcomerFairness, starved } = report
  const figures: Record<string, unknown> = { unitsAPeer: rounds * roundUnits }
  for (const [part, its] of Object.entries(parts)) {
    if (its === undefined) continue
    const name = camelCase(part)
    figures[`${name}s`] = its.peers
    figures[`${name}Share`] = its.share
    figures[`${name}ShareLastHalf`] = its.settledShare
    if (its.servedShare !== undefined) figures[`${name}Served`] = its.servedShare
  }
  return {
    ...figures,
    idleShare,
    ...(newcomerFairness === undefined ? {} : { newcomerFairness }),
    starvedRounds: starved,
  }
}

function camelCase(text: string): string {
  return text.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
