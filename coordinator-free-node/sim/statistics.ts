/** Bounds and spreads for figures that were counted in a simulation. */

/** One in twenty such bounds is too low. */
const confidence = 0.95

/**
 * Upper confidence bound of a Poisson mean.
 *
 * @param count  what was counted, 0 or more
 * @returns the mean at which so few would be counted in one of twenty runs; 3.0 for none
 * @example poissonUpperBound(0) / 3e6 // => 1e-6: no error in three million units
 */
export function poissonUpperBound(count: number): number {
  let low = count
  let high = count + 10 + 5 * Math.sqrt(count + 1)
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (poissonAtMost(count, middle) > 1 - confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Probability of at most `count` events where `mean` are expected. */
function poissonAtMost(count: number, mean: number): number {
  let logTerm = -mean
  let sum = 0
  for (let k = 0; k <= count; k++) {
    if (k > 0) logTerm += Math.log(mean / k)
    sum += Math.exp(logTerm)
  }
  return sum
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** Standard deviation between runs; 0 for a single one. */
export function spread(values: readonly number[]): number {
  if (values.length < 2) return 0
  const centre = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}
