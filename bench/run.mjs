/** `npm run bench [-- SUITE...]`: measures, prints tables, and with `--check` compares ratios with those that are kept. */
import { parseArgs } from 'node:util'
import { writePage } from './page.mjs'
import { checkRatios, keepRatios } from './ratios.mjs'
import { suites, suitesNamed } from './suites.mjs'
import { isBusy, machine, toText } from './tables.mjs'

const usage = `Usage: npm run bench -- [SUITE...] [options]

Suites, all when none is named; "executor" means all three:
${Object.entries(suites)
  .map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`)
  .join('\n')}

  --only PART   these parts alone, of a suite that has parts; repeatable, also as A,B
  --parts       lists the parts of the suites and ends
  --rounds N    rounds of each measurement                    [15; grid and peers: 5]
  --quick       as little as shows that everything works; the figures mean nothing
  --json        one line a measurement, for machines
  --check       fail when a ratio is worse than the one kept by more than 15 %
  --write       keep this run's ratios, in bench/ratios.json
  --write-docs  put this run's tables into docs/performance.md

Examples: npm run bench -- executor-speed --rounds 25 --check
          npm run bench -- grid --only latency,idle`

const { values, names } = readArguments()
if (values.parts) await listParts()
else await measureAll()

async function measureAll() {
  if (!values.json) {
    const load = isBusy() ? '; it is busy with other work, so times are too long' : ''
    console.log(`${machine()}${load}\n`)
  }
  const rows = []
  const only = values.only.flatMap((parts) => parts.split(','))
  await checkParts(only)
  for (const name of names) {
    const rounds = Number(values.rounds ?? (values.quick ? 3 : (suites[name].rounds ?? 15)))
    const options = { rounds, quick: values.quick, only, progress: progressOf(name) }
    const measured = [await suites[name].measure(options)].flat()
    clearProgress()
    for (const table of measured) {
      rows.push(...table.rows)
      if (!values.json) console.log(toText(table))
      else for (const row of table.rows) console.log(JSON.stringify({ suite: name, ...row }))
    }
    if (values['write-docs']) await writePage(name, commandOf(name), measured)
  }
  if (values.write) keepRatios(rows)
  if (!values.check) return
  const { isFine, lines } = checkRatios(rows)
  console.log(lines.join('\n'))
  if (!isFine) process.exitCode = 1
}

async function listParts() {
  for (const name of names) {
    const parts = (await suites[name].parts?.()) ?? {}
    for (const [part, summary] of Object.entries(parts))
      console.log(`${name} --only ${part.padEnd(12)}  ${summary}`)
  }
}

async function checkParts(only) {
  const known = await Promise.all(names.map((name) => suites[name].parts?.() ?? {}))
  const all = known.flatMap((parts) => Object.keys(parts))
  const unknown = only.find((part) => !all.includes(part))
  if (unknown === undefined) return
  console.error(`error: there is no part "${unknown}"; there are: ${all.join(', ') || 'none'}`)
  process.exit(2)
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true, default: [] },
        parts: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    if (values.rounds !== undefined && !(Number(values.rounds) >= 3))
      throw new Error('--rounds: expected a number from 3')
    if (values.quick && (values.write || values['write-docs']))
      throw new Error('--quick gives no figures to keep')
    const names = positionals.length > 0 ? positionals.flatMap(suitesNamed) : Object.keys(suites)
    return { values, names }
  } catch (error) {
    console.error(`error: ${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

/** The command that gives a suite's tables again. */
function commandOf(name) {
  const rounds = values.rounds === undefined ? '' : ` --rounds ${values.rounds}`
  return `npm run bench -- ${name}${rounds}`
}

function progressOf(name) {
  const startMs = performance.now()
  return (done, of, what = '') => {
    if (!process.stderr.isTTY) return
    const share = Math.min(1, done / of)
    const left = ((performance.now() - startMs) / 1000) * (1 / Math.max(share, 0.01) - 1)
    const bar = '='.repeat(Math.round(30 * share)).padEnd(30)
    const line = `[${bar}] ${name}${what === '' ? '' : `: ${what}`}, ${Math.ceil(left)} s left`
    process.stderr.write(`\r${line.padEnd(78)}`)
  }
}

function clearProgress() {
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(78)}\r`)
}
