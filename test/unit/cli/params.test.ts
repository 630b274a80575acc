import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parsePair, parseValue, readParams } from '../../../coordinator-free-node/cli/params.js'

describe('value', () => {
  test.each([
    ['12', 12],
    ['1.5e3', 1500],
    ['true', true],
    ['[1,2]', [1, 2]],
    ['{"a":1}', { a: 1 }],
    ['"12"', '12'],
    ['hello', 'hello'],
    ['', ''],
  ])('%s is read as %p', (text, value) => {
    expect(parseValue(text)).toEqual(value)
  })
  test('a number that would lose digits stays text', () => {
    expect(parseValue('12345678901234567890')).toBe('12345678901234567890')
    expect(parseValue('1e999')).toBe('1e999')
  })
})

describe('pair', () => {
  test('everything after the first = is the value', () => {
    expect(parsePair('text=a=b')).toEqual(['text', 'a=b'])
  })
  test.each(['novalue', '=5', ''])('%p is refused with the form that is valid', (pair) => {
    expect(() => parsePair(pair)).toThrow(expect.objectContaining({ code: 'MH_USAGE' }))
    expect(() => parsePair(pair)).toThrow(/name=value/)
  })
})

describe('params', () => {
  test('single ones win over the whole', async () => {
    expect(await readParams(['b=3'], '{"a":1,"b":2}')).toEqual({ a: 1, b: 3 })
  })
  test('the whole may stand in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
    try {
      const file = join(folder, 'params.json')
      await writeFile(file, '{"samples": 5}')
      expect(await readParams([], `@${file}`)).toEqual({ samples: 5 })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
  test('a file that is not there is named', async () => {
    await expect(readParams([], '@/not/there.json')).rejects.toMatchObject({
      code: 'MH_FILE_NOT_FOUND',
      message: expect.stringContaining('/not/there.json'),
    })
  })
  test.each(['{', '[1]', 'null', '5'])('%s is refused: an object is wanted', async (text) => {
    await expect(readParams([], text)).rejects.toMatchObject({ code: 'MH_USAGE' })
  })
  test('a name such as __proto__ stays a plain parameter', async () => {
    const params = await readParams([], '{"__proto__": {"polluted": true}}')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(params.polluted).toBeUndefined()
  })
})

describe('a parameter from a file', () => {
  test('is the text of the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
    try {
      const file = join(folder, 'book.txt')
      await writeFile(file, '42')
      expect(await readParams([`text=@${file}`], undefined)).toEqual({ text: '42' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
  test('that is not there is named', async () => {
    await expect(readParams(['text=@/not/there.txt'], undefined)).rejects.toMatchObject({
      code: 'MH_FILE_NOT_FOUND',
      message: "--param: cannot read the file '/not/there.txt'",
    })
  })
})
