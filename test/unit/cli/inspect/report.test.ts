import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  functionLines,
  moduleFacts,
  textsOf,
} from '../../../../coordinator-free-node/cli/inspect/module-facts.js'
import { powersOf } from '../../../../coordinator-free-node/cli/inspect/powers.js'
import { sourceFacts } from '../../../../coordinator-free-node/cli/inspect/source-facts.js'
import { packBundle } from '../../../../coordinator-free-node/protocol/task-bundle.js'
import { plainText } from '../../../../coordinator-free-node/shell/plain-text.js'
import { wasiImports } from '../../../../tasks/host-functions.js'
import { assemble, kernel } from '../../guard/wat.js'
import { runCommand } from '../fakes.js'

const memoryBytes = 64 * 1024 * 1024

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-inspect-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function inspect(name: string, content: Uint8Array | string, ...options: string[]) {
  const file = join(folder, name)
  await writeFile(file, content)
  const { terminal, exitCode } = await runCommand(['inspect', file, ...options])
  return { out: terminal.out.join('\n'), err: terminal.remarks.join('\n'), exitCode }
}

describe('what a module may use', () => {
  test('is said of every function that hosts offer', () => {
    const imports = Object.keys(wasiImports).map((name) => ({
      module: 'wasi_snapshot_preview1',
      name,
    }))
    for (const { words } of powersOf(imports)) expect(words).not.toMatch(/no host offers/)
    expect(powersOf([{ module: 'env', name: 'abort' }])).toEqual([
      { words: 'asks for what no host offers: it does not run', imports: ['env.abort'] },
    ])
  })

  test('is named in words, with its imports, sizes and limits', async () => {
    const module = assemble(`(module
      (import "grid" "input_read" (func (param i32)))
      (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
      (memory (export "memory") 2 16)
      (data (i32.const 8) "a text in the data")
      (func (export "run") (result i32) i32.const 0)
      (func (export "check") (result i32) i32.const 0))`)
    const { out } = await inspect('kernel.wasm', module, '--source')
    expect(out).toMatch(/tier +wasm, a kernel: the grid calls "run"/)
    expect(out).toContain("reads its unit's input (input_read)")
    expect(out).toContain('asks for the time: it stands still on the grid (clock_time_get)')
    expect(out).toContain('no network, no files')
    expect(out).toMatch(/check +it can tell right results from wrong ones/)
    expect(out).toMatch(/memory +128\.0 KiB at the start, 1\.0 MiB at most by its own word/)
    expect(out).toContain('a text in the data')
    expect(out).toContain('function 2 run () -> (i32)')
  })

  test('and why hosts refuse it, with the byte', () => {
    const module = assemble(`(module (import "env" "evil" (func)) (memory (export "memory") 1)
      (func (export "run") (result i32) i32.const 0))`)
    expect(moduleFacts(module, memoryBytes)).toMatchObject({
      fault: expect.stringMatching(/imports env\.evil, which the grid does not offer, at byte \d+/),
      imports: [{ module: 'env', name: 'evil' }],
    })
  })

  test('is found in any bytes without a fault of its own', () => {
    const good = kernel('i32.const 0')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.uint8Array({ maxLength: 40 }),
        (changes, tail) => {
          const bytes = new Uint8Array([...good, ...tail])
          for (const [at, value] of changes) bytes[at] = value
          moduleFacts(bytes, memoryBytes)
          functionLines(bytes, 10)
          textsOf(bytes, 10)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('source', () => {
  test('is shown, the first lines of it, or all', async () => {
    const source = `({ range }) => {\n${'  // line\n'.repeat(30)}  return { value: 1 }\n}\n`
    const short = await inspect('kernel.js', source)
    expect(short.out).toContain('({ range }) => {')
    expect(short.out).toMatch(/\.\.\. 22 more lines: --source$/)
    expect((await inspect('kernel.js', source, '--source')).out).toContain('return { value: 1 }')
  })

  test('is read as text and never run', async () => {
    const trap = join(folder, 'was-run')
    const source = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(trap)}, '')\nexport default 1\n`
    const { out } = await inspect('task.mjs', source)
    expect(out).toContain('an ES module for "manyhands run"')
    await expect(import('node:fs/promises').then(({ stat }) => stat(trap))).rejects.toThrow(
      'ENOENT',
    )
  })

  test('cannot move the cursor, hide or turn round what a person reads', async () => {
    const { out } = await inspect('kernel.js', '() => 1 // \u001b[2J\u202e\u200bx\r\n', '--source')
    expect(out).toContain('// \\u{1b}[2J\\u{202e}\\u{200b}x')
    expect(plainText('a\tb\nc\r\n')).toBe('a\tb\nc\n')
  })

  test('that has a check says so; one that does not parse, why', () => {
    expect(sourceFacts('({ run: () => ({ value: 1 }), check: () => true })').hasCheck).toBe(true)
    expect(sourceFacts('() => ({ value: 1 })').hasCheck).toBe(false)
    expect(sourceFacts('() => {').fault).toMatch(/Unexpected token/)
  })

  test('nested without end is no reason to fail', () => {
    expect(sourceFacts('('.repeat(100_000)).fault).toBeDefined()
    expect(sourceFacts(`${'['.repeat(50_000)}${']'.repeat(50_000)}`).hasCheck).toBe(false)
  })
})

describe('a task bundle in a file', () => {
  const bundle = (tier: 'native' | 'js') =>
    packBundle({
      descriptor: { name: 'thing', tier, unitMsMax: 1_000, unitMemoryBytesMax: 65_536 },
      code: new TextEncoder().encode('() => ({ value: 1 })'),
    })

  test('has its hash, limits and source', async () => {
    const { bytes, hash } = bundle('js')
    const { out } = await inspect('thing.task', bytes, '--json')
    expect(JSON.parse(out)).toMatchObject({
      where: 'file',
      task: {
        hash,
        tier: 'js',
        descriptor: { name: 'thing', unitMsMax: 1_000 },
        listing: ['() => ({ value: 1 })'],
      },
    })
  })

  test('that nothing guards is said to be so', async () => {
    const { out } = await inspect('thing.task', bundle('native').bytes)
    expect(out).toMatch(/tier +native: NOTHING GUARDS IT/)
    expect(out).toContain('UNGUARDED')
  })
})

describe('inspect', () => {
  test('knows the tasks that come along, without a node', async () => {
    const { terminal, connections } = await runCommand(['inspect', 'word-count'])
    expect(terminal.out.join('\n')).toMatch(/^task +[0-9a-f]{64}\nname +word-count\ntier +wasm/)
    expect(connections).toEqual([])
  })

  test('asks a node for ids, and says what it was given when that is nothing', async () => {
    const asked = await runCommand(['inspect', '3fa9c1'])
    expect(asked.terminal.remarks).toContain('error: no node runs here')
    const typo = await runCommand(['inspect', 'mandelbort'])
    expect(typo.exitCode).toBe(2)
    expect(typo.terminal.remarks).toContain('hint: did you mean mandelbrot?')
  })
})
