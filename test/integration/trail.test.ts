/** What a person can see of a node and its jobs from outside: the trail of a job, and metrics. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { range } from '../../sdk/index.js'
import { crunch, progressUntil, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

describe('the trail of a job', () => {
  test('tells of hosts that came, one that was killed with units in hand, and the end', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [killed] = await Promise.all([
      grid.node('killed', { peers }),
      grid.node('staying', { peers }),
    ])
    const sdk = await grid.connect(requester)
    const params = { rounds: 8_000_000 }
    const job = sdk.map(range(0, 16), crunch, { params, unitItems: 1, quorum: 1 })
    const events: { kind: string; peers?: readonly string[] | undefined }[] = []
    const followed = (async () => {
      for await (const event of job.trail({ follow: true })) events.push(event)
    })()
    await progressUntil(job, ({ hosts }) =>
      hosts.some(
        ({ peer, inFlight }) =>
          peer === killed.peer && inFlight > 0 && events.some(({ peers }) => peers?.includes(peer)),
      ),
    )
    killed.process.child.kill('SIGKILL')
    await job
    await followed
    const kinds = events.map(({ kind }) => kind)
    expect(kinds[0]).toBe('submitted')
    expect(kinds.at(-1)).toBe('done')
    for (const kind of ['hosts-came', 'hosts-left', 'reassigned', 'progress'])
      expect(kinds).toContain(kind)
    const left = events.find(({ kind }) => kind === 'hosts-left')
    expect(left?.peers).toEqual([killed.peer])
    const again: typeof events = []
    for await (const event of job.trail({ last: 1 })) again.push(event)
    expect(again).toEqual(events.slice(-1))
  }, 60_000)
})

describe('metrics', () => {
  test('are for those who have the token, and grow with what happens', async () => {
    const node = await grid.node('node')
    const file = JSON.parse(await readFile(`${node.state}/gateway.json`, 'utf8')) as {
      url: string
      token: string
    }
    const url = file.url.replace('ws:', 'http:').replace(/\/api$/, '/metrics')
    const headers = { authorization: `Bearer ${file.token}` }
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: 'Bearer no' } })).status).toBe(401)
    const sdk = await grid.connect(node)
    await sdk.map([1, 2, 3], (n) => n * 2, { quorum: 1, unitItems: 1 })
    const answer = await fetch(url, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/plain')
    const text = await answer.text()
    expect(text).toMatch(/^manyhands_units_executed_total\{outcome="done"\} 3$/m)
    expect(text).toMatch(/^manyhands_jobs\{phase="done"\} 1$/m)
    expect(text).toMatch(/^manyhands_process_resident_memory_bytes \d+$/m)
  }, 60_000)
})
