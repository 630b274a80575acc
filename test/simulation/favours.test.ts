import { beforeAll, describe, expect, test } from '@jest/globals'
import { seedRandom } from '../../coordinator-free-node/core/kit/random.js'
import type { JobId, PeerId } from '../../coordinator-free-node/protocol/ids.js'
import { honest } from '../../coordinator-free-node/sim/host-traits.js'
import { Trace } from '../../coordinator-free-node/sim/trace.js'
import { VirtualClock } from '../../coordinator-free-node/sim/virtual-clock.js'
import { VirtualNetwork } from '../../coordinator-free-node/sim/virtual-network.js'
import { VirtualNode } from '../../coordinator-free-node/sim/virtual-node.js'
import type { World } from '../../coordinator-free-node/sim/world.js'
import { manifest } from '../unit/core/lone-node.js'

const collaborators = 6
const rounds = 12
const roundMs = 30_000
const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

/** Full nodes, every message of theirs, verification and leases: what the light ones of sim/barter leave out. */
describe('seven full nodes, one that only takes, and one with a new name for every job', () => {
  /** Means: when the network delivers what makes one run's shares a few percent different from another's. */
  const shares = new Map<string, number>()
  beforeAll(() => {
    for (const seed of seeds)
      for (const [role, share] of sharesOf(seed))
        shares.set(role, (shares.get(role) ?? 0) + share / seeds.length)
  }, 120_000)

  test('both get next to nothing once the others know each other', () => {
    expect(shares.get('free rider')).toBeLessThan(0.03)
    expect(shares.get('changer of names')).toBeLessThan(0.05)
  })

  test('those who give get the rest', () => {
    expect(shares.get('collaborator')).toBeGreaterThan(0.95)
  })
})

/** Who got which part of what was given in the second half of the rounds. */
function sharesOf(seed: number): Map<string, number> {
  const clock = new VirtualClock()
  const network = new VirtualNetwork(clock, seedRandom(seed), { delayMs: 10, lossRate: 0 })
  const world: World = {
    clock,
    network,
    trace: new Trace(false),
    manifests: new Map(),
    validateEvery: 10,
  }
  const roles = new Map<PeerId, string>()
  const start = (n: number, donates: boolean, role: string) => {
    const node = new VirtualNode(n, world, n + 1, honest, { donates })
    roles.set(node.peer, role)
    node.start()
    if (n > 0) node.dial(givers[0]!.peer)
    return node
  }
  const run = (forMs: number) => {
    const untilMs = clock.nowMs() + forMs
    while (clock.advance(untilMs)) {
      // one callback after the other
    }
  }
  const givers: VirtualNode[] = []
  for (let n = 0; n < collaborators; n++) givers.push(start(n, true, 'collaborator'))
  const taker = start(collaborators, false, 'free rider')
  run(2_000)
  let jobs = 0
  const ask = (node: VirtualNode): JobId => {
    const job = (++jobs).toString(16).padStart(64, '0') as JobId
    const inputs = { kind: 'range', start: 0, end: 100_000, unitItems: 1 } as const
    world.manifests.set(job, manifest({ requester: node.peer, inputs }))
    node.submit(job, manifest({ requester: node.peer, inputs }))
    return job
  }
  const givenTo = () => {
    const given = new Map<string, number>()
    for (const { state } of givers)
      for (const { peer, givenMs } of state.ledger.values()) {
        const role = roles.get(peer)!
        given.set(role, (given.get(role) ?? 0) + givenMs)
      }
    return given
  }
  let before = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    if (round === rounds / 2) before = givenTo()
    const changer = start(20 + round, false, 'changer of names')
    run(500)
    const askers = [...givers.filter((_, i) => (i + round) % 2 === 0), taker, changer]
    const asked = askers.map((node) => [node, ask(node)] as const)
    run(roundMs)
    for (const [node, job] of asked) node.cancel(job)
    changer.kill()
    run(500)
  }
  const later = [...givenTo()].map(([role, ms]) => [role, ms - (before.get(role) ?? 0)] as const)
  const all = later.reduce((sum, [, ms]) => sum + ms, 0)
  return new Map(later.map(([role, ms]) => [role, ms / all]))
}
