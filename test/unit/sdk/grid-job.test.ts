import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { range } from '../../../sdk/index.js'
import { type FakeGrid, openFakeGrid } from './fake-grid.js'

let under: FakeGrid
const unhandled: unknown[] = []
const onUnhandled = (error: unknown) => unhandled.push(error)
beforeEach(async () => {
  process.on('unhandledRejection', onUnhandled)
  under = await openFakeGrid({ reconnectMsMax: 2_000 })
})
afterEach(async () => {
  await under.dispose()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled.splice(0)).toEqual([])
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a job handle', () => {
  test('can be awaited and iterated, late and more than once', async () => {
    const job = under.grid.map(range(0, 600), (n) => n + 1)
    const whole = await job
    expect(whole).toHaveLength(600)
    expect(await collect(job)).toEqual(whole)
    expect(await job.result).toBe(whole)
    expect(await job.then((all) => all.length)).toBe(600)
    let first: number | undefined
    for await (const each of job) {
      first = each
      break
    }
    expect(first).toBe(1)
  })

  test('gives results while the job runs', async () => {
    const { grid, fake } = under
    fake.unitsMax = 3
    const job = grid.map([10, 20, 30, 40], (n) => n)
    const results = job[Symbol.asyncIterator]()
    expect((await results.next()).value).toBe(10)
    expect((await results.next()).value).toBe(20)
    fake.release()
    expect((await results.next()).value).toBe(30)
    expect((await results.next()).value).toBe(40)
    expect((await results.next()).done).toBe(true)
  })

  test('leaves the job running when a loop is left', async () => {
    const { grid, fake } = under
    const job = grid.map(range(0, 5000), (n) => n, { unitItems: 1 })
    for await (const n of job) if (n === 3) break
    await fake.until(() => fake.job.phase === 'done')
    expect(await job).toHaveLength(5000)
  })

  test('knows its id, its progress and what it waits for', async () => {
    const { grid, fake } = under
    const job = grid.map([1, 2], (n) => n)
    expect(await job.id).toMatch(/^[0-9a-f]{64}$/)
    await job
    expect(await job.progress()).toMatchObject({ phase: 'done', units: { total: 2, verified: 2 } })
    expect(await job.why()).toMatchObject({ job: fake.job.id })
  })

  test('watches until the end, which it shows too', async () => {
    const { grid, fake } = under
    fake.unitsMax = 2
    const job = grid.map([1, 2, 3], (n) => n)
    const phases: string[] = []
    for await (const { phase } of job.watch({ everyMs: 50 })) {
      phases.push(phase)
      fake.release()
    }
    expect(phases[0]).toBe('running')
    expect(phases.at(-1)).toBe('done')
  })

  test('stops a watch whose signal is aborted', async () => {
    const { grid, fake } = under
    fake.unitsMax = 0
    const job = grid.map([1], (n) => n)
    const reason = new Error('enough')
    const watching = collect(job.watch({ signal: AbortSignal.abort(reason) }))
    await expect(watching).rejects.toBe(reason)
    await job.cancel()
  })
})

describe('a job that fails', () => {
  test('because a unit does rejects with what the node says, however it is read', async () => {
    const { grid } = under
    const job = grid.map([3, 2, 1, 0], (n) => {
      if (n === 0) throw new Error('division by zero')
      return 6 / n
    })
    const expected = {
      code: 'MH_UNIT_FAILED',
      message: expect.stringContaining('division by zero'),
    }
    await expect(job).rejects.toMatchObject(expected)
    const got: number[] = []
    await expect(
      (async () => {
        for await (const each of job) got.push(each)
      })(),
    ).rejects.toMatchObject(expected)
    expect(got).toEqual([2, 3, 6])
    expect(await job.progress()).toMatchObject({ phase: 'failed' })
  })

  test('with a trap as its result rejects the same way', async () => {
    const { grid, fake } = under
    fake.compute = (_job, unit) => ({
      unit,
      kind: 'trap',
      output: new TextEncoder().encode('unreachable'),
      agreed: 2,
    })
    await expect(grid.map([1], (n) => n)).rejects.toMatchObject({
      code: 'MH_UNIT_FAILED',
      message: 'unit 0 failed: unreachable',
    })
  })

  test.each([
    ['unit 4: 15 hosts voted and no 2 agree', 'MH_UNIT_DISPUTED'],
    ['unit 4 ended without a result 6 times: time', 'MH_UNIT_FAILED'],
    ['the state directory cannot be written: full', 'MH_STORE_FAILED'],
  ] as const)('with "%s" has the code %s', async (text, code) => {
    const { grid, fake } = under
    fake.unitsMax = 0
    const job = grid.map([1], (n) => n)
    await job.id
    fake.fail(fake.job, code, text)
    await expect(job).rejects.toMatchObject({ code, message: text })
  })

  test('unseen disturbs nobody; seen by iteration only, neither', async () => {
    const { grid, fake } = under
    grid.map([1], () => {
      throw new Error('nobody looks')
    })
    const job = grid.map([1], () => {
      throw new Error('somebody iterates')
    })
    await expect(collect(job)).rejects.toMatchObject({ code: 'MH_UNIT_FAILED' })
    await fake.until(() => [...fake.jobs.values()].every(({ phase }) => phase === 'failed'))
  })
})

describe('cancelling', () => {
  test('ends the job and whoever waits for it', async () => {
    const { grid, fake } = under
    fake.unitsMax = 1
    const job = grid.map([1, 2], (n) => n)
    const waiting = expect(job).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    const results = job[Symbol.asyncIterator]()
    await results.next()
    const next = expect(results.next()).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    await job.cancel()
    expect(fake.job.phase).toBe('cancelled')
    await Promise.all([waiting, next])
  })

  test('of a job that is done changes nothing', async () => {
    const job = under.grid.map([1], (n) => n)
    await job
    await job.cancel()
    expect(await collect(job)).toEqual([1])
  })

  test('by a signal keeps its reason as the cause', async () => {
    const { grid, fake } = under
    fake.unitsMax = 0
    const controller = new AbortController()
    const job = grid.map([1], (n) => n, { signal: controller.signal })
    await job.id
    const reason = new Error('too late')
    controller.abort(reason)
    await expect(job).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED', cause: reason })
    await fake.until(() => fake.job.phase === 'cancelled')
  })

  test('by a signal that was aborted before submits nothing', async () => {
    const { grid, fake } = under
    const job = grid.map([1], (n) => n, { signal: AbortSignal.abort() })
    await expect(job).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    await expect(job.id).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    await job.cancel()
    expect(fake.jobs.size).toBe(0)
  })

  test('while the job is being submitted reaches it all the same', async () => {
    const { grid, fake } = under
    const controller = new AbortController()
    fake.unitsMax = 0
    const job = grid.map([1], (n) => n, { signal: controller.signal })
    controller.abort()
    await expect(job).rejects.toMatchObject({ code: 'MH_JOB_CANCELLED' })
    await fake.until(() => fake.jobs.size === 1 && fake.job.phase === 'cancelled')
  })
})

describe('attach', () => {
  test('finds a job by its id and by its first digits, as raw results', async () => {
    const { grid } = under
    const id = await grid.map([1, 2], (n) => n).id
    const again = grid.attach(id.slice(0, 8))
    const results = await again
    expect(results.map(({ unit, hit, agreed }) => ({ unit, hit, agreed }))).toEqual([
      { unit: 0, hit: false, agreed: 2 },
      { unit: 1, hit: false, agreed: 2 },
    ])
    expect(await again.id).toBe(id)
  })

  test('answers MH_JOB_UNKNOWN whatever is asked of a job that is not there', async () => {
    const job = under.grid.attach('abcdef')
    await expect(job).rejects.toMatchObject({ code: 'MH_JOB_UNKNOWN' })
    await expect(job.progress()).rejects.toMatchObject({ code: 'MH_JOB_UNKNOWN' })
    await expect(collect(job)).rejects.toMatchObject({ code: 'MH_JOB_UNKNOWN' })
    await expect(under.grid.attach('not an id').id).rejects.toMatchObject({ code: 'MH_SCHEMA' })
  })
})

describe('a node that is killed and started again', () => {
  test('loses no result and repeats none', async () => {
    const { grid, fake } = under
    fake.unitsMax = 40
    fake.batch = 3
    const job = grid.map(range(0, 90), (n) => n, { unitItems: 1 })
    const got: number[] = []
    for await (const n of job) {
      got.push(n)
      if (got.length === 30) {
        await under.stopNode()
        fake.release()
        setTimeout(() => under.startNode(), 100)
      }
    }
    expect(got).toEqual(Array.from({ length: 90 }, (_, i) => i))
  })

  test('gets the inputs that it has not yet, each once', async () => {
    const { grid, fake } = under
    async function* source() {
      for (let n = 0; n < 60; n++) {
        if (n === 20) await under.stopNode()
        if (n === 25) await under.startNode()
        await new Promise((resolve) => setTimeout(resolve, 1))
        yield n
      }
    }
    expect(await grid.map(source(), (n) => n)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    expect(fake.job.phase).toBe('done')
  })

  test('that stays away ends the waiting with MH_GATEWAY_LOST', async () => {
    await under.dispose()
    under = await openFakeGrid({ reconnectMsMax: 300 })
    const { grid, fake } = under
    fake.unitsMax = 0
    const job = grid.map([1], (n) => n)
    await job.id
    await under.stopNode()
    await expect(job).rejects.toMatchObject({ code: 'MH_GATEWAY_LOST', retryable: true })
    await expect(grid.status()).rejects.toMatchObject({ code: 'MH_GATEWAY_LOST' })
  })
})

describe('closing the connection', () => {
  test('ends what waits on it with MH_STOPPED, and the job goes on', async () => {
    const { grid, fake } = under
    fake.unitsMax = 0
    const job = grid.map([1], (n) => n)
    await job.id
    const waiting = expect(job).rejects.toMatchObject({ code: 'MH_STOPPED' })
    await fake.until(() => fake.job.inputs.length === 1)
    await grid.close()
    await waiting
    await expect(grid.jobs()).rejects.toMatchObject({ code: 'MH_STOPPED' })
    expect(fake.job.phase).toBe('running')
    expect(() => grid.map([1], (n) => n)).not.toThrow()
  })
})

describe('a hundred jobs', () => {
  test('share one signal and one connection without a warning', async () => {
    const { grid } = under
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const { signal } = new AbortController()
    const jobs = Array.from({ length: 100 }, (_, i) =>
      grid.map([i], (n) => n + 1, { signal, unitItems: 1 }),
    )
    expect((await Promise.all(jobs)).flat()).toEqual(jobs.map((_, i) => i + 1))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })
})
