/** Real C programs, built with wasi-libc, between two pipes; guarded as hosts guard them. */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { guardModule } from '../../../../coordinator-free-node/guard/guard.js'
import { KernelHost } from '../../../../coordinator-free-node/shell/executor/kernel-host.js'
import { seededStream } from '../../../../coordinator-free-node/shell/executor/seeded-stream.js'
import { WasiCommand } from '../../../../coordinator-free-node/shell/executor/wasi.js'
import {
  runWasm,
  type WasmRequest,
} from '../../../../coordinator-free-node/shell/executor/wasm-runtime.js'
import { wasiImports } from '../../../../tasks/host-functions.js'

const root = new URL('../../../../', import.meta.url)
const utf8 = new TextEncoder()

type Program = (
  input: string,
  params?: string,
  change?: Partial<WasmRequest>,
) => { kind: string; text: string; fuel: number }

async function load(file: string): Promise<Program> {
  const code = new Uint8Array(await readFile(new URL(file, root)))
  const guarded = guardModule(code, { memoryBytesMax: 16 * 1024 * 1024 })
  expect(guarded.shape).toBe('command')
  const module = new WebAssembly.Module(new Uint8Array(guarded.module))
  return (input, params = '', change = {}) => {
    const random = seededStream(new Uint8Array(32), 0)
    const bytes = { input: utf8.encode(input), params: utf8.encode(params) }
    const outcome = runWasm({ module, ...bytes, random, ...change })
    if (outcome.kind === 'abort') return { kind: 'abort', text: outcome.message, fuel: 0 }
    const { kind, output, fuel } = outcome
    return { kind, text: new TextDecoder().decode(output), fuel }
  }
}

describe('a WASI command', () => {
  test('reads its input and writes its result, with an argument from the parameters', async () => {
    const count = await load('examples/kernels/c/word-frequency.wasm')
    const text = 'The cat, the hat; and THE dog and the end.'
    expect(count(text)).toMatchObject({
      kind: 'done',
      text: '4 the\n2 and\n1 cat\n1 dog\n1 end\n1 hat\n',
    })
    expect(count(text, '4')).toMatchObject({ kind: 'done', text: '' })
    expect(count('')).toMatchObject({ kind: 'done', text: '' })
    // More memory than it begins with, and more input than a buffer holds.
    const many = Array.from(
      { length: 20_000 },
      (_, i) => `w${'abcdefghij'[i % 10]}${'x'.repeat(i % 97)}`,
    )
    const counted = count(many.join(' '))
    expect(counted.kind).toBe('done')
    expect(counted.text.split('\n').length - 1).toBe(new Set(many).size)
  })

  test('gives the bits of its own C library for floating point', async () => {
    const print = await load('test/kernels/float-text.wasm')
    expect(print('1 0.1 -2.5e10 nan 1e-310').text).toBe(
      [
        '1 1 1.000000e+00 0x1p+0|0.8414709848078965 2.7182818284590451 0 1',
        '0.1 0.10000000000000001 1.000000e-01 0x1.999999999999ap-4|' +
          '0.099833416646828155 1.1051709180756477 -2.3025850929940455 0.50118723362727235',
        '-2.5e+10 -25000000000 -2.500000e+10 -0x1.74876e8p+34|-0.95600818857507319 0 nan nan',
        'nan nan nan nan|nan nan nan nan',
        '1e-310 9.9999999999999694e-311 1.000000e-310 0x1.2688b70e62bp-1030|' +
          '9.9999999999999694e-311 1 -713.80137882815416 1.0000000000000069e-93',
        '',
      ].join('\n'),
    )
  })

  test('finds no clock that moves, no file, no variable, and pipes that behave as pipes', async () => {
    const look = await load('test/kernels/surroundings.wasm')
    const seen = look('hello world', 'one\ntwo words\n')
    expect(seen.text.trimEnd().split('\n')).toEqual([
      'argument 0: kernel',
      'argument 1: one',
      'argument 2: two words',
      'environment: empty',
      'time: 946684800, slept 0, passed 0, in steps of 1000000 ns',
      'monotonic: 0',
      'random: 0 17b0761f87b081d5',
      'file: 0 Capabilities insufficient',
      'seek: -1 Invalid seek',
      'stat: 0, terminal: 0',
      'flags: 67108864 268435456',
      'yield: 0',
      'poll: 2, 1 2',
      'read: 5 hello',
      'wrong way: -1 Bad file descriptor',
      'not open: -1 Bad file descriptor',
      'end: 0, closed: 0, then -1',
    ])
    expect(look('hello world', 'one\ntwo words\n')).toEqual(seen)
  })
})

describe('the end of a command', () => {
  let end: Program
  beforeAll(async () => {
    end = await load('test/kernels/endings.wasm')
  })

  test('without a fault is its result', () => {
    expect(end('')).toMatchObject({ kind: 'done', text: 'said before ' })
    expect(end('', 'exit')).toMatchObject({ kind: 'done', text: 'said before ' })
    expect(end('', 'grow')).toMatchObject({ kind: 'done', text: 'said before 15 MiB\n' })
  })

  const traps: [string, string, string][] = [
    ['a code', 'return', 'exit code 7'],
    ['a code and its words', 'fail\nit', 'exit code 3\nno such thing as it'],
    ['an abort', 'abort', 'unreachable'],
    ['too deep a recursion', 'recurse', 'memory access out of bounds'],
    ['too large a result', 'flood', 'the result has more than 8388608 bytes'],
  ]
  test.each(traps)('with %s is a trap that says so', (_, params, text) => {
    expect(end('', params)).toMatchObject({ kind: 'trap', text })
  })

  test('keeps of what it wrote to stderr only the end', () => {
    const { kind, text } = end('', 'talk')
    expect(kind).toBe('trap')
    expect(text).toMatch(/^exit code -1\n.*any\n(line 99\d\d of many\n)+line 9999 of many$/)
    expect(text.length).toBeLessThan(500)
  })

  test('comes with its fuel', () => {
    const text = 'out of fuel'
    expect(end('', 'loop', { fuelMax: 1e6 })).toEqual({ kind: 'trap', text, fuel: 1e6 })
  })

  test('is not before its log was heard', () => {
    const heard: string[] = []
    const observer = {
      log: (text: Uint8Array) => heard.push(new TextDecoder().decode(text)),
      progress: () => {},
      memory: () => {},
    }
    end('', 'fail\né', { observer })
    expect(heard.join('')).toBe('no such thing as é\n')
  })
})

describe('the functions of WASI', () => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const opened = () => {
    memory.grow(0)
    new Uint8Array(memory.buffer).fill(0)
    const unit = { input: utf8.encode('input'), params: new Uint8Array(), random: () => {} }
    const host = new KernelHost(unit, undefined)
    host.open(memory, { value: 1_000_000n })
    const { functions } = new WasiCommand(host)
    const call = (name: string, ...args: (number | bigint)[]) =>
      (functions[name] as (...args: unknown[]) => unknown)(...args)
    return { functions, host, call, words: () => new DataView(memory.buffer) }
  }

  test('are those of the table, all 46', () => {
    expect(Object.keys(opened().functions).sort()).toEqual(Object.keys(wasiImports).sort())
    expect(Object.keys(wasiImports)).toHaveLength(46)
  })

  test('answer with a number, whatever they are asked, and cost fuel', () => {
    for (const [name, { params, results }] of Object.entries(wasiImports)) {
      if (name === 'proc_exit') continue
      for (const value of [0, 1, 2, 3, 7, 100]) {
        const { call } = opened()
        const answer = call(name, ...params.map((type) => (type === 'i64' ? BigInt(value) : value)))
        expect(typeof answer).toBe(results.length === 0 ? 'undefined' : 'number')
      }
    }
    const poor = new KernelHost(
      { input: new Uint8Array(), params: new Uint8Array(), random: () => {} },
      undefined,
    )
    poor.open(memory, { value: 10n })
    expect(() => (new WasiCommand(poor).functions.sched_yield as () => unknown)()).toThrow('fuel')
  })

  test('move a stream to another number', () => {
    const { call } = opened()
    expect(call('fd_renumber', 0, 1)).toBe(0)
    // Vectors at 64: 5 bytes at 128.
    new DataView(memory.buffer).setUint32(64, 128, true)
    new DataView(memory.buffer).setUint32(68, 5, true)
    expect(call('fd_read', 1, 64, 1, 32)).toBe(0)
    expect(new TextDecoder().decode(new Uint8Array(memory.buffer, 128, 5))).toBe('input')
    expect(call('fd_read', 0, 64, 1, 32)).toBe(8)
    expect(call('fd_renumber', 1, 9)).toBe(8)
  })

  test('read into several places, and stop at the end', () => {
    const { call, words } = opened()
    for (const [i, place] of [128, 256, 300].entries()) {
      words().setUint32(64 + 8 * i, place, true)
      words().setUint32(68 + 8 * i, 3, true)
    }
    expect(call('fd_read', 0, 64, 3, 32)).toBe(0)
    expect(words().getUint32(32, true)).toBe(5)
    expect(new TextDecoder().decode(new Uint8Array(memory.buffer, 256, 2))).toBe('ut')
    expect(call('fd_read', 0, 64, 3, 32)).toBe(0)
    expect(words().getUint32(32, true)).toBe(0)
  })

  test('refuse lists without end and places outside the memory', () => {
    const { call } = opened()
    expect(call('fd_read', 0, 0, 1025, 0)).toBe(28)
    expect(call('poll_oneoff', 0, 0, 0, 0)).toBe(28)
    expect(call('clock_time_get', 9, 0n, 0)).toBe(28)
    expect(() => call('fd_write', 1, 65_533, 1, 0)).toThrow('memory access out of bounds')
    expect(() => call('random_get', 65_535, 2)).toThrow('memory access out of bounds')
    expect(() => call('random_get', 0, -1)).toThrow('memory access out of bounds')
  })

  test('let a clock strike at once where nothing else is waited for', () => {
    const { call, words } = opened()
    words().setBigUint64(0, 77n, true)
    expect(call('poll_oneoff', 0, 1024, 1, 512)).toBe(0)
    expect(words().getUint32(512, true)).toBe(1)
    expect(words().getBigUint64(1024, true)).toBe(77n)
    // A read of stdin beside it: only that is ready.
    words().setBigUint64(48, 78n, true)
    words().setUint8(56, 1)
    expect(call('poll_oneoff', 0, 1024, 2, 512)).toBe(0)
    expect(words().getUint32(512, true)).toBe(1)
    expect(words().getBigUint64(1024, true)).toBe(78n)
    expect(words().getBigUint64(1024 + 16, true)).toBe(5n)
  })
})
