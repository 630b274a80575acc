/**
 * Runs random mixes of faults and attackers: `npm run sim:soak -- --seeds 500 [--from N]`, or one again with
 * `--seed N`. Exit code 1 when a seed failed.
 */
import { parseArgs } from 'node:util'
import { soak } from '../dist/coordinator-free-node/sim/soak.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
})

function wholeNumber(name) {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name} takes a whole number, such as 500`)
  process.exit(2)
}

if (values.seed !== undefined) {
  const { mix, faults, report } = soak(wholeNumber('seed'))
  console.log(mix)
  console.log(JSON.stringify(report, undefined, 2))
  for (const fault of faults) console.error(fault)
  process.exit(faults.length === 0 ? 0 : 1)
}

const [seeds, from] = [wholeNumber('seeds'), wholeNumber('from')]
const startedMs = Date.now()
const sums = { units: 0, wrong: 0, misled: 0, executions: 0, events: 0 }
let failed = 0
let saidMs = 0
for (let done = 0; done < seeds; done++) {
  const seed = from + done
  const { mix, faults, report } = soak(seed)
  if (report !== undefined) for (const key of Object.keys(sums)) sums[key] += report[key]
  if (faults.length > 0) {
    failed++
    console.log(
      `\nseed ${seed} failed: ${mix}\n  ${faults.join('\n  ')}\n  again: npm run sim:soak -- --seed ${seed}`,
    )
  }
  progress(done + 1)
}

function progress(done) {
  const nowMs = Date.now()
  if (done < seeds && nowMs - saidMs < (process.stderr.isTTY ? 200 : 30_000)) return
  saidMs = nowMs
  const rate = done / ((nowMs - startedMs) / 1_000)
  const bar = '#'.repeat(Math.floor((24 * done) / seeds)).padEnd(24, '-')
  const line = `[${bar}] ${done}/${seeds} seeds | ${rate.toFixed(1)} seeds/s | ${Math.round((seeds - done) / rate)} s left | ${failed} failed`
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

process.stderr.write('\n')
console.log(
  `${seeds} seeds from ${from}: ${failed} failed; ${sums.units} units, ${sums.executions} executions, ${sums.events} steps validated, ${sums.wrong} wrong results (plain voting included), ${sums.misled} given out wrong`,
)
process.exit(failed === 0 ? 0 : 1)
