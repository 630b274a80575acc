/** Whom real nodes deal with: at the socket, by name, while they run, and by lists of others. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { ListsView } from '../../coordinator-free-node/protocol/list-views.js'
import { type Progress, range } from '../../sdk/index.js'
import {
  crunch,
  crunched,
  type GridNode,
  progressUntil,
  useGridProcesses,
} from './grid-processes.js'

const grid = useGridProcesses()
const rounds = 300_000

async function nodeWith(name: string, config: string, peers: readonly GridNode[] = [], cpus = 1) {
  const state = join(grid.folder(), name)
  await mkdir(state, { recursive: true })
  await writeFile(join(state, 'config.toml'), config)
  return await grid.node(name, { peers, cpus })
}

async function listsOf({ state }: GridNode): Promise<ListsView> {
  const { out } = await grid.run('lists', '--json', '--state', state)
  return JSON.parse(out)
}

const hostIn = ({ hosts }: Progress, node: GridNode) =>
  hosts.find(({ peer }) => peer === node.peer) ?? { executed: 0, inFlight: 0, connected: false }

/** What a stranger's socket gets to read, from its first word to its end. */
function heardBySocket(node: GridNode, localAddress = '127.0.0.1'): Promise<string> {
  const port = Number(/\/tcp\/(\d+)\//.exec(node.address)?.[1])
  return new Promise((resolve) => {
    let heard = ''
    const socket = connectTcp({ host: '127.0.0.1', port, localAddress }, () => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    })
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}

describe('a denied subnet', () => {
  test('is hung up on before a byte is read; the gateway on the same address is not', async () => {
    const open = await nodeWith('open', '')
    expect(await heardBySocket(open)).toMatch(/426 Upgrade Required/)
    const closed = await nodeWith('closed', 'deny-subnets = ["127.0.0.0/8"]')
    expect(await heardBySocket(closed)).toBe('')
    const sdk = await grid.connect(open)
    await expect(sdk.dial(closed.address)).rejects.toMatchObject({ code: 'MH_PEER_UNREACHABLE' })
    const { kept } = await listsOf(closed)
    expect(kept).toEqual({ sockets: 2, peers: 0, dials: 0 })
    // It does not dial there either, and says whose word that is.
    const own = await grid.connect(closed)
    await expect(own.dial(open.address)).rejects.toMatchObject({ code: 'MH_DENIED' })
    const port = /\/tcp\/(\d+)\//.exec(open.address)?.[1]
    await expect(own.dial(`localhost:${port}`)).rejects.toMatchObject({ code: 'MH_DENIED' })
    expect((await own.status()).neighbours).toBe(0)
  }, 30_000)

  // Other systems have one loopback address only.
  const onLinux = process.platform === 'linux' ? test : test.skip
  onLinux(
    'is one block among others, to the last bit',
    async () => {
      const node = await nodeWith('node', 'deny-subnets = ["127.0.0.2/31"]')
      expect(await heardBySocket(node, '127.0.0.1')).toMatch(/426 Upgrade Required/)
      expect(await heardBySocket(node, '127.0.0.2')).toBe('')
      expect(await heardBySocket(node, '127.0.0.3')).toBe('')
      expect(await heardBySocket(node, '127.0.0.4')).toMatch(/426 Upgrade Required/)
    },
    30_000,
  )

  test('an allowed one lets nobody else in', async () => {
    const far = await nodeWith('far', 'allow-subnets = ["192.0.2.0/24"]')
    const near = await nodeWith('near', 'allow-subnets = ["127.0.0.0/8"]')
    const sdk = await grid.connect(await nodeWith('caller', ''))
    await expect(sdk.dial(far.address)).rejects.toMatchObject({ code: 'MH_PEER_UNREACHABLE' })
    expect(await sdk.dial(near.address)).toBe(near.peer)
    // Open connections are no exception.
    const denied = await grid.run('deny', 'subnet', '127.0.0.1', '--state', near.state)
    expect(denied.out).toBe('denied: subnet 127.0.0.1\n0 neighbours now\n')
    await near.process.status(({ neighbours }) => neighbours === 0)
  }, 30_000)
})

describe('a denied peer', () => {
  test('is refused once it has proved its name, and not dialled', async () => {
    const stranger = await grid.node('stranger')
    const node = await nodeWith('node', `deny-peers = ["${stranger.peer}"]`)
    const strange = await grid.connect(stranger)
    await expect(strange.dial(node.address)).rejects.toMatchObject({ code: 'MH_PEER_UNREACHABLE' })
    const sdk = await grid.connect(node)
    await expect(sdk.dial(stranger.address)).rejects.toMatchObject({ code: 'MH_DENIED' })
    // The same by an address that does not say who is there.
    const port = /\/tcp\/(\d+)\//.exec(stranger.address)?.[1]
    await expect(sdk.dial(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'MH_DENIED' })
    const { kept } = await sdk.lists()
    expect(kept.peers).toBeGreaterThan(1)
    expect(kept.dials).toBeGreaterThan(0)
    expect((await sdk.status()).neighbours).toBe(0)
  }, 30_000)

  test('at work is dropped at once, its units finish elsewhere, and it comes back when allowed', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [denied, other] = await Promise.all([
      grid.node('denied', { peers }),
      grid.node('other', { peers }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 150), crunch, { params: { rounds }, unitItems: 1, quorum: 1 })
    await progressUntil(job, (now) => hostIn(now, denied).executed > 2)

    const state = ['--state', requester.state]
    // The last characters, as `peers` shows them, do.
    const said = await grid.run('deny', 'peer', denied.peer.slice(-8), '--note', 'slow', ...state)
    expect(said.out).toContain(`denied: peer ${denied.peer}`)
    expect(said.out).toContain('1 neighbour now')
    const after = await progressUntil(job, (now) => hostIn(now, denied).inFlight === 0)
    const { executed } = hostIn(after, denied)
    expect(await job).toEqual(crunched(150, rounds))
    const last = await job.progress()
    expect(hostIn(last, denied).executed).toBe(executed)
    expect(hostIn(last, other).executed).toBeGreaterThanOrEqual(150 - executed)
    expect((await listsOf(requester)).entries).toMatchObject([
      { verdict: 'deny', subject: 'peer', value: denied.peer, note: 'slow', origin: 'command' },
    ])

    await requester.kill()
    const again = await grid.node('requester', { cpus: 0 })
    expect((await listsOf(again)).entries).toHaveLength(1)
    const home = await grid.connect(again)
    await expect(home.dial(denied.address)).rejects.toMatchObject({ code: 'MH_DENIED' })
    await grid.run('lists', 'remove', denied.peer, ...state)
    expect(await home.dial(denied.address)).toBe(denied.peer)
  }, 60_000)
})

describe('a denied owner', () => {
  test('has its running units cancelled and is served elsewhere; later jobs are not hosted', async () => {
    const requester = await grid.node('requester', { cpus: 0 })
    const peers = [requester]
    const [mine, other] = await Promise.all([
      grid.node('mine', { peers }),
      grid.node('other', { peers }),
    ])
    await requester.process.status(({ neighbours }) => neighbours === 2)
    const sdk = await grid.connect(requester)
    const job = sdk.map(range(0, 150), crunch, { params: { rounds }, unitItems: 1, quorum: 1 })
    await progressUntil(job, (now) => hostIn(now, mine).executed > 2)
    const state = ['--state', mine.state]
    expect((await grid.run('deny', 'owner', requester.peer, ...state)).out).toMatch(
      /^denied: owner/,
    )
    const startMs = performance.now()
    const after = await progressUntil(job, (now) => hostIn(now, mine).inFlight === 0)
    // Handed back, not left to expire.
    expect(performance.now() - startMs).toBeLessThan(5_000)
    expect(await job).toEqual(crunched(150, rounds))
    const last = await job.progress()
    expect(hostIn(last, mine).executed).toBe(hostIn(after, mine).executed)
    expect(last.units.aborted).toBe(0)

    const next = sdk.map(range(0, 20), crunch, { params: { rounds: 10 }, unitItems: 1, quorum: 1 })
    expect(await next).toEqual(crunched(20, 10))
    expect(hostIn(await next.progress(), mine).executed).toBe(0)
    const hosted = await (await grid.connect(mine)).hosted()
    for (const view of hosted)
      expect(view).toMatchObject({
        verdict: 'refused',
        reason: 'this node takes no work of this owner',
      })
    expect(hostIn(await next.progress(), other).executed).toBeGreaterThan(0)
  }, 60_000)
})

describe('a shared list', () => {
  test('is signed, checked, replaced and removed', async () => {
    const author = await grid.node('author')
    const reader = await grid.node('reader')
    const peer = reader.peer
    const by = ['--state', author.state]
    const at = ['--state', reader.state]
    await grid.run('deny', 'subnet', '203.0.113.9/24', '--note', 'floods', '--for', '7d', ...by)
    await grid.run('deny', 'peer', peer, ...by)
    const file = join(grid.folder(), 'campus.list')
    expect((await grid.run('lists', 'export', file, '--sign', ...by)).out).toBe(
      `list campus: 2 entries in ${file}, signed by ${author.peer}\n`,
    )
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/^subnet 203\.0\.113\.0\/24 until \S+Z # floods$/m)

    const taken = await grid.run('lists', 'import', file, '--signer', author.peer, ...at)
    expect(taken.out).toMatch(
      /^list campus: 2 entries; signed by 12D3.*, and the signature is right/,
    )
    const { lists, entries } = await listsOf(reader)
    expect(entries).toEqual([])
    expect(lists).toMatchObject([{ name: 'campus', signer: author.peer, entries: 2, current: 2 }])

    const forged = join(grid.folder(), 'forged.list')
    await writeFile(forged, text.replace('203.0.113.0/24', '0.0.0.0/0'))
    const refused = await grid.run('lists', 'import', forged, ...at)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.err).toContain(`forged.list: this is not what ${author.peer} signed`)
    await writeFile(forged, 'manyhands deny list 1\nname: campus\n\nsubnet 0.0.0.0/0\n')
    expect((await grid.run('lists', 'import', forged, ...at)).err).toContain(
      `nobody signed it, the list here is of ${author.peer}`,
    )

    await grid.run('lists', 'remove', '203.0.113.0/24', ...by)
    await grid.run('lists', 'export', file, '--sign', ...by)
    expect((await grid.run('lists', 'import', file, ...at)).out).toMatch(
      /^list campus: 1 entry, in the place of 2 earlier ones/,
    )
    const older = join(grid.folder(), 'older.list')
    await writeFile(older, text)
    expect((await grid.run('lists', 'import', older, ...at)).err).toMatch(
      /is older than the version/,
    )

    await reader.kill()
    const again = await grid.node('reader')
    expect((await listsOf(again)).lists).toMatchObject([{ name: 'campus', entries: 1 }])
    await grid.run('lists', 'remove', 'campus', ...at)
    expect((await grid.run('lists', ...at)).out).toBe('no lists: this node deals with everybody\n')
  }, 60_000)
})
