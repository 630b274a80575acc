/**
 * The dishonest hosts of a simulation, each by how it answers. What they do on the wire beside their work is in
 * conduct.ts.
 */
import { nextFraction, nextUint32 } from '../../core/kit/random.js'
import type { UnitIndex } from '../../protocol/ids.js'
import { commonLie, later, never, right, type Strategy } from './strategy.js'

/** Lies about a share `s` of its units, chosen by itself; all such hosts tell the same lie. */
export function saboteur(s: number): Strategy {
  return {
    name: 'saboteur',
    lies: s > 0,
    effort: 1,
    answer: ({ random }) => (nextFraction(random) < s ? commonLie : right),
  }
}

/** Lies that differ from everybody's: a broken machine. */
export function faulty(s: number): Strategy {
  return {
    name: 'faulty',
    lies: s > 0,
    effort: 1,
    answer: ({ random }) => (nextFraction(random) < s ? 2 + (nextUint32(random) >>> 2) : right),
  }
}

/** Honest until it has answered `after` units, then lies about a share `s`. */
export function trustThenCheat(after: number, s: number): Strategy {
  return {
    name: 'trust-then-cheat',
    lies: s > 0,
    effort: 1,
    answer: ({ answered, random }) =>
      answered >= after && nextFraction(random) < s ? commonLie : right,
  }
}

/** What the members of a clique tell each other about a unit. */
interface CliqueUnit {
  readonly holders: Set<number>
  /** Binding once somebody has voted. */
  answer: number | undefined
}

/** Out-of-band knowledge of a group of hosts. */
export class Clique {
  readonly #units = new Map<UnitIndex, CliqueUnit>()

  of(unit: UnitIndex): CliqueUnit {
    let known = this.#units.get(unit)
    if (known === undefined) {
      known = { holders: new Set(), answer: undefined }
      this.#units.set(unit, known)
    }
    return known
  }
}

/**
 * Lie only together: a member that has done its unit waits `holdMs` for `members` of the clique to have been given the
 * same one. If they are, all lie alike; if not, all are honest. They never lose a vote against each other.
 */
export function colluder(clique: Clique, holdMs: number, members = 2): Strategy {
  return {
    name: 'colluder',
    lies: true,
    effort: 1,
    given: (unit, host) => clique.of(unit).holders.add(host),
    answer: ({ unit, nowMs, readyMs }) => {
      const known = clique.of(unit)
      if (known.answer === undefined) {
        if (known.holders.size >= members) known.answer = commonLie
        else if (nowMs >= readyMs + holdMs) known.answer = right
      }
      return known.answer ?? later
    },
  }
}

/**
 * Computes only a share `works` of its units. Otherwise it says what another of its clique said, and makes something
 * up when there is nothing to copy: that is what the next one copies.
 */
export function copyCat(clique: Clique, works: number): Strategy {
  return {
    name: 'copy-cat',
    lies: true,
    effort: 0.01 + works,
    answer: ({ unit, random }) => {
      const known = clique.of(unit)
      known.answer ??= nextFraction(random) < works ? right : 2 + (nextUint32(random) >>> 2)
      return known.answer
    },
  }
}

/** Scans the first `share` of a search range and reports the best of that. */
export function lazySearcher(share: number): Strategy {
  return { name: 'lazy searcher', lies: true, effort: share, answer: () => share }
}

/** Takes leases, renews them, and never answers. */
export const withholder: Strategy = {
  name: 'withholder',
  lies: false,
  effort: 1,
  answer: () => never,
}
