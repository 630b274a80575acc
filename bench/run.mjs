/**
 * `npm run bench [-- SUITE...]`: measures, prints tables, and with `--check` compares ratios with those that are kept.
 * Only ratios are kept: they hold from machine to machine, times do not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { measureSpeed } from './suites/executor-speed.mjs'
import { measureBytes, measureUnits } from './suites/executor-units.mjs'

const suites = { executor: [measureSpeed, measureUnits, measureBytes] }

const usage = `Usage: npm run bench -- [SUITE...] [options]

Suites: ${Object.keys(suites).join(', ')} (all when none is named)

  --rounds N   rounds of each measurement              [15]
  --json       one line a measurement, for machines
  --check      fail when a ratio is worse than the one kept by more than 15 %
  --write      keep this run's ratios, in bench/ratios.json

Example: npm run bench -- executor --rounds 25`

const regressionMax = 0.15
const keptFile = new URL('./ratios.json', import.meta.url)

const { values, names } = readArguments()
const failed = []
const ratios = {}
if (!values.json)
  console.log(`${os.cpus()[0]?.model}, ${os.cpus().length} cores, Node ${process.version}\n`)
for (const name of names)
  for (const measure of suites[name]) {
    const { title, rows } = await measure({
      rounds: Number(values.rounds),
      progress: progressOf(measure.name),
    })
    clearProgress()
    for (const row of rows)
      if (row.ratio !== undefined) ratios[row.measure] = Number(row.ratio.toFixed(3))
    if (values.json)
      for (const row of rows) console.log(JSON.stringify({ suite: name, title, ...row }))
    else print(title, rows)
  }
if (values.check) check()
if (values.write) writeFileSync(keptFile, `${JSON.stringify(ratios, null, 2)}\n`)
process.exit(failed.length === 0 ? 0 : 1)

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '15' },
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const unknown = positionals.find((name) => !Object.hasOwn(suites, name))
    if (unknown !== undefined) throw new Error(`there is no suite "${unknown}"`)
    if (!(Number(values.rounds) >= 3)) throw new Error('--rounds: expected a number from 3')
    return { values, names: positionals.length > 0 ? positionals : Object.keys(suites) }
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

function progressOf(name) {
  const startMs = performance.now()
  return (done, of) => {
    if (!process.stderr.isTTY) return
    const share = Math.min(1, done / of)
    const left = ((performance.now() - startMs) / 1000) * (1 / Math.max(share, 0.01) - 1)
    const bar = '='.repeat(Math.round(30 * share)).padEnd(30)
    process.stderr.write(`\r[${bar}] ${name}, ${Math.ceil(left)} s left   `)
  }
}

function clearProgress() {
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(78)}\r`)
}

function print(title, rows) {
  const shown = rows.map(({ measure, ratio, value, unit, goal, isMost, spread }) => ({
    measure,
    figure: ratio === undefined ? `${numberOf(value)} ${unit}` : ratio.toFixed(2),
    goal: goal === undefined ? '' : `${isMost ? 'at most' : 'at least'} ${goal}`,
    spread: spread === undefined ? '' : `±${(100 * spread).toFixed(0)} %`,
    verdict: goal === undefined ? '' : isMet(ratio ?? value, goal, isMost) ? 'met' : 'missed',
  }))
  console.log(title)
  const width = (key) => Math.max(...shown.map((row) => row[key].length))
  const widths = Object.fromEntries(Object.keys(shown[0]).map((key) => [key, width(key)]))
  for (const row of shown) {
    const { measure, figure, goal, spread, verdict } = row
    const cells = [
      measure.padEnd(widths.measure),
      figure.padStart(widths.figure),
      spread.padStart(widths.spread),
      goal.padEnd(widths.goal),
      verdict,
    ]
    console.log(`  ${cells.join('  ')}`.trimEnd())
  }
  console.log()
}

function numberOf(value) {
  return value < 1 ? value.toFixed(4) : value < 100 ? value.toFixed(1) : String(Math.round(value))
}

function isMet(value, goal, isMost) {
  return isMost ? value <= goal : value >= goal
}

function check() {
  if (!existsSync(keptFile)) throw new Error('no ratios are kept yet: run with --write first')
  const kept = JSON.parse(readFileSync(keptFile, 'utf8'))
  for (const [measure, before] of Object.entries(kept)) {
    const now = ratios[measure]
    if (now === undefined) continue
    const isTime = measure.includes('time')
    const worse = isTime ? now / before - 1 : before / now - 1
    if (worse > regressionMax) failed.push(`${measure}: ${now}, was ${before}`)
  }
  for (const line of failed) console.log(`worse than before: ${line}`)
  console.log(`${Object.keys(kept).length - failed.length} passed, ${failed.length} failed`)
}
