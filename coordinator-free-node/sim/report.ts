/** What a simulated job came to, in figures that can be compared. */
import type { JobView } from '../protocol/gateway-api.js'
import type { JobId, PeerId } from '../protocol/ids.js'
import { isRight } from './answers.js'
import type { SimulatedGrid } from './simulated-grid.js'

export interface ScenarioReport {
  scenario: string
  seed: number
  /** SHA-256 over every event and effect of every full node; absent where tracing was off. */
  traceHash?: string
  /** Events of all full nodes, and messages between all nodes. */
  events: number
  messages: number
  finished: boolean
  error?: string
  /** Virtual time from submission to the last canonical result. */
  makespanMs: number
  /** The same if every honest thread worked all the time that it is up, and each unit were computed once. */
  idealMs: number
  units: number
  accepted: number
  /** Wrong results that stand at the end, and units whose user was given a wrong one at some time. */
  wrong: number
  misled: number
  /** Replicas computed, whole or in part, audits among them; those leased; and the requester's own. */
  executions: number
  leased: number
  executionsPerUnit: number
  ownExecutions: number
  /** Of the executions: work lost with machines that were switched off. */
  lost: number
  audited: number
  withdrawn: number
  corrected: number
  reassigned: number
  recomputed: number
  disputed: number
  unchecked: number
  /** Hosts whose votes were refuted, and those that might lie. */
  caught: readonly string[]
  liars: readonly string[]
  /** Honest hosts among the caught: must be none. */
  wronged: readonly string[]
  /** Honest nodes that another one sent away for how they behaved: must be none. */
  sentAway: readonly string[]
  /** Units voted on by each node, the requester first. */
  executedBy: readonly number[]
}

/** Thread time spent by all hosts so far, in units, and what of it was lost. */
export interface Work {
  worked: number
  lost: number
}

export function workOf({ everybody }: SimulatedGrid): Work {
  const work = { worked: 0, lost: 0 }
  for (const host of everybody) {
    work.worked += host.worked
    if ('lost' in host) work.lost += host.lost
  }
  return work
}

export function reportOf(
  scenario: string,
  seed: number,
  grid: SimulatedGrid,
  run: { job: JobId; view: JobView | undefined; submittedMs: number; before: Work },
): ScenarioReport {
  const { requester, world } = grid
  const { view, job } = run
  const results = [...(requester.disk.results.get(job)?.values() ?? [])]
  const wrong = results.filter(({ unit, output }) => !isRight(unit, output)).length
  const units = view?.units
  const after = workOf(grid)
  const executions = after.worked - run.before.worked
  const executed = new Map(view?.hosts.map(({ peer, executed }) => [peer, executed]))
  const caught = caughtBy(grid)
  const liars = grid.everybody.filter(({ traits }) => traits.strategy?.lies === true)
  const names = new Set(liars.flatMap((liar) => namesOf(liar)))
  const counters = requester.state.stewarded.get(job)?.counters
  const traceHash = world.trace.digest()
  return {
    scenario,
    seed,
    ...(traceHash === undefined ? {} : { traceHash }),
    events: world.trace.events,
    messages: world.network.messages,
    finished: view?.phase === 'done',
    ...(view?.error === undefined ? {} : { error: view.error }),
    makespanMs: Math.round(world.clock.nowMs() - run.submittedMs),
    idealMs: idealOf(grid, units?.total ?? 0),
    units: units?.total ?? 0,
    accepted: results.length,
    wrong,
    misled: requester.misled.get(job)?.size ?? 0,
    executions: Math.round(executions),
    leased: units?.executions ?? 0,
    executionsPerUnit: results.length === 0 ? 0 : executions / results.length,
    ownExecutions: executed.get(requester.peer) ?? 0,
    lost: Math.round(after.lost - run.before.lost),
    audited: counters?.audited ?? 0,
    withdrawn: counters?.withdrawn ?? 0,
    corrected: counters?.corrected ?? 0,
    reassigned: units?.reassigned ?? 0,
    recomputed: units?.recomputed ?? 0,
    disputed: units?.disputed ?? 0,
    unchecked: units?.unchecked ?? 0,
    caught,
    liars: liars.map(({ peer }) => peer),
    wronged: caught.filter((peer) => !names.has(peer as PeerId)),
    sentAway: sentAwayOf(grid),
    executedBy: grid.everybody.map(({ peer }) => executed.get(peer) ?? 0),
  }
}

function idealOf({ everybody }: SimulatedGrid, units: number): number {
  let unitsPerMs = 0
  for (const { traits } of everybody) {
    const { churn, slots, unitMs, strategy } = traits
    const up = churn === undefined ? 1 : churn.upMs / (churn.upMs + churn.downMs)
    if (strategy === undefined) unitsPerMs += (up * slots) / unitMs
  }
  return Math.round(units / unitsPerMs)
}

/** Everybody whom the requester ever refuted. */
function caughtBy({ requester }: SimulatedGrid): string[] {
  const refuted = [...requester.state.standing.values()].filter((record) => record.refuted > 0)
  return refuted.map(({ peer }) => peer)
}

function sentAwayOf({ nodes, everybody }: SimulatedGrid): string[] {
  const honest = new Set<PeerId>()
  for (const { peer, traits } of everybody)
    if (traits.strategy === undefined && traits.conduct === undefined) honest.add(peer)
  const sentAway = new Set<PeerId>()
  for (const { state } of nodes)
    for (const [peer, { bans }] of state.conduct.peers)
      if (bans > 0 && honest.has(peer)) sentAway.add(peer)
  return [...sentAway]
}

function namesOf(host: SimulatedGrid['everybody'][number]): PeerId[] {
  return 'names' in host ? host.names() : [host.peer]
}
