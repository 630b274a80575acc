/** Nodes that work together: who computes, who checks, who may look. */
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, crunched, progressUntil, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()
const rounds = 50_000

describe('two nodes joined by --peer', () => {
  test('both execute every unit of a job and agree on it', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    expect(sdk.peer).toBe(requester.peer)

    const job = sdk.map(range(0, 40), crunch, { params: { rounds }, unitItems: 1, quorum: 2 })
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

describe('a node alone', () => {
  test('finishes its job after the grace, and says that nobody checked it', async () => {
    const node = await grid.node('alone')
    const sdk = await grid.connect(node)
    const job = sdk.map(range(0, 5), crunch, { params: { rounds }, unitItems: 1, quorum: 2 })
    expect(await job).toEqual(crunched(5, rounds))
    const { units, warning } = await grid.show(node, await job.id)
    expect(units).toMatchObject({ total: 5, verified: 5, unchecked: 5 })
    expect(warning).toContain('no result was confirmed by a second host')
    for await (const { agreed } of sdk.attach(await job.id)) expect(agreed).toBe(1)
  }, 60_000)

  test('is told what to do while its job runs', async () => {
    const node = await grid.node('alone')
    const sdk = await grid.connect(node)
    const job = sdk.map(range(0, 1000), crunch, {
      params: { rounds: 400_000 },
      unitItems: 1,
      quorum: 2,
    })
    const { warning } = await progressUntil(job, ({ warning }) => warning !== undefined)
    expect(warning).toContain('only 1 of 2 hosts are here')
    expect(warning).toContain('start another with "manyhands node"')
    await job.cancel()
  }, 60_000)
})

describe('a job', () => {
  const endless = { params: { rounds: 400_000 }, unitItems: 1 }
  const cancelled = { code: 'MH_JOB_CANCELLED' }

  test('is followed, attached to and cancelled by other processes than its own', async () => {
    const node = await grid.node('node')
    const at = ['--state', node.state]
    const sdk = await grid.connect(node)
    const job = sdk.map(range(0, 30), crunch, {
      params: { rounds },
      quorum: 1,
      unitItems: 2,
    })
    const id = await job.id
    const other = await grid.connect(node)
    const attached = other.attach(id.slice(0, 8)).result
    const { code, out } = await grid.run('wait', id, '--json', ...at)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ job: id, phase: 'done', units: { verified: 15 } })
    expect((await attached).map(({ unit }) => unit)).toEqual([...Array(15).keys()])

    const second = sdk.map(range(0, 1000), crunch, endless)
    const waiting = grid.run('wait', await second.id, '--json', ...at)
    const result = second.result
    expect((await grid.run('cancel', await second.id, ...at)).code).toBe(0)
    await expect(result).rejects.toMatchObject(cancelled)
    expect((await waiting).code).toBe(1)
    expect(await grid.show(node, await second.id)).toMatchObject({ phase: 'cancelled' })
  }, 60_000)

  test('ends by an AbortSignal, and its hosts stop', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const host = await grid.node('host', { peers: [requester] })
    const sdk = await grid.connect(requester)
    const stop = new AbortController()
    const { signal } = stop
    const job = sdk.map(range(0, 1000), crunch, { ...endless, quorum: 1, signal })
    await host.process.status(({ hosting }) => hosting.executing > 0)
    stop.abort()
    await expect(job).rejects.toMatchObject(cancelled)
    await host.process.status(({ hosting }) => hosting.executing === 0)
    expect(await grid.show(requester, await job.id)).toMatchObject({ phase: 'cancelled' })
  }, 60_000)

  test('that searches ends with the first verified hit, long before the last unit', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    const unitItems = 10
    const job = sdk.find(range(0, 1_000_000), (n) => n === 1234, { unitItems, quorum: 2 })
    expect(await job).toEqual({ item: 1234, index: 1234 })
    const { phase, hit, units, hosts } = await grid.show(requester, await job.id)
    expect({ phase, hit }).toEqual({ phase: 'done', hit: 123 })
    expect(units.total).toBe(100_000)
    expect(units.executions).toBeLessThan(40_000)
    expect(hosts.find(({ peer }) => peer === host.peer)?.accepted).toBeGreaterThan(0)
  }, 60_000)
})
