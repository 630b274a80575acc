/** `task run` and `task bench` with real threads. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { runCommand } from '../unit/cli/fakes.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const perfectNumbers = `${root}examples/kernels/c/perfect-numbers.wasm`
const wordFrequency = `${root}examples/kernels/c/word-frequency.wasm`
const endings = `${root}test/kernels/endings.wasm`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function fileOf(name: string, content: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

describe('task run', () => {
  test('prints the result, and beside it what it took', async () => {
    const input = await fileOf('text', 'to be or not to be')
    const { terminal, exitCode } = await runCommand([
      ...['task', 'run', wordFrequency, '--input', input, '--params', '3'],
    ])
    expect(exitCode).toBe(0)
    expect(terminal.out.join('')).toBe('1 not\n')
    const said = terminal.remarks.join('\n')
    expect(said).toMatch(/^outcome +done$/m)
    expect(said).toMatch(/^fuel +\d{2,3},\d{3}$/m)
    expect(said).toMatch(/^time +[\d.]+ m?s$/m)
    expect(said).toMatch(/^memory +128\.0 KiB$/m)
    expect(said).toMatch(/^digest +[0-9a-f]{64}$/m)
    expect(said).toMatch(/^result +6 B$/m)
  })

  test('shows bytes as digits to a person, and writes them to a file', async () => {
    const range = ['task', 'run', perfectNumbers, '--range', '0..500']
    const shown = await runCommand(range, { tty: true })
    expect(shown.terminal.out.join('\n')).toMatch(/^000000 {2}06 00 00 00 00 00 00 00 1c 00/)
    const output = join(folder, 'numbers')
    const written = await runCommand([...range, '--output', output])
    expect(written.terminal.remarks.join('\n')).toContain(`wrote 24 bytes to ${output}`)
    expect([...(await readFile(output))].filter((byte) => byte > 0)).toEqual([6, 28, 240, 1])
  })

  test('shows what the unit logs, and fails with its words', async () => {
    const { terminal, exitCode } = await runCommand([
      ...['task', 'run', endings, '--params', 'fail\nit'],
    ])
    expect(exitCode).toBe(1)
    expect(terminal.remarks[0]).toBe('no such thing as it')
    expect(terminal.remarks[1]).toMatch(/^outcome +trap: exit code 3\n +no such thing as it$/m)
    expect(terminal.out).toEqual([])
  })

  test('gives JavaScript values, and shows its own line when it fails', async () => {
    const source = '({ input, params }) => {\n  return { value: input.a.b + params }\n}'
    const kernel = await fileOf('add.js', source)
    const input = await fileOf('input.json', '{"a": {"b": 40}}')
    const run = ['task', 'run', kernel, '--params', '2', '--json']
    const right = await runCommand([...run, '--input', input])
    expect(JSON.parse(right.terminal.out.join(''))).toMatchObject({
      ...{ tier: 'js', outcome: 'done', fuel: 1_000_000, result: 42 },
    })
    const wrong = await runCommand([...run, '--input', await fileOf('empty.json', '{}')])
    expect(wrong.exitCode).toBe(1)
    expect(JSON.parse(wrong.terminal.out.join(''))).toMatchObject({
      outcome: 'trap',
      message: expect.stringMatching(/^TypeError.*\n {4}at add\.js:2:\d+: return .*input\.a\.b/),
    })
  })

  test('holds the unit to its limits', async () => {
    const limited = async (...args: string[]) => {
      const { terminal, exitCode } = await runCommand(['task', 'run', ...args, '--json'])
      expect(exitCode).toBe(1)
      return JSON.parse(terminal.out.join(''))
    }
    const forever = [endings, '--params', 'loop']
    expect(await limited(...forever, '--fuel', '1000000')).toMatchObject({
      ...{ outcome: 'trap', message: 'out of fuel', fuel: 1_000_000 },
    })
    expect(await limited(...forever, '--unit-ms', '100')).toMatchObject({
      ...{ outcome: 'abort', reason: 'time' },
    })
    const grown = await runCommand([
      ...['task', 'run', endings, '--params', 'grow', '--memory', '4', '--json'],
    ])
    expect(JSON.parse(grown.terminal.out.join(''))).toMatchObject({
      ...{ outcome: 'done', result: 'said before 3 MiB\n' },
    })
  })

  test('draws the random numbers of the seed and the unit', async () => {
    const kernel = await fileOf('draw.js', '() => ({ value: Math.random() })')
    const drawn = async (...args: string[]) => {
      const { terminal } = await runCommand(['task', 'run', kernel, ...args, '--json'])
      return JSON.parse(terminal.out.join('')).result
    }
    const first = await drawn()
    expect(await drawn('--unit', '0')).toBe(first)
    expect(await drawn('--unit', '1')).not.toBe(first)
    expect(await drawn('--seed', '01')).not.toBe(first)
  })
})

describe('task bench', () => {
  test('measures, and finds the kernel deterministic', async () => {
    const { terminal, exitCode } = await runCommand([
      ...['task', 'bench', perfectNumbers, '--range', '0..2000', '--seconds', '1'],
    ])
    expect(exitCode).toBe(0)
    const said = terminal.out.join('\n')
    expect(said).toMatch(/^units +[\d,.]+\/s$/m)
    expect(said).toMatch(/^time +[\d.]+ ms median, [\d.]+ ms at 90 %$/m)
    expect(said).toMatch(/^fuel +[\d,]+ a unit, [\d,]+\/s$/m)
    expect(said).toMatch(/^deterministic +yes, [\d,]+ runs, \d+ rounds$/m)
  })

  test('does not measure what fails', async () => {
    const { terminal, exitCode } = await runCommand([
      ...['task', 'bench', endings, '--params', 'abort', '--seconds', '1'],
    ])
    expect(exitCode).toBe(1)
    expect(terminal.remarks.join('\n')).toMatch(/fails: unreachable\nhint: .*task run/)
  })
})
