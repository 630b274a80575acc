/** A thousand hosts in one /24, who lie alike, against plain voting: the core's own rules, its grants and its verdicts. */

import type { StewardedJob } from '../core/state.js'
import { seatsOf } from '../core/step/acceptance.js'
import type { PeerId } from '../protocol/ids.js'
import { saboteur } from './adversaries/strategies.js'
import { isRight } from './answers.js'
import { buildGrid, jobNamed, manifestOf, type Scenario, submit } from './grid.js'
import type { VirtualNode } from './virtual-node.js'

export interface QuorumReport {
  sameSubnet: boolean
  hosts: number
  units: number
  finished: boolean
  wrong: number
  /** Votes of the /24 that counted for one result, at most, and hosts of it that were given the same unit. */
  seatsMost: number
  copiesMost: number
}

const quorum = 3
const subnet = '203.0.113'

/** @param sameSubnet  the rule is switched off */
export function simulateQuorum(choice: {
  sameSubnet: boolean
  seed: number
  hosts?: number
  units?: number
}): QuorumReport {
  const { sameSubnet, seed, hosts = 1_000, units = 300 } = choice
  const honest = 10
  const scenario: Scenario = {
    summary: 'a thousand hosts in one /24 lie alike, ten honest ones work beside them',
    hosts: hosts + honest,
    units,
    acceptance: { rule: 'quorum', quorum },
    network: { delayMs: 5, lossRate: 0 },
    light: true,
    traits: (node) => (node > honest ? { strategy: saboteur(1), subnet } : {}),
    config: () => ({ sameSubnet }),
  }
  const grid = buildGrid(scenario, seed, { validateEvery: 0, trace: false })
  const { requester, clock } = grid
  const job = jobNamed(0)
  submit(grid, job, manifestOf(scenario, units, requester.peer))
  const crowd = new Set(grid.everybody.filter(({ node }) => node > honest).map(({ peer }) => peer))
  const most = { seatsMost: 0, copiesMost: 0 }
  const stewarded = () => requester.state.stewarded.get(job)
  const isRunning = () => (stewarded()?.job.phase ?? 'running') === 'running'
  for (let steps = 0; isRunning() && clock.advance(untilMs); steps++) {
    const running = stewarded()
    if (steps % lookEvery === 0 && running !== undefined) look(running, crowd, most, requester)
  }
  const wrong = requester.accepted.filter(({ unit, output }) => !isRight(unit, output)).length
  const finished = stewarded()?.job.phase === 'done'
  return { sameSubnet, hosts, units, finished, wrong, ...most }
}

/** Steps of the clock between two looks at all open units. */
const lookEvery = 20
const untilMs = 3_600_000

function look(
  { tallies, schedule }: StewardedJob,
  crowd: ReadonlySet<PeerId>,
  most: { seatsMost: number; copiesMost: number },
  { state }: VirtualNode,
): void {
  for (const { claims } of tallies.values())
    for (const { hosts } of claims) {
      const own = [...hosts].filter((peer) => crowd.has(peer))
      most.seatsMost = Math.max(most.seatsMost, seatsOf({ state }, own))
    }
  for (const { tried } of schedule.open.values()) {
    const copies = tried.filter((peer) => crowd.has(peer)).length
    most.copiesMost = Math.max(most.copiesMost, copies)
  }
}
