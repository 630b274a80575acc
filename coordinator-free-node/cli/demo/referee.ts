/** Judges a finished demo: was the result right, was the liar caught, did others finish the killed host's units? Pure. */
import type { JobHostView, JobView, UnitCounts } from '../../protocol/gateway-api.js'
import { formatCount, formatDurationMs } from '../format.js'
import { formatTable } from '../table.js'
import { digestOfNonce, GENESIS_DIGEST, GENESIS_NONCE } from './block-search.js'

export type Role = 'requester' | 'honest' | 'liar' | 'killed'

export interface Player {
  name: string
  peer: string
  role: Role
}

export interface Kill {
  /** Verified units at that moment, in percent of all. */
  percent: number
  /** Units that the killed host had in hand. */
  inFlight: number
}

export interface NodeReport {
  name: string
  peer: string
  executed: number
  accepted: number
  rejected: number
  spentMs: number
  state: string
}

export interface DemoReport {
  ok: boolean
  /** What went wrong; empty when all is well. */
  problems: readonly string[]
  nonce: number | undefined
  digest: string | undefined
  elapsedMs: number
  window: { start: number; end: number; unitNonces: number }
  units: UnitCounts
  nodes: readonly NodeReport[]
  caught: readonly { name: string; how: string }[]
  killed: (Kill & { name: string }) | undefined
}

export interface Outcome {
  players: readonly Player[]
  view: JobView
  nonce: number | undefined
  window: DemoReport['window']
  elapsedMs: number
  kill: Kill | undefined
}

export function judge(outcome: Outcome): DemoReport {
  const { players, view, nonce, kill, window, elapsedMs } = outcome
  const digest = nonce === undefined ? undefined : digestOfNonce(nonce)
  const hostOf = (player: Player) => view.hosts.find(({ peer }) => peer === player.peer)
  const refused = players.flatMap((player) => {
    const how = hostOf(player)?.refused
    return how === undefined ? [] : [{ player, how }]
  })
  const problems = [
    ...(nonce === GENESIS_NONCE && digest === GENESIS_DIGEST
      ? []
      : [`wrong result: nonce ${nonce ?? 'none'}, expected ${GENESIS_NONCE}`]),
    ...players
      .filter(({ role }) => role === 'liar')
      .filter((liar) => !refused.some(({ player }) => player === liar))
      .map(({ name }) => `${name} lied and was not caught`),
    ...refused
      .filter(({ player }) => player.role !== 'liar' && player.role !== 'killed')
      .map(({ player, how }) => `${player.name} is honest and was refused: ${how}`),
    ...(kill === undefined ? ['the search ended before a host could be killed'] : []),
  ]
  const killed = players.find(({ role }) => role === 'killed')
  return {
    ok: problems.length === 0,
    problems,
    nonce,
    digest,
    elapsedMs,
    window,
    units: view.units,
    nodes: players.map((player) => reportOf(player, hostOf(player))),
    caught: refused.map(({ player, how }) => ({ name: player.name, how })),
    killed: kill === undefined || killed === undefined ? undefined : { ...kill, name: killed.name },
  }
}

function reportOf(player: Player, host: JobHostView | undefined): NodeReport {
  return {
    name: player.name,
    peer: player.peer,
    executed: host?.executed ?? 0,
    accepted: host?.accepted ?? 0,
    rejected: host?.rejected ?? 0,
    spentMs: host?.spentMs ?? 0,
    state: stateOf(player, host),
  }
}

function stateOf({ role }: Player, host: JobHostView | undefined): string {
  if (role === 'requester') return 'requester, computes nothing'
  if (role === 'killed') return 'killed half-way'
  if (host?.refused !== undefined) return 'caught lying'
  return role === 'liar' ? 'lied' : 'to the end'
}

/** The closing report as text. */
export function renderReport(report: DemoReport): string {
  const right = 'right' as const
  const table = formatTable(
    [
      { title: 'NODE' },
      { title: 'PEER' },
      { title: 'EXECUTED', align: right },
      { title: 'ACCEPTED', align: right },
      { title: 'REJECTED', align: right },
      { title: 'TIME', align: right },
      { title: 'STATE' },
    ],
    report.nodes.map((node) => [
      node.name,
      node.peer.slice(-8),
      formatCount(node.executed),
      formatCount(node.accepted),
      formatCount(node.rejected),
      formatDurationMs(node.spentMs),
      node.state,
    ]),
  )
  const { units } = report
  return [
    `nonce   ${report.nonce ?? 'none'}`,
    `digest  ${report.digest ?? 'none'}`,
    `time    ${formatDurationMs(report.elapsedMs)} for ${formatCount(units.verified)} verified units`,
    '',
    table,
    '',
    ...report.caught.map(({ name, how }) => `caught: ${name}: ${how}`),
    `computed again: ${formatCount(units.reassigned)} units of hosts that went away, ` +
      `${formatCount(units.disputed)} on which hosts disagreed`,
    ...report.problems.map((problem) => `problem: ${problem}`),
    report.ok ? 'all as it should be' : 'not as it should be',
  ].join('\n')
}
