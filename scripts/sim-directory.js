/** Runs the simulated directory of docs/overlay.md: `npm run sim:directory -- [--lookups N] [--seeds N] [--json]`. */
import { parseArgs } from 'node:util'
import { crowds, simulateDirectory } from '../dist/coordinator-free-node/sim/directory.js'
import { simulateQuorum } from '../dist/coordinator-free-node/sim/quorum-seats.js'

const { values } = parseArgs({
  options: {
    lookups: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [lookups, seeds] = [Number(values.lookups), Number(values.seeds)]
if (values.help || !(lookups >= 1) || !(seeds >= 1)) {
  console.error('usage: npm run sim:directory -- [--lookups N] [--seeds N] [--json]')
  process.exit(values.help ? 0 : 2)
}
const reports = []
for (const [name, crowd] of Object.entries(crowds))
  for (const rules of ['plain', 'ours']) {
    const runs = Array.from({ length: seeds }, (_, seed) =>
      simulateDirectory(crowd, rules, lookups, seed + 1),
    )
    reports.push({ crowd: name, rules, runs })
    if (!values.json) console.log(lineOf(name, rules, runs))
  }
const quorums = [true, false].map((sameSubnet) => simulateQuorum({ sameSubnet, seed: 1 }))
if (values.json) console.log(JSON.stringify({ directory: reports, quorums }))
else for (const quorum of quorums) console.log(quorumLine(quorum))

function lineOf(name, rules, runs) {
  const most = (figure) => Math.max(...runs.map(({ tables }) => tables[figure]))
  const sum = (figure) => runs.reduce((all, run) => all + run.lookups[figure], 0)
  const found = `${((100 * sum('found')) / sum('lookups')).toFixed(2)} %`
  const asked = (sum('asked') / sum('lookups')).toFixed(0)
  return `${name}, ${rules}: of the /24 at most ${most('bucketMost')} in a bucket and ${most('tableMost')} in a table; ${found} of ${sum('lookups')} lookups found, ${asked} peers asked each`
}

function quorumLine({ sameSubnet, seatsMost, copiesMost, wrong, units, hosts, finished }) {
  const rule = sameSubnet ? 'each name its own seat' : 'one seat a subnet'
  return `quorum of 3, ${hosts} hosts in one /24 lie alike, ${rule}: at most ${seatsMost} seats of the /24 and ${copiesMost} of its hosts given one unit, ${wrong} of ${units} results wrong${finished ? '' : ', not finished'}`
}
