/** Nodes that work together: who computes, who checks, who may look. */
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, crunched, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()
const rounds = 50_000

describe('two nodes joined by --peer', () => {
  test('both execute every unit of a job and agree on it', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    expect(sdk.peer).toBe(requester.peer)

    const job = sdk.map(range(0, 40), crunch, { params: { rounds }, unitItems: 1 })
    expect(await job).toEqual(crunched(40, rounds))

    const view = await grid.show(requester, await job.id)
    expect(view).toMatchObject({ phase: 'done', units: { total: 40, verified: 40, unchecked: 0 } })
    for (const peer of [requester.peer, host.peer])
      expect(view.hosts.find((host) => host.peer === peer)).toMatchObject({
        accepted: 40,
        rejected: 0,
      })
    for await (const { agreed } of sdk.attach(view.job)) expect(agreed).toBe(2)
  }, 60_000)
})
