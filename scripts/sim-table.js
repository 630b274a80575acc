/**
 * Runs the simulated table of docs/verification.md and writes it between its markers:
 * `npm run sim:table -- [--rows a,b] [--share S] [--quick] [--dry] [--render]`. What was measured stays in docs/verification.json, so that
 * rows can be run one by one.
 */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { parseArgs } from 'node:util'
import {
  keyOf,
  measure,
  renderTables,
  seedsOf,
  unitsOfRun,
} from '../dist/coordinator-free-node/sim/table.js'
import { rows } from '../dist/coordinator-free-node/sim/table-rows.js'

const page = new URL('../docs/verification.md', import.meta.url)
const figuresFile = new URL('../docs/verification.json', import.meta.url)
const [from, to] = ['<!-- table: made by npm run sim:table -->', '<!-- end of table -->']

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    quick: { type: 'boolean', default: false },
    share: { type: 'string', default: '1' },
    render: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const share = values.quick ? 0 : Number(values.share)
if (!(share >= 0)) {
  console.error('--share takes a number such as 0.1')
  process.exit(2)
}
const names = values.rows?.split(',') ?? Object.keys(rows)
const unknown = names.filter((name) => !Object.hasOwn(rows, name))
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`there is no row ${unknown.join(', ')}`)
  console.error(`usage: npm run sim:table -- [--rows ROW,ROW] [--share S] [--quick] [--dry] [--render]
rows: ${Object.keys(rows).join(', ')}
--share   of the units that the claims need, such as 0.1; what was run stands in the table
--quick   as few as show a shape
--dry     prints the tables and writes nothing
--render  writes the tables from docs/verification.json and runs nothing`)
  process.exit(values.help ? 0 : 2)
}

const variants = values.render ? [] : names.flatMap((name) => rows[name].variants)
const unitsIn = (variant) => seedsOf(variant, share) * unitsOfRun(variant)
const total = variants.reduce((sum, variant) => sum + unitsIn(variant), 0)
const startedMs = Date.now()
let done = 0
let saidMs = 0

function progress(label) {
  const nowMs = Date.now()
  if (nowMs - saidMs < (process.stderr.isTTY ? 200 : 30_000) && done < total) return
  saidMs = nowMs
  const seconds = (nowMs - startedMs) / 1_000
  const rate = done / seconds
  const left = Math.round((total - done) / Math.max(1, rate))
  const bar = '#'.repeat(Math.floor((24 * done) / total)).padEnd(24, '-')
  const line = `[${bar}] ${Math.floor((100 * done) / total)} % ${label} | ${Math.round(rate)} units/s | ${left} s left`
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

const measured = JSON.parse(await readFile(figuresFile, 'utf8').catch(() => '{}'))
const commit = git('rev-parse', '--short', 'HEAD')
for (const variant of variants) {
  const seeds = seedsOf(variant, share)
  const figures = measure(variant, seeds, () => {
    done += unitsOfRun(variant)
    progress(keyOf(variant))
  })
  measured[keyOf(variant)] = figures
  if (!values.dry) await write()
}
if (values.render) await write()
process.stderr.write('\n')
console.log(renderTables(rows, measured))

async function write() {
  const text = await readFile(page, 'utf8')
  const [before, rest] = text.split(from)
  const after = rest?.split(to)[1]
  if (after === undefined) throw new Error(`docs/verification.md lacks its marker ${from}`)
  const made = `${before}${from}\n${provenance()}\n\n${renderTables(rows, measured)}\n${to}${after}`
  await writeFile(page, made)
  await writeFile(figuresFile, `${JSON.stringify(measured, undefined, 2)}\n`)
}

function provenance() {
  const cpu = `${os.cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`
  return `Made by \`npm run sim:table\`, seeds 1, 2, 3 and so on, last at commit ${commit}, on ${cpu}. Bounds are of 95 %.`
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim()
}
