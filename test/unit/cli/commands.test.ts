import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GridError } from '../../../coordinator-free-node/protocol/errors.js'
import type { JobView } from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { Grid, JobHandle } from '../../../sdk/types.js'
import { JOB, jobView, runCommand } from './fakes.js'

interface Submitted {
  method: string
  options: { maxErrorRate?: number; quorum?: number; unitMsMax?: number; signal?: AbortSignal }
}

interface FakeGrid extends Grid {
  submitted: Submitted[]
  closed: number
  cancelled: string[]
}

/** A grid whose one job gives `result` after the given views. */
function fakeGrid(
  result: unknown,
  views: readonly JobView[] = [jobView({ phase: 'done' })],
): FakeGrid {
  const submitted: Submitted[] = []
  const cancelled: string[] = []
  const job = (): JobHandle<unknown, unknown> => {
    const whole = Promise.resolve().then(() => {
      if (result instanceof Error) throw result
      return result
    })
    whole.catch(() => undefined)
    const handle = {
      id: Promise.resolve(JOB),
      result: whole,
      progress: async () => views.at(-1)!,
      async *watch() {
        yield* views
      },
      cancel: async () => void cancelled.push(JOB),
      why: async () => ({ job: JOB, phase: 'running', waits: [], answers: [] }),
      // biome-ignore lint/suspicious/noThenProperty: a job handle is awaited for its result
      then: whole.then.bind(whole),
    }
    return handle as unknown as JobHandle<unknown, unknown>
  }
  const submitting =
    (method: string, at: number) =>
    (...args: unknown[]) => {
      submitted.push({ method, options: args[at] as Submitted['options'] })
      return job()
    }
  const grid = {
    peer: 'me',
    embedded: false,
    submitted,
    cancelled,
    closed: 0,
    map: submitting('map', 2),
    find: submitting('find', 2),
    reduce: submitting('reduce', 3),
    run: submitting('run', 2),
    attach: () => job(),
    jobs: async () => [jobView()],
    peers: async () => [],
    async close() {
      grid.closed += 1
    },
  }
  return grid as unknown as FakeGrid
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function programOf(source: string): Promise<string> {
  const file = join(folder, 'program.mjs')
  await writeFile(file, source)
  return file
}

describe('run', () => {
  test('prints the result of a task on stdout and lets go of the grid', async () => {
    const grid = fakeGrid({ pi: 3.14 })
    const { terminal, exitCode } = await runCommand(['run', 'monte-carlo-pi'], { grid })
    expect(exitCode).toBe(0)
    expect(terminal.out).toEqual(['pi  3.14'])
    expect(grid.closed).toBe(1)
  })
  test('with --json prints one document with result and jobs', async () => {
    const { terminal } = await runCommand(['run', 'monte-carlo-pi', '--json'], {
      grid: fakeGrid({ pi: 3.14 }),
    })
    expect(terminal.out).toHaveLength(1)
    expect(JSON.parse(terminal.out[0]!)).toMatchObject({
      target: 'monte-carlo-pi',
      result: { pi: 3.14 },
      jobs: [{ job: JOB, phase: 'done' }],
    })
  })
  test('options of the command reach the job', async () => {
    const grid = fakeGrid(1)
    await runCommand(['run', 'noop', '--quorum', '3', '--unit-ms', '500'], { grid })
    expect(grid.submitted).toMatchObject([{ options: { quorum: 3, unitMsMax: 500 } }])
  })
  test('--max-error-rate reaches the job, in the place of a quorum that a program asks for', async () => {
    const grid = fakeGrid(1)
    await runCommand(['run', 'noop', '--max-error-rate', '1e-6'], { grid })
    const file = await programOf('export default (grid) => grid.map([1], (n) => n, { quorum: 2 })')
    await runCommand(['run', file, '--max-error-rate', '1e-6'], { grid })
    await runCommand(['run', file], { grid })
    const rules = grid.submitted.map(({ options }) => [options.maxErrorRate, options.quorum])
    expect(rules).toEqual([
      [1e-6, undefined],
      [1e-6, undefined],
      [undefined, 2],
    ])
  })
  test.each([
    [['--quorum', '2', '--max-error-rate', '0.1'], /--quorum and --max-error-rate .* together/],
    [['--quorum', '8'], /--quorum: '8' is no/],
    [['--max-error-rate', '1'], /--max-error-rate: '1' is no number from 1e-12 to 0.5/],
    [['--max-error-rate', '0'], /--max-error-rate: '0' is no number/],
  ])('%j is refused with what would be valid', async (args, words) => {
    const grid = fakeGrid(1)
    const { terminal, exitCode } = await runCommand(['run', 'noop', ...args], { grid })
    expect(exitCode).toBe(2)
    expect(terminal.remarks.join('\n')).toMatch(words)
    expect(grid.submitted).toEqual([])
  })
  test('a program gets the grid, its arguments and a signal', async () => {
    const file = await programOf(`export default async (grid, { args, signal, progress }) => {
      progress('starting')
      const job = progress(grid.map([1], (n) => n))
      await job
      return [args, signal.aborted]
    }`)
    const grid = fakeGrid([1])
    const { terminal } = await runCommand(['run', file, 'a', '--json', '--', '-b'], { grid })
    expect(JSON.parse(terminal.out[0]!).result).toEqual([['a', '-b'], false])
    expect(terminal.remarks[0]).toBe('starting')
    expect(grid.submitted[0]?.options.signal).toBeInstanceOf(AbortSignal)
  })
  test('a job that fails ends with 1, and the grid is closed', async () => {
    const grid = fakeGrid(new GridError('MH_JOB_FAILED', 'unit 3 died', { blame: 'user' }))
    const { terminal, exitCode } = await runCommand(['run', 'noop'], { grid })
    expect(exitCode).toBe(1)
    expect(terminal.remarks).toContain('error: unit 3 died')
    expect(grid.closed).toBe(1)
  })
  test('--embed takes a state directory of its own', async () => {
    const { connections } = await runCommand(['run', 'noop', '--embed', '--no-lan'], {
      grid: fakeGrid(1),
    })
    expect(connections).toEqual([
      { node: 'embedded', lan: false, stateDirectory: expect.stringContaining('manyhands-') },
    ])
  })
  test('--id-only prints the id alone and needs a running node', async () => {
    const { terminal, connections } = await runCommand(['run', 'noop', '--id-only'], {
      grid: fakeGrid(1, [jobView()]),
    })
    expect(terminal.out).toEqual([JOB])
    expect(terminal.remarks).toEqual([])
    expect(connections).toEqual([{ node: 'running' }])
  })
  test.each([
    [['--detach', '--embed'], '--embed'],
    [['--detach', '--output', 'x'], '--output'],
    [['an-argument'], 'takes no arguments'],
  ])('%j do not go together', async (args, named) => {
    const { terminal, exitCode } = await runCommand(['run', 'noop', ...args], { grid: fakeGrid(1) })
    expect(exitCode).toBe(2)
    expect(terminal.remarks[0]).toContain(named)
  })
  test('bytes for a terminal are refused before they are computed', async () => {
    const grid = fakeGrid(Uint8Array.of(1))
    const { exitCode } = await runCommand(['run', 'mandelbrot'], { grid, tty: true })
    expect(exitCode).toBe(2)
    expect(grid.submitted).toEqual([])
  })
})

describe('other commands', () => {
  test('show takes the first digits and prints the view as JSON', async () => {
    const { terminal } = await runCommand(['show', 'abab', '--json'], { grid: fakeGrid(1) })
    expect(JSON.parse(terminal.out[0]!)).toMatchObject({ job: JOB, units: { reassigned: 4 } })
  })
  test('jobs prints a table', async () => {
    const { terminal } = await runCommand(['jobs'], { grid: fakeGrid(1) })
    expect(terminal.out[0]).toContain('squares')
  })
  test.each([
    ['done', 0],
    ['failed', 1],
    ['cancelled', 1],
  ] as const)('wait for a job that is %s ends with %i', async (phase, code) => {
    const { exitCode } = await runCommand(['wait', 'abab'], {
      grid: fakeGrid(1, [jobView(), jobView({ phase })]),
    })
    expect(exitCode).toBe(code)
  })
  test('cancel cancels', async () => {
    const grid = fakeGrid(1, [jobView({ phase: 'cancelled' })])
    const { terminal } = await runCommand(['cancel', 'abab'], { grid })
    expect(grid.cancelled).toEqual([JOB])
    expect(terminal.out[0]).toContain('cancelled')
  })
  test.each(['jobs', 'peers', 'status'])(
    '%s without a node says how to start one',
    async (name) => {
      const { terminal, exitCode } = await runCommand([name])
      expect(exitCode).toBe(2)
      expect(terminal.remarks).toEqual([
        'error: no node runs here',
        'hint: start one: manyhands node',
      ])
    },
  )
})

describe('a volunteer', () => {
  const donation = { donating: false, reason: 'paused', changesInMs: undefined, unitsLeft: 0 }
  const gridOf = (asked: unknown[]) =>
    Object.assign(fakeGrid(1), {
      pause: async (options: object) => {
        asked.push(options)
        return donation
      },
      resume: async () => ({ ...donation, donating: true, reason: undefined }),
      finish: async () => void asked.push('finish'),
    })
  test('pauses for a while or for good', async () => {
    const asked: unknown[] = []
    const { terminal } = await runCommand(['pause', '--for', '1h30m'], { grid: gridOf(asked) })
    await runCommand(['pause'], { grid: gridOf(asked) })
    expect(asked).toEqual([{ forMs: 5_400_000 }, {}])
    expect(terminal.out).toEqual(['not now: paused by you until you resume it'])
  })
  test('resumes and finishes', async () => {
    const asked: unknown[] = []
    const { terminal } = await runCommand(['resume', '--json'], { grid: gridOf(asked) })
    expect(JSON.parse(terminal.out[0]!)).toMatchObject({ donating: true })
    const { exitCode } = await runCommand(['finish'], { grid: gridOf(asked) })
    expect([exitCode, asked]).toEqual([0, ['finish']])
  })
  test.each(['2', 'soon', '0s', '400d'])('a pause for %j is refused', async (text) => {
    const { terminal, exitCode } = await runCommand(['pause', '--for', text], { grid: gridOf([]) })
    expect(exitCode).toBe(2)
    expect(terminal.remarks[0]).toContain(`--for: '${text}' is no duration`)
  })
  test('chooses on the command line what else stands in the file', async () => {
    const args = ['--cpu-share', '50 %', '--hours', 'mon,tue 10:00-11:00', '--tiers', 'wasm, js']
    const state = ['--state', folder, '--json', '--print-config']
    const { terminal } = await runCommand(['node', ...state, ...args, '--never-on-battery'])
    expect(JSON.parse(terminal.out[0]!).options).toMatchObject({
      cpuShare: 50,
      hours: ['mon,tue 10:00-11:00'],
      tiers: ['wasm', 'js'],
      neverOnBattery: true,
    })
  })
  test.each([
    [['--cpu-share', '0'], '--cpu-share'],
    [['--deny-tasks', 'abcdef'], '--deny-tasks'],
    [['--memory', 'lots'], '--memory'],
    [['--tiers', 'native'], 'native-owners'],
  ])('%j is refused', async (args, named) => {
    const state = ['--state', folder, '--print-config']
    const { terminal, exitCode } = await runCommand(['node', ...state, ...args])
    expect(exitCode).toBe(2)
    expect(terminal.remarks[0]).toContain(named)
  })
})

describe('tasks', () => {
  test('lists the built-in tasks with a line each', async () => {
    const { terminal } = await runCommand(['tasks'])
    expect(terminal.out[0]).toMatch(/^hash-search +\S+/m)
  })
  test('shows the parameters of one, with type, default and meaning', async () => {
    const { terminal } = await runCommand(['tasks', 'hash-search'])
    expect(terminal.out[0]).toMatch(/^start +integer 0 to 4294967295 +0 +first nonce$/m)
  })
  test.each(['mandelbrot', 'monte-carlo-pi', 'word-count', 'noop'])(
    '%s has parameters that can be shown',
    async (name) => {
      const { exitCode } = await runCommand(['tasks', name, '--json'])
      expect(exitCode).toBe(0)
    },
  )
  test('a mistyped one gets a suggestion', async () => {
    const { terminal, exitCode } = await runCommand(['tasks', 'mandelbort'])
    expect(exitCode).toBe(2)
    expect(terminal.remarks[1]).toContain('did you mean mandelbrot?')
  })
})

describe('sim', () => {
  test('the same seed gives the same trace', async () => {
    const runs = [1, 2].map(() => runCommand(['sim', 'liar', '--seed', '7', '--json']))
    const [first, second] = (await Promise.all(runs)).map(({ terminal }) => terminal.out[0]!)
    expect(first).toBe(second)
    expect(JSON.parse(first!)).toMatchObject({ scenario: 'liar', seed: 7, wrong: 0 })
  })
  test('an unknown scenario gets a suggestion', async () => {
    const { terminal, exitCode } = await runCommand(['sim', 'lair'])
    expect(exitCode).toBe(2)
    expect(terminal.remarks.join('\n')).toContain('did you mean liar?')
  })
})
