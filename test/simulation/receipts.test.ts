/** Receipts over a whole simulated grid: every host ends with what was accepted of it, and none with more. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
import {
  buildGrid,
  jobNamed,
  manifestOf,
  runUntilEnded,
  submit,
} from '../../coordinator-free-node/sim/grid.js'
import type { SimulatedGrid } from '../../coordinator-free-node/sim/simulated-grid.js'
import type { VirtualNode } from '../../coordinator-free-node/sim/virtual-node.js'

const hosts = 8
const units = 400
const acceptance = { rule: 'quorum', quorum: 2 } as const

/** A grid of full nodes, and what its requester has signed for whom, by piece of work. */
function gridOf(seed: number, lossRate: number) {
  const grid = buildGrid(
    {
      summary: 'receipts',
      ...{ hosts, units, acceptance, network: { delayMs: 20, lossRate } },
      traits: () => ({ unitMs: 400 }),
      config: (node) => ({ donates: node > 0 }),
    },
    seed,
    { trace: false, validateEvery: 10 },
  )
  const signed = new Map<PeerId, Map<number, number>>()
  const messages = { receipts: 0 }
  const { network, requester } = grid
  const send = network.send.bind(network)
  network.send = (from, to, message) => {
    if (from === requester.peer && message.type === 'receipt') {
      const { host, period, accepted } = message.receipt
      const ofHost = signed.get(host) ?? new Map<number, number>()
      messages.receipts++
      expect(accepted).toBeGreaterThan(ofHost.get(period) ?? 0)
      signed.set(host, ofHost.set(period, accepted))
    }
    send(from, to, message)
  }
  submit(grid, jobNamed(0), manifestOf({ acceptance }, units, requester.peer))
  return { grid, signed, messages }
}

function finish(grid: SimulatedGrid): void {
  runUntilEnded(grid, jobNamed(0), 3_600_000)
  expect(grid.requester.state.stewarded.get(jobNamed(0))?.job.phase).toBe('done')
  const untilMs = grid.clock.nowMs() + 30_000
  while (grid.clock.advance(untilMs)) {
    // who was away comes back
  }
}

const heldBy = (node: VirtualNode) =>
  [...node.disk.receipts.values()].reduce((sum, { accepted }) => sum + accepted, 0)
const sumOf = (ofHost: ReadonlyMap<number, number> = new Map()) =>
  [...ofHost.values()].reduce((sum, accepted) => sum + accepted, 0)

describe('receipts', () => {
  test('say in the end what was accepted of each host, with few messages', () => {
    const { grid, signed, messages } = gridOf(3, 0)
    finish(grid)
    let all = 0
    for (const host of grid.nodes.slice(1)) {
      const believed = grid.requester.state.standing.get(host.peer)
      expect(heldBy(host)).toBe(believed?.accepted)
      all += sumOf(signed.get(host.peer))
    }
    expect(all).toBe(acceptance.quorum * units)
    // 40 s of work: after 10 s, after 20 more, and at the end.
    expect(messages.receipts).toBeLessThanOrEqual(3 * hosts)
  })

  test('survive hosts and requesters that are killed, and links that break: never more than was signed', () => {
    // Not before the job is on disk: until then its submission was not answered either.
    const killedAtMs = fc.integer({ min: 100, max: 40_000 })
    const scene = fc.record({ seed: fc.integer(), killedAtMs })
    fc.assert(
      fc.property(scene, ({ seed, killedAtMs }) => {
        const { grid, signed } = gridOf(seed, 0.002)
        const { clock, nodes, requester } = grid
        const [, doomed] = nodes as [VirtualNode, VirtualNode]
        for (const [node, afterMs] of [
          [requester, killedAtMs],
          [doomed, killedAtMs / 2],
        ] as const)
          clock.after(afterMs, () => {
            node.kill()
            clock.after(2_000, () => {
              node.start()
              for (const other of nodes) if (other !== requester) other.dial(requester.peer)
            })
          })
        finish(grid)
        for (const host of nodes.slice(1))
          expect(heldBy(host)).toBeLessThanOrEqual(sumOf(signed.get(host.peer)))
        const held = nodes.reduce((sum, host) => sum + heldBy(host), 0)
        expect(held).toBeGreaterThan(units / 2)
      }),
      { numRuns: 15 },
    )
  })
})
