/**
 * `npm run bench [-- SUITE...]`: measures, prints tables, and with `--check` compares ratios with those that are kept.
 * Only ratios are kept: they hold from machine to machine, times do not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { measureCore } from './suites/core.mjs'
import { measureBytes } from './suites/executor-bytes.mjs'
import { measureSpeed } from './suites/executor-speed.mjs'
import { measureUnits } from './suites/executor-units.mjs'

/**
 * @typedef {object} Row
 * @property {string} measure
 * @property {number} value
 * @property {string} [unit]  none for a ratio
 * @property {number} [goal]
 * @property {'less' | 'more'} better
 * @property {number} [spread]  as a share of the value
 * @property {number} [cpuMs]  processor time of this process, where that differs
 * @property {string} [note]
 */

/** Each takes `{ rounds, progress }` and gives `{ title, rows, remarks? }`. */
const suites = {
  core: measureCore,
  'executor-speed': measureSpeed,
  'executor-units': measureUnits,
  'executor-bytes': measureBytes,
}

const usage = `Usage: npm run bench -- [SUITE...] [options]

Suites: ${Object.keys(suites).join(', ')}; all of a group by what they have in common: executor. All when none is named.

  --rounds N   rounds of each measurement              [15]
  --json       one line a measurement, for machines
  --check      fail when a ratio is worse than the one kept by more than 15 %
  --write      keep this run's ratios, in bench/ratios.json

Example: npm run bench -- executor-speed --rounds 25 --check`

const regressionMax = 0.15
/** A ratio that scatters more says too little to hold a later one against it. */
const keptSpreadMax = 0.1
const keptFile = new URL('./ratios.json', import.meta.url)

const { values, names } = readArguments()
const kept = existsSync(keptFile) ? JSON.parse(readFileSync(keptFile, 'utf8')) : {}
/** @type {Row[]} */
const ratios = []
if (!values.json) console.log(machine())
for (const name of names) {
  const progress = progressOf(name)
  const {
    title,
    rows,
    remarks = [],
  } = await suites[name]({
    rounds: Number(values.rounds),
    progress,
  })
  clearProgress()
  ratios.push(...rows.filter(({ unit }) => unit === undefined))
  if (values.json) for (const row of rows) console.log(JSON.stringify({ suite: name, ...row }))
  else print(title, rows, remarks)
}
if (values.write) writeFileSync(keptFile, `${JSON.stringify({ ...kept, ...toKeep() }, null, 2)}\n`)
process.exitCode = values.check && !check() ? 1 : 0

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
    if (!(Number(values.rounds) >= 3)) throw new Error('--rounds: expected a number from 3')
    return { values, names: positionals.length > 0 ? suitesOf(positionals) : Object.keys(suites) }
  } catch (error) {
    console.error(`error: ${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

function suitesOf(wanted) {
  return wanted.flatMap((name) => {
    const found = Object.keys(suites).filter((suite) => `${suite}-`.startsWith(`${name}-`))
    if (found.length === 0) throw new Error(`there is no suite "${name}"`)
    return found
  })
}

function machine() {
  const model = os.cpus()[0]?.model.trim() ?? 'unknown processor'
  const busy = os.loadavg()[0] / os.cpus().length
  const load = busy > 0.5 ? '; it is busy with other work, so times are too long' : ''
  return `${model}, ${os.cpus().length} cores, ${os.platform()}, Node ${process.version}${load}\n`
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

/** @param {readonly Row[]} rows */
function print(title, rows, remarks) {
  const shown = rows.map((row) => [
    row.measure,
    row.unit === undefined ? row.value.toFixed(2) : `${numberOf(row.value)} ${row.unit}`,
    row.spread === undefined ? '' : `±${(100 * row.spread).toFixed(0)} %`,
    row.goal === undefined ? '' : `${row.better === 'less' ? 'at most' : 'at least'} ${row.goal}`,
    row.goal === undefined ? '' : isMet(row) ? 'met' : 'missed',
    [row.note, row.cpuMs === undefined ? '' : `${numberOf(row.cpuMs)} ms of processor`]
      .filter(Boolean)
      .join(', '),
  ])
  console.log(title)
  const widths = shown[0].map((_, column) =>
    Math.max(...shown.map((cells) => cells[column].length)),
  )
  const isNumber = (column) => column === 1 || column === 2
  for (const cells of shown) {
    const padded = cells.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    )
    console.log(`  ${padded.join('  ')}`.trimEnd())
  }
  for (const remark of remarks) console.log(`  (${remark})`)
  console.log()
}

function numberOf(value) {
  return value < 1 ? value.toFixed(4) : value < 100 ? value.toFixed(1) : String(Math.round(value))
}

/** @param {Row} row */
function isMet({ value, goal, better }) {
  return better === 'less' ? value <= goal : value >= goal
}

function toKeep() {
  const steady = ratios.filter(({ spread = 0 }) => spread <= keptSpreadMax)
  return Object.fromEntries(steady.map(({ measure, value }) => [measure, Number(value.toFixed(3))]))
}

/** @returns whether no ratio is worse than it was */
function check() {
  const compared = ratios.filter(({ measure }) => Object.hasOwn(kept, measure))
  const worse = compared.filter(({ measure, value, better }) => {
    const loss = better === 'less' ? value / kept[measure] : kept[measure] / value
    return loss - 1 > regressionMax
  })
  for (const { measure, value } of worse)
    console.log(`worse than before: ${measure}: ${value.toFixed(3)}, was ${kept[measure]}`)
  console.log(
    compared.length === 0
      ? 'no ratios are kept for these suites: run with --write first'
      : `${compared.length - worse.length} ratios kept, ${worse.length} worse`,
  )
  return compared.length > 0 && worse.length === 0
}
