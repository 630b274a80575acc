/** The SDK against a real node in a process of its own, through its gateway; and a program that embeds one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { connect, type Grid, range } from '../../sdk/index.js'

const main = path.resolve('dist/coordinator-free-node/cli/main.js')

let stateDirectory: string
const children = new Set<ChildProcess>()
beforeEach(async () => {
  stateDirectory = await mkdtemp(path.join(tmpdir(), 'manyhands-integration-'))
})
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await rm(stateDirectory, { recursive: true, force: true, maxRetries: 5 })
})

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

/** Resolves when the node says that it is up. */
async function startNode(): Promise<ChildProcess> {
  const child = run(main, 'node', '--state', stateDirectory, '--cpus', '1', '--no-lan', '--json')
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) break
  }
  // Its later lines would fill the pipe.
  child.stdout.resume()
  return child
}

async function withGrid<T>(work: (grid: Grid) => Promise<T>): Promise<T> {
  const grid = await connect({ stateDirectory, node: 'running' })
  try {
    return await work(grid)
  } finally {
    await grid.close()
  }
}

describe('a program and a running node', () => {
  test('map, find and reduce over ranges and lists', async () => {
    await startNode()
    await withGrid(async (grid) => {
      const quorum = 1
      expect(await grid.map(range(0, 500), (n) => n * n, { quorum })).toHaveLength(500)
      const items = [{ a: 1n }, { a: 2n }]
      const added = grid.map(items, ({ a }, by) => a + by, { quorum, params: 5n })
      expect(await added).toEqual([6n, 7n])
      expect(await grid.find(range(0, 1e8), (n) => n === 12_345, { quorum })).toEqual({
        item: 12_345,
        index: 12_345,
      })
      expect(
        await grid.reduce(
          range(0, 1000),
          (n) => n,
          (a, b) => a + b,
          { quorum },
        ),
      ).toBe(499_500)
      const failing = grid.map(
        [1, 0],
        (n) => {
          if (n === 0) throw new Error('a zero')
          return n
        },
        { quorum },
      )
      await expect(failing).rejects.toMatchObject({
        code: 'MH_UNIT_FAILED',
        message: expect.stringContaining('a zero'),
      })
    })
  })

  test('survive the node being killed and started again, and lose nothing', async () => {
    const first = await startNode()
    await withGrid(async (grid) => {
      function* numbers() {
        for (let n = 0; n < 60_000; n++) yield n
      }
      let count = 0
      for await (const n of grid.map(numbers(), (n) => n + 1, { quorum: 1 })) {
        expect(n).toBe(++count)
        if (count !== 5_000) continue
        first.kill('SIGKILL')
        await once(first, 'close')
        void startNode()
      }
      expect(count).toBe(60_000)
    })
  })
})

describe('a program without a node', () => {
  test('embeds one, and leaves no process and no gateway behind', async () => {
    const script = `
      const { connect, range } = await import('manyhands')
      const grid = await connect({ stateDirectory: process.argv[1], lan: false, cpus: 1 })
      const sum = await grid.reduce(range(0, 100), (n) => n, (a, b) => a + b, { quorum: 1 })
      console.log(JSON.stringify({ embedded: grid.embedded, sum }))
      await grid.close()`
    const child = run('--input-type=module', '-e', script, stateDirectory)
    let out = ''
    child.stdout?.on('data', (chunk) => {
      out += chunk
    })
    const [code] = await once(child, 'close')
    expect([code, JSON.parse(out)]).toEqual([0, { embedded: true, sum: 4950 }])
    expect(await readdir(stateDirectory)).not.toContain('gateway.json')
  })
})
