/**
 * One requester and as many hosts as 10,000, simulated: the requester's own core, hosts that speak their side of the
 * protocol, a line of 40 ms. What it costs the requester in messages and in time, and how busy it keeps the hosts.
 */
import {
  buildGrid,
  jobNamed,
  manifestOf,
  submit,
} from '../../dist/coordinator-free-node/sim/grid.js'
import { logNormal } from '../../dist/coordinator-free-node/sim/host-traits.js'
import { workOf } from '../../dist/coordinator-free-node/sim/report.js'
import { coreCost } from './core.mjs'

const unitMs = 1_000
/** Of a host's time: the job lasts so long, on average. */
const jobMs = 60_000
/** Filling and emptying is another matter than how it goes in between. */
const steadyFrom = 0.2
const steadyTo = 0.8

const crowds = [
  { hosts: 1_000, quorum: 1 },
  { hosts: 10_000, quorum: 1, goals: { busy: 0.97, messages: 0.3, coreUs: 20 } },
  { hosts: 10_000, quorum: 2 },
]

/** Beyond what one requester is made for: an hour of computing, for docs/scale.md alone. */
const far = [{ hosts: 100_000, quorum: 1, lengthMs: 20_000 }]

export const parts = {
  thousands: '1,000 and 10,000 hosts; what is run when no part is named',
  far: '100,000 hosts',
}

/** @param {{ quick: boolean, only: readonly string[], progress: Function }} options */
export async function measureScale({ quick, only, progress }) {
  const tables = []
  const wanted = only.includes('far') ? far : crowds
  const chosen = quick ? wanted.map((crowd) => ({ ...crowd, hosts: crowd.hosts / 10 })) : wanted
  for (const [i, crowd] of chosen.entries()) {
    const onShare = (share) => progress(i + share, chosen.length, `${crowd.hosts} hosts`)
    const lengthMs = crowd.lengthMs ?? (quick ? jobMs / 4 : jobMs)
    const figures = simulate(crowd, lengthMs, onShare)
    tables.push({ title: titleOf(crowd), rows: rowsOf(crowd, figures) })
  }
  return tables
}

/** @returns figures of the steady part of one job */
function simulate({ hosts, quorum }, lengthMs, onShare) {
  const acceptance = { rule: 'quorum', quorum }
  const units = Math.round((hosts * lengthMs) / unitMs / quorum)
  const grid = buildGrid(scenarioOf({ hosts, units, acceptance }), 1, {
    validateEvery: 0,
    trace: false,
  })
  const { clock, network, requester } = grid
  submit(grid, jobNamed(0), manifestOf({ acceptance }, units, requester.peer))
  const submittedMs = clock.nowMs()
  const startMs = performance.now()
  const until = (share) => {
    const wanted = share * units
    while (requester.accepted.length < wanted && clock.advance(submittedMs + 100 * lengthMs)) {
      // one callback of the virtual clock after the other
    }
    onShare(share)
    const { messages } = network
    return { atMs: clock.nowMs(), messages, ...workOf(grid), verified: requester.accepted.length }
  }
  const first = until(1e-9)
  const from = until(steadyFrom)
  const to = until(steadyTo)
  const end = until(1)
  const capacity = grid.everybody
    .slice(1)
    .reduce((sum, { traits }) => sum + (to.atMs - from.atMs) / traits.unitMs, 0)
  return {
    units,
    busy: (to.worked - from.worked) / capacity,
    messagesPerUnit: (to.messages - from.messages) / (to.verified - from.verified),
    unitsPerSecond: (1000 * (to.verified - from.verified)) / (to.atMs - from.atMs),
    firstMs: first.atMs - submittedMs,
    endMs: end.atMs - submittedMs,
    simulatedMs: performance.now() - startMs,
    heapMib: process.memoryUsage().heapUsed / 2 ** 20,
  }
}

/** Speeds of volunteers' machines: log-normal about the unit's second. */
function scenarioOf({ hosts, units, acceptance }) {
  return {
    ...{ summary: '', hosts, units, acceptance, light: true },
    network: { delayMs: 40, lossRate: 0 },
    config: (node) => (node === 0 ? { donates: false, auditShare: 0 } : {}),
    traits: (node, random) => ({ unitMs: node === 0 ? unitMs : unitMs * logNormal(random, 0.5) }),
  }
}

function titleOf({ hosts, quorum }) {
  return `Simulated: 1 requester, ${hosts.toLocaleString('en')} hosts, units of 1 s, quorum ${quorum}`
}

function rowsOf({ hosts, quorum, goals = {} }, figures) {
  const { units, busy, messagesPerUnit, unitsPerSecond, firstMs, endMs } = figures
  const { simulatedMs, heapMib } = figures
  const name = `${hosts.toLocaleString('en')} hosts, quorum ${quorum}`
  const goal = (value) => (value === undefined ? {} : { goal: value })
  const { unitUs } = coreCost({ unitMs, acceptance: { rule: 'quorum', quorum } }, hosts, units)
  return [
    { measure: `${name}: hosts busy`, value: busy, better: 'more', ...goal(goals.busy) },
    {
      ...{ measure: `${name}: messages to and from the requester, a unit` },
      ...{ value: messagesPerUnit, better: 'less', ...goal(goals.messages) },
    },
    {
      ...{ measure: `${name}: time in its core, a unit`, value: unitUs, unit: 'us' },
      ...{
        better: 'less',
        ...goal(goals.coreUs),
        note: 'a job of that length, scripted hosts, as in the suite core',
      },
    },
    {
      ...{ measure: `${name}: verified`, value: unitsPerSecond, unit: 'units/s', better: 'more' },
      note: `first after ${Math.round(firstMs)} ms, all after ${(endMs / 1000).toFixed(1)} s`,
    },
    {
      ...{ measure: `${name}: time to simulate`, value: simulatedMs / 1000, unit: 's' },
      ...{ better: 'less', note: `hosts with it; ${Math.round(heapMib)} MiB of heap` },
    },
  ]
}
