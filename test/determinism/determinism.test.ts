/** A piece of `npm run determinism`: the whole corpus on the Node at hand, against what all platforms have said. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { corpus } from './corpus.mjs'
// @ts-expect-error: the same
import { platforms } from './platforms.mjs'
// @ts-expect-error: the same
import { differenceOf } from './report.mjs'

interface Answer {
  kind: string
  digest: string
  fuel: number
  words?: string
}

const names: string[] = corpus.map(({ name }: { name: string }) => name)
const answers: Record<string, Answer> = {}
let expected: Record<string, Answer>

const keep = (line: { name?: string; answer: Answer }) => {
  if (line.name !== undefined) answers[line.name] = line.answer
}

beforeAll(async () => {
  expected = JSON.parse(await readFile(new URL('expected.json', import.meta.url), 'utf8'))
  await platforms.current.run({ names, isGuarded: true }, keep)
}, 120_000)

describe('the corpus', () => {
  test('has an answer that is kept for each kernel, and no other', () => {
    expect(Object.keys(expected)).toEqual(names)
  })

  // After a change of fuel costs or of a kernel: `npm run determinism -- --write`, which asks all platforms.
  test.each(names)('%s gives the bits and the fuel that it gives everywhere', (name) => {
    const { kind, digest, fuel } = answers[name] as Answer
    expect({ kind, digest, fuel }).toEqual(expected[name])
  })

  test('is made of modules that text and AssemblyScript still give', () => {
    const build = fileURLToPath(new URL('build.mjs', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [build, '--check'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  }, 120_000)
})

describe('a difference', () => {
  const good = { kind: 'done', digest: 'aa', fuel: 7 }

  test('is told by what differs, the weightiest first', () => {
    expect(differenceOf(good, { ...good, words: 'not compared' })).toBeUndefined()
    expect(differenceOf(good, { ...good, fuel: 8 })).toBe('FUEL')
    expect(differenceOf(good, { ...good, digest: 'ab', fuel: 8 })).toBe('DIGEST')
    expect(differenceOf(good, { ...good, kind: 'hit', digest: 'ab' })).toBe('KIND')
    expect(differenceOf(good, undefined)).toBe('MISSING')
    expect(differenceOf(undefined, good)).toBe('NEW')
  })

  test('is a run without a result, but for deep kernels where the stack is small', () => {
    const abort = { kind: 'abort', digest: '', fuel: 0 }
    expect(differenceOf(good, abort)).toBe('ABORT')
    expect(differenceOf(good, abort, { mayAbort: true })).toBe('none')
    expect(differenceOf(good, { ...good, fuel: 8 }, { mayAbort: true })).toBe('FUEL')
    expect(differenceOf(good, { ...abort, kind: 'unsteady' }, { mayAbort: true })).toBe('UNSTEADY')
  })

  test('is excused in the words of a trap where the engine has one word for several', () => {
    const trap = { ...good, kind: 'trap' }
    const vague = { ...trap, digest: 'cc', words: 'trap' }
    expect(differenceOf(trap, vague)).toBe('DIGEST')
    expect(differenceOf(trap, vague, { isVague: true })).toBe('words')
    expect(differenceOf(trap, { ...vague, fuel: 8 }, { isVague: true })).toBe('DIGEST')
    expect(differenceOf(trap, { ...vague, words: 'unreachable' }, { isVague: true })).toBe('DIGEST')
  })
})
