/** `npm run trust`: results of a grid with more trouble than honesty, and what checking them cost. */
import { parseArgs } from 'node:util'
import { runTrustTrial } from './grid.mjs'

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '20000' },
    jobs: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const job = { units: Number(values.units), rounds: Number(values.rounds) }
const { reports, rolesByPeer, peers } = await runTrustTrial({
  jobs: Array.from({ length: Number(values.jobs) }, () => job),
  say: (text) => console.error(text),
})
if (values.json) {
  console.log(JSON.stringify({ reports, roles: Object.fromEntries(rolesByPeer), peers }))
} else {
  for (const [index, { view, corrections, isRight }] of reports.entries())
    printJob(index + 1, view, corrections, isRight)
}
if (reports.some(({ isRight }) => !isRight)) process.exitCode = 1

function printJob(number, view, corrections, isRight) {
  const { verification, units } = view
  const { executionsPerUnit, audited, expectedErrorRate, caught } = verification
  console.log(`
## job ${number}: ${units.verified} units, result ${isRight ? 'equal to' : 'DIFFERENT FROM'} a single machine's

| executions a unit | audited | withdrawn | corrected | told | disputed | reassigned | expected wrong | seconds |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| ${[
    executionsPerUnit?.toFixed(2),
    `${audited} (${((100 * audited) / units.verified).toFixed(1)} %)`,
    verification.withdrawn,
    verification.corrected,
    corrections.length,
    units.disputed,
    units.reassigned,
    expectedErrorRate?.toExponential(1) ?? '-',
    (view.elapsedMs / 1000).toFixed(1),
  ].join(' | ')} |

| host | executed | accepted | rejected | state |
| --- | ---: | ---: | ---: | --- |`)
  for (const { peer, executed, accepted, rejected } of view.hosts) {
    const refusal = caught.find((host) => host.peer === peer)
    const state = refusal === undefined ? 'in good standing' : refusal.ground
    console.log(`| ${rolesByPeer.get(peer)} | ${executed} | ${accepted} | ${rejected} | ${state} |`)
  }
}
