/** What the command refuses, in which words, and what it leaves as it was. */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type GridNode, nodeArgs, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

/** Nobody listens on port 1. */
const dead = '/ip4/127.0.0.1/tcp/1/ws'

describe('bad input', () => {
  test.each([
    ['an unknown option', ['node', '--cpu', '1'], ["unknown option '--cpu'", '--cpus']],
    ['an unknown task or file', ['run', 'primes.mjs'], ['primes.mjs']],
    ['a peer address that does not parse', ['node', '--peer', 'http//x'], ['http//x', '/ip4/']],
    ['a port out of bounds', ['node', '--port', '70000'], ['--port', '65535']],
    [
      'a peer that does not answer a node',
      ['node', '--no-lan', '--cpus', '1', '--listen', '/ip4/127.0.0.1/tcp/0/ws', '--peer', dead],
      [dead, 'Check that the other node runs'],
    ],
    [
      'a peer that does not answer a program',
      ['run', 'noop', '--embed', '--no-lan', '--peer', dead],
      [dead, 'Check that the other node runs'],
    ],
  ])(
    '%s ends with 2 and names what would be valid',
    async (_, args, words) => {
      const { code, out, err } = await grid.run(...args)
      for (const word of words) expect(err).toContain(word)
      expect(err).toMatch(/^error: /)
      expect(err).not.toMatch(/^ +at /m)
      expect(out).toBe('')
      expect(code).toBe(2)
      // Temporary folders land here; a state directory is the user's own.
      expect((await readdir(grid.folder())).filter((name) => name !== 'default')).toEqual([])
    },
    30_000,
  )

  test('a running node passes on which peer does not answer', async () => {
    const node = await grid.node('node')
    const { code, out } = await grid.run(
      ...['run', 'noop', '--json', '--state', node.state, '--peer', dead],
    )
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'MH_PEER_UNREACHABLE' } })
  }, 30_000)

  test('a taken port is named, and its owner works on', async () => {
    const node = await grid.node('node')
    const port = /\/tcp\/(\d+)/.exec(node.address)?.[1] ?? ''
    const { code, out } = await grid.run(
      ...['node', '--json', '--no-lan', '--cpus', '1', '--state', join(grid.folder(), 'other')],
      ...['--listen', `/ip4/127.0.0.1/tcp/${port}/ws`],
    )
    expect(code).toBe(2)
    expect(JSON.parse(out).error).toMatchObject({ code: 'MH_PORT_TAKEN' })
    expect(JSON.parse(out).error.message).toContain(port)
    await node.process.status(({ uptimeMs }) => uptimeMs > 0)
  }, 30_000)
})

describe('state directory', () => {
  test('is refused to a second node, which names the first', async () => {
    const first = await grid.node('node')
    const { code, out, err } = await grid.run(
      ...nodeArgs(first.state).filter((arg) => arg !== '--json'),
    )
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(
      `process ${first.process.child.pid} is using the state directory ${first.state}`,
    )
    expect(err).toContain('stop it first')
    // The refused one has not touched what the first wrote.
    expect(existsSync(join(first.state, 'gateway.json'))).toBe(true)
    await grid.connect(first)
  }, 30_000)

  test.each(['CURRENT', 'MANIFEST'])(
    'with a damaged %s is set aside, not deleted',
    async (kind) => {
      const first: GridNode = await grid.node('node')
      await first.process.end('SIGTERM')
      const db = join(first.state, 'db')
      const file = (await readdir(db)).find((name) => name.startsWith(kind)) ?? ''
      const garbage = 'not what LevelDB wrote\n'
      await writeFile(join(db, file), garbage)

      const again = await grid.node('node')
      expect(again.peer).not.toBe(first.peer)
      expect(again.warnings).toHaveLength(1)
      const [warning = ''] = again.warnings
      expect(warning).toContain('the database was damaged')
      const aside =
        (await readdir(again.state)).find((name) => name.startsWith('db.corrupt-')) ?? ''
      expect(warning).toContain(join(again.state, aside))
      expect(await readFile(join(again.state, aside, file), 'utf8')).toBe(garbage)
    },
    30_000,
  )
})
