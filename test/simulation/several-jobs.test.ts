import { describe, expect, test } from '@jest/globals'
import { seedRandom } from '../../coordinator-free-node/core/kit/random.js'
import type { JobId } from '../../coordinator-free-node/protocol/ids.js'
import type { Manifest } from '../../coordinator-free-node/protocol/manifest.js'
import { honest } from '../../coordinator-free-node/sim/host-traits.js'
import { Trace } from '../../coordinator-free-node/sim/trace.js'
import { VirtualClock } from '../../coordinator-free-node/sim/virtual-clock.js'
import { VirtualNetwork } from '../../coordinator-free-node/sim/virtual-network.js'
import { VirtualNode } from '../../coordinator-free-node/sim/virtual-node.js'
import type { World } from '../../coordinator-free-node/sim/world.js'
import { manifest } from '../unit/core/lone-node.js'

const jobNamed = (n: number) => n.toString(16).padStart(64, '0') as JobId

/** Requesters without threads of their own, and hosts with one each; all know the first node. */
class Grid {
  readonly clock = new VirtualClock()
  readonly world: World
  readonly requesters: VirtualNode[]
  readonly hosts: VirtualNode[]
  #jobs = 0

  /** @param owedMs  what every host owes each requester at first */
  constructor(requesters: number, hosts: number, traits = honest, owedMs: readonly number[] = []) {
    const network = new VirtualNetwork(this.clock, seedRandom(5), { delayMs: 5, lossRate: 0 })
    const { clock } = this
    this.world = { clock, network, trace: new Trace(), manifests: new Map(), validateEvery: 1 }
    const make = (donates: boolean) => (_: unknown, i: number) =>
      new VirtualNode(donates ? 20 + i : i, this.world, i + 1, traits, { donates })
    this.requesters = Array.from({ length: requesters }, make(false))
    this.hosts = Array.from({ length: hosts }, make(true))
    for (const host of this.hosts)
      owedMs.forEach((balanceMs, i) => {
        const { peer } = this.requesters[i]!
        const record = { peer, receivedMs: balanceMs, givenMs: 0, balanceMs }
        if (balanceMs > 0) host.disk.ledger.set(peer, { ...record, lentMs: 0, bookedMs: 0 })
      })
    const [first, ...others] = [...this.requesters, ...this.hosts]
    first!.start()
    for (const node of others) {
      node.start()
      node.dial(first!.peer)
    }
    this.run(1_000)
  }

  submit(requester: VirtualNode, units: number, change: Partial<Manifest> = {}): JobId {
    const job = jobNamed(++this.#jobs)
    const inputs = { kind: 'range', start: 0, end: units, unitItems: 1 } as const
    const made = manifest({ requester: requester.peer, inputs, ...change })
    this.world.manifests.set(job, made)
    requester.submit(job, made)
    return job
  }

  run(forMs: number): void {
    const untilMs = this.clock.nowMs() + forMs
    while (this.clock.advance(untilMs)) {
      // one callback after the other
    }
  }

  /** Virtual time until the job is done, at most an hour. */
  finish(requester: VirtualNode, job: JobId): number {
    const startMs = this.clock.nowMs()
    const phase = () => requester.state.stewarded.get(job)?.job.phase
    while (phase() === 'running' && this.clock.advance(startMs + 3_600_000)) {
      // until it ends
    }
    expect(phase()).toBe('done')
    return this.clock.nowMs() - startMs
  }
}

/** What each requester had of all the time that the hosts gave since `before`. */
function sharesOf(grid: Grid, before: readonly number[] = []): number[] {
  const had = givenTo(grid).map((ms, i) => ms - (before[i] ?? 0))
  const all = had.reduce((sum, ms) => sum + ms)
  return had.map((ms) => ms / all)
}

function givenTo({ requesters, hosts }: Grid): number[] {
  return requesters.map(({ peer }) =>
    hosts.reduce((sum, { state }) => sum + (state.ledger.get(peer)?.givenMs ?? 0), 0),
  )
}

function only<T>(items: readonly T[]): T {
  return items[0]!
}

describe('several jobs on the same hosts', () => {
  test('a short job does not wait for the end of a long one', () => {
    const grid = new Grid(1, 4)
    const requester = only(grid.requesters)
    const long = grid.submit(requester, 5_000)
    grid.run(5_000)
    const short = grid.submit(requester, 20)
    expect(grid.finish(requester, short)).toBeLessThan(15_000)
    expect(requester.state.stewarded.get(long)?.job.phase).toBe('running')
  })

  test('a short job does not wait for one of the long ones that hold all places', () => {
    const grid = new Grid(6, 4)
    const requesters = grid.requesters
    const long = requesters.slice(1).map((requester) => grid.submit(requester, 10_000))
    grid.run(10_000)
    const first = only(requesters)
    const short = grid.submit(first, 20)
    expect(grid.finish(first, short)).toBeLessThan(20_000)
    requesters.slice(1).forEach((requester, i) => {
      expect(requester.state.stewarded.get(long[i]!)?.job.phase).toBe('running')
    })
  })

  test('more long jobs than places go on side by side', () => {
    const grid = new Grid(6, 4)
    const jobs = grid.requesters.map((requester) => grid.submit(requester, 10_000))
    grid.run(60_000)
    const done = grid.requesters.map(
      (requester, i) => requester.state.stewarded.get(jobs[i]!)?.job.canonical.size ?? 0,
    )
    // 2,400 executions of 100 ms in a minute on four threads, two for each unit.
    expect(done.reduce((sum, units) => sum + units)).toBeGreaterThan(800)
    expect(Math.min(...done)).toBeGreaterThan(100)
  })

  test('hosts that serve other jobs as well keep their units, and stay welcome', () => {
    // Limits were set by thread time: with five jobs a host, a third of all units was taken back.
    const grid = new Grid(5, 4, { ...honest, unitMs: 30_000 })
    const task = { ...manifest().task, unitMsMax: 60_000 }
    const jobs = grid.requesters.map((requester) => grid.submit(requester, 20, { task }))
    const stewarded = grid.requesters.map(
      (requester, i) => requester.state.stewarded.get(jobs[i]!)!,
    )
    grid.run(1_200_000)
    const refused = stewarded.flatMap(({ schedule }) =>
      [...schedule.hosts.values()].flatMap((host) => host.refused ?? []),
    )
    expect(refused).toEqual([])
    expect(stewarded.reduce((sum, { counters }) => sum + counters.reassigned, 0)).toBeLessThan(10)
    grid.requesters.forEach((requester, i) => {
      grid.finish(requester, jobs[i]!)
    })
  })

  test('two requesters are both served', () => {
    const grid = new Grid(2, 4)
    const [a, b] = grid.requesters as [VirtualNode, VirtualNode]
    const first = grid.submit(a, 400)
    const second = grid.submit(b, 400)
    const together = Math.max(grid.finish(a, first), grid.finish(b, second))
    // 1,600 executions of 100 ms on four threads take 40 s.
    expect(together).toBeLessThan(60_000)
  })

  test('more jobs than a host serves at once all end', () => {
    const grid = new Grid(1, 3)
    const requester = only(grid.requesters)
    const jobs = Array.from({ length: 12 }, () => grid.submit(requester, 30))
    for (const job of jobs) grid.finish(requester, job)
  })

  test('three must agree where three are asked for', () => {
    const grid = new Grid(1, 4)
    const requester = only(grid.requesters)
    const job = grid.submit(requester, 50, { acceptance: { rule: 'quorum', quorum: 3 } })
    grid.finish(requester, job)
    const results = requester.accepted.filter(({ agreed }) => agreed >= 3)
    expect(results).toHaveLength(50)
  })

  test('an idle grid starts on a job at once', () => {
    const grid = new Grid(1, 3)
    const requester = only(grid.requesters)
    const submittedMs = grid.clock.nowMs()
    const job = grid.submit(requester, 1)
    grid.finish(requester, job)
    // One unit of 100 ms on two hosts, and the round trips around it.
    expect(grid.clock.nowMs() - submittedMs).toBeLessThan(400)
  })

  test('a host that drains hands back what it has not begun, and the job ends without it', () => {
    const grid = new Grid(1, 3)
    const requester = only(grid.requesters)
    const job = grid.submit(requester, 200)
    grid.run(3_000)
    const leaver = only(grid.hosts)
    leaver.drain()
    grid.run(2_000)
    expect(leaver.drained).toBe(true)
    const before = leaver.executed
    grid.finish(requester, job)
    expect(leaver.executed).toBe(before)
  })
})

describe('contended hosts', () => {
  const hourMs = 3_600_000
  /** So much that an hour's service hardly changes it. */
  const owed = (...parts: number[]) => parts.map((part) => part * 1_000 * hourMs)

  test('divide their time in proportion to what they owe, and keep busy', () => {
    const grid = new Grid(4, 4, { ...honest, slots: 2 }, owed(4, 3, 2, 1))
    for (const requester of grid.requesters) grid.submit(requester, 100_000)
    grid.run(120_000)
    const shares = sharesOf(grid)
    ;[0.4, 0.3, 0.2, 0.1].forEach((share, i) => {
      expect(Math.abs(shares[i]! - share)).toBeLessThan(0.02)
    })
    const given = givenTo(grid).reduce((sum, ms) => sum + ms)
    expect(given / (8 * 120_000)).toBeGreaterThan(0.97)
  })

  test('give a requester with many jobs no more than one with a single job', () => {
    const grid = new Grid(2, 4, honest, owed(1, 1))
    const [a, b] = grid.requesters as [VirtualNode, VirtualNode]
    for (let i = 0; i < 6; i++) grid.submit(a, 100_000)
    grid.submit(b, 100_000)
    grid.run(120_000)
    expect(Math.abs(sharesOf(grid)[0]! - 0.5)).toBeLessThan(0.03)
  })

  test('leave at most a twentieth to those whom they owe nothing, and all of it when nobody else asks', () => {
    const grid = new Grid(4, 4, honest, owed(1, 0, 0, 0))
    const [first, ...newcomers] = grid.requesters
    for (const newcomer of newcomers) grid.submit(newcomer, 100_000)
    grid.run(60_000)
    expect(givenTo(grid).reduce((sum, ms) => sum + ms)).toBeGreaterThan(0.95 * 4 * 60_000)
    const before = givenTo(grid)
    grid.submit(first!, 100_000)
    grid.run(120_000)
    expect(sharesOf(grid, before)[0]).toBeGreaterThan(0.95)
  })

  test('take long units that have not begun from whoever has the smaller claim', () => {
    const task = { ...manifest().task, unitMsMax: 600_000 }
    const grid = new Grid(2, 2, { ...honest, unitMs: 60_000 }, owed(1, 0))
    const [first, newcomer] = grid.requesters as [VirtualNode, VirtualNode]
    const acceptance = { rule: 'quorum', quorum: 1 } as const
    grid.submit(newcomer, 1_000, { task, acceptance })
    grid.run(300_000)
    grid.submit(first, 2, { task, acceptance })
    // One unit each; what runs for somebody whom nothing is owed does not hold it up for a minute.
    const before = grid.clock.nowMs()
    while (first.accepted.length < 2 && grid.clock.advance(before + hourMs)) {
      // until both are in
    }
    expect(grid.clock.nowMs() - before).toBeLessThan(85_000)
  })
})
