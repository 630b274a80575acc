/** The volunteer's say, between real nodes: what it stops, what goes on, and what others are told. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Grid, type Progress, range } from '../../sdk/index.js'
import {
  crunch,
  crunched,
  type GridNode,
  progressUntil,
  useGridProcesses,
} from './grid-processes.js'

const grid = useGridProcesses()
const rounds = 300_000

/** Starts a node with a settings file in its state directory. */
async function nodeWith(name: string, config: string, peers: readonly GridNode[]) {
  const state = join(grid.folder(), name)
  await mkdir(state, { recursive: true })
  await writeFile(join(state, 'config.toml'), config)
  return await grid.node(name, { peers })
}

const hostIn = ({ hosts }: Progress, node: GridNode) =>
  hosts.find(({ peer }) => peer === node.peer) ?? { executed: 0, inFlight: 0 }

/** What a peer answered to a job, once it says what the test waits for; the test's time is the bound. */
async function answerOf(sdk: Grid, job: string, node: GridNode, wanted: RegExp) {
  for (;;) {
    const { answers } = await sdk.attach(job).why()
    const answer = answers.find(({ peer }) => peer === node.peer)
    if (answer !== undefined && wanted.test(answer.reason)) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a volunteer', () => {
  test('pauses, resumes and finishes its node; the job never misses it', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [mine, other] = await Promise.all([
      grid.node('mine', { peers }),
      grid.node('other', { peers }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 400), crunch, { params: { rounds }, unitItems: 1, quorum: 1 })
    await progressUntil(job, (now) => hostIn(now, mine).executed > 2)

    const state = ['--state', mine.state]
    const paused = await grid.run('pause', '--for', '2h', ...state)
    expect(paused.out).toMatch(/^not now: paused by you until /)
    const startMs = performance.now()
    const rested = await progressUntil(job, (now) => hostIn(now, mine).inFlight === 0)
    // What had not begun went back at once: far sooner than a lease expires.
    expect(performance.now() - startMs).toBeLessThan(5_000)
    const { executed } = hostIn(rested, mine)
    await progressUntil(
      job,
      (now) => hostIn(now, other).executed > hostIn(rested, other).executed + 5,
    )
    expect(hostIn(await job.progress(), mine).executed).toBe(executed)
    expect((await grid.run('status', ...state)).out).toMatch(
      /donates +not now: paused by you until/,
    )
    expect(await answerOf(sdk, await job.id, mine, /does not donate/)).toMatchObject({
      verdict: 'refused',
    })

    expect((await grid.run('resume', ...state)).out).toBe('yes, now\n')
    await progressUntil(job, (now) => hostIn(now, mine).executed > executed)

    expect(await grid.run('finish', ...state)).toMatchObject({ code: 0 })
    expect((await mine.process.ended).code).toBe(0)
    expect(await job).toEqual(crunched(400, rounds))
    const { units } = await job.progress()
    expect(units).toMatchObject({ verified: 400, aborted: 0, reassigned: 0 })
  }, 90_000)

  test('stays paused when its node is started again, and still computes for itself', async () => {
    const first = await grid.node('node')
    await grid.run('pause', '--state', first.state)
    await first.kill()
    const again = await grid.node('node')
    expect((await again.process.status(() => true)).donation).toMatchObject({ reason: 'paused' })
    const sdk = await grid.connect(again)
    expect(await sdk.map([1, 2], crunch, { params: { rounds: 10 } })).toEqual([
      crunch(1, { rounds: 10 }),
      crunch(2, { rounds: 10 }),
    ])
  }, 30_000)

  test('denies an owner, a task, a tier, and is silent on whom it serves; why says so', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const serving = await grid.node('serving', { peers })
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 5_000), crunch, { params: { rounds }, unitItems: 1, quorum: 1 })
    const id = await job.id
    await progressUntil(job, (now) => hostIn(now, serving).executed > 0)
    const [hosted] = await (await grid.connect(serving)).hosted()
    expect(hosted).toMatchObject({ job: id, owner: requester.peer, verdict: 'serves', own: false })

    const [byOwner, byTask, byTier] = await Promise.all([
      nodeWith('by-owner', `deny-owners = ["${requester.peer}"]`, peers),
      nodeWith('by-task', `deny-tasks = ["${hosted?.task}"]`, peers),
      nodeWith('by-tier', 'tiers = ["builtin", "wasm"]', peers),
    ])
    for (const [node, reason] of [
      [byOwner, /no work of this owner/],
      [byTask, /does not run this task/],
      [byTier, /runs no js tasks/],
    ] as const)
      expect(await answerOf(sdk, id, node, reason)).toMatchObject({ verdict: 'refused' })
    const { out } = await grid.run('jobs', '--hosted', '--state', byTask.state)
    expect(out).toMatch(/refused +this node does not run this task/)
    await job.cancel()
  }, 60_000)

  test('is told what is wrong in the settings file, and nothing is started', async () => {
    const state = join(grid.folder(), 'node')
    await mkdir(state)
    await writeFile(join(state, 'config.toml'), 'cpus = 2\n\nidle-afterr = "10 min"\n')
    const { code, err } = await grid.run('node', '--no-lan', '--state', state)
    expect(code).toBe(2)
    expect(err).toContain(
      `${join(state, 'config.toml')}, line 3: there is no setting "idle-afterr"`,
    )
    expect(err).toContain('did you mean idle-after?')
  }, 30_000)
})
