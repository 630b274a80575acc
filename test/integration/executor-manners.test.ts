/** How the executor treats the machine that it runs on: memory, priority, share of time. */
import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { UnitOutcome } from '../../coordinator-free-node/protocol/outcome.js'
import {
  createExecutor,
  type ExecutorOptions,
  type LocalExecutor,
} from '../../coordinator-free-node/shell/executor/executor.js'
import { batchOf, builtin, isAbort, run, spins } from '../contract/executor-contract.js'
import { i32Const, wasmModule } from './wasm-modules.js'

const made: LocalExecutor[] = []

async function started(options: Partial<ExecutorOptions> = {}): Promise<LocalExecutor> {
  const executor = createExecutor({ slots: 2, ...options })
  made.push(executor)
  await executor.start()
  return executor
}

afterEach(async () => {
  await Promise.all(made.splice(0).map((executor) => executor.stop()))
})

const mib = 2 ** 20

/** Fills as many MiB with ones, and never ends. */
function filling(megabytes: number) {
  const descriptor = {
    name: 'filling',
    tier: 'wasm' as const,
    unitMsMax: 60_000,
    unitMemoryBytesMax: 2048 * mib,
  }
  const grow = [...i32Const(16 * megabytes), 0x40, 0x00, 0x1a]
  const fill = [...i32Const(0), ...i32Const(1), ...i32Const(megabytes * mib), 0xfc, 11, 0]
  const body = [...grow, ...fill, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00]
  return batchOf({ descriptor, code: wasmModule(body) }, 1)
}

describe('a process that holds too much memory', () => {
  test('ends the unit that may have most, and no other', async () => {
    const executor = await started({ memoryBytesMax: 700 * mib })
    const pid = executor.pid
    const beside = run(executor, batchOf(builtin('spin'), 12, spins(100_000_000)))
    const [outcome] = await run(executor, filling(900))
    expect(outcome).toMatchObject({
      reason: 'memory',
      message: expect.stringMatching(/^the executor held \d+ MiB, of at most 700 MiB$/),
    })
    expect((await beside).every(({ kind }) => kind === 'done')).toBe(true)
    expect(executor.pid).toBe(pid)
  })

  test('without a unit to blame is replaced', async () => {
    let died = (_: string) => {}
    const death = new Promise<string>((resolve) => {
      died = resolve
    })
    const executor = await started({ memoryBytesMax: 1 * mib, log: (message) => died(message) })
    expect(await death).toMatch(/the executor held \d+ MiB, of at most 1 MiB/)
    expect(executor.slots).toBe(2)
  })

  test('is allowed what its tasks are', async () => {
    const executor = await started()
    const batch = filling(900)
    const over = run(executor, batch)
    await run(executor, batchOf(builtin('spin'), 4, spins(200_000_000)))
    executor.cancel(batch.batch)
    expect(isAbort((await over)[0], 'cancelled')).toBe(true)
  })
})

const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('a process on Linux', () => {
  test('and all of its threads are of low priority, those of units of the lowest', async () => {
    const executor = await started()
    await run(executor, batchOf(builtin('spin'), 40, spins(1_000_000)))
    const threads = execFileSync('ps', ['-eLo', 'pid=,ppid=,ni=,comm='])
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const family = new Set([String(executor.pid)])
    for (const [pid = '', ppid = ''] of threads) if (family.has(ppid)) family.add(pid)
    const levels = threads.filter(([pid = '']) => family.has(pid)).map(([, , nice]) => Number(nice))
    const own = Number(execFileSync('ps', ['-o', 'ni=', '-p', String(process.pid)]).toString())
    expect(levels.length).toBeGreaterThan(4)
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(Math.min(19, own + 10))
    expect(levels.filter((nice) => nice === 19).length).toBeGreaterThanOrEqual(2)
  })
})

describe('a share of time', () => {
  test('is kept by resting between units', async () => {
    const executor = await started({ slots: 1, cpuShare: 0.25 })
    const outcomes: UnitOutcome[] = []
    const startMs = performance.now()
    await executor.execute(batchOf(builtin('spin'), 20, spins(20_000_000)), (some) =>
      outcomes.push(...some),
    )
    // With its rest; that of the last unit follows its outcome.
    const spentMs = outcomes.reduce((sum, o) => sum + (o.kind === 'abort' ? 0 : o.spentMs), 0)
    expect(performance.now() - startMs).toBeGreaterThan(0.8 * spentMs)
  })

  test('does not keep a cancelled batch from its end, nor a unit from its limit', async () => {
    const executor = await started({ slots: 1, cpuShare: 0.01 })
    await run(executor, batchOf(builtin('spin'), 1, spins(200_000_000)))
    const batch = batchOf(builtin('spin', { unitMsMax: 5_000 }), 50, spins(20_000_000))
    const first = new Promise<void>((resolve) => {
      void executor.execute(batch, () => resolve())
    })
    await first
    const startMs = performance.now()
    executor.cancel(batch.batch)
    expect((await run(executor, batchOf(builtin('noop'), 1)))[0]?.kind).toBe('done')
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })
})
