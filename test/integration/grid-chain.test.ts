/** Adverts, dialling and leases across a chain in which each node was told of one other only. */
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, crunched, type GridNode, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

describe('a chain of five nodes', () => {
  test('carries a job from its first end to its last', async () => {
    const chain: GridNode[] = []
    for (const name of ['first', 'second', 'third', 'fourth', 'last'])
      chain.push(await grid.node(name, { peers: chain.slice(-1), cpus: name === 'first' ? 0 : 1 }))
    const [first, ...hosts] = chain
    if (first === undefined) throw new Error('no first node')
    const sdk = await grid.connect(first)
    const rounds = 10_000
    // As many must agree as there are hosts: nothing is done unless the last one does it.
    const options = { params: { rounds }, quorum: hosts.length, unitItems: 1 }
    const job = sdk.map(range(0, 20), crunch, options)
    expect(await job).toEqual(crunched(20, rounds))
    const view = await grid.show(first, await job.id)
    expect(view.hosts.map(({ peer }) => peer).sort()).toEqual(hosts.map(({ peer }) => peer).sort())
    for (const host of view.hosts) expect(host).toMatchObject({ accepted: 20, rejected: 0 })
    expect(view.units).toMatchObject({ verified: 20, unchecked: 0, disputed: 0 })
  }, 60_000)
})
