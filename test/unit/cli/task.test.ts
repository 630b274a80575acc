/** `task check`, and the pieces of `task run` that need no executor. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { LogLines } from '../../../coordinator-free-node/cli/task/log-lines.js'
import { previewOf, textOf } from '../../../coordinator-free-node/cli/task/preview.js'
import { readRange, readSeed } from '../../../coordinator-free-node/cli/task/unit-options.js'
import { runCommand } from './fakes.js'

const kernels = fileURLToPath(new URL('../../../examples/kernels/c/', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

describe('task check', () => {
  test('says what a kernel for the grid is', async () => {
    const { terminal, exitCode } = await runCommand([
      'task',
      'check',
      `${kernels}perfect-numbers.wasm`,
    ])
    const said = terminal.out.join('\n')
    expect(exitCode).toBe(0)
    expect(said).toContain('perfect-numbers.wasm: accepted')
    expect(said).toContain('wasm, a kernel')
    expect(said).toMatch(/^imports +grid: input_size, input_read, progress, output_write, log$/m)
    expect(said).toMatch(/^exports +memory, run$/m)
    expect(said).toMatch(/^memory +128\.0 KiB at the start, 64\.0 MiB at most$/m)
    expect(said).toMatch(/^size +\d+ B, guarded \d+ B \(\+\d+ %\)$/m)
  })

  test('says what a WASI command is, and what of it does nothing here', async () => {
    const surroundings = fileURLToPath(new URL('../../kernels/surroundings.wasm', import.meta.url))
    const { terminal } = await runCommand(['task', 'check', surroundings, '--json'])
    expect(JSON.parse(terminal.out.join(''))).toMatchObject({
      tier: 'wasm',
      shape: 'command',
      accepted: true,
      exports: ['memory', '_start'],
      remarks: [expect.stringContaining('open files'), expect.stringContaining('time')],
    })
  })

  test('names the byte at which a module is wrong', async () => {
    const whole = await readFile(`${kernels}perfect-numbers.wasm`)
    const cut = await fileOf('cut.wasm', whole.subarray(0, 200))
    const { terminal, exitCode } = await runCommand(['task', 'check', cut])
    expect(exitCode).toBe(2)
    expect(terminal.remarks.join('\n')).toMatch(/^error: .*cut\.wasm': not a valid .*at byte \d+$/m)
    const little = await runCommand(['task', 'check', await fileOf('x.wasm', whole), '--json'])
    expect(little.exitCode).toBe(0)
  })

  const sources: [string, string, RegExp][] = [
    [
      'a syntax error',
      'let x = 3;\nlet y = = 4\n',
      /SyntaxError.*\n {4}at kernel-file\.js:2:9: let y = = 4/,
    ],
    ['a fault before the function', '\n\nmissing.x', /ReferenceError.*\n {4}at kernel-file\.js:3:/],
    ['no function', '42', /must evaluate to a function, not to number/],
    ['a module', 'export default () => 1', /kernel-file\.js:1:1: export.*\nhint: .*a script/],
    ['a loop without end', 'for (;;);', /out of fuel/],
  ]
  test.each(sources)('names the line of JavaScript with %s', async (_, source, words) => {
    const file = await fileOf('kernel-file.js', source)
    const { terminal, exitCode } = await runCommand(['task', 'check', file])
    expect(exitCode).toBe(2)
    expect(terminal.remarks.join('\n')).toMatch(words)
  })

  test('accepts a function, without calling it', async () => {
    const file = await fileOf('kernel-file.js', '() => { throw new Error("called") }')
    const { terminal, exitCode } = await runCommand(['task', 'check', file])
    expect(exitCode).toBe(0)
    expect(terminal.out[0]).toBe(`${file}: accepted`)
  })

  test('tells what to do with a source that has to be compiled', async () => {
    const c = await runCommand(['task', 'check', `${kernels}perfect-numbers.c`])
    expect(c.exitCode).toBe(2)
    expect(c.terminal.remarks.join('\n')).toMatch(
      /is no kernel\nhint: compile it to a \.wasm first/,
    )
    const none = await runCommand(['task', 'check', `${folder}/none.wasm`])
    expect(none.terminal.remarks.join('\n')).toContain('cannot read the file')
  })

  test('has help with examples, as have run and bench', async () => {
    for (const name of ['check', 'run', 'bench']) {
      const { terminal } = await runCommand(['task', name, '--help'])
      expect(terminal.out.join('\n')).toContain(`$ manyhands task ${name} `)
    }
  })
})

test('a range is two integers, the first below the second', () => {
  expect(readRange('-5..10')).toEqual({ start: -5, end: 10 })
  for (const wrong of ['5..5', '5', '1...3', '1.5..2', '0..9007199254740993', ''])
    expect(() => readRange(wrong)).toThrow('is no range of integers')
})

test('a seed is up to 32 bytes of hexadecimal digits', () => {
  expect(readSeed('00ff').subarray(0, 3)).toEqual(Uint8Array.of(0, 255, 0))
  expect(readSeed('ab'.repeat(32))).toEqual(new Uint8Array(32).fill(0xab))
  for (const wrong of ['', '0', 'xy', 'ab'.repeat(33)])
    expect(() => readSeed(wrong)).toThrow('is no seed')
})

describe('a preview', () => {
  test('is the text where bytes are text, and digits where they are not', () => {
    expect(previewOf(new TextEncoder().encode('é\tü\n'))).toBe('é\tü')
    expect(previewOf(Uint8Array.of(0, 65, 255))).toMatch(/^000000 {2}00 41 ff +\.A\.$/)
    expect(textOf(Uint8Array.of(0x1b, 0x5b))).toBeUndefined()
  })

  test('has an end', () => {
    const long = previewOf(new TextEncoder().encode('x'.repeat(20_000)))
    expect(long.length).toBeLessThan(10_100)
    expect(long).toContain('20000 bytes in all')
    expect(previewOf(new Uint8Array(5000)).split('\n')).toHaveLength(17)
  })
})

describe('lines of a log', () => {
  test('are put together from pieces, characters as well', () => {
    const said: string[] = []
    const lines = new LogLines((line) => said.push(line))
    for (const byte of new TextEncoder().encode('one\ntwö\nrest')) lines.add(Uint8Array.of(byte))
    expect(said).toEqual(['one', 'twö'])
    lines.end()
    expect(said).toEqual(['one', 'twö', 'rest'])
  })

  test('do not move the cursor, and have an end', () => {
    const said: string[] = []
    const lines = new LogLines((line) => said.push(line))
    lines.add(new TextEncoder().encode('\u001b[2Jred\u0007\n'))
    expect(said).toEqual(['[2Jred'])
    lines.add(new Uint8Array(10_000).fill(97))
    expect(said[1]?.length).toBe(10_000)
  })
})
