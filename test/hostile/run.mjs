/** `npm run hostile`: every hostile unit ends as it should, and nobody else notices. */
import { parseArgs } from 'node:util'
import { corpus } from './corpus/index.mjs'
import { runHostile } from './hostility.mjs'

const usage = `Usage: npm run hostile -- [--only TEXT] [--json]

  --only TEXT  units whose name or family contains it
  --json       one line a unit, and one for the whole`

/** What a daemon may have more at the end than at the beginning: code that was compiled, and garbage. */
const growthBytesMax = 64 * 2 ** 20

const { values } = readArguments()
const chosen = corpus.filter(
  ({ name, family }) =>
    values.only === undefined || name.includes(values.only) || family.includes(values.only),
)
const startMs = performance.now()
const onUnit = (report, done) => {
  if (values.json) return console.log(JSON.stringify(report))
  const { ok, family, name, ended, ms } = report
  const words = ended.replaceAll(/\s+/g, ' ')
  console.log(
    `${String(done).padStart(3)}/${chosen.length} ${ok ? 'ok  ' : 'FAIL'} ${family.padEnd(8)} ${name.padEnd(48)} ${String(Math.round(ms)).padStart(5)} ms  ${words.slice(0, 90)}`,
  )
  if (!ok) console.log(`             expected ${report.expected}`)
}
const { reports, deaths, honest, daemonBytes, leftOver } = await runHostile(chosen, { onUnit })
const grown = daemonBytes.after - daemonBytes.before
const checks = [
  ...reports.map(({ ok }) => ok),
  honest.wrong.length === 0 && honest.units > 0,
  grown <= growthBytesMax,
  leftOver.length === 0,
]
const failed = checks.filter((ok) => !ok).length
const mib = (bytes) => Math.round(bytes / 2 ** 20)
if (values.json) {
  console.log(
    JSON.stringify({
      passed: checks.length - failed,
      failed,
      deaths,
      honest,
      daemonBytes,
      leftOver,
    }),
  )
} else {
  console.log(`
${reports.length} hostile units in ${Math.round((performance.now() - startMs) / 1000)} s; the executor's process died ${deaths.length} times
${honest.units} honest units beside them, ${honest.wrong.length} wrong${honest.wrong.slice(0, 5).map((words) => `\n  ${words}`)}
daemon: ${mib(daemonBytes.before)} MiB before, ${mib(daemonBytes.after)} MiB after
left over: ${leftOver.length === 0 ? 'nothing' : leftOver.join(' ')}
${checks.length - failed} passed, ${failed} failed`)
}
process.exitCode = failed === 0 ? 0 : 1

function readArguments() {
  try {
    return parseArgs({
      options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
    })
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}
