import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GridError } from '../../../coordinator-free-node/protocol/errors.js'
import {
  type Gateway,
  startGateway,
} from '../../../coordinator-free-node/shell/gateway/gateway-server.js'
import { connectOn } from '../../../sdk/connect.js'
import type { EmbeddedNodeOptions, Platform } from '../../../sdk/platform.js'
import { platform } from '../../../sdk/platform.js'
import { FakeBackend, fakePeer } from './fake-backend.js'

let stateDirectory: string
const gateways: Gateway[] = []
let started: EmbeddedNodeOptions[]
let stopped: number

async function startFake(fake = new FakeBackend()): Promise<FakeBackend> {
  gateways.push(await startGateway({ stateDirectory, peer: fakePeer, backend: fake.backend }))
  return fake
}

/** Embeds a fake node. */
const embedding: Platform = {
  ...platform,
  async startNode(options) {
    started.push(options)
    await startFake()
    return {
      peer: 'embedded-peer',
      drain: async () => {},
      async stop() {
        stopped++
        await gateways.pop()?.close()
      },
    }
  },
}

beforeEach(async () => {
  stateDirectory = await mkdtemp(path.join(tmpdir(), 'manyhands-connect-'))
  started = []
  stopped = 0
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
  await rm(stateDirectory, { recursive: true })
})

describe('connect', () => {
  test('uses the node that runs, and leaves it running', async () => {
    const fake = await startFake()
    const grid = await connectOn(embedding, { stateDirectory, peers: ['a:1', 'bad:1'] })
    expect(grid).toMatchObject({ embedded: false, peer: fakePeer })
    expect(fake.dialled).toEqual(['a:1'])
    await grid.close()
    await grid.close()
    expect([started, stopped]).toEqual([[], 0])
    await using again = await connectOn(embedding, { stateDirectory, node: 'running' })
    expect(await again.map([1], (n) => n)).toEqual([1])
  })

  test('embeds a node where none runs, and stops it', async () => {
    const grid = await connectOn(embedding, { stateDirectory, peers: ['a:1'], lan: false, cpus: 0 })
    expect(grid).toMatchObject({ embedded: true, peer: 'embedded-peer' })
    expect(started).toEqual([{ stateDirectory, peers: ['a:1'], lan: false, cpus: 0 }])
    expect(await grid.map([1], (n) => n + 1)).toEqual([2])
    await grid.close()
    expect(stopped).toBe(1)
  })

  test('embeds past the file of a node that was killed', async () => {
    await startFake()
    const file = path.join(stateDirectory, 'gateway.json')
    const text = await readFile(file, 'utf8')
    await gateways.pop()?.close()
    await writeFile(file, text)
    const grid = await connectOn(embedding, { stateDirectory })
    expect(grid.embedded).toBe(true)
    await grid.close()
  })

  test('answers MH_NO_NODE where one must run and none does', async () => {
    const options = { stateDirectory, node: 'running' } as const
    const expected = { code: 'MH_NO_NODE', hint: expect.stringContaining('manyhands node') }
    await expect(connectOn(embedding, options)).rejects.toMatchObject(expected)
    await writeFile(path.join(stateDirectory, 'gateway.json'), 'garbage')
    await expect(connectOn(embedding, options)).rejects.toMatchObject(expected)
  })

  test('waits for a node that another process is starting', async () => {
    const racing: Platform = {
      ...platform,
      async startNode() {
        setTimeout(() => startFake(), 300)
        throw new GridError('MH_STATE_LOCKED', 'taken', { blame: 'user' })
      },
    }
    const grid = await connectOn(racing, { stateDirectory })
    expect(grid.embedded).toBe(false)
    await grid.close()
    const taken: Platform = {
      ...platform,
      startNode: () => Promise.reject(new GridError('MH_STATE_LOCKED', 'taken', { blame: 'user' })),
    }
    await expect(connectOn(taken, { stateDirectory, node: 'embedded' })).rejects.toMatchObject({
      code: 'MH_STATE_LOCKED',
    })
  })

  test('reaches a gateway by its address', async () => {
    await startFake()
    const { url, token } = JSON.parse(
      await readFile(path.join(stateDirectory, 'gateway.json'), 'utf8'),
    )
    const grid = await connectOn(platform, { gateway: { url, token } })
    expect(grid.peer).toBe(fakePeer)
    await grid.close()
    await expect(connectOn(platform, { gateway: { url, token: 'wrong' } })).rejects.toMatchObject({
      code: 'MH_GATEWAY_REFUSED',
    })
  })

  test('fails when none of its peers can be reached', async () => {
    await startFake()
    await expect(connectOn(platform, { stateDirectory, peers: ['bad:1'] })).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
    })
  })

  test('ends with its signal', async () => {
    await expect(connectOn(embedding, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'MH_STOPPED',
    })
    const controller = new AbortController()
    const grid = await connectOn(embedding, { stateDirectory, signal: controller.signal })
    controller.abort()
    await grid.close()
    expect(stopped).toBe(1)
    await expect(grid.status()).rejects.toMatchObject({ code: 'MH_STOPPED' })
  })

  test('names an option that is wrong', async () => {
    await expect(connectOn(embedding, { cpus: -1 })).rejects.toMatchObject({
      code: 'MH_BOUNDS',
      message: expect.stringContaining('options.cpus'),
    })
  })
})

describe('the state directory', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  test('is what is given, else MANYHANDS_STATE, else under XDG_DATA_HOME, else at home', async () => {
    process.env.MANYHANDS_STATE = '/named'
    process.env.XDG_DATA_HOME = '/data'
    expect(await platform.stateDirectory('/given')).toBe('/given')
    expect(await platform.stateDirectory(undefined)).toBe('/named')
    process.env.MANYHANDS_STATE = ''
    expect(await platform.stateDirectory(undefined)).toBe('/data/manyhands')
    process.env.XDG_DATA_HOME = 'relative'
    expect(await platform.stateDirectory(undefined)).toBe(
      path.join(homedir(), '.local', 'share', 'manyhands'),
    )
  })
})
