import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { loadTarget } from '../../../coordinator-free-node/cli/run/target.js'
import { defineTask } from '../../../tasks/contract.js'

const squares = defineTask({
  name: 'squares',
  summary: 'squares',
  params: z.object({}),
  result: z.unknown(),
  kernel: { tier: 'js', source: '' },
  plan: () => ({ inputs: [] }),
  decode: (output) => output,
  assemble: () => undefined,
})
const builtins = new Map([['squares', squares]])

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function moduleOf(source: string): Promise<string> {
  const file = join(folder, 'program.mjs')
  await writeFile(file, source)
  return file
}

describe('target', () => {
  test('a built-in task goes by its name', async () => {
    expect(await loadTarget('squares', builtins)).toMatchObject({ kind: 'task', task: squares })
  })
  test('a mistyped task gets a suggestion', async () => {
    await expect(loadTarget('sqaures', builtins)).rejects.toMatchObject({
      code: 'MH_NOT_A_TASK',
      hint: expect.stringContaining('did you mean squares?'),
    })
  })
  test.each(['./missing.js', 'missing.mjs', 'some/folder'])(
    '%s is a file that is not there',
    async (name) => {
      await expect(loadTarget(name, builtins)).rejects.toMatchObject({
        code: 'MH_FILE_NOT_FOUND',
        message: expect.stringContaining(name),
      })
    },
  )
  test('a module whose default export is a function is a program', async () => {
    const file = await moduleOf('export default async () => 42')
    const target = await loadTarget(file, builtins)
    expect(target).toMatchObject({ kind: 'program', name: 'program.mjs' })
  })
  test.each([
    ['export const x = 1', 'has no default export'],
    ['export default 42', 'exports a number as default'],
    ['export default null', 'exports null as default'],
    ['export default [1]', 'exports an array as default'],
  ])('%s is no task', async (source, message) => {
    const file = await moduleOf(source)
    await expect(loadTarget(file, builtins)).rejects.toMatchObject({
      code: 'MH_NOT_A_TASK',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('export default async function main'),
    })
  })
  test('a module that throws while it loads is named with its words', async () => {
    const file = await moduleOf('throw new RangeError("not today")')
    await expect(loadTarget(file, builtins)).rejects.toMatchObject({
      code: 'MH_BAD_MODULE',
      message: expect.stringContaining('RangeError: not today'),
    })
  })
})
