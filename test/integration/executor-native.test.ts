/** The `native` tier: trusted owners' JavaScript, in processes of its own. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { UnitOutcome } from '../../coordinator-free-node/protocol/outcome.js'
import type { TaskDescriptor } from '../../coordinator-free-node/protocol/task-bundle.js'
import {
  createExecutor,
  type ExecutorOptions,
  type LocalExecutor,
} from '../../coordinator-free-node/shell/executor/executor.js'
import { entryFile } from '../../coordinator-free-node/shell/executor/sealed-process.js'
import { walls } from '../../coordinator-free-node/shell/executor/walls.js'
import { decodeValue, encodeValue } from '../../tasks/value.js'
import { batchOf, builtin, isAbort, run, spins } from '../contract/executor-contract.js'

const made: LocalExecutor[] = []
const mib = 2 ** 20

async function started(options: Partial<ExecutorOptions> = {}): Promise<LocalExecutor> {
  const executor = createExecutor({ slots: 2, native: true, ...options })
  made.push(executor)
  await executor.start()
  return executor
}

function kernel(source: string, inputs: readonly unknown[] = [null], change = {}) {
  const descriptor = {
    name: 'native',
    tier: 'native' as TaskDescriptor['tier'],
    unitMsMax: 20_000,
    unitMemoryBytesMax: 64 * mib,
    ...change,
  }
  const bundle = { descriptor, code: new TextEncoder().encode(source) }
  const units = inputs.map((input, unit) => ({ unit, input: encodeValue(input) }))
  return { ...batchOf(bundle, 0), units }
}

async function fate(executor: LocalExecutor, source: string, change = {}) {
  const [outcome] = await run(executor, kernel(source, [null], change))
  return outcome
}

const text = (outcome: UnitOutcome | undefined) =>
  outcome === undefined || outcome.kind === 'abort' ? '' : new TextDecoder().decode(outcome.output)

function decoded(outcome: UnitOutcome | undefined): unknown {
  if (outcome?.kind !== 'done' && outcome?.kind !== 'hit') throw new Error(JSON.stringify(outcome))
  return decodeValue(outcome.output)
}

/** Native processes on this machine that belong to this test. */
function processes(): number {
  const list = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args=']).toString()
  return list.split('\n').filter((args) => args.includes('native-process.js')).length
}

/** Native processes below another, with what bubblewrap puts between. */
function processesBelow(pid: number): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString().trim().split('\n')
  const family = new Set([pid])
  const found: number[] = []
  for (const line of list) {
    const [own, parent] = line.trim().split(/\s+/).map(Number)
    if (own === undefined || parent === undefined || !family.has(parent)) continue
    family.add(own)
    if (line.includes('native-process.js')) found.push(own)
  }
  return found
}

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .toString()
      .startsWith('Z')
  } catch {
    return false
  }
}

afterEach(async () => {
  await Promise.all(made.splice(0).map((executor) => executor.stop()))
  expect(processes()).toBe(0)
})

describe('a native kernel', () => {
  test('is not run unless the executor was told to', async () => {
    const executor = await started({ native: false })
    const outcome = await fate(executor, '() => ({ value: 1 })')
    expect(outcome).toMatchObject({ reason: 'unavailable', message: 'native tasks are off' })
  })

  test('gives the same digests as a JavaScript kernel, for values, hits and random numbers', async () => {
    const executor = await started()
    const source = `({ input, params }) => ({
      hit: input.n === 3,
      value: [input, params, Math.random(), Math.random(), -0, 10n, new Uint8Array([1, 2]), undefined],
    })`
    const inputs = [0, 1, 2, 3].map((n) => ({ n, words: ['é', null, Number.NaN] }))
    const native = { ...kernel(source, inputs), params: encodeValue({ a: 1 }) }
    const js = { ...kernel(source, inputs, { tier: 'js' }), params: native.params }
    const [first, second] = [await run(executor, native), await run(executor, js)]
    const sorted = (outcomes: UnitOutcome[]) =>
      outcomes
        .sort((a, b) => a.unit - b.unit)
        .map((o) => (o.kind === 'abort' ? o : { unit: o.unit, kind: o.kind, digest: o.digest }))
    expect(sorted(first)).toEqual(sorted(second))
    expect(sorted(first).map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'hit'])
  })

  test('takes ranges, and may be asynchronous', async () => {
    const executor = await started()
    const batch = kernel(
      'async ({ range }) => ({ value: Promise.resolve(range.end - range.start) })',
    )
    const input = new Uint8Array(16)
    new DataView(input.buffer).setBigInt64(8, 7n, true)
    const [outcome] = await run(executor, {
      ...batch,
      inputs: 'range',
      units: [{ unit: 0, input }],
    })
    expect(decoded(outcome)).toBe(7)
  })

  test('that throws traps with the line of its own', async () => {
    const executor = await started()
    const source = '() => {\n  const none = null\n  return none.x\n}'
    expect(text(await fate(executor, source))).toMatch(
      /^TypeError: .*null.*\n {4}at kernel\.js:3:15: return none\.x$/,
    )
    expect(text(await fate(executor, 'async () => {\n throw new Error("late") }'))).toMatch(
      /^Error: late\n {4}at kernel\.js:2:\d+: throw new Error\("late"\) }$/,
    )
    expect(text(await fate(executor, '() => {\n  const = 1\n}'))).toMatch(
      /^SyntaxError: .*\n {4}at kernel\.js:2$/,
    )
    expect(text(await fate(executor, '() => { throw 7 }'))).toBe('threw 7')
  })

  test('that throws in a callback traps, too', async () => {
    const executor = await started()
    const source = '() => new Promise(() => setTimeout(() => { throw new Error("behind") }, 5))'
    expect(text(await fate(executor, source))).toMatch(/^Error: behind\n {4}at kernel\.js:1:/)
    const rejected = '() => new Promise(() => { void Promise.reject(new Error("unheard")) })'
    expect(text(await fate(executor, rejected))).toMatch(/^Error: unheard\n/)
  })

  test('that gives no result is told what is wrong', async () => {
    const executor = await started()
    expect(text(await fate(executor, '42'))).toBe(
      'the source of a kernel must evaluate to a function, not to number',
    )
    expect(text(await fate(executor, '() => 1'))).toMatch(/^a kernel must return an object/)
    expect(text(await fate(executor, '() => ({ value: { a: [1, () => 2] } })'))).toBe(
      'result.a[1] is a function, which cannot be sent',
    )
    expect(text(await fate(executor, '() => ({ value: "x".repeat(9e6) })'))).toBe(
      'the result has 9000002 bytes, at most 8388608 are allowed',
    )
  })

  test('that never ends is killed in its time, and nobody beside it is disturbed', async () => {
    const executor = await started()
    const pid = executor.pid
    const beside = run(executor, batchOf(builtin('spin'), 6, spins(60_000_000)))
    const neighbours = run(executor, kernel('({ input }) => ({ value: input })', [1, 2, 3]))
    const startMs = performance.now()
    for (const source of ['() => { for (;;); }', '() => new Promise(() => {})'])
      expect(await fate(executor, source, { unitMsMax: 300 })).toMatchObject({
        reason: 'time',
        message: 'ran longer than its limit of 300 ms',
      })
    expect(performance.now() - startMs).toBeLessThan(10_000)
    expect((await beside).every(({ kind }) => kind === 'done')).toBe(true)
    expect((await neighbours).map(decoded).sort()).toEqual([1, 2, 3])
    expect(executor.pid).toBe(pid)
  })

  test('that takes too much memory is aborted, whichever way', async () => {
    const executor = await started()
    const heap = '() => { const all = []; for (;;) all.push({ a: [all.length] }) }'
    expect(await fate(executor, heap)).toMatchObject({ reason: 'memory' })
    const buffers = '() => { const all = []; for (;;) all.push(new Uint8Array(5e6).fill(1)) }'
    expect(await fate(executor, buffers)).toMatchObject({
      reason: 'memory',
      message: expect.stringMatching(/^the process held \d+ MiB, of at most 320 MiB$/),
    })
    const depth = '() => { const f = () => f() + 1; return { value: f() } }'
    expect(await fate(executor, depth)).toMatchObject({ reason: 'memory' })
  })

  test('that ends its process is aborted, and the next unit runs', async () => {
    const executor = await started()
    const source = '({ input }) => { if (input === 1) process.exit(3); return { value: input } }'
    const outcomes = await run(executor, kernel(source, [0, 1, 2, 3]))
    outcomes.sort((a, b) => a.unit - b.unit)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'abort', 'done', 'done'])
    expect(outcomes[1]).toMatchObject({
      reason: 'crash',
      message: expect.stringContaining('exit code 3'),
    })
  })

  test('keeps its process from unit to unit, and shares it with no other task', async () => {
    const executor = await started({ slots: 1 })
    const source = '() => ({ value: (globalThis.count = (globalThis.count ?? 0) + 1) })'
    const values = (await run(executor, kernel(source, [0, 0, 0]))).map(decoded)
    expect(values).toEqual([1, 2, 3])
    expect(decoded(await fate(executor, `${source} // another`))).toBe(1)
    expect(processes()).toBe(1)
  })

  test('begins each unit with fresh variables of its own', async () => {
    const executor = await started({ slots: 1 })
    const source = '(() => { let count = 0; return () => ({ value: ++count }) })()'
    expect((await run(executor, kernel(source, [0, 0, 0]))).map(decoded)).toEqual([1, 1, 1])
  })

  test('that is cancelled gives its slot back', async () => {
    const executor = await started()
    const batch = kernel('() => { for (;;); }', [1, 2, 3])
    const over = run(executor, batch)
    while (processes() < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    executor.cancel(batch.batch)
    expect((await over).every((outcome) => isAbort(outcome, 'cancelled'))).toBe(true)
    expect(decoded(await fate(executor, '() => ({ value: 2 })'))).toBe(2)
  })

  test('goes on while the other units have their process killed', async () => {
    const executor = await started()
    const over = run(
      executor,
      kernel('() => new Promise((r) => setTimeout(() => r({ value: 1 }), 500))'),
    )
    await run(executor, batchOf(builtin('noop'), 1))
    process.kill(executor.pid!, 'SIGKILL')
    expect(decoded((await over)[0])).toBe(1)
  })

  test('ends with the daemon, whatever it is at', async () => {
    const file = new URL(
      '../../dist/coordinator-free-node/shell/executor/executor.js',
      import.meta.url,
    )
    const source = `
      import { createExecutor } from ${JSON.stringify(file.href)}
      const batch = JSON.parse(process.argv[1], (_, value) =>
        value && value.bytes ? Uint8Array.from(value.bytes) : value)
      const executor = createExecutor({ slots: 1, native: true })
      await executor.start()
      await executor.execute(batch, () => process.stdout.write('begun'))`
    const endless = kernel('({ input }) => { while (input > 0); return { value: 1 } }', [0, 1])
    const batch = JSON.stringify(endless, (_, value) =>
      value instanceof Uint8Array ? { bytes: [...value] } : value,
    )
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', source, batch], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(daemon.stdout, 'data')
    const pids = processesBelow(daemon.pid!)
    expect(pids.length).toBeGreaterThan(0)
    const exited = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await exited
    const deadlineMs = performance.now() + 5_000
    while (pids.some(isAlive) && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('that lies to the daemon is aborted', async () => {
    const executor = await started()
    for (const lie of [
      'null',
      '{ type: "ended" }',
      '{ type: "ended", outcome: { kind: "done" }, spentMs: 1 }',
    ]) {
      const source = `() => { process.send(${lie}); for (;;); }`
      expect(await fate(executor, source)).toMatchObject({ reason: 'crash' })
    }
  })

  test('meets the same walls: no files, no programs, no network, no environment', async () => {
    const executor = await started()
    const source = `async () => {
      const { readFileSync } = process.getBuiltinModule('fs')
      const { spawnSync } = process.getBuiltinModule('child_process')
      const net = process.getBuiltinModule('net')
      const attempt = (what) => { try { return String(what()) } catch (error) { return error.code } }
      const connected = new Promise((resolve) => {
        try {
          net.connect(9, '192.0.2.1', () => resolve('connected')).on('error', (e) => resolve(e.code))
        } catch (error) { resolve(error.code) }
      })
      return { value: {
        file: attempt(() => readFileSync('/etc/passwd')),
        program: attempt(() => spawnSync('/bin/ls').status),
        connected: await connected,
        environment: Object.keys(process.env).filter((name) => name !== 'PWD'),
      } }
    }`
    const found = decoded(await fate(executor, source)) as Record<string, unknown>
    expect(found).toMatchObject({
      file: 'ERR_ACCESS_DENIED',
      program: 'ERR_ACCESS_DENIED',
      environment: [],
    })
    const { outer } = walls(entryFile())
    if (outer !== 'none') expect(found.connected).toMatch(/^(ENETUNREACH|ERR_ACCESS_DENIED)$/)
  })
})
