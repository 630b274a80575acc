/** Nodes that die, return, or lie: the job goes on and its result is right. */
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, crunched, progressUntil, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()
const rounds = 30_000
const count = 200

describe('a requester killed at half of its job', () => {
  test('goes on after its restart, and computes again only what was in flight', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, count), crunch, { params: { rounds }, unitItems: 1, quorum: 2 })
    // What has been handed out is canonical and on disk.
    let verified = 0
    for await (const _ of job) if (++verified >= count / 2) break
    await requester.kill()

    const again = await grid.node('requester')
    expect(again.peer).toBe(requester.peer)
    // The handle outlives the node it was made on.
    expect(await job).toEqual(crunched(count, rounds))

    const { phase, units, hosts } = await grid.show(again, await job.id)
    expect(phase).toBe('done')
    expect(units).toMatchObject({ total: count, verified: count, disputed: 0 })
    expect(units.recomputed).toBeGreaterThan(0)
    expect(units.recomputed).toBeLessThanOrEqual(count - verified)
    const { hosting } = await again.process.status(({ jobs }) => jobs.running === 0)
    expect(hosting.unitsDone).toBeLessThanOrEqual(count - verified)
    expect(hosts.map(({ peer }) => peer).sort()).toEqual([host.peer, requester.peer].sort())
  }, 60_000)
})

describe('a requester killed at half of a job with long inputs', () => {
  const long = Array.from({ length: 120 }, (_, n) => ({ n, text: `${n} `.repeat(20_000) }))
  const spun = ({ n, text }: { n: number; text: string }) => {
    let x = text.length
    for (let i = 0; i < 200_000; i++) x = (x * 1103 + n) % 65_536
    return [n, text.length, x]
  }

  test('finds them again in its spool, which goes with the job', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    await requester.process.status(({ neighbours }) => neighbours === 1)
    const sdk = await grid.connect(requester)
    const job = sdk.map(long, spun, { unitItems: 1 })
    let verified = 0
    for await (const _ of job) if (++verified >= long.length / 2) break
    const spools = path.join(requester.state, 'spools')
    const id = await job.id
    expect(await readdir(spools)).toContain(`${id}-in`)
    await requester.kill()

    const again = await grid.node('requester')
    expect(await job).toEqual(long.map(spun))
    const { hosts } = await grid.show(again, id)
    expect(hosts.map(({ peer }) => peer)).toContain(host.peer)
    expect(await readdir(spools)).not.toContain(`${id}-in`)
  }, 60_000)

  test('fails in words when its spool is damaged', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const sdk = await grid.connect(requester)
    const job = sdk.map(long, spun, { unitItems: 1 })
    const failed = expect(job).rejects.toMatchObject({
      code: 'MH_STORE_FAILED',
      message: expect.stringContaining('something else than was written'),
    })
    const id = await job.id
    await progressUntil(job, ({ units }) => units.total === long.length)
    const spool = await open(path.join(requester.state, 'spools', `${id}-in`), 'r+')
    await spool.write('garbage', 100)
    await spool.close()
    await grid.node('host', { peers: [requester] })
    await failed
  }, 60_000)
})

describe('a host killed in the middle of its lease', () => {
  test('loses its units to others, and works again once it is back', async () => {
    const requester = await grid.node('requester')
    const peers = [requester]
    const [steady, doomed] = await Promise.all([
      grid.node('steady', { peers }),
      grid.node('doomed', { peers }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, count), crunch, { params: { rounds }, unitItems: 1, quorum: 2 })
    await progressUntil(job, ({ hosts }) =>
      hosts.some((host) => host.peer === doomed.peer && host.accepted > 0 && host.inFlight > 0),
    )
    await doomed.kill()
    expect(await job).toEqual(crunched(count, rounds))
    const view = await grid.show(requester, await job.id)
    expect(view.units).toMatchObject({ verified: count, unchecked: 0, disputed: 0 })
    expect(view.units.reassigned).toBeGreaterThan(0)
    expect(view.hosts.find(({ peer }) => peer === doomed.peer)).toMatchObject({ connected: false })

    const back = await grid.node('doomed', { peers })
    expect(back.peer).toBe(doomed.peer)
    const second = sdk.map(range(0, 10), crunch, { params: { rounds }, quorum: 3 })
    expect(await second).toEqual(crunched(10, rounds))
    const { hosts } = await grid.show(requester, await second.id)
    for (const { peer } of [requester, steady, back])
      expect(hosts.find((host) => host.peer === peer)).toMatchObject({ rejected: 0 })
    expect(hosts.every(({ accepted }) => accepted > 0)).toBe(true)
  }, 60_000)
})

describe('a host that lies', () => {
  test('is refuted and banned, beyond a restart of whoever caught it', async () => {
    const requester = await grid.node('requester')
    const peers = [requester]
    const [, liar] = await Promise.all([
      grid.node('honest', { peers }),
      grid.node('liar', { peers, lieRate: 1 }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 60), crunch, { params: { rounds }, unitItems: 1, quorum: 2 })
    expect(await job).toEqual(crunched(60, rounds))

    const view = await grid.show(requester, await job.id)
    expect(view.units.disputed).toBeGreaterThan(0)
    expect(view.hosts.find(({ peer }) => peer === liar.peer)).toMatchObject({
      accepted: 0,
      refused: expect.stringContaining('refuted'),
    })
    const caught = (await grid.peers(requester)).filter(({ banned }) => banned)
    expect(caught.map(({ peer }) => peer)).toEqual([liar.peer])
    expect(caught[0]?.refuted).toBeGreaterThan(0)

    await requester.kill()
    const again = await grid.node('requester', { peers: [liar] })
    const banned = (await grid.peers(again)).filter(({ banned }) => banned)
    expect(banned.map(({ peer }) => peer)).toEqual([liar.peer])
  }, 60_000)
})
