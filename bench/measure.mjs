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
 * @param {{ rounds: number, warmups?: number, onRound?: (done: number, of: number) => void }} options
 */
export async function takeTurns(contenders, { rounds, warmups = 3, onRound }) {
  const taken = new Taken(contenders)
  for (let round = -warmups; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      // Each begins a round in its turn.
      const { name, run } = contenders[(i + round + warmups) % contenders.length]
      const cpu = process.cpuUsage()
      const startMs = performance.now()
      const ms = (await run()) ?? performance.now() - startMs
      const { user, system } = process.cpuUsage(cpu)
      if (round >= 0) taken.add(name, ms, (user + system) / 1000)
    }
    onRound?.(round + warmups + 1, rounds + warmups)
  }
  return taken
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

  /** @returns {Figure} processor milliseconds of this process a round, all its threads */
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
