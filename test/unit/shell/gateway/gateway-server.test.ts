import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { WebSocket } from 'ws'
import { GridError } from '../../../../coordinator-free-node/protocol/errors.js'
import type {
  GatewayFile,
  JobView,
} from '../../../../coordinator-free-node/protocol/gateway-api.js'
import { gatewayBounds } from '../../../../coordinator-free-node/protocol/gateway-frames.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import type { GatewayBackend } from '../../../../coordinator-free-node/shell/gateway/backend.js'
import {
  type Gateway,
  startGateway,
} from '../../../../coordinator-free-node/shell/gateway/gateway-server.js'

const packr = new Packr({ useRecords: false, mapsAsObjects: true })
const job = 'ab'.repeat(32)

type Frame = { id: number; result?: unknown; next?: unknown; error?: { code: string } }

/** A client that can misbehave. */
class RawClient {
  readonly #waiting: ((frame: Frame) => void)[] = []
  readonly #frames: Frame[] = []

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const frame = packr.unpack(data as Buffer) as Frame
      const next = this.#waiting.shift()
      if (next === undefined) this.#frames.push(frame)
      else next(frame)
    })
  }

  static async open(file: GatewayFile): Promise<RawClient> {
    const client = new RawClient(new WebSocket(`${file.url}?token=${file.token}`))
    await once(client.socket, 'open')
    return client
  }

  send(frame: object): void {
    this.socket.send(packr.pack(frame))
  }

  frame(): Promise<Frame> {
    const ready = this.#frames.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  get pending(): number {
    return this.#frames.length
  }

  async ask(id: number, method: string, params: object): Promise<Frame> {
    this.send({ id, method, params })
    return await this.frame()
  }
}

let directory: string
let gateway: Gateway
let file: GatewayFile
let backend: GatewayBackend
const open: RawClient[] = []

async function client(): Promise<RawClient> {
  const one = await RawClient.open(file)
  open.push(one)
  return one
}

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'manyhands-gateway-'))
  backend = {} as GatewayBackend
  gateway = await startGateway({ stateDirectory: directory, peer: '12D3KooWpeer', backend })
  file = JSON.parse(await readFile(path.join(directory, 'gateway.json'), 'utf8'))
})
afterEach(async () => {
  for (const one of open.splice(0)) one.socket.terminate()
  await gateway.close()
  await rm(directory, { recursive: true })
})

describe('gateway.json', () => {
  test('says where and is for its owner alone; gone once the gateway closes', async () => {
    expect(file).toMatchObject({ url: gateway.url, pid: process.pid, peer: '12D3KooWpeer' })
    expect(file.token).toMatch(/^[0-9a-f]{64}$/)
    expect((await stat(path.join(directory, 'gateway.json'))).mode & 0o777).toBe(0o600)
    const tokenFile = path.join(directory, 'gateway.token')
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600)
    expect(await readFile(tokenFile, 'utf8')).toBe(`${file.token}\n`)
    await gateway.close()
    expect(await readdir(directory)).toEqual([])
  })

  test('of another gateway is left alone', async () => {
    const second = await startGateway({ stateDirectory: directory, peer: 'other', backend })
    await gateway.close()
    const left = JSON.parse(await readFile(path.join(directory, 'gateway.json'), 'utf8'))
    expect(left.peer).toBe('other')
    await second.close()
  })

  test('is not written when the port is taken', async () => {
    const port = Number(new URL(gateway.url).port)
    await expect(
      startGateway({ stateDirectory: directory, peer: 'other', backend, port }),
    ).rejects.toMatchObject({ code: 'MH_PORT_TAKEN', blame: 'user' })
  })
})

describe('admission', () => {
  const port = () => Number(new URL(gateway.url).port)

  function get(headers: Record<string, string>, target = '/health'): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port: port(), path: target, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
        .on('error', reject)
        .end()
    })
  }

  function upgrade(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { headers })
      socket.on('unexpected-response', (_request, response) => {
        socket.terminate()
        resolve(response.statusCode)
      })
      socket.on('open', () => {
        socket.terminate()
        resolve(101)
      })
      socket.on('error', () => {})
    })
  }
  const right = () => `${file.url}?token=${file.token}`

  test('answers /health, and nothing else over HTTP', async () => {
    expect(await get({})).toBe(200)
    expect(await get({}, '/')).toBe(404)
    expect(await get({}, '//')).toBe(404)
  })

  test('refuses a name that was made to point here (DNS rebinding)', async () => {
    expect(await get({ host: 'evil.example' })).toBe(403)
    expect(await get({ host: `evil.example:${port()}` })).toBe(403)
    expect(await upgrade(right(), { host: `evil.example:${port()}` })).toBe(403)
    expect(await get({ host: `localhost:${port()}` })).toBe(200)
  })

  test('refuses pages of other origins, even with the token', async () => {
    expect(await upgrade(right(), { origin: 'https://evil.example' })).toBe(403)
    expect(await upgrade(right(), { origin: 'null' })).toBe(403)
    expect(await upgrade(right(), { origin: `http://127.0.0.1:${port() + 1}` })).toBe(403)
    expect(await upgrade(right(), { origin: `http://127.0.0.1:${port()}` })).toBe(101)
  })

  test('refuses without the token', async () => {
    expect(await upgrade(right())).toBe(101)
    expect(await upgrade(file.url)).toBe(401)
    expect(await upgrade(`${file.url}?token=${file.token}x`)).toBe(401)
    expect(await upgrade(`${file.url}?token=${'0'.repeat(64)}`)).toBe(401)
    expect(await upgrade(right().replace('/api', '/other'))).toBe(404)
  })

  test('holds so many clients and no more', async () => {
    for (let i = 0; i < limits.gatewayClientsMax; i++) await client()
    expect(await upgrade(right())).toBe(503)
  })
})

describe('a request', () => {
  test('gets the answer of the backend, errors with their code and hint', async () => {
    backend.dial = async ({ address }) => {
      if (address === 'there') return { peer: 'p' as never }
      throw new GridError('MH_PEER_UNREACHABLE', 'nobody there', { blame: 'remote', hint: 'wait' })
    }
    const one = await client()
    expect(await one.ask(1, 'dial', { address: 'there' })).toEqual({ id: 1, result: { peer: 'p' } })
    expect(await one.ask(2, 'dial', { address: 'nowhere' })).toEqual({
      id: 2,
      error: {
        code: 'MH_PEER_UNREACHABLE',
        message: 'nobody there',
        blame: 'remote',
        retryable: false,
        hint: 'wait',
      },
    })
  })

  test('with a field that is wrong is answered with the name of the field', async () => {
    const one = await client()
    expect(await one.ask(1, 'show', { job: 'x' })).toMatchObject({
      id: 1,
      error: { code: 'MH_SCHEMA', message: expect.stringContaining('show.job') },
    })
    expect(await one.ask(2, 'append', { job, first: 0, inputs: [1] })).toMatchObject({
      error: { message: expect.stringContaining('append.inputs.0') },
    })
    expect(await one.ask(3, 'reboot', {})).toMatchObject({ error: { code: 'MH_BAD_MESSAGE' } })
  })

  test('that is garbage ends the connection of its client, not of others', async () => {
    const good = await client()
    backend.drain = async () => ({})
    for (const garbage of ['text', Buffer.from([0xc1]), packr.pack({ hello: 1 }), packr.pack(7)]) {
      const bad = await client()
      const closed = once(bad.socket, 'close')
      bad.socket.send(garbage)
      expect((await closed)[0]).toBe(1008)
    }
    expect(await good.ask(1, 'drain', {})).toEqual({ id: 1, result: {} })
  })

  test('larger than a frame may be ends the connection', async () => {
    const one = await client()
    const closed = once(one.socket, 'close')
    one.socket.on('error', () => {})
    one.socket.send(new Uint8Array(limits.gatewayFrameBytesMax + 1))
    expect((await closed)[0]).toBe(1009)
  })

  test('beyond so many unanswered is refused, and the rest go on', async () => {
    const answers: (() => void)[] = []
    backend.drain = () => new Promise((resolve) => answers.push(() => resolve({})))
    const one = await client()
    for (let id = 0; id < gatewayBounds.requestsMax; id++) {
      one.send({ id, method: 'drain', params: {} })
    }
    expect(await one.ask(9999, 'drain', {})).toMatchObject({
      id: 9999,
      error: { code: 'MH_TOO_MANY', retryable: true },
    })
    for (const answer of answers) answer()
    expect(await one.frame()).toEqual({ id: 0, result: {} })
  })
})

describe('a stream', () => {
  const view = (verified: number) => ({ units: { verified } }) as JobView

  test('sends as many as there is credit for, then waits for more', async () => {
    let pulled = 0
    backend.watch = async function* () {
      for (; pulled < 20; pulled++) yield view(pulled)
      return view(99)
    }
    const one = await client()
    one.send({ id: 5, method: 'watch', params: { job, everyMs: 50 } })
    for (let i = 0; i < gatewayBounds.creditFirst; i++) {
      expect(await one.frame()).toEqual({ id: 5, next: view(i) })
    }
    backend.drain = async () => ({})
    expect(await one.ask(6, 'drain', {})).toEqual({ id: 6, result: {} })
    expect(pulled).toBeLessThanOrEqual(gatewayBounds.creditFirst)
    one.send({ id: 5, credit: 100 })
    for (let i = gatewayBounds.creditFirst; i < 20; i++) await one.frame()
    expect(await one.frame()).toEqual({ id: 5, result: view(99) })
    one.send({ id: 5, credit: 1 })
    expect(await one.ask(7, 'drain', {})).toEqual({ id: 7, result: {} })
  })

  test('hands over its error', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    backend.results = async function* () {
      throw new GridError('MH_JOB_UNKNOWN', 'no such job', { blame: 'user' })
    }
    const one = await client()
    const params = { job, from: 0, order: 'input' }
    expect(await one.ask(1, 'results', params)).toMatchObject({ error: { code: 'MH_JOB_UNKNOWN' } })
  })

  function endlessWatch(): { aborted: Promise<void>; returned: Promise<void> } {
    let onAbort = () => {}
    let onReturn = () => {}
    const aborted = new Promise<void>((resolve) => (onAbort = resolve))
    const returned = new Promise<void>((resolve) => (onReturn = resolve))
    backend.watch = async function* (_request, signal) {
      signal.addEventListener('abort', () => onAbort())
      try {
        yield view(0)
        await aborted
        return view(1)
      } finally {
        onReturn()
      }
    }
    return { aborted, returned }
  }

  test('is aborted when its client is gone', async () => {
    const { aborted, returned } = endlessWatch()
    const one = await client()
    await one.ask(1, 'watch', { job, everyMs: 50 })
    one.socket.terminate()
    await aborted
    await returned
  })

  test('is aborted by a stop, after which its client hears nothing more of it', async () => {
    const { aborted, returned } = endlessWatch()
    const one = await client()
    await one.ask(1, 'watch', { job, everyMs: 50 })
    one.send({ id: 1, stop: true })
    await aborted
    await returned
    backend.drain = async () => ({})
    expect(await one.ask(2, 'drain', {})).toEqual({ id: 2, result: {} })
    expect(one.pending).toBe(0)
  })

  test('ends when the gateway closes', async () => {
    const { aborted } = endlessWatch()
    const one = await client()
    await one.ask(1, 'watch', { job, everyMs: 50 })
    const closed = once(one.socket, 'close')
    await gateway.close()
    await aborted
    expect((await closed)[0]).toBe(1001)
  })
})

describe('any bytes', () => {
  test('cost their client its connection at most, never the gateway', async () => {
    backend.drain = async () => ({})
    backend.show = async () => {
      throw new Error('unexpected')
    }
    const good = await client()
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.anything({ withDate: false }).map((value) => packr.pack(value)),
      fc
        .record({
          id: fc.oneof(fc.integer(), fc.double(), fc.string()),
          method: fc.constantFrom('show', 'results', 'submit', 'constructor', '__proto__', ''),
          params: fc.anything({ withDate: false }),
        })
        .map((value) => packr.pack(value)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { minLength: 1, maxLength: 5 }), async (batch) => {
        const bad = await RawClient.open(file)
        bad.socket.on('error', () => {})
        for (const frame of batch) bad.socket.send(frame)
        const closed = once(bad.socket, 'close')
        bad.socket.close()
        await closed
      }),
      { numRuns: 150 },
    )
    expect(await good.ask(1, 'drain', {})).toEqual({ id: 1, result: {} })
  })
})
