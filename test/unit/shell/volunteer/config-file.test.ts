import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fileOptionsSchema, kebabOf } from '../../../../coordinator-free-node/shell/node-options.js'
import { parseConfig } from '../../../../coordinator-free-node/shell/volunteer/config-file.js'
import {
  effectiveOptionsOf,
  renderConfig,
} from '../../../../coordinator-free-node/shell/volunteer/effective-options.js'

let stateDirectory = ''
beforeEach(async () => {
  stateDirectory = await mkdtemp(path.join(tmpdir(), 'manyhands-config-'))
})
afterEach(() => rm(stateDirectory, { recursive: true }))
const write = (text: string, name = 'config.toml') =>
  writeFile(path.join(stateDirectory, name), text)

describe('settings file', () => {
  test.each([
    ['a name that is nearly right', 'cpus = 1\nidle-aftr = "1 min"', 'line 2', 'idle-after'],
    ['a name of the API', 'denyOwners = []', 'line 1', 'deny-owners'],
    ['an option of the command only', 'lie-rate = 0.5', 'line 1', 'command only'],
    ['a value out of range', '\n\ncpu-share = 200', 'line 3', 'cpu-share'],
    ['a value of another kind', 'cpus = "two"', 'line 1', 'cpus: '],
    [
      'an entry of a list',
      'hours = [\n "10:00-11:00",\n "later",\n]',
      'hours, entry 2',
      'not "later"',
    ],
    ['a prefix of a hash', 'tasks = ["3c9683"]', 'tasks, entry 1', 'whole hash'],
    ['no peer id', 'deny-owners = ["ada"]', 'deny-owners, entry 1', '12D3KooW'],
    ['a size without sense', 'memory = "much"', 'line 1', '"2 GiB"'],
    ['native as a tier', 'tiers = ["native"]', 'line 1', 'native-owners'],
    ['a section', '[idle]\nafter = 3', 'line 1', 'settings are'],
    ['broken TOML', 'cpus = 2\nhours = [', 'line 2', 'hours = ["22:00-07:00"]'],
    ['a name twice', 'cpus = 2\ncpus = 3', 'line 2', 'docs/volunteer.md'],
  ])('%s is refused with file, place and what would be valid', (_, text, place, valid) => {
    try {
      parseConfig(text, '/etc/x.toml')
      throw new Error('it was taken')
    } catch (error) {
      const { code, message, hint = '' } = error as { code: string; message: string; hint?: string }
      expect(code).toBe('MH_USAGE')
      expect(message).toContain('/etc/x.toml, line')
      expect(message).toContain(place)
      expect(message + hint).toContain(valid)
    }
  })

  test('the example of the manual is valid and shows settings as they are', async () => {
    const manual = await readFile('docs/volunteer.md', 'utf8')
    const example = /```toml\n([^`]*)```/.exec(manual)?.[1] ?? ''
    expect(Object.keys(parseConfig(example, 'example'))).toHaveLength(15)
    await write(example)
    const { options } = await effectiveOptionsOf({ stateDirectory })
    expect(options).toMatchObject({ memory: 4 * 1024 ** 3, idleAfter: 900_000, cpuShare: 60 })
  })

  test('the manual names every setting that a volunteer has', async () => {
    const manual = await readFile('docs/volunteer.md', 'utf8')
    const network = ['peers', 'lan', 'lanPort', 'listen', 'port', 'grid', 'log']
    for (const name of Object.keys(fileOptionsSchema.shape))
      if (!network.includes(name)) expect(manual).toContain(kebabOf(name))
  })
})

describe('options in effect', () => {
  test('without a file there are defaults', async () => {
    const { options, file } = await effectiveOptionsOf({ stateDirectory })
    expect(file).toBeUndefined()
    expect(options).toMatchObject({
      tiers: ['builtin', 'wasm', 'js'],
      nativeOwners: [],
      grace: 20_000,
    })
  })

  test('an option wins over the file, the file over the default', async () => {
    await write('cpus = 3\ncpu-share = 40\nhours = ["10:00-11:00"]')
    const { options, origins } = await effectiveOptionsOf({ stateDirectory, cpus: 1 })
    expect(options).toMatchObject({ cpus: 1, cpuShare: 40, hours: ['10:00-11:00'] })
    expect(origins).toMatchObject({ cpus: 'option', cpuShare: 'file', disk: 'default' })
  })

  test('a file that was named must be there', async () => {
    await write('cpus = 3', 'other.toml')
    const config = path.join(stateDirectory, 'other.toml')
    expect((await effectiveOptionsOf({ stateDirectory, config })).options.cpus).toBe(3)
    await expect(
      effectiveOptionsOf({ stateDirectory, config: '/nowhere/x.toml' }),
    ).rejects.toMatchObject({
      code: 'MH_FILE_NOT_FOUND',
      message: expect.stringContaining('/nowhere'),
    })
  })

  test('printed, they are a file that brings them about', async () => {
    await write('cpus = 3\nidle-after = "90 s"\nmemory = "3000000001"\nowners = []')
    const first = await effectiveOptionsOf({ stateDirectory, neverOnBattery: true })
    const text = renderConfig(first)
    expect(text).toMatch(/^cpus = 3 +# .*config\.toml$/m)
    expect(text).toMatch(/^never-on-battery = true +# option$/m)
    expect(text).toMatch(/^# tasks: not set$/m)
    await write(text)
    const second = await effectiveOptionsOf({ stateDirectory })
    expect(second.options).toEqual(first.options)
  })
})
