import { beforeEach, describe, expect, test } from '@jest/globals'
import { acceptAdvert } from '../../../coordinator-free-node/core/membership/adverts.js'
import { createState, type NodeState } from '../../../coordinator-free-node/core/state.js'
import type { Overlay } from '../../../coordinator-free-node/ports/overlay.js'
import type { Store } from '../../../coordinator-free-node/ports/store.js'
import { encode } from '../../../coordinator-free-node/protocol/codec.js'
import { GridError } from '../../../coordinator-free-node/protocol/errors.js'
import {
  type BlobHash,
  hashOf,
  type JobId,
  type PeerId,
} from '../../../coordinator-free-node/protocol/ids.js'
import { jobIdOf, packManifest } from '../../../coordinator-free-node/protocol/manifest.js'
import { packBundle } from '../../../coordinator-free-node/protocol/task-bundle.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'
import { inspectRequests } from '../../../coordinator-free-node/shell/inspector.js'
import { createMail } from '../../../coordinator-free-node/shell/mail.js'
import type { NodeParts } from '../../../coordinator-free-node/shell/node-parts.js'
import { createMemoryStore } from '../../contract/memory-store.js'
import { manifest } from '../core/lone-node.js'

const person = () => {
  const { signer } = loadIdentity(createIdentity())
  return { peer: signer.self, mail: createMail(signer) }
}
const me = person()
const ada = person()
const eve = person()

const { bytes: bundle, hash: task } = packBundle({
  descriptor: manifest().task,
  code: new TextEncoder().encode('noop'),
})

/** A job of Ada's as its sealed manifest, signed by whomever. */
function sealedJob(signer = ada, change: Parameters<typeof manifest>[0] = {}) {
  const body = packManifest(manifest({ requester: ada.peer, taskHash: task, ...change }))
  const bytes = encode(signer.mail.seal('manifest', body))
  return { job: jobIdOf(bytes), bytes }
}

let store: Store
let state: NodeState
/** What neighbours have, and who was asked for what. */
let held: Map<string, Uint8Array>
let asked: [PeerId, BlobHash][]

beforeEach(() => {
  store = createMemoryStore()
  state = createState(me.peer, 1)
  held = new Map()
  asked = []
})

const join = (peer: PeerId) =>
  state.neighbours.neighbours.set(peer, {
    addresses: [],
    subnet: undefined,
    introduced: 0,
    agent: undefined,
    donates: undefined,
  })

function hear(job: JobId, steward = ada.peer, from = steward, requester = ada.peer): void {
  const body = {
    ...{ job, steward, requester, serial: 1, ttlMs: 45_000, closed: false, name: 'thing' },
    ...{ addresses: ['/ip4/192.0.2.1/tcp/1/ws'], taskHash: task, tier: 'builtin' as const },
    unitMemoryBytesMax: 65_536,
  }
  const advert = { body, sealed: undefined, hops: 0, from, expiresMs: 1e15 }
  acceptAdvert(state.adverts, advert)
}

function inspect(what: string) {
  const overlay: Partial<Overlay> = {
    neighbours: () => [...state.neighbours.neighbours.keys()],
    connect: async () => {
      join(ada.peer)
      return ada.peer
    },
    fetchBlob: async (peer, hash) => {
      asked.push([peer, hash])
      const bytes = held.get(`${peer} ${hash}`)
      if (bytes !== undefined) return bytes
      throw new GridError('MH_BLOB_MISSING', 'it has no such content', { blame: 'remote' })
    },
  }
  const parts = { state, store, mail: me.mail, overlay, stopped: new AbortController().signal }
  const { signal } = new AbortController()
  return inspectRequests(parts as unknown as NodeParts).inspect({ what }, signal)
}

describe('inspecting a job', () => {
  test('that is here asks nobody', async () => {
    const { job, bytes } = sealedJob()
    await store.writeBlob(job as string as BlobHash, bytes)
    await store.writeBlob(task, bundle)
    expect(await inspect(job.slice(0, 10))).toMatchObject({
      manifest: { job, requester: ada.peer, signed: true, units: 10, name: 'test' },
      task,
      bundle,
      problems: [],
      asked: [],
      refused: undefined,
    })
    expect(asked).toEqual([])
  })

  test('that was heard of asks its steward, and keeps nothing of it', async () => {
    const { job, bytes } = sealedJob()
    join(eve.peer)
    join(ada.peer)
    hear(job)
    held.set(`${ada.peer} ${job}`, bytes)
    held.set(`${ada.peer} ${task}`, bundle)
    expect(await inspect(job)).toMatchObject({
      manifest: { signed: true },
      relation: 'heard-of',
      asked: [ada.peer],
      problems: [],
    })
    expect(asked.map(([peer]) => peer)).toEqual([ada.peer, ada.peer])
    expect(await store.listBlobs()).toEqual([])
    expect(state.hosting.jobs.size).toBe(0)
  })

  test('whose steward is no neighbour connects to it when nobody else has it', async () => {
    const { job, bytes } = sealedJob()
    join(eve.peer)
    hear(job, ada.peer, eve.peer)
    held.set(`${ada.peer} ${job}`, bytes)
    held.set(`${ada.peer} ${task}`, bundle)
    const view = await inspect(job)
    expect(view).toMatchObject({ manifest: { signed: true }, asked: [eve.peer, ada.peer] })
  })

  test('that somebody else signed says so, and shows it all the same', async () => {
    const { job, bytes } = sealedJob(eve)
    await store.writeBlob(job as string as BlobHash, bytes)
    await store.writeBlob(task, bundle)
    const { manifest: shown, problems } = await inspect(job)
    expect(shown).toMatchObject({ requester: ada.peer, signed: false })
    expect(problems).toEqual([`the manifest is not signed by ${ada.peer}, whose job it says it is`])
  })

  test('whose advert or task is another one than its manifest names says so', async () => {
    const other = { ...manifest().task, unitMsMax: 5_000 }
    const { job, bytes } = sealedJob(ada, { task: other })
    await store.writeBlob(job as string as BlobHash, bytes)
    await store.writeBlob(task, bundle)
    hear(job, ada.peer, ada.peer, eve.peer)
    const { problems } = await inspect(job)
    expect(problems).toEqual([
      'the task is not the one that the manifest describes: hosts refuse it',
      `its advert names another owner, ${eve.peer}`,
    ])
  })

  test('that nobody has shows what its advert claims', async () => {
    const { job } = sealedJob()
    join(eve.peer)
    hear(job, eve.peer)
    expect(await inspect(job)).toMatchObject({
      manifest: undefined,
      bundle: undefined,
      task,
      advert: { steward: eve.peer, requester: ada.peer, tier: 'builtin' },
      problems: [
        'the manifest cannot be had: it has no such content',
        'the task cannot be had: it has no such content',
      ],
    })
  })

  test('says why this node does not run it', async () => {
    const deny = { subject: 'owner', verdict: 'deny', value: ada.peer } as const
    state = createState(me.peer, 1, { lists: { option: { entries: [deny] } } })
    const { job, bytes } = sealedJob()
    await store.writeBlob(job as string as BlobHash, bytes)
    expect((await inspect(job)).refused).toBe('this node takes no work of this owner')
  })
})

describe('inspecting a hash', () => {
  test('of a task that a job was heard of by', async () => {
    const { job } = sealedJob()
    join(ada.peer)
    hear(job)
    held.set(`${ada.peer} ${task}`, bundle)
    expect(await inspect(task.slice(0, 8))).toMatchObject({ manifest: undefined, task, bundle })
  })

  test('that nobody told of is looked for at neighbours', async () => {
    join(eve.peer)
    held.set(`${eve.peer} ${task}`, bundle)
    expect(await inspect(task)).toMatchObject({ task, bundle, asked: [eve.peer] })
    const nowhere = hashOf(Uint8Array.of(1))
    await expect(inspect(nowhere)).rejects.toMatchObject({
      code: 'MH_JOB_UNKNOWN',
      message: expect.stringMatching(/nor has the neighbour that it asked/),
    })
    await expect(inspect('abcd')).rejects.toMatchObject({ code: 'MH_JOB_UNKNOWN' })
  })

  test('of anything else is a problem, not a fault', async () => {
    const noise = Uint8Array.of(9, 9, 9)
    await store.writeBlob(hashOf(noise), noise)
    const { problems } = await inspect(hashOf(noise))
    expect(problems).toMatchObject([expect.stringMatching(/a task bundle/)])
  })
})
