/** The whole: real processes over loopback, through the command and the SDK, beside what plain threads could do. */
import * as delay from '../grid/parts/delay.mjs'
import * as efficiency from '../grid/parts/efficiency.mjs'
import * as idle from '../grid/parts/idle.mjs'
import * as latency from '../grid/parts/latency.mjs'
import * as loss from '../grid/parts/loss.mjs'
import * as mandelbrot from '../grid/parts/mandelbrot.mjs'
import * as noop from '../grid/parts/noop.mjs'
import * as queued from '../grid/parts/queued.mjs'
import * as stall from '../grid/parts/stall.mjs'
import * as words from '../grid/parts/words.mjs'

/** Each has a `summary` and a `measure({ rounds, quick })` that gives a table. */
const all = {
  latency,
  noop,
  efficiency,
  mandelbrot,
  words,
  delay,
  loss,
  stall,
  queued,
  idle,
}

export const parts = Object.fromEntries(
  Object.entries(all).map(([name, { summary }]) => [name, summary]),
)

/** @param {{ rounds: number, quick: boolean, only: readonly string[], progress: Function }} options */
export async function measureGrid({ rounds, quick, only, progress }) {
  const names = Object.keys(all).filter((name) => only.length === 0 || only.includes(name))
  const tables = []
  for (const [i, name] of names.entries()) {
    const onRound = (done, of) => progress(i + done / of, names.length, name)
    onRound(0, 1)
    tables.push({ part: name, ...(await all[name].measure({ rounds, quick, onRound })) })
  }
  return tables
}
