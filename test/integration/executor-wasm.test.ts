import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Executor, UnitInput } from '../../coordinator-free-node/ports/executor.js'
import { limits } from '../../coordinator-free-node/protocol/limits.js'
import {
  digestOf,
  type UnitOutcome,
  type UnitResult,
} from '../../coordinator-free-node/protocol/outcome.js'
import { createExecutor } from '../../coordinator-free-node/shell/executor/executor.js'
import { batchOf, builtin, isAbort, run } from '../contract/executor-contract.js'
import { call, f64, i32, i32Const, i64, type ModuleShape, wasmModule } from './wasm-modules.js'

const gridImports = {
  inputSize: ['grid', 'input_size', [], [i32]],
  inputRead: ['grid', 'input_read', [i32], []],
  paramsSize: ['grid', 'params_size', [], [i32]],
  paramsRead: ['grid', 'params_read', [i32], []],
  outputWrite: ['grid', 'output_write', [i32, i32], []],
  random: ['grid', 'random', [i32, i32], []],
  log: ['grid', 'log', [i32, i32], []],
  progress: ['grid', 'progress', [f64], []],
} as const
const { inputSize, inputRead, paramsSize, paramsRead, outputWrite, random } = gridImports

function kernel(body: readonly number[], shape: ModuleShape = {}, change = {}) {
  return bundleOf(wasmModule(body, shape), change)
}

function bundleOf(code: Uint8Array, change = {}) {
  const limits = { unitMsMax: 20_000, unitMemoryBytesMax: 1 << 20, ...change }
  return { descriptor: { name: 'test', tier: 'wasm' as const, ...limits }, code }
}

const text = (outcome: UnitOutcome | undefined) => {
  if (outcome?.kind === 'trap') return new TextDecoder().decode(outcome.output)
  throw new Error(`no trap but ${JSON.stringify(outcome)}`)
}

describe('a wasm unit', () => {
  let executor: Executor

  beforeAll(async () => {
    executor = createExecutor({ slots: 2 })
    await executor.start()
  })

  afterAll(() => executor.stop())

  async function fate(bundle: ReturnType<typeof kernel>, input = new Uint8Array(), change = {}) {
    const units: UnitInput[] = [{ unit: 5, input }]
    const [outcome] = await run(executor, { ...batchOf(bundle, 0), units, ...change })
    return outcome
  }

  test('reads its input and its parameters, and writes its output in pieces', async () => {
    // Input to 0, parameters behind it; then the parameters and the input are written.
    const body = [
      ...[...i32Const(0), ...call(1)],
      ...[...call(0), ...call(3)],
      ...[...call(0), ...call(2), ...call(4)],
      ...[...i32Const(0), ...call(0), ...call(4)],
      ...i32Const(1),
    ]
    const imports = [inputSize, inputRead, paramsSize, paramsRead, outputWrite]
    const input = Uint8Array.of(1, 2, 3)
    const outcome = await fate(kernel(body, { imports }), input, { params: Uint8Array.of(9, 8) })
    const output = Uint8Array.of(9, 8, 1, 2, 3)
    expect(outcome).toMatchObject({ unit: 5, kind: 'hit', output })
    expect(outcome).toMatchObject({ digest: digestOf('hit', output) })
  })

  test('draws from SHA-256 over seed, unit and counter, wherever it cuts the stream', async () => {
    // 10 bytes, then 54: the stream of 64.
    const body = [
      ...[...i32Const(0), ...i32Const(10), ...call(0)],
      ...[...i32Const(10), ...i32Const(54), ...call(0)],
      ...[...i32Const(0), ...i32Const(64), ...call(1)],
      ...i32Const(0),
    ]
    const seed = new Uint8Array(32).fill(7)
    const bundle = kernel(body, { imports: [random, outputWrite] })
    const blocks = [0, 1].map((counter) => {
      const place = new DataView(new ArrayBuffer(16))
      place.setBigUint64(0, 5n, true)
      place.setBigUint64(8, BigInt(counter), true)
      return createHash('sha256').update(seed).update(new Uint8Array(place.buffer)).digest()
    })
    const outcome = await fate(bundle, new Uint8Array(), { seed })
    expect(outcome).toMatchObject({ output: new Uint8Array(Buffer.concat(blocks)) })
  })

  test('finds memory as the module says, whatever the unit before it did', async () => {
    // Adds one to the byte at 0 and writes it.
    const increment = [0x41, 0, 0x41, 0, 0x2d, 0, 0, 0x41, 1, 0x6a, 0x3a, 0, 0]
    const body = [...increment, ...i32Const(0), ...i32Const(1), ...call(0), ...i32Const(0)]
    const bundle = kernel(body, { imports: [outputWrite], data: [0, [40]] })
    for (const outcome of await run(executor, batchOf(bundle, 200)))
      expect(outcome).toMatchObject({ kind: 'done', output: Uint8Array.of(41) })
  })

  const trapping: [string, Uint8Array, string][] = [
    ['a foreign import', wasmModule([0x41, 0], { imports: [['env', 'now', [], []]] }), 'env.now'],
    ['an unknown function', wasmModule([0x41, 0], { imports: [['grid', 'now', [], []]] }), 'now'],
  ]
  test.each(trapping)('with %s is refused in words that name it', async (_, code, named) => {
    const words = text(await fate(bundleOf(code)))
    expect(words).toMatch(/^the module imports .*, which the grid does not offer, at byte \d+$/)
    expect(words).toContain(named)
  })

  const memoryOfLimit = 'the module begins with 1114112 bytes of memory, its task allows 1048576'
  const wrongRun = 'the function "run" has to take nothing and give one i32'
  const traps: [string, Uint8Array, string][] = [
    ['no memory', wasmModule([0x41, 0], { exports: ['run'] }), 'does not export its memory'],
    [
      'no run',
      wasmModule([0x41, 0], { exports: ['memory'] }),
      'exports neither a function "run" nor',
    ],
    ['more memory than its task', wasmModule([0x41, 0], { pages: [17] }), memoryOfLimit],
    ['a run of i64', wasmModule([0x42, 0], { results: [i64] }), wrongRun],
    ['a run that takes an i64', wasmModule([0x41, 0], { params: [i64] }), wrongRun],
    [
      'an import of another type',
      wasmModule([0x42, 0, ...call(0), 0x41, 0], { imports: [['grid', 'input_read', [i64], []]] }),
      'imports grid.input_read with another type than (i32) -> ()',
    ],
    ['data beyond its memory', wasmModule([0x41, 0], { data: [65_536, [1]] }), 'out of bounds'],
    ['a failing start', wasmModule([0x41, 0], { start: [0x00] }), 'unreachable'],
    [
      'a pointer beyond its memory',
      wasmModule([...i32Const(65_530), ...i32Const(7), ...call(0), 0x41, 0], {
        imports: [outputWrite],
      }),
      'memory access out of bounds',
    ],
    [
      'a negative length',
      wasmModule([...i32Const(0), ...i32Const(-1), ...call(0), 0x41, 0], { imports: [random] }),
      'memory access out of bounds',
    ],
    ['an integer overflow', wasmModule([...i32Const(-(2 ** 31)), 0x41, 0x7f, 0x6d]), 'overflow'],
    ['shared memory', sharedMemoryModule(), 'shared memories are not offered'],
    ['two memories', twoMemoriesModule(), 'several memories are not offered'],
    ['no bytes', new Uint8Array(), 'not a valid WebAssembly module'],
  ]
  test.each(traps)('with %s traps', async (_, code, words) => {
    expect(text(await fate(bundleOf(code)))).toContain(words)
  })

  test('may write as much as a result may have, and traps beyond', async () => {
    // `count` times a page; loops while the local is not zero.
    const writes = (count: number) => [
      ...[...i32Const(count), 0x21, 0, 0x03, 0x40],
      ...[...i32Const(0), ...i32Const(65_536), ...call(0)],
      ...[0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0],
    ]
    const shape = { imports: [outputWrite], locals: 1 }
    const pages = limits.unitOutputBytesMax / 65_536
    const most = await fate(kernel(writes(pages), shape))
    expect(most).toMatchObject({ kind: 'done' })
    expect(most?.kind === 'done' && most.output.length).toBe(limits.unitOutputBytesMax)
    expect(text(await fate(kernel(writes(pages + 1), shape)))).toBe(
      `the result has more than ${limits.unitOutputBytesMax} bytes`,
    )
  })

  test('costs nothing but time when it writes nothing for ever', async () => {
    const body = [0x03, 0x40, 0x41, 0, 0x41, 0, ...call(0), 0x0c, 0, 0x0b, 0x41, 0]
    const bundle = kernel(body, { imports: [outputWrite] }, { unitMsMax: 1_000 })
    expect(isAbort(await fate(bundle), 'time')).toBe(true)
  })

  test('that recurses without end traps at the same depth on every host', async () => {
    const outcome = await fate(kernel(call(0)))
    expect(text(outcome)).toBe('call stack exhausted')
    expect(outcome).toMatchObject({ fuel: expect.any(Number) })
    expect(await fate(kernel(call(0)))).toMatchObject({ fuel: (outcome as UnitResult).fuel })
  })

  test('that never ends is out of fuel where its task says how much it may use', async () => {
    const endless = [0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0]
    const outcome = await fate(kernel(endless, {}, { unitFuelMax: 1_000_000 }))
    expect(text(outcome)).toBe('out of fuel')
    expect(outcome).toMatchObject({ fuel: 1_000_000 })
  })

  test('whose start function asks the grid gets its answer', async () => {
    const shape = { imports: [inputRead], start: [...i32Const(0), ...call(0)] }
    const bundle = kernel([0x41, 0, 0x2d, 0, 0], shape)
    expect(await fate(bundle, Uint8Array.of(1))).toMatchObject({ kind: 'hit' })
  })

  test('that never ends in its start function is aborted for its time', async () => {
    const start = [0x03, 0x40, 0x0c, 0x00, 0x0b]
    const outcome = await fate(kernel([0x41, 0], { start }, { unitMsMax: 100 }))
    expect(isAbort(outcome, 'time')).toBe(true)
  })

  test('that never ends costs its neighbours in the chunk nothing', async () => {
    // Runs for ever when its input begins with 1.
    const loop = [0x04, 0x40, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b]
    const body = [...i32Const(0), ...call(0), 0x41, 0, 0x2d, 0, 0, ...loop, 0x41, 0]
    const bundle = kernel(body, { imports: [inputRead] }, { unitMsMax: 400 })
    const units = Array.from({ length: 400 }, (_, unit) => ({
      unit,
      input: Uint8Array.of(unit === 150 || unit === 151 || unit === 399 ? 1 : 0),
    }))
    const beside = run(executor, batchOf(builtin('echo'), 500))
    const outcomes = await run(executor, { ...batchOf(bundle, 0), units })
    expect(outcomes).toHaveLength(400)
    const late = outcomes.filter((outcome) => isAbort(outcome, 'time')).map(({ unit }) => unit)
    expect(late.sort((a, b) => a - b)).toEqual([150, 151, 399])
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(397)
    expect((await beside).every(({ kind }) => kind === 'done')).toBe(true)
  })
})

/** A memory with flags 3: shared, with a maximum. */
function sharedMemoryModule(): Uint8Array {
  const module = wasmModule([0x41, 0], { pages: [1, 1] })
  const at = module.findIndex((byte, i) => byte === 5 && module[i + 2] === 1 && module[i + 3] === 1)
  module[at + 3] = 3
  return module
}

/** Its memory section counts two; engines differ in whether they read that. */
function twoMemoriesModule(): Uint8Array {
  const module = [...wasmModule([0x41, 0])]
  const at = module.findIndex((byte, i) => byte === 5 && module[i + 1] === 3 && i > 8)
  module.splice(at, 5, 5, 5, 2, 0, 1, 0, 1)
  return Uint8Array.from(module)
}
