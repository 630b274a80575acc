/** Rounds that take turns, so that a busy machine slows all alike; figures are medians with their spread. */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {() => number | void | Promise<number | void>} run  one round; gives its own milliseconds, or is timed
 */

/**
 * @typedef {object} Figure
 * @property {number} value  the median
 * @property {number} spread  half the distance between the quartiles, as a share of the median
 */

/**
 * @param {readonly Contender[]} contenders
 * @param {{ rounds: number, warmups?: number, onRound?: (done: number, of: number) => void, processorMs?: () => number }} options
 *   `processorMs` is what all that take part have used so far; this process alone, when it is left out
 */
export async function takeTurns(contenders, options) {
  const { rounds, warmups = 3, onRound, processorMs = ownProcessorMs } = options
  const taken = new Taken(contenders)
  for (let round = -warmups; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      // Each begins a round in its turn.
      const { name, run } = contenders[(i + round + warmups) % contenders.length]
      const beforeMs = processorMs()
      const startMs = performance.now()
      const ms = (await run()) ?? performance.now() - startMs
      if (round >= 0) taken.add(name, ms, processorMs() - beforeMs)
    }
    onRound?.(round + warmups + 1, rounds + warmups)
  }
  return taken
}

function ownProcessorMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What was measured, round by round. */
export class Taken {
  #ms
  #cpuMs

  /** @param {readonly { name: string }[]} [contenders] */
  constructor(contenders = []) {
    this.#ms = new Map(contenders.map(({ name }) => [name, []]))
    this.#cpuMs = new Map(contenders.map(({ name }) => [name, []]))
  }

  add(name, ms, cpuMs) {
    this.#ms.get(name).push(ms)
    this.#cpuMs.get(name).push(cpuMs)
  }

  /** The fastest of some in each round, under a name of its own. */
  addFastest(name, of) {
    const [first] = of
    for (const map of [this.#ms, this.#cpuMs])
      map.set(
        name,
        map.get(first).map((_, round) => {
          const fastest = of.toSorted((a, b) => this.#ms.get(a)[round] - this.#ms.get(b)[round])[0]
          return map.get(fastest)[round]
        }),
      )
  }

  /** Rounds that another process took, as its JSON says them. */
  addAll({ ms, cpuMs }) {
    for (const [name, rounds] of ms) {
      if (!this.has(name)) for (const map of [this.#ms, this.#cpuMs]) map.set(name, [])
      this.#ms.get(name).push(...rounds)
    }
    for (const [name, rounds] of cpuMs) this.#cpuMs.get(name).push(...rounds)
  }

  toJSON() {
    return { ms: [...this.#ms], cpuMs: [...this.#cpuMs] }
  }

  has(name) {
    return this.#ms.has(name)
  }

  /** @returns {Figure} milliseconds a round */
  time(name) {
    return figureOf(this.#ms.get(name))
  }

  /** @returns {Figure} processor milliseconds a round, all threads */
  cpuTime(name) {
    return figureOf(this.#cpuMs.get(name))
  }

  /**
   * Time of one over time of another, each round by itself: what slows a whole round cancels out.
   *
   * @returns {Figure}
   */
  ratio(above, below) {
    const others = this.#ms.get(below)
    return figureOf(this.#ms.get(above).map((ms, round) => ms / others[round]))
  }
}

/**
 * @param {readonly number[]} values  not empty
 * @returns {Figure}
 */
export function figureOf(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const quantile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  const value = quantile(0.5)
  return { value, spread: (quantile(0.75) - quantile(0.25)) / 2 / value }
}
