/** Kernels on one thread, guarded as hosts guard them: fuel, what they say of themselves, and the words of their end. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { guardModule } from '../../../../coordinator-free-node/guard/guard.js'
import { encodeRange } from '../../../../coordinator-free-node/protocol/manifest.js'
import {
  boundedObserver,
  type KernelOutcome,
} from '../../../../coordinator-free-node/shell/executor/kernel-outcome.js'
import { seededStream } from '../../../../coordinator-free-node/shell/executor/seeded-stream.js'
import {
  runWasm,
  type WasmRequest,
} from '../../../../coordinator-free-node/shell/executor/wasm-runtime.js'
import { call, f64, i32, i32Const, wasmModule } from '../../../integration/wasm-modules.js'

const nothing = new Uint8Array()

function guarded(code: Uint8Array): WebAssembly.Module {
  const { module } = guardModule(code, { memoryBytesMax: 1 << 20 })
  return new WebAssembly.Module(new Uint8Array(module))
}

function run(module: WebAssembly.Module, change: Partial<WasmRequest> = {}): KernelOutcome {
  const random = seededStream(new Uint8Array(32), 0)
  return runWasm({ module, input: nothing, params: nothing, random, ...change })
}

function fuelOf(outcome: KernelOutcome): number {
  if (outcome.kind === 'abort') throw new Error(outcome.message)
  return outcome.fuel
}

const outputWrite = ['grid', 'output_write', [i32, i32], []] as const
const random = ['grid', 'random', [i32, i32], []] as const
const log = ['grid', 'log', [i32, i32], []] as const
const progress = ['grid', 'progress', [f64], []] as const

/** Calls a function of the grid with an address of 0 and a length, and is done. */
const calling = (imported: typeof outputWrite | typeof random | typeof log, length: number) =>
  guarded(
    wasmModule([...i32Const(0), ...i32Const(length), ...call(0), ...i32Const(0)], {
      imports: [imported],
    }),
  )

describe('fuel', () => {
  test('is charged for each call of the grid, and by the bytes that it moves', () => {
    const none = fuelOf(run(calling(outputWrite, 0)))
    expect(none).toBeGreaterThan(0)
    expect(fuelOf(run(calling(outputWrite, 1)))).toBe(none + 1)
    expect(fuelOf(run(calling(outputWrite, 8)))).toBe(none + 1)
    expect(fuelOf(run(calling(outputWrite, 9)))).toBe(none + 2)
    expect(fuelOf(run(calling(log, 8000)))).toBe(none + 1000)
    expect(fuelOf(run(calling(random, 32)))).toBe(none + 512)
  })

  test('that is used up ends the unit within a call of the grid, too', () => {
    const module = calling(outputWrite, 65_536)
    const enough = fuelOf(run(module))
    expect(run(module, { fuelMax: enough })).toMatchObject({ kind: 'done', fuel: enough })
    const output = new TextEncoder().encode('out of fuel')
    const fuelMax = enough - 1
    expect(run(module, { fuelMax })).toEqual({ kind: 'trap', output, fuel: fuelMax })
  })

  test('is the same whether anybody observes or not', () => {
    const body = [...i32Const(0), ...i32Const(100), ...call(0), ...i32Const(0)]
    const module = guarded(wasmModule(body, { imports: [log] }))
    const observer = { log: () => {}, progress: () => {}, memory: () => {} }
    expect(run(module, { observer })).toEqual(run(module))
    const beyond = [...i32Const(65_536), ...i32Const(100), ...call(0), ...i32Const(0)]
    const wrong = guarded(wasmModule(beyond, { imports: [log] }))
    expect(run(wrong, { observer })).toEqual(run(wrong))
    expect(run(wrong)).toMatchObject({ kind: 'trap' })
  })
})

describe('an observer', () => {
  test('hears what a unit logs, how far it is, and how much memory it had', () => {
    const half = [0x44, ...new Uint8Array(Float64Array.of(0.5).buffer)]
    const body = [...i32Const(0), ...i32Const(2), ...call(0), ...half, ...call(1), ...i32Const(0)]
    const module = guarded(wasmModule(body, { imports: [log, progress], data: [0, [104, 105]] }))
    const heard: unknown[] = []
    const observer = {
      log: (text: Uint8Array) => heard.push(new TextDecoder().decode(text)),
      progress: (fraction: number) => heard.push(fraction),
      memory: (bytes: number) => heard.push(bytes),
    }
    run(module, { observer })
    expect(heard).toEqual(['hi', 0.5, 65_536])
  })

  test('gets 64 KiB of log and 100 steps of progress a second at most', () => {
    let bytes = 0
    let steps = 0
    let nowMs = 0
    const bounded = boundedObserver(
      {
        log: (text) => {
          bytes += text.length
        },
        progress: () => {
          steps++
        },
        memory: () => {},
      },
      () => nowMs,
    )
    for (let i = 0; i < 10_000; i++) {
      bounded.log(new Uint8Array(100))
      bounded.progress(i / 10_000)
      nowMs += 0.1
    }
    expect(bytes).toBe(65_536)
    expect(steps).toBe(100)
  })
})

describe('the example in C', () => {
  test('finds the perfect numbers', async () => {
    const file = new URL('../../../../examples/kernels/c/perfect-numbers.wasm', import.meta.url)
    const module = guarded(await readFile(file))
    const outcome = run(module, { input: encodeRange({ start: 0, end: 10_000 }) })
    if (outcome.kind !== 'done') throw new Error(outcome.kind)
    const { buffer, byteOffset, byteLength } = outcome.output
    const numbers = new BigInt64Array(buffer.slice(byteOffset, byteOffset + byteLength))
    expect([...numbers]).toEqual([6n, 28n, 496n, 8128n])
  })

  test('says in its log what is wrong with its input', async () => {
    const file = new URL('../../../../examples/kernels/c/perfect-numbers.wasm', import.meta.url)
    const said: string[] = []
    const observer = {
      log: (text: Uint8Array) => said.push(new TextDecoder().decode(text)),
      progress: () => {},
      memory: () => {},
    }
    const outcome = run(guarded(await readFile(file)), { input: new Uint8Array(3), observer })
    expect(outcome).toMatchObject({ kind: 'trap', output: new TextEncoder().encode('unreachable') })
    expect(said).toEqual(['the input is no range'])
  })
})
