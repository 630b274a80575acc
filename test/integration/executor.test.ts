import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Executor } from '../../coordinator-free-node/ports/executor.js'
import type { UnitOutcome } from '../../coordinator-free-node/protocol/outcome.js'
import { createExecutor } from '../../coordinator-free-node/shell/executor/executor.js'
import { decodeValue, encodeValue } from '../../tasks/value.js'
import { batchOf, builtin, isAbort, run, spins } from '../contract/executor-contract.js'
import { wasmModule } from './wasm-modules.js'

const text = (outcome: UnitOutcome | undefined) =>
  outcome === undefined || outcome.kind === 'abort' ? '' : new TextDecoder().decode(outcome.output)

function wasm(body: readonly number[], change = {}) {
  const descriptor = {
    name: 'test',
    tier: 'wasm' as const,
    unitMsMax: 300,
    unitMemoryBytesMax: 1 << 20,
    ...change,
  }
  return { descriptor, code: wasmModule(body) }
}

function js(source: string, change = {}) {
  const descriptor = {
    name: 'test',
    tier: 'js' as const,
    unitMsMax: 20_000,
    unitMemoryBytesMax: 16 << 20,
    ...change,
  }
  return { descriptor, code: new TextEncoder().encode(source) }
}

/** One unit of a JavaScript kernel with the given input. */
async function runJs(executor: Executor, source: string, input: unknown = null, change = {}) {
  const batch = {
    ...batchOf(js(source, change), 1),
    units: [{ unit: 0, input: encodeValue(input) }],
  }
  const [outcome] = await run(executor, batch)
  return outcome
}

/** What the first unit of a kernel ended as, and whether honest units still run. */
async function fate(executor: Executor, bundle: ReturnType<typeof wasm> | ReturnType<typeof js>) {
  const batch = { ...batchOf(bundle, 1), units: [listUnit(0)] }
  const [outcome] = await run(executor, batch)
  const honest = await run(executor, batchOf(builtin('echo'), 20))
  expect(honest.every(({ kind }) => kind === 'done')).toBe(true)
  return outcome
}

describe('executor process', () => {
  let executor: Executor

  beforeAll(async () => {
    executor = createExecutor({ slots: 2 })
    await executor.start()
  })

  afterAll(() => executor.stop())

  test('a kernel that never ends is aborted for its time, and its neighbours go on', async () => {
    const loop = [0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00]
    const beside = run(executor, batchOf(builtin('spin'), 6, spins(60_000_000)))
    expect(isAbort(await fate(executor, wasm(loop)), 'time')).toBe(true)
    expect((await beside).every(({ kind }) => kind === 'done')).toBe(true)
  })

  test('a trap is a result, in words that do not depend on the engine', async () => {
    expect(text(await fate(executor, wasm([0x00, 0x41, 0x00])))).toBe('unreachable')
    const division = [0x41, 0x01, 0x41, 0x00, 0x6d]
    expect(text(await fate(executor, wasm(division)))).toBe('division by zero')
    const outOfBounds = [0x41, 0x7f, 0x28, 0x02, 0x00]
    expect(text(await fate(executor, wasm(outOfBounds)))).toBe('memory access out of bounds')
    expect(text(await fate(executor, wasm([0x41, 0x07])))).toBe('run returned 7')
  })

  test("memory does not grow beyond the task's limit", async () => {
    // memory.grow by 100 pages gives -1 under a limit of 16: run returns it.
    const grow = [0x41, 0xe4, 0x00, 0x40, 0x00]
    expect(text(await fate(executor, wasm(grow)))).toBe('run returned -1')
  })

  test('bytes that are no module are a trap on every host', async () => {
    const bundle = { ...wasm([]), code: new TextEncoder().encode('not a module') }
    expect(text(await fate(executor, bundle))).toBe(
      'not a valid WebAssembly module: it does not begin with "\\0asm", at byte 0',
    )
  })

  test('an error of a JavaScript kernel names itself and the line', async () => {
    const source = '() => {\n  const none = null\n  return none.x\n}'
    expect(text(await fate(executor, js(source)))).toMatch(
      /^TypeError: .*null.*\n {4}at kernel\.js:3:14: return none\.x$/,
    )
  })

  test('deep recursion in JavaScript ends at the same depth on every host, in source as well', async () => {
    const end = async (body: string) =>
      text(await fate(executor, js(`() => { ${body} }`))).split('\n')[0]
    const kinds = ['[', '(', '!', '{', 'function f(){', '`${']
    for (const piece of kinds)
      expect(await end(`eval(${JSON.stringify(piece)}.repeat(20000))`)).toMatch(/^SyntaxError: /)
    expect(await end('JSON.parse("[".repeat(200000))')).toBe('SyntaxError: stack overflow')
    expect(await end('const f = () => [1].map(f); f()')).toBe('InternalError: stack overflow')
  })

  test('a JavaScript kernel that holds on to an uninterruptible built-in is aborted', async () => {
    const source = '() => ({ value: Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1) })'
    expect(isAbort(await fate(executor, js(source, { unitMsMax: 300 })), 'time')).toBe(true)
  })

  test('a JavaScript kernel cannot take more memory than its limit', async () => {
    const source = '() => { const a = []; for (;;) a.push(new Uint8Array(1e6)) }'
    expect(isAbort(await fate(executor, js(source)), 'memory')).toBe(true)
  })

  test('a JavaScript kernel finds nothing that differs between hosts', async () => {
    const names = ['Date', 'performance', 'console', 'process', 'require', 'fetch', 'setTimeout']
    const source = `() => ({ value: ${JSON.stringify(names)}.filter((name) => name in globalThis) })`
    expect(decodeValue(outputOf(await runJs(executor, source)))).toEqual([])
  })

  test('random numbers are the same for the same unit, and differ between units', async () => {
    const source = '() => ({ value: Math.random() })'
    const values = async () =>
      (await run(executor, { ...batchOf(js(source), 2), units: [0, 1].map(listUnit) }))
        .sort((a, b) => a.unit - b.unit)
        .map(text)
    const first = await values()
    expect(await values()).toEqual(first)
    expect(first[0]).not.toBe(first[1])
  })

  test('every kind of value goes in and comes back', async () => {
    const value = [1, -0, Number.NaN, 10n, 'é', new Uint8Array([1, 2, 3, 255]), { $: 1, a: null }]
    const outcome = await runJs(executor, '({ input }) => ({ value: input })', value)
    expect(decodeValue(outputOf(outcome))).toEqual(value)
  })

  test('what cannot be sent is named by its path', async () => {
    const outcome = await runJs(executor, '() => ({ value: { a: [1, () => 2] } })')
    expect(text(outcome)).toBe('result.a[1] is a function, which cannot be sent')
  })

  test('a killed process aborts what ran, comes back, and finishes the rest', async () => {
    const outcomes: UnitOutcome[] = []
    const started = run(executor, batchOf(builtin('noop'), 1))
    await started
    const over = executor.execute(batchOf(builtin('spin'), 12, spins(120_000_000)), (some) =>
      outcomes.push(...some),
    )
    process.kill(childProcess(), 'SIGKILL')
    await over
    expect(outcomes).toHaveLength(12)
    const crashed = outcomes.filter((outcome) => isAbort(outcome, 'crash')).length
    expect(crashed).toBeLessThanOrEqual(2)
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(12 - crashed)
  })
})

function listUnit(unit: number) {
  return { unit, input: encodeValue(null) }
}

function outputOf(outcome: UnitOutcome | undefined): Uint8Array {
  if (outcome === undefined || outcome.kind === 'abort') throw new Error('no result')
  return outcome.output
}

/** The executor's process: the one child of this one that runs process.js. */
function childProcess(): number {
  const list = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,args=']).toString()
  const line = list.split('\n').find((entry) => entry.includes('executor/process.js'))
  return Number(line?.trim().split(/\s+/)[0])
}
