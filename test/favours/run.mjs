/** `npm run favours`: what one that never gives, and one that changes its name, get of seven real nodes. */
import { parseArgs } from 'node:util'
import { inWords, runFavoursTrial } from './grid.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '20' },
    unknown: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
})
const report = await runFavoursTrial({
  rounds: Number(values.rounds),
  roundMs: 1_000 * Number(values.seconds),
  unknown: Number(values.unknown),
  workRounds: 40_000,
  say: (text) => console.error(text),
})
if (values.json) console.log(JSON.stringify(report))
else {
  console.log(`of all that the five gave: ${inWords(report.all)}`)
  console.log(`after the first ${values.unknown} rounds: ${inWords(report.later)}`)
}
const free = report.later.leecher + report.later['changer of names']
if (free > 0.1) process.exitCode = 1
