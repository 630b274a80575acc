/** What a job is, asked of real nodes before anybody runs it. */
import { describe, expect, test } from '@jest/globals'
import type { Report } from '../../coordinator-free-node/cli/inspect/report.js'
import { type Grid, range } from '../../sdk/index.js'
import { crunch, type GridNode, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

async function inspect({ state }: GridNode, what: string): Promise<Report> {
  const { out, err } = await grid.run('inspect', what, '--json', '--source', '--state', state)
  if (!out.startsWith('{')) throw new Error(out + err)
  return JSON.parse(out)
}

/** Until the node has heard of the job; the test's time is the bound. */
async function heardOf(sdk: Grid, job: string): Promise<void> {
  while (!(await sdk.hosted()).some((hosted) => hosted.job === job))
    await new Promise((resolve) => setTimeout(resolve, 50))
}

describe('inspect', () => {
  test('fetches a job that was heard of by advert, shows its source, and runs nothing', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    // It hosts nothing: all that it has of a job is the advert.
    const looker = await grid.node('looker', { peers: [requester], cpus: 0 })
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 1_000), crunch, {
      ...{ params: { rounds: 10 }, unitItems: 10, quorum: 2, name: 'my job' },
    })
    const id = await job.id
    const looking = await grid.connect(looker)
    await heardOf(looking, id)
    const report = await inspect(looker, id.slice(0, 12))
    expect(report).toMatchObject({
      job: {
        job: id,
        requester: requester.peer,
        signed: true,
        name: 'my job',
        units: 100,
        acceptance: { rule: 'quorum', quorum: 2 },
      },
      advert: { steward: requester.peer },
      refused: 'this node donates no CPU',
      problems: [],
      task: { tier: 'js', descriptor: { unitMsMax: 60_000 } },
    })
    expect(report.task?.listing.join('\n')).toContain('x * 1103 + 12_345')
    // The same by the task's hash; and by the requester's own node, which needs nobody.
    expect((await inspect(looker, report.task?.hash ?? '')).task).toEqual(report.task)
    expect(await inspect(requester, id)).toMatchObject({ relation: 'own', job: { signed: true } })
    expect((await looking.status()).hosting.unitsDone).toBe(0)

    const { out } = await grid.run('inspect', id, '--state', looker.state)
    expect(out).toContain(`${requester.peer}, who signed it`)
    expect(out).toMatch(/accepted +when 2 hosts agree/)
    expect(out).toMatch(/here +not run: this node donates no CPU/)
    expect(out).toContain('no network, no files, no clock')
    await job.cancel()
  }, 60_000)
})
