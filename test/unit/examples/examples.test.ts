/** The examples on a grid of one. They import the package by its name, so it has to be built. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { runTask } from '../tasks/kernel-host.js'

const examples = new URL('../../../examples/', import.meta.url)

interface Example {
  help: string
  default(
    grid: { run: typeof runTask },
    context: { args: string[]; signal: AbortSignal; progress: <T>(what: T) => T },
  ): Promise<unknown>
}

const load = async (name: string): Promise<Example> => import(new URL(name, examples).href)

async function runExample(name: string, ...args: string[]): Promise<unknown> {
  const { default: main } = await load(name)
  const run = ((task, params) => runTask(task, params, { window: 3 })) as typeof runTask
  const { signal } = new AbortController()
  return main({ run }, { args, signal, progress: (what) => what })
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'manyhands-examples-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('every example says how it is used', async () => {
  for (const name of await readdir(examples)) {
    if (!name.endsWith('.mjs')) continue
    const { help } = await load(name)
    expect(help).toMatch(new RegExp(`^manyhands run examples/${name} `))
  }
})

describe('hash-tree.mjs', () => {
  test('lists what find, sort and sha256sum list', async () => {
    const files: Record<string, Buffer> = {
      './a-b': Buffer.from('sorts before the folder a'),
      './a.b/y': Buffer.from('between them'),
      './a/x': Buffer.from('in the folder a'),
      './aa': Buffer.from('after it'),
      './empty': Buffer.alloc(0),
      './large': Buffer.alloc(2 ** 21 + 7, 'manyhands'),
      './piece': Buffer.alloc(2 ** 20, 'exactly one'),
      './sp ace': Buffer.from('blank'),
      './é': Buffer.from('not ASCII'),
    }
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.join(folder, path.dirname(name)), { recursive: true })
      await writeFile(path.join(folder, name), content)
    }
    await symlink('a', path.join(folder, 'link-to-folder'))
    await symlink('aa', path.join(folder, 'link-to-file'))
    await writeFile(path.join(folder, 'new\nline\\'), 'escaped')

    const lines = Object.entries(files).map(
      ([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`,
    )
    const escaped = createHash('sha256').update('escaped').digest('hex')
    lines.splice(-3, 0, `\\${escaped}  ./new\\nline\\\\\n`)
    // 'new...' sorts between 'large' and 'piece'.
    expect(await runExample('hash-tree.mjs', folder)).toBe(lines.join(''))
  })

  test('keeps names that are no UTF-8', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe)]), 'x')
    const sums = (await runExample('hash-tree.mjs', folder)) as Uint8Array
    expect(Buffer.from(sums).subarray(64).toString('latin1')).toBe('  ./\xff\xfe\n')
  })

  test('has nothing to say of an empty folder, and names one that is missing', async () => {
    expect(await runExample('hash-tree.mjs', folder)).toBeUndefined()
    await expect(runExample('hash-tree.mjs', `${folder}/none`)).rejects.toThrow(`${folder}/none`)
  })
})

test('hash-search.mjs finds the nonce, and says when there is none', async () => {
  const found = await runExample('hash-search.mjs', '2083230000', '2083240000')
  expect(found).toBe(
    'nonce 2083236893 gives 000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  )
  expect(await runExample('hash-search.mjs', '0', '1000')).toMatch(/^none in 1000 nonces; the smal/)
})

test('mandelbrot.mjs gives a PNG of the size it is asked for', async () => {
  const png = Buffer.from((await runExample('mandelbrot.mjs', 'whole', '64', '48')) as Uint8Array)
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([64, 48])
  await expect(runExample('mandelbrot.mjs', 'nowhere')).rejects.toThrow("no view 'nowhere'")
})

test('monte-carlo-pi.mjs comes near', async () => {
  expect(await runExample('monte-carlo-pi.mjs', '100000000')).toMatch(
    /^pi is 3\.14\d{6}, give or take 0\.00016\d{3}$/,
  )
})

test('own-kernel.mjs finds the same with either language', async () => {
  const found = 'perfect below 10000: 6, 28, 496, 8128'
  expect(await runExample('own-kernel.mjs', '10000')).toBe(found)
  expect(await runExample('own-kernel.mjs', '10000', 'assemblyscript')).toBe(found)
  await expect(runExample('own-kernel.mjs', '10', 'cobol')).rejects.toThrow("no kernel in 'cobol'")
})

test('word-count.mjs counts over the ends of files', async () => {
  await writeFile(path.join(folder, 'one'), 'To be, or not to')
  await writeFile(path.join(folder, 'two'), 'be')
  const text = await runExample(
    'word-count.mjs',
    path.join(folder, 'one'),
    path.join(folder, 'two'),
  )
  expect(text).toBe(
    ['6 words, 4 different', '       2 be', '       2 to', '       1 not', '       1 or'].join(
      '\n',
    ),
  )
})
