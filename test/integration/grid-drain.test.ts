/** Leaving the grid: once in order, twice at once, and never leaving the executor behind. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, crunched, progressUntil, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

describe('a host in the middle of a long unit', () => {
  test('finishes it on Ctrl-C, hands the rest back and ends with 0', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [leaving] = await Promise.all([
      grid.node('leaving', { peers }),
      grid.node('staying', { peers }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    // Seconds a unit: it is still at it when the signal comes.
    const rounds = 6_000_000
    // Enough of them that the host has another one when it has just ended one, and no backup of it runs elsewhere.
    const units = 32
    const job = sdk.map(range(0, units), crunch, { params: { rounds }, unitItems: 1, quorum: 1 })
    // One alone may still be on its way to the host; the second was granted when the first had arrived.
    const before = await progressUntil(job, ({ hosts }) =>
      hosts.some(
        ({ peer, executed, inFlight }) => peer === leaving.peer && executed > 0 && inFlight > 1,
      ),
    )
    leaving.process.child.kill('SIGINT')
    const draining = await leaving.process.line(({ event }) => event === 'draining')
    expect(draining.units).toBeGreaterThan(0)
    expect((await leaving.process.ended).code).toBe(0)
    expect(existsSync(`${leaving.state}/gateway.json`)).toBe(false)

    expect(await job).toEqual(crunched(units, rounds))
    const { units: counts, hosts } = await grid.show(requester, await job.id)
    expect(counts).toMatchObject({ verified: units, aborted: 0, reassigned: 0 })
    const acceptedOf = (views: typeof hosts) =>
      views.find(({ peer }) => peer === leaving.peer)?.accepted ?? 0
    expect(acceptedOf(hosts)).toBeGreaterThan(acceptedOf(before.hosts))
    expect(hosts.every(({ accepted }) => accepted > 0)).toBe(true)
  }, 60_000)

  test('ends at once on the second Ctrl-C, and its executor with it', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const host = await grid.node('host', { peers: [requester] })
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 4), crunch, {
      params: { rounds: 400_000_000 },
      unitItems: 1,
      unitMsMax: 3_600_000,
    })
    await progressUntil(job, ({ units }) => units.inFlight > 0)
    const pid = host.process.child.pid ?? 0
    const executors = await childrenOf(pid)
    host.process.child.kill('SIGINT')
    await host.process.line(({ event }) => event === 'draining')
    const startMs = performance.now()
    expect((await host.process.end('SIGINT')).code).toBe(130)
    expect(performance.now() - startMs).toBeLessThan(3_000)
    for (const executor of executors) await gone(executor)
    await job.cancel()
  }, 60_000)
})

/** Pids; none where the system does not tell. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

/** Resolves when the process has ended; the test's time is the bound. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
