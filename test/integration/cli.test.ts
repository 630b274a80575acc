/** The built command as people and scripts meet it: processes, exit codes, signals, and nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))

let folder: string
const children = new Set<ChildProcess>()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-test-'))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

interface Ended {
  code: number | null
  out: string
  err: string
}

interface Started {
  child: ChildProcess
  /** Lines of stdout that are JSON, waited for by their event. */
  event(name: string): Promise<Record<string, unknown>>
  ended: Promise<Ended>
}

function start(...args: string[]): Started {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Temporary folders of the command itself land where the test can look for them.
    env: { ...process.env, MANYHANDS_STATE: join(folder, 'default'), TMPDIR: folder },
  })
  children.add(child)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const events: Record<string, unknown>[] = []
  lines.on('line', (line) => {
    if (line.startsWith('{')) events.push(JSON.parse(line))
    lines.emit('event')
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      children.delete(child)
      resolve({ code, out, err })
    })
  })
  const event = (name: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const look = () => {
        const found = events.find((value) => value.event === name)
        if (found !== undefined) resolve(found)
      }
      lines.on('event', look)
      look()
      void ended.then(() => reject(new Error(`ended before ${name}: ${out}${err}`)))
    })
  return { child, event, ended }
}

const run = (...args: string[]) => start(...args).ended
const startNode = (state: string, ...args: string[]) =>
  start('node', '--json', '--no-lan', '--cpus', '1', '--state', join(folder, state), ...args)

describe('bad input', () => {
  test.each([
    ['an unknown option', ['node', '--prot', '1'], "unknown option '--prot'"],
    ['an unknown command', ['nod'], "unknown command 'nod'"],
    ['a file that is not there', ['run', './missing.mjs'], './missing.mjs'],
    ['a task that is not there', ['run', 'hash-serach'], 'did you mean hash-search?'],
    ['an address that does not parse', ['node', '--no-lan', '--peer', '/ip4/nowhere'], 'nowhere'],
    ['no running node', ['status'], 'manyhands node'],
    [
      'a parameter of the wrong kind',
      ['run', 'noop', '--embed', '--no-lan', '--param', 'units=many'],
      'units',
    ],
  ])('%s ends with 2, in plain words', async (_, args, words) => {
    const { code, out, err } = await run(...args)
    expect(err).toContain(words)
    expect(err).toMatch(/^error: /m)
    expect(err).not.toMatch(/^ +at /m)
    expect(out).toBe('')
    expect(code).toBe(2)
  })
  test('with --json is one line on stdout', async () => {
    const { code, out } = await run('run', './missing.mjs', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'MH_FILE_NOT_FOUND', blame: 'user' } })
  })
  test('an embedded run that fails leaves no folder', async () => {
    await run('run', 'noop', '--embed', '--no-lan', '--param', 'units=many')
    expect((await readdir(folder)).filter((name) => name.startsWith('manyhands-'))).toEqual([])
  })
})

describe('a program with a node of its own', () => {
  test('prints its verified result and leaves nothing behind', async () => {
    const file = join(folder, 'squares.mjs')
    await writeFile(file, 'export default (grid) => grid.map([1, 2, 3], (n) => n * n)')
    const { code, out, err } = await run('run', file, '--embed', '--no-lan', '--json')
    expect(err).not.toContain('error')
    expect(JSON.parse(out)).toMatchObject({ result: [1, 4, 9], jobs: [{ phase: 'done' }] })
    expect(code).toBe(0)
    expect((await readdir(folder)).filter((name) => name.startsWith('manyhands-'))).toEqual([])
  }, 60_000)
})

describe('node', () => {
  test('says where it is, answers, and drains on the first signal', async () => {
    const node = startNode('one')
    const ready = await node.event('ready')
    expect(ready.peer).toMatch(/^12D3KooW/)
    const status = await run('status', '--json', '--state', join(folder, 'one'))
    expect(JSON.parse(status.out)).toMatchObject({ peer: ready.peer, slots: 1 })
    node.child.kill('SIGINT')
    await node.event('draining')
    const { code } = await node.ended
    expect(code).toBe(0)
    expect(existsSync(join(folder, 'one', 'gateway.json'))).toBe(false)
  }, 60_000)

  test('a second one on the same state directory is refused', async () => {
    const node = startNode('one')
    await node.event('ready')
    const { code, out } = await startNode('one').ended
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'MH_STATE_LOCKED' } })
  }, 60_000)

  test('a taken port is named', async () => {
    const node = startNode('one')
    const { addresses } = (await node.event('ready')) as { addresses: string[] }
    const port = /\/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1] ?? ''
    const { code, out } = await startNode('two', '--port', port).ended
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'MH_PORT_TAKEN', message: expect.stringContaining(port) },
    })
  }, 60_000)

  test('two of them share a job that a third process submits, follows and looks at', async () => {
    const one = startNode('one')
    const { addresses } = (await one.event('ready')) as { addresses: string[] }
    const peer = addresses.find((address) => address.includes('127.0.0.1')) ?? ''
    const two = startNode('two', '--peer', peer)
    await two.event('ready')
    const state = ['--state', join(folder, 'one')]
    const { out } = await run(
      'run',
      'monte-carlo-pi',
      '--param',
      'samples=1000000000',
      '--param',
      'unitSamples=10000000',
      '--id-only',
      ...state,
    )
    const job = out.trim()
    expect(job).toMatch(/^[0-9a-f]{64}$/)
    const waited = await run('wait', job.slice(0, 8), '--json', ...state)
    expect(waited.code).toBe(0)
    const shown = JSON.parse((await run('show', job, '--json', ...state)).out)
    expect(shown).toMatchObject({ job, phase: 'done', units: { total: 100, verified: 100 } })
    expect(shown.hosts).toHaveLength(2)
  }, 90_000)
})

describe('doctor', () => {
  test('finds everything essential on the machine that runs the tests', async () => {
    const { code, out } = await run('doctor', '--json')
    const { checks } = JSON.parse(out) as { checks: { ok: boolean; essential: boolean }[] }
    expect(checks.filter(({ ok, essential }) => essential && !ok)).toEqual([])
    expect(code).toBe(0)
  }, 60_000)
})

describe('sim', () => {
  test('the same seed prints the same bytes', async () => {
    const runs = [
      run('sim', 'liar', '--seed', '7', '--json'),
      run('sim', 'liar', '--seed', '7', '--json'),
    ]
    const [first, second] = await Promise.all(runs)
    expect(first?.out).toBe(second?.out)
    expect(JSON.parse(first?.out ?? '')).toMatchObject({ wrong: 0, finished: true })
  })
})

describe('package', () => {
  test('--version is that of package.json', async () => {
    const file = new URL('../../package.json', import.meta.url)
    const { version } = JSON.parse(await readFile(file, 'utf8'))
    expect((await run('--version')).out).toBe(`${version}\n`)
  })
})
