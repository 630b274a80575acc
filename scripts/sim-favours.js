/**
 * Runs the simulated grids of docs/reciprocity.md and writes their figures between its markers:
 * `npm run sim:favours -- [--units N] [--seeds N] [--dry]`.
 */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { runEconomy } from '../dist/coordinator-free-node/sim/economies.js'

const page = new URL('../docs/reciprocity.md', import.meta.url)
const [from, to] = ['<!-- table: made by npm run sim:favours -->', '<!-- end of table -->']
/** Free riders' shares of the issue, and those of tit for tat with three best and one random slot. */
const published = { 0.25: [0.002, 0.107], 0.5: [0.006, 0.175], 0.75: [0.02, 0.222] }

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '34000' },
    seeds: { type: 'string', default: '1' },
    dry: { type: 'boolean', default: false },
  },
})
const units = Number(values.units)
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1)

const rates = Object.keys(published).map(Number)
const rows = []
for (const rate of rates) {
  const [goal, titForTat] = published[rate]
  const riders = over('leechers', { rate, units }, 'freeRiderShare')
  const settled = over('leechers', { rate, units }, 'freeRiderShareLastHalf')
  const washers = over('name-changers', { rate, units }, 'whitewasherShare')
  const washed = over('name-changers', { rate, units }, 'whitewasherShareLastHalf')
  const isMet = Math.max(...riders, ...washers) <= goal
  rows.push([
    percent([rate], 0),
    percent([titForTat], 1),
    percent([goal], 1),
    percent(riders),
    percent(settled),
    percent(washers),
    percent(washed),
    isMet ? 'met' : 'missed',
  ])
}
const newcomers = rates.map((rate) => [
  percent([rate], 0),
  spread(
    over('newcomers', { rate }, 'newcomerFairness').map(
      (share) => share?.toFixed(2) ?? 'never earned',
    ),
  ),
])
const served = rates.map((rate) => [
  percent([rate], 0),
  percent(over('idle-grid', { rate }, 'idleShare'), 0),
  percent(over('idle-grid', { rate }, 'collaboratorServed'), 0),
  percent(over('idle-grid', { rate }, 'freeRiderServed'), 0),
])

const text = [
  provenance(),
  '',
  `Share of all donated time that goes to those who never give, of 100 peers${seeds.length === 1 ? '' : '; least and most of the seeds'}:`,
  '',
  table(
    [
      'free riders',
      'tit for tat',
      'goal',
      'free riders get',
      'in the last half',
      'changers of names get',
      'in the last half',
      'goal',
    ],
    rows,
  ),
  '',
  'What an honest newcomer gets while it asks, once it has done ten units for each neighbour, in multiples of what the others get at the same time:',
  '',
  table(['free riders', 'newcomer'], newcomers),
  '',
  'Where there is more than anybody asks for:',
  '',
  table(
    ['free riders', 'idle threads', 'collaborators get of what they ask', 'free riders get'],
    served,
  ),
].join('\n')
console.log(text)
if (!values.dry) {
  const before = await readFile(page, 'utf8')
  const [head, rest] = before.split(from)
  const tail = rest?.split(to)[1]
  if (tail === undefined) throw new Error(`docs/reciprocity.md lacks its marker ${from}`)
  await writeFile(page, `${head}${from}\n${text}\n${to}${tail}`)
}

/** One figure of every seed; runs are kept, several figures are read from one. */
function over(name, choices, figure) {
  return seeds.map((seed) => report(name, choices, seed)[figure])
}

function report(name, choices, seed) {
  report.kept ??= new Map()
  const key = JSON.stringify([name, choices, seed])
  if (!report.kept.has(key)) {
    process.stderr.write(`${name} ${JSON.stringify(choices)} seed ${seed}\n`)
    report.kept.set(key, runEconomy(name, seed, choices))
  }
  return report.kept.get(key)
}

function percent(shares, digits = 2) {
  return spread(shares.map((share) => (100 * share).toFixed(digits))).concat(' %')
}

/** All alike, or the least and the most. */
function spread(texts) {
  const sorted = [...texts].sort((a, b) => Number(a) - Number(b))
  return sorted[0] === sorted.at(-1) ? sorted[0] : `${sorted[0]} to ${sorted.at(-1)}`
}

function table(head, lines) {
  const row = (cells) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')
}

function provenance() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const cpu = `${os.cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`
  return `Made by \`npm run sim:favours\`, ${units} units of time a peer, ${seeds.length === 1 ? 'seed 1' : `seeds 1 to ${seeds.length}`}, at commit ${commit}, on ${cpu}.`
}
