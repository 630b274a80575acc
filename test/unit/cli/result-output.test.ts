import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  checkOutput,
  outputResult,
  toJson,
  toReadable,
} from '../../../coordinator-free-node/cli/run/result-output.js'
import { fakeTerminal } from './fakes.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('JSON', () => {
  test('carries bytes, big integers, maps and sets', () => {
    const value = { a: Uint8Array.of(1, 2, 3), b: 10n, c: new Map([['k', 1]]), d: new Set([1]) }
    expect(JSON.parse(toJson(value))).toEqual({
      a: { base64: 'AQID' },
      b: '10',
      c: { k: 1 },
      d: [1],
    })
  })
  test('of nothing is null', () => {
    expect(toJson(undefined)).toBe('null')
  })
  test('of a value that holds itself is refused', () => {
    const value: { self?: unknown } = {}
    value.self = value
    expect(() => toJson(value)).toThrow(expect.objectContaining({ code: 'MH_NOT_ENCODABLE' }))
  })
  test('of one value in two places is no circle', () => {
    const shared = [1]
    expect(toJson({ a: shared, b: shared })).toBe('{"a":[1],"b":[1]}')
  })
})

describe('readable form', () => {
  test('text is as it is, simple objects are lines', () => {
    expect(toReadable('hello\n', false)).toBe('hello')
    expect(toReadable({ pi: 3.14, samples: 10 }, false)).toBe('pi       3.14\nsamples  10')
  })
  test('a long list is cut for a person, not for a pipe', () => {
    const list = Array.from({ length: 500 }, (_, n) => n)
    expect(toReadable(list, false)).toContain('400 more items')
    expect(toReadable(list, true)).toContain('499')
  })
})

describe('output', () => {
  test('bytes go to the file as they are', async () => {
    const file = join(folder, 'out.png')
    const bytes = Uint8Array.of(0, 255, 10)
    await outputResult(bytes, { output: file }, fakeTerminal())
    expect(new Uint8Array(await readFile(file))).toEqual(bytes)
  })
  test('other results go to the file as JSON', async () => {
    const file = join(folder, 'out.json')
    await outputResult([1, 2], { output: file }, fakeTerminal())
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([1, 2])
  })
  test('bytes are not put on a terminal', async () => {
    await expect(
      outputResult(Uint8Array.of(1), {}, fakeTerminal({ tty: true })),
    ).rejects.toMatchObject({ code: 'MH_USAGE', hint: expect.stringContaining('--output') })
  })
  test('a folder that is not there is refused before anything is computed', async () => {
    await expect(checkOutput(join(folder, 'no', 'out'))).rejects.toMatchObject({
      code: 'MH_FILE_NOT_FOUND',
    })
    await checkOutput(join(folder, 'out'))
  })
})
