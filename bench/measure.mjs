/** Rounds that take turns, so that a busy machine slows all alike; figures are medians with their spread. */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {() => number | void | Promise<number | void>} run  one round; gives its own milliseconds, or is timed
 */

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} ms  median of a round
 * @property {number} spread  half the distance between the quartiles, as a share of the median
 * @property {number} cpuMs  processor time of this process in a round, median
 */

/**
 * @param {readonly Contender[]} contenders
 * @param {{ rounds: number, warmups?: number, onRound?: (done: number, of: number) => void }} options
 * @returns {Promise<Map<string, Figure>>}
 */
export async function takeTurns(contenders, { rounds, warmups = 3, onRound }) {
  const taken = new Map(contenders.map(({ name }) => [name, { ms: [], cpuMs: [] }]))
  for (let round = -warmups; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      // Each begins a round in its turn.
      const { name, run } = contenders[(i + round + warmups) % contenders.length]
      const cpu = process.cpuUsage()
      const startMs = performance.now()
      const ms = (await run()) ?? performance.now() - startMs
      const { user, system } = process.cpuUsage(cpu)
      if (round < 0) continue
      taken.get(name).ms.push(ms)
      taken.get(name).cpuMs.push((user + system) / 1000)
    }
    onRound?.(round + warmups + 1, rounds + warmups)
  }
  return new Map(
    [...taken].map(([name, { ms, cpuMs }]) => [
      name,
      { name, ms: median(ms), spread: spreadOf(ms), cpuMs: median(cpuMs) },
    ]),
  )
}

/** @param {readonly number[]} values  not empty */
export function median(values) {
  return quantile(values, 0.5)
}

function spreadOf(values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
