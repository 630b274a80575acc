/** The grid runs your own functions: map, find and reduce, without a task. */
import { range } from 'manyhands'

export const help = `manyhands run examples/own-function.mjs [N]
  N  how many starting numbers to look at (default: 20000)`

/** Steps of the Collatz sequence from `n` to 1. It travels as source: it may use its arguments only. */
function collatzSteps(n) {
  let steps = 0
  for (let x = n; x !== 1; x = x % 2 === 0 ? x / 2 : 3 * x + 1) steps += 1
  return steps
}

export default async function main(grid, { args, progress }) {
  const numbers = range(1, Number(args[0] ?? 20_000) + 1)

  const steps = await progress(grid.map(numbers, collatzSteps))

  const found = await progress(
    grid.find(numbers, (n) => {
      let top = n
      for (let x = n; x !== 1; x = x % 2 === 0 ? x / 2 : 3 * x + 1) top = Math.max(top, x)
      return top > 1_000_000
    }),
  )

  const highest = await progress(
    grid.reduce(
      numbers,
      (n) => {
        let top = n
        for (let x = n; x !== 1; x = x % 2 === 0 ? x / 2 : 3 * x + 1) top = Math.max(top, x)
        return top
      },
      (left, right) => Math.max(left, right),
    ),
  )

  const longest = steps.reduce((best, count, index) => (count > steps[best] ? index : best), 0)
  return [
    `most steps: ${steps[longest]}, from ${longest + 1}`,
    found === undefined ? 'none climbs above a million' : `first above a million: ${found.item}`,
    `highest: ${highest}`,
  ].join('\n')
}
