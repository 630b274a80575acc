/** `npm run hostile`: every hostile unit ends as it should, and nobody else notices. */
import { parseArgs } from 'node:util'
import { corpus } from './corpus/index.mjs'
import { runHostile } from './hostility.mjs'

const usage = `Usage: npm run hostile -- [options]

  --only TEXT   units whose "family name" contains it
  --seed N      of the order in which they run          [0: as they are written]
  --rounds N    how often each                          [1]
  --lanes N     how many at the same time               [2]
  --list        names and verdicts, without running
  --json        one line a unit, and one for the whole

Example: npm run hostile -- --only loops --rounds 3`

const mib = 2 ** 20
/**
 * What the daemon may have more in the end: it keeps nothing of a unit, so what is in use stays as it is; what the
 * system has given it for its heap goes up and down.
 */
const growthBytesMax = { used: 8 * mib, resident: 64 * mib }

const options = readOptions()
const chosen = corpus.filter((unit) => nameOf(unit).includes(options.only))
if (chosen.length === 0) fail(`no unit is called "${options.only}"`)
if (options.list) list()
else process.exitCode = (await play()) ? 0 : 1

function nameOf({ family, name }) {
  return `${family} ${name}`
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        seed: { type: 'string', default: '0' },
        rounds: { type: 'string', default: '1' },
        lanes: { type: 'string', default: '2' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const number = (name, least, most) => {
      const value = Number(values[name])
      if (Number.isInteger(value) && value >= least && value <= most) return value
      throw new Error(
        `--${name}: expected an integer from ${least} to ${most}, not "${values[name]}"`,
      )
    }
    return {
      ...values,
      seed: number('seed', 0, 2 ** 31 - 1),
      rounds: number('rounds', 1, 1000),
      lanes: number('lanes', 1, 8),
    }
  } catch (error) {
    return fail(error.message)
  }
}

function fail(message) {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

function list() {
  for (const unit of chosen) console.log(`${nameOf(unit).padEnd(60)} ${shorten(unit.verdict)}`)
  console.log(`${chosen.length} units`)
}

/** @returns whether all is well */
async function play() {
  const startMs = performance.now()
  const units = Array.from({ length: options.rounds }, (_, round) => inOrder(round)).flat()
  const result = await runHostile(units, {
    lanes: options.lanes,
    onUnit: (report, done) => show(report, done, units.length, performance.now() - startMs),
  })
  clearProgress()
  const checks = checksOf(result)
  const failed =
    result.reports.filter(({ ok }) => !ok).length + checks.filter(({ ok }) => !ok).length
  const passed = result.reports.length + checks.length - failed
  const ms = Math.round(performance.now() - startMs)
  if (options.json) {
    const { reports: _, ...whole } = result
    console.log(JSON.stringify({ passed, failed, ms, ...whole }))
  } else conclude(result, checks, ms, `${passed} passed, ${failed} failed`)
  return failed === 0
}

/** Shuffled by the seed: another order in every round, the same in every run. */
function inOrder(round) {
  const units = [...chosen]
  if (options.seed === 0) return units
  let state = options.seed + round
  for (let i = units.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const j = Math.floor((state / 2 ** 32) * (i + 1))
    ;[units[i], units[j]] = [units[j], units[i]]
  }
  return units
}

function checksOf({ deaths, honest, daemonBytes: { before, after }, leftOver }) {
  const grown = { used: after.used - before.used, resident: after.resident - before.resident }
  return [
    {
      what: 'honest units',
      ok: honest.units > 0 && honest.wrong.length === 0,
      said: `${honest.units}, ${honest.wrong.length} of them wrong ${honest.wrong.slice(0, 5).join('; ')}`,
    },
    {
      what: 'daemon',
      ok: grown.used <= growthBytesMax.used && grown.resident <= growthBytesMax.resident,
      said: `${inMib(before.used)} in use before, ${inMib(after.used)} after; resident ${inMib(before.resident)} and ${inMib(after.resident)}`,
    },
    {
      what: 'executor',
      ok: deaths.length === 0,
      said: `its process died ${deaths.length} times ${deaths.slice(0, 5).join('; ')}`,
    },
    {
      what: 'left over',
      ok: leftOver.length === 0,
      said: leftOver.join(', ') || 'nothing',
    },
  ]
}

function show({ ok, family, name, story, faults, ms, ...rest }, done, count, elapsedMs) {
  if (options.json) {
    console.log(JSON.stringify({ ok, family, name, ms: Math.round(ms), story, faults, ...rest }))
    return
  }
  clearProgress()
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${family.padEnd(9)} ${name.padEnd(50)} ${String(Math.round(ms)).padStart(6)} ms  ${shorten(story)}`,
  )
  for (const fault of faults) console.log(`               ${shorten(fault)}`)
  if (!process.stderr.isTTY) return
  const bar = '='.repeat(Math.round((30 * done) / count)).padEnd(30)
  const leftS = Math.ceil(((elapsedMs / done) * (count - done)) / 1000)
  process.stderr.write(`[${bar}] ${done} of ${count} units, ${leftS} s left`)
}

function clearProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

function conclude({ reports, executorBytes }, checks, ms, closing) {
  const families = [...new Set(reports.map(({ family }) => family))]
  console.log('')
  for (const family of families) {
    const all = reports.filter((report) => report.family === family)
    const good = all.filter(({ ok }) => ok).length
    console.log(`${family.padEnd(13)} ${good} of ${all.length} as declared`)
  }
  console.log('')
  for (const { what, ok, said } of checks)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${what.padEnd(13)} ${said.trim()}`)
  if (executorBytes !== undefined)
    console.log(
      `     its memory    ${inMib(executorBytes.now)} in the end, ${inMib(executorBytes.most)} at most`,
    )
  console.log(`\n${reports.length} hostile units in ${Math.round(ms / 1000)} s`)
  console.log(closing)
}

function inMib(bytes) {
  return `${(bytes / mib).toFixed(1)} MiB`
}

function shorten(text) {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 100)}...` : line
}
