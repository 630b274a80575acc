/** `npm run abuse`: a node under abuse goes on with its honest job, keeps its memory, and drops the abusers. */
import { parseArgs } from 'node:util'
import { kinds, runAbuse } from './trial.mjs'

const usage = `Usage: npm run abuse -- [options]

  --only NAME     one kind of abuse; repeatable; "all" is all of them together
  --rounds N      how often each                                          [1]
  --seconds N     how long each is measured                               [4]
  --json          one document instead of a table
  --list          the kinds of abuse

A node computes a job of its own with an honest host, one thread each, all on one core;
abusers have another core to themselves, on which as many processes do nothing but spin
while the node is undisturbed. So the ratio of the rates is what the node spends on
abuse; the goal is 0.8.

Example: npm run abuse -- --only votes --only all --rounds 3`

/** Of the undisturbed rate. */
const ratioMin = 0.8
/** A node that just started has 110 MiB; the bounds of what is received and sent allow for some more. */
const residentMiBMax = 700

const options = readOptions()
const rows = await runAbuse(options.chosen, { ...options, say: options.json ? undefined : print })
const bad = rows.filter((row) => !isGood(row))
if (options.json) console.log(JSON.stringify({ rows, ok: bad.length === 0 }, undefined, 2))
else
  console.log(
    bad.length === 0 ? 'all well' : `falls short: ${bad.map(({ kind }) => kind).join(', ')}`,
  )
process.exitCode = bad.length === 0 ? 0 : 1

function isGood({ ratio, peakMiB, hostStayed }) {
  return ratio >= ratioMin && peakMiB <= residentMiBMax && hostStayed
}

function print(row) {
  if (!print.hasHead) {
    print.hasHead = true
    console.log(
      'abuse         ratio  units/s  cores (quiet)  peak MiB        sent  entered  refused  dropped  after ms  host',
    )
  }
  const { kind, ratio, unitsPerSecond, cores, coresQuiet, peakMiB, sent, entered, refused } = row
  const { dropped, droppedMs, hostStayed } = row
  console.log(
    [
      kind.padEnd(12),
      ratio.toFixed(2).padStart(6),
      unitsPerSecond.toFixed(0).padStart(8),
      `${cores.toFixed(2)} (${coresQuiet.toFixed(2)})`.padStart(14),
      String(peakMiB).padStart(9),
      String(sent).padStart(11),
      String(entered).padStart(8),
      String(refused).padStart(8),
      String(dropped).padStart(8),
      (droppedMs === undefined ? '-' : droppedMs.toFixed(0)).padStart(9),
      (hostStayed ? 'stays' : 'LOST').padStart(6),
    ].join(' '),
  )
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        rounds: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '4' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) end(usage)
    if (values.list) end([...kinds, 'all'].join('\n'))
    const number = (name, least, most) => {
      const value = Number(values[name])
      if (Number.isInteger(value) && value >= least && value <= most) return value
      throw new Error(`--${name}: expected an integer from ${least} to ${most}`)
    }
    const chosen = values.only ?? [...kinds, 'all']
    for (const name of chosen)
      if (name !== 'all' && !kinds.includes(name))
        throw new Error(`--only: no abuse is called "${name}"; there are ${kinds.join(', ')}, all`)
    return {
      chosen,
      json: values.json,
      rounds: number('rounds', 1, 100),
      phaseMs: 1_000 * number('seconds', 1, 600),
    }
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

function end(text) {
  console.log(text)
  process.exit(0)
}
