import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ClassicLevel } from 'classic-level'
import { hashOf } from '../../../../coordinator-free-node/protocol/ids.js'
import { openStore } from '../../../../coordinator-free-node/shell/store/level-store.js'
import { compileSources } from './compile-sources.js'

const bytes = (text: string) => new TextEncoder().encode(text)
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'manyhands-store-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

describe('opening a state directory', () => {
  test('makes it for its owner alone, and finds everything again', async () => {
    const state = path.join(directory, 'a', 'b')
    const first = await openStore(state)
    await first.write([{ type: 'put', key: 'k', value: bytes('v') }])
    await first.writeBlob(hashOf(bytes('blob')), bytes('blob'))
    await first.close()
    expect((await stat(state)).mode & 0o777).toBe(0o700)
    const second = await openStore(state)
    expect(await second.get('k')).toEqual(bytes('v'))
    expect(await second.readBlob(hashOf(bytes('blob')))).toEqual(bytes('blob'))
    await second.close()
  })

  test('is refused while somebody else has it, naming the process', async () => {
    const store = await openStore(directory)
    await expect(openStore(directory)).rejects.toMatchObject({
      code: 'MH_STATE_LOCKED',
      blame: 'user',
      message: expect.stringContaining('another process'),
      hint: expect.any(String),
    })
    const file = { url: 'ws://127.0.0.1:1/api', token: 't', pid: 4242, peer: 'p' }
    await writeFile(path.join(directory, 'gateway.json'), JSON.stringify(file))
    await expect(openStore(directory)).rejects.toMatchObject({
      message: expect.stringContaining('process 4242'),
    })
    await store.close()
    await (await openStore(directory)).close()
  })

  test('is refused when a newer version wrote it, which stays untouched', async () => {
    const db = new ClassicLevel(path.join(directory, 'db'))
    await db.put('\u0000format', '99')
    await db.close()
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'MH_STATE_VERSION' })
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'MH_STATE_VERSION' })
  })

  test('of an earlier version gives up its jobs, says so and keeps the rest', async () => {
    const db = new ClassicLevel(path.join(directory, 'db'))
    await db.batch(
      ['\u0000format', 'job/1', 'out/1/0', 'ledger/p'].map((key) => ({
        type: 'put',
        key,
        value: '1',
      })),
    )
    await db.close()
    const warnings: string[] = []
    const onWarning = (text: string) => warnings.push(text)
    const store = await openStore(directory, { onWarning })
    expect(await store.get('job/1')).toBeUndefined()
    expect(await store.get('out/1/0')).toBeUndefined()
    expect(await store.get('ledger/p')).toEqual(bytes('1'))
    await store.close()
    expect(warnings).toEqual([expect.stringContaining('1 jobs of an earlier version')])
    await (await openStore(directory, { onWarning })).close()
    expect(warnings).toHaveLength(1)
  })

  test('of the version before spools keeps its jobs', async () => {
    const db = new ClassicLevel(path.join(directory, 'db'))
    for (const [key, value] of [
      ['\u0000format', '3'],
      ['job/1', '1'],
    ] as const)
      await db.put(key, value)
    await db.close()
    const store = await openStore(directory)
    expect(await store.get('job/1')).toEqual(bytes('1'))
    await store.close()
  })

  test('answers MH_STORE_FAILED where no directory can be made', async () => {
    const file = path.join(directory, 'file')
    await writeFile(file, '')
    await expect(openStore(path.join(file, 'state'))).rejects.toMatchObject({
      code: 'MH_STORE_FAILED',
    })
  })
})

describe('a damaged database', () => {
  async function damaged(harm: (db: string) => Promise<void>): Promise<string[]> {
    const store = await openStore(directory)
    await store.write([{ type: 'put', key: 'k', value: bytes('v') }])
    await store.close()
    // A second opening moves the log into a table.
    await (await openStore(directory)).close()
    await harm(path.join(directory, 'db'))
    const warnings: string[] = []
    const fresh = await openStore(directory, { onWarning: (text) => warnings.push(text) })
    expect(await fresh.get('k')).toBeUndefined()
    await fresh.write([{ type: 'put', key: 'k', value: bytes('new') }])
    await fresh.close()
    return warnings
  }
  const asideOf = async () =>
    (await readdir(directory)).filter((name) => name.startsWith('db.corrupt-'))

  test('is set aside, said, and replaced by a fresh one', async () => {
    const warnings = await damaged(async (db) => {
      for (const name of await readdir(db)) {
        if (name.startsWith('MANIFEST')) await writeFile(path.join(db, name), 'garbage'.repeat(99))
      }
    })
    expect(warnings).toEqual([expect.stringContaining('db.corrupt-')])
    expect(await asideOf()).toHaveLength(1)
  })

  test('without its index is set aside before LevelDB deletes its tables', async () => {
    const warnings = await damaged(async (db) => await rm(path.join(db, 'CURRENT')))
    expect(warnings).toHaveLength(1)
    const [aside] = await asideOf()
    const kept = await readdir(path.join(directory, aside ?? ''))
    expect(kept.some((name) => name.endsWith('.ldb'))).toBe(true)
  })

  test('without one of its tables is set aside', async () => {
    const warnings = await damaged(async (db) => {
      for (const name of await readdir(db)) {
        if (name.endsWith('.ldb')) await rm(path.join(db, name))
      }
    })
    expect(warnings).toHaveLength(1)
  })
})

describe('a blob', () => {
  test('that changed on disk is set aside, counts as missing and can be written again', async () => {
    const warnings: string[] = []
    const store = await openStore(directory, { onWarning: (text) => warnings.push(text) })
    const hash = hashOf(bytes('blob'))
    await store.writeBlob(hash, bytes('blob'))
    const file = path.join(directory, 'blobs', hash.slice(0, 2), hash.slice(2, 4), hash)
    await writeFile(file, 'flipped')
    expect(await store.readBlob(hash)).toBeUndefined()
    expect(warnings).toEqual([expect.stringContaining(hash)])
    const [aside] = await readdir(path.join(directory, 'blobs', 'corrupt'))
    expect(await readFile(path.join(directory, 'blobs', 'corrupt', aside ?? ''), 'utf8')).toBe(
      'flipped',
    )
    await store.writeBlob(hash, bytes('blob'))
    expect(await store.readBlob(hash)).toEqual(bytes('blob'))
    await store.close()
  })

  test('half written by a process that died is swept away', async () => {
    const partial = path.join(directory, 'blobs', 'partial')
    await mkdir(partial, { recursive: true })
    await writeFile(path.join(partial, 'half'), 'ha')
    const store = await openStore(directory)
    expect(await readdir(partial)).toEqual([])
    await store.close()
  })

  test('written by several callers at once is written once and whole', async () => {
    const store = await openStore(directory)
    const blob = new Uint8Array(100_000).fill(7)
    await Promise.all(Array.from({ length: 8 }, () => store.writeBlob(hashOf(blob), blob)))
    expect(await store.readBlob(hashOf(blob))).toEqual(blob)
    await store.close()
  })
})

describe('a spool', () => {
  test('is found again, and goes on behind what an append left that did not end', async () => {
    const first = await openStore(directory)
    await first.appendSpool('a1', [bytes('whole')])
    await first.close()
    await appendFile(path.join(directory, 'spools', 'a1'), 'hal')
    const second = await openStore(directory)
    expect(await second.appendSpool('a1', [bytes('next')])).toBe(8)
    expect(await second.readSpool('a1', 0, 5)).toEqual(bytes('whole'))
    expect(await second.readSpool('a1', 8, 4)).toEqual(bytes('next'))
    await second.close()
  })

  test('takes no name that could leave its folder', async () => {
    const store = await openStore(directory)
    for (const name of ['', '../db', 'a/1', 'A1', 'a'.repeat(81)]) {
      await expect(store.appendSpool(name, [bytes('x')])).rejects.toMatchObject({
        code: 'MH_BOUNDS',
      })
      await expect(store.readSpool(name, 0, 1)).rejects.toMatchObject({ code: 'MH_BOUNDS' })
    }
    await store.close()
  })

  test('that the disk has no room for fails in words, and leaves nothing behind', async () => {
    const store = await openStore(directory)
    const file = path.join(directory, 'spools', 'a1')
    await symlink('/dev/full', file)
    await expect(store.appendSpool('a1', [bytes('x')])).rejects.toMatchObject({
      code: 'MH_DISK_FULL',
      retryable: true,
    })
    await rm(file)
    expect(await store.appendSpool('a1', [bytes('x')])).toBe(0)
    expect(await store.readSpool('a1', 0, 1)).toEqual(bytes('x'))
    await store.close()
  })
})

describe('kill -9 in the middle of writes', () => {
  test('loses no synced batch and halves none', async () => {
    const compiled = await compileSources([
      'coordinator-free-node/protocol',
      'coordinator-free-node/ports',
      'coordinator-free-node/shell/store',
    ])
    try {
      for (let round = 0; round < 3; round++) await killWhileWriting(compiled.directory, 40)
    } finally {
      await compiled.dispose()
    }
  })

  /** The child writes batches of ten keys as fast as it can and says which are synced. */
  async function killWhileWriting(compiled: string, batches: number): Promise<void> {
    const state = await mkdtemp(path.join(directory, 'round-'))
    const script = `
      const { openStore } = await import('./coordinator-free-node/shell/store/level-store.js')
      const store = await openStore(process.argv[1])
      for (let batch = 0; ; batch++) {
        const value = new Uint8Array(5000).fill(batch)
        const place = await store.appendSpool('a1', [value, value])
        if (place !== 10000 * batch) throw new Error('the spool has another length')
        await store.write(Array.from({ length: 10 }, (_, i) => ({ type: 'put', key: 'b' + batch + '/' + i, value })))
        process.stdout.write(batch + '\\n')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, state], {
      cwd: compiled,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let synced = -1
    for await (const line of createInterface({ input: child.stdout })) {
      synced = Number(line)
      if (synced === batches) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(synced).toBeGreaterThanOrEqual(batches)

    const store = await openStore(state, {
      onWarning: (text) => {
        throw new Error(text)
      },
    })
    const counts = new Map<number, number>()
    for await (const [key, value] of store.scan({ from: 'b', to: 'c' })) {
      const batch = Number(key.slice(1).split('/')[0])
      expect(value.every((byte) => byte === batch % 256)).toBe(true)
      counts.set(batch, (counts.get(batch) ?? 0) + 1)
    }
    for (let batch = 0; batch <= synced; batch++) expect(counts.get(batch)).toBe(10)
    for (const count of counts.values()) expect(count).toBe(10)
    for (const batch of counts.keys()) {
      const spooled = await store.readSpool('a1', 10_000 * batch, 10_000)
      expect(spooled).toEqual(new Uint8Array(10_000).fill(batch))
    }
    await store.close()
  }
})
