/** Kernels in C and AssemblyScript through the whole grid: submitted, guarded, run, assembled. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

async function runExample(name: string, ...args: string[]): Promise<string> {
  const main = join(root, 'dist/coordinator-free-node/cli/main.js')
  const command = [main, 'run', join(root, 'examples', name), ...args, '--embed', '--no-lan']
  const env = { ...process.env, TMPDIR: folder }
  const { stdout } = await promisify(execFile)(process.execPath, command, { env })
  return stdout
}

test('a kernel in C and one in AssemblyScript find the same', async () => {
  const found = 'perfect below 20000: 6, 28, 496, 8128\n'
  expect(await runExample('own-kernel.mjs', '20000')).toBe(found)
  expect(await runExample('own-kernel.mjs', '20000', 'assemblyscript')).toBe(found)
})

test('an ordinary C program counts the words of a text in pieces', async () => {
  const text = join(folder, 'text')
  await writeFile(text, `${'to be or not to be, that is the question; '.repeat(500)}whether`)
  expect(await runExample('own-command.mjs', text)).toBe(
    '     500 question\n     500 that\n       1 whether\n',
  )
})
