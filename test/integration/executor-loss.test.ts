import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { UnitOutcome } from '../../coordinator-free-node/protocol/outcome.js'
import {
  createExecutor,
  type ExecutorOptions,
  type LocalExecutor,
} from '../../coordinator-free-node/shell/executor/executor.js'
import { batchOf, builtin, isAbort, run, spins } from '../contract/executor-contract.js'
import { call, i32, i32Const, wasmModule } from './wasm-modules.js'

const made: LocalExecutor[] = []

async function started(options: Partial<ExecutorOptions> = {}): Promise<LocalExecutor> {
  const executor = createExecutor({ slots: 2, ...options })
  made.push(executor)
  await executor.start()
  return executor
}

function fake(name: string): URL {
  return new URL(`./executor-fakes/${name}.mjs`, import.meta.url)
}

function pidOf({ pid }: LocalExecutor): number {
  if (pid === undefined) throw new Error('there is no process')
  return pid
}

/** Some seconds of work in each unit. */
const long = (count = 2) => batchOf(builtin('spin'), count, spins(2 ** 32 - 1))
const { task, bundle } = batchOf(builtin('echo'), 0)
const echo = { task, bundle }
const quick = (count: number) => batchOf(builtin('noop'), count)

/** A unit that never ends. */
function endless(count = 1) {
  const descriptor = {
    name: 'endless',
    tier: 'wasm' as const,
    unitMsMax: 600_000,
    unitMemoryBytesMax: 1 << 20,
  }
  const code = wasmModule([0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00])
  return batchOf({ descriptor, code }, count)
}

/** A promise and what settles it. */
function settled() {
  let settle = () => {}
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}

/** Units that count down from their number; from -1 it takes 4,000,000,000 steps. */
function counting(counts: readonly number[]) {
  const body = [
    ...[...i32Const(0), ...call(0), 0x41, 0, 0x28, 2, 0, 0x21, 0],
    ...[0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0],
  ]
  const code = wasmModule(body, { imports: [['grid', 'input_read', [i32], []]], locals: 1 })
  const bundle = { ...endless().bundle, code }
  const units = counts.map((count, unit) => {
    const input = new Uint8Array(4)
    new DataView(input.buffer).setInt32(0, count, true)
    return { unit, input }
  })
  return { ...batchOf(bundle, 0), units }
}

/** Executor processes that this process has as children. */
function children(): string[] {
  const args = ['--ppid', String(process.pid), '-o', 'pid=,args=']
  const list = execFileSync('ps', args).toString().split('\n')
  return list.filter((line) => /executor\/process\.js|executor-fakes/.test(line))
}

afterEach(async () => {
  await Promise.all(made.splice(0).map((executor) => executor.stop()))
  expect(children()).toEqual([])
})

describe('an executor whose process is killed', () => {
  test('reports what ran, runs what waited, and says so', async () => {
    const said: string[] = []
    const executor = await started({ log: (message) => said.push(message) })
    const before = pidOf(executor)
    const outcomes: UnitOutcome[] = []
    const over = executor.execute(long(), (some) => outcomes.push(...some))
    const waiting = run(executor, quick(500))
    process.kill(before, 'SIGKILL')
    await over
    expect(outcomes).toHaveLength(2)
    expect(outcomes.every((outcome) => isAbort(outcome, 'crash'))).toBe(true)
    expect((await waiting).filter(({ kind }) => kind === 'done')).toHaveLength(500)
    expect(pidOf(executor)).not.toBe(before)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('SIGKILL')
  })

  test('is back by itself, and soon', async () => {
    const { promise: death, settle } = settled()
    const executor = await started({ log: settle })
    const startMs = performance.now()
    process.kill(pidOf(executor), 'SIGKILL')
    await death
    expect((await run(executor, quick(1)))[0]?.kind).toBe('done')
    // Some 0.2 s; a machine that runs other tests beside this one is slower.
    expect(performance.now() - startMs).toBeLessThan(4_000)
  })

  test('reports every unit once, in the middle of thousands', async () => {
    const executor = await started()
    const outcomes: UnitOutcome[] = []
    let kills = 0
    await executor.execute(batchOf(builtin('spin'), 4_000, spins(200_000)), (some) => {
      outcomes.push(...some)
      if (kills < 3 && outcomes.length > 1_000 * (kills + 1)) {
        kills++
        process.kill(pidOf(executor), 'SIGKILL')
      }
    })
    expect(kills).toBe(3)
    expect(new Set(outcomes.map(({ unit }) => unit)).size).toBe(4_000)
    expect(outcomes).toHaveLength(4_000)
    // Chunks of several units are given another try, so hardly any unit pays.
    const crashed = outcomes.filter((outcome) => isAbort(outcome, 'crash')).length
    expect(crashed).toBeLessThanOrEqual(2 * kills)
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(4_000 - crashed)
  })

  test('leaves nothing behind when it is stopped on its way back', async () => {
    const executor = await started()
    const over = run(executor, long())
    process.kill(pidOf(executor), 'SIGKILL')
    await new Promise((resolve) => setImmediate(resolve))
    await executor.stop()
    expect(await over).toHaveLength(2)
    expect(children()).toEqual([])
    expect(executor.pid).toBeUndefined()
  })

  test('finds the units that kill it, and finishes the others', async () => {
    const executor = await started({ entry: fake('poisoned') })
    const outcomes = await run(executor, quick(300))
    expect(outcomes).toHaveLength(300)
    const crashed = outcomes.filter((outcome) => isAbort(outcome, 'crash')).map(({ unit }) => unit)
    // The other thread's only unit can be reported beside a culprit; never more.
    expect(crashed).toEqual(expect.arrayContaining([70, 71]))
    expect(crashed.length).toBeLessThanOrEqual(4)
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(300 - crashed.length)
  })

  test('in the middle of large inputs and outputs runs their units again, and mixes up nothing', async () => {
    const bytes = 24 * 2 ** 20
    const executor = await started({ unitBytesMax: bytes })
    const units = Array.from({ length: 12 }, (_, unit) => ({
      unit,
      input: new Uint8Array(bytes).fill(unit + 1),
    }))
    const outcomes: UnitOutcome[] = []
    // From the first bytes of an input to the last ones of an output, and beyond.
    const delaysMs = [5, 15, 40, 70, 100]
    const kills = (async () => {
      for (const delayMs of delaysMs) {
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        if (executor.pid !== undefined) process.kill(executor.pid, 'SIGKILL')
        while (executor.pid === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
    await executor.execute({ ...quick(0), ...echo, units }, (some) => outcomes.push(...some))
    await kills
    expect(new Set(outcomes.map(({ unit }) => unit)).size).toBe(12)
    expect(outcomes).toHaveLength(12)
    for (const outcome of outcomes)
      if (outcome.kind !== 'abort') {
        expect(outcome.output).toHaveLength(bytes)
        expect(outcome.output.every((byte) => byte === outcome.unit + 1)).toBe(true)
      }
    expect(outcomes.filter(({ kind }) => kind === 'abort').length).toBeLessThanOrEqual(10)
  })

  test('for bytes that it may not send is replaced', async () => {
    const said: string[] = []
    const executor = await started({
      entry: fake('greedy'),
      log: (message) => said.push(message),
    })
    const [outcome] = await run(executor, quick(1))
    expect(isAbort(outcome, 'crash')).toBe(true)
    expect(said[0]).toContain('it announced bytes that it may not send: 1073741824')
  })

  test('for saying what its own code never says is replaced, and the daemon takes no harm', async () => {
    const said: string[] = []
    const executor = await started({
      slots: 1,
      entry: fake('lying'),
      log: (message) => said.push(message),
    })
    // Each alone: five deaths in a row, and work would be turned away.
    for (const unit of quick(23).units) {
      const { pid } = executor
      const [outcome] = await run(executor, { ...quick(0), units: [unit] })
      if (outcome?.kind === 'abort' && outcome.reason === 'unavailable') {
        await executor.stop()
        await executor.start()
      } else {
        expect(outcome).toMatchObject({ unit: unit.unit, reason: 'crash' })
        while (executor.pid === undefined || executor.pid === pid)
          await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    expect(said.length).toBeGreaterThan(15)
    expect(said.every((line) => /what its own code never says|announced bytes/.test(line))).toBe(
      true,
    )
  })

  test('gives up on work that nothing survives, and on nothing else', async () => {
    const executor = await started({ entry: fake('mortal') })
    const outcomes = await run(executor, quick(40))
    expect(outcomes).toHaveLength(40)
    expect(outcomes.every(({ kind }) => kind === 'abort')).toBe(true)
    expect(outcomes.some((outcome) => isAbort(outcome, 'unavailable'))).toBe(true)
  })
})

describe('an executor', () => {
  test('kills its process when it falls silent, and goes on with another', async () => {
    const executor = await started({ entry: fake('stuck'), silenceMsMax: 1_000 })
    const before = pidOf(executor)
    const [stuck, fine] = batchOf(builtin('noop'), 2).units
    const outcomes = await run(executor, { ...quick(0), units: [stuck!] })
    expect(outcomes).toMatchObject([
      { reason: 'crash', message: expect.stringContaining('silent for 1000 ms') },
    ])
    expect((await run(executor, { ...quick(0), units: [fine!] }))[0]?.kind).toBe('done')
    expect(pidOf(executor)).not.toBe(before)
  })

  test('whose process does not start says why', async () => {
    await expect(started({ entry: fake('stillborn') })).rejects.toMatchObject({
      code: 'MH_EXECUTOR_FAILED',
      message: expect.stringContaining('no such luck'),
    })
    const [executor] = made
    const outcomes = await run(executor!, quick(2))
    expect(outcomes.every((outcome) => isAbort(outcome, 'unavailable'))).toBe(true)
  })

  test('that was not started, or was stopped, turns work away', async () => {
    const executor = createExecutor({ slots: 1 })
    expect(isAbort((await run(executor, quick(1)))[0], 'unavailable')).toBe(true)
    await executor.start()
    await executor.stop()
    expect(isAbort((await run(executor, quick(1)))[0], 'unavailable')).toBe(true)
    await executor.start()
    expect((await run(executor, quick(1)))[0]?.kind).toBe('done')
    await executor.stop()
  })

  test('that is stopped while it starts leaves nothing behind, at whatever moment', async () => {
    // Closest together in the first milliseconds, when the outer wall is being built.
    for (let delayMs = 0; delayMs < 100; delayMs = delayMs * 1.2 + 0.1) {
      const executor = createExecutor({ slots: 1, entry: fake('brief') })
      const starting = executor.start().catch((error: unknown) => error)
      const dueMs = performance.now() + delayMs
      while (performance.now() < dueMs) await new Promise((resolve) => setImmediate(resolve))
      await executor.stop()
      await starting
    }
    // Orphans too, which are no children any more.
    const everyone = execFileSync('ps', ['-eo', 'args=']).toString().split('\n')
    expect(everyone.filter((args) => args.includes(fileURLToPath(fake('brief'))))).toEqual([])
  })

  test('sends a task again that its process has dropped', async () => {
    const executor = await started({ entry: fake('forgetful') })
    const outcomes = await run(executor, quick(200))
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(200)
  })

  test('turns away an input that is longer than it takes, and runs the others', async () => {
    const executor = await started({ unitBytesMax: 1_000 })
    const units = [999, 1_000, 1_001].map((length, unit) => ({
      unit,
      input: new Uint8Array(length),
    }))
    const outcomes = await run(executor, { ...quick(0), ...echo, units })
    outcomes.sort((a, b) => a.unit - b.unit)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'abort'])
    expect(outcomes[2]).toMatchObject({
      reason: 'unavailable',
      message: 'the input has more than the 1000 bytes that this executor takes',
    })
    const long = { ...quick(0), ...echo, units: units.slice(2) }
    expect(isAbort((await run(executor, long))[0], 'unavailable')).toBe(true)
  })

  test('serves more tasks than its process keeps', async () => {
    const executor = await started()
    const names = Array.from({ length: 40 }, (_, i) => `task-${i}`)
    for (let round = 0; round < 2; round++)
      for (const name of names) {
        const bundle = builtin('echo')
        const batch = batchOf({ ...bundle, descriptor: { ...bundle.descriptor, name } }, 2)
        expect((await run(executor, batch)).map(({ kind }) => kind)).toEqual(['done', 'done'])
      }
  })

  test('refuses a second batch of the same name', async () => {
    const executor = await started()
    const batch = long()
    const over = run(executor, batch)
    await expect(run(executor, batch)).rejects.toThrow('is being executed already')
    executor.cancel(batch.batch)
    expect(await over).toHaveLength(2)
  })

  test('whose caller throws fails that caller alone', async () => {
    const executor = await started()
    const over = executor.execute(quick(50), () => {
      throw new Error('of the caller')
    })
    await expect(over).rejects.toThrow('of the caller')
    expect(await run(executor, quick(50))).toHaveLength(50)
  })
})

describe('a task that cannot be prepared', () => {
  /** A module of a million instructions in one function. */
  const slow = (count: number) => {
    const body = Array.from({ length: 500_000 }, () => [0x41, 1, 0x1a]).flat()
    return batchOf({ ...endless().bundle, code: wasmModule([...body, 0x41, 0]) }, count)
  }

  test('in its time is aborted as a whole, and turned away from then on', async () => {
    const executor = await started({ prepareMsMax: 10 })
    const beside = run(executor, batchOf(builtin('spin'), 6, spins(20_000_000)))
    const outcomes = await run(executor, slow(50))
    expect(outcomes).toHaveLength(50)
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: 'time',
        message: 'preparing the task took longer than 10 ms',
      })
    const [again, startMs] = [slow(1), performance.now()]
    expect(isAbort((await run(executor, again))[0], 'time')).toBe(true)
    expect(performance.now() - startMs).toBeLessThan(10)
    expect((await beside).every(({ kind }) => kind === 'done')).toBe(true)
  })

  test('because the process dies of it kills two processes, not one a unit', async () => {
    const said: string[] = []
    const log = (message: string) => said.push(message)
    const executor = await started({ entry: fake('bomb'), log })
    const outcomes = await run(executor, quick(50))
    expect(outcomes).toHaveLength(50)
    expect(outcomes.every((outcome) => isAbort(outcome, 'crash'))).toBe(true)
    expect(isAbort((await run(executor, quick(1)))[0], 'crash')).toBe(true)
    expect(said).toHaveLength(2)
    expect(said[0]).toContain('boom')
  })
})

describe('a cancelled unit', () => {
  test('that never ends gives its thread back', async () => {
    const executor = await started()
    const batch = endless(5)
    const over = run(executor, batch)
    await run(executor, quick(0))
    executor.cancel(batch.batch)
    const outcomes = await over
    expect(outcomes).toHaveLength(5)
    expect(outcomes.every((outcome) => isAbort(outcome, 'cancelled'))).toBe(true)
    expect(await run(executor, quick(20))).toHaveLength(20)
  })

  test('gives its thread back also when units of its task are short otherwise', async () => {
    const executor = await started({ slots: 1 })
    await run(executor, counting(Array(50).fill(10)))
    // Both are in one chunk; once the first has an outcome the second is running.
    const batch = counting([800_000_000, -1])
    const outcomes = await new Promise<UnitOutcome[]>((resolve) => {
      const all: UnitOutcome[] = []
      const over = executor.execute(batch, (some) => {
        all.push(...some)
        if (all.length === 1) executor.cancel(batch.batch)
      })
      void over.then(() => resolve(all))
    })
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'abort'])
    const startMs = performance.now()
    expect((await run(executor, quick(1)))[0]?.kind).toBe('done')
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })
})

describe('a daemon whose terminal sends Ctrl-C', () => {
  test('lets its executor finish what runs', async () => {
    const source = `
      import { createExecutor } from ${JSON.stringify(builtExecutor())}
      process.on('SIGINT', () => {})
      const batch = JSON.parse(process.argv[1], (_, value) =>
        value && value.bytes ? Uint8Array.from(value.bytes) : value)
      const said = []
      const executor = createExecutor({ slots: 2, log: (line) => said.push(line) })
      await executor.start()
      setTimeout(() => process.stdout.write('running'), 100)
      const kinds = []
      await executor.execute(batch, (some) => kinds.push(...some.map(({ kind }) => kind)))
      await executor.stop()
      process.stdout.write(JSON.stringify({ kinds, said }))`
    // Long enough to be running when the signal comes.
    const batch = JSON.stringify(batchOf(builtin('spin'), 2, spins(1_000_000_000)), plainBytes)
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', source, batch], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A process group of its own, which gets the signal as a terminal's foreground group does.
      detached: true,
    })
    const exited = once(daemon, 'close')
    await once(daemon.stdout, 'data')
    process.kill(-daemon.pid!, 'SIGINT')
    const [printed] = (await once(daemon.stdout, 'data')) as [Buffer]
    expect(JSON.parse(printed.toString())).toEqual({ kinds: ['done', 'done'], said: [] })
    await exited
  })
})

describe('a daemon that is killed', () => {
  test('takes its executor with it, whatever runs there', async () => {
    const source = `
      import { createExecutor } from ${JSON.stringify(builtExecutor())}
      const batch = JSON.parse(process.argv[1], (_, value) =>
        value && value.bytes ? Uint8Array.from(value.bytes) : value)
      const executor = createExecutor({ slots: 2 })
      await executor.start()
      void executor.execute(batch, () => {})
      setTimeout(() => process.stdout.write(String(executor.pid)), 100)`
    const batch = JSON.stringify(endless(4), plainBytes)
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', source, batch], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [printed] = (await once(daemon.stdout, 'data')) as [Buffer]
    const pid = Number(printed.toString())
    expect(isAlive(pid)).toBe(true)
    const exited = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await exited
    const deadlineMs = performance.now() + 5_000
    while (isAlive(pid) && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(isAlive(pid)).toBe(false)
  })
})

/** For `JSON.stringify`. */
function plainBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value
}

function builtExecutor(): string {
  return new URL('../../dist/coordinator-free-node/shell/executor/executor.js', import.meta.url)
    .href
}

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)]).toString()
    return !state.startsWith('Z')
  } catch {
    return false
  }
}
