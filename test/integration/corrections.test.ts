/** Hosts are caught after their results were read: real core, disk, gateway and SDK; the votes are made by hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Effect } from '../../coordinator-free-node/core/effect.js'
import type { EventBody } from '../../coordinator-free-node/core/event.js'
import type { Store } from '../../coordinator-free-node/ports/store.js'
import { createBackend } from '../../coordinator-free-node/shell/backend.js'
import {
  type Gateway,
  startGateway,
} from '../../coordinator-free-node/shell/gateway/gateway-server.js'
import { createJobNews } from '../../coordinator-free-node/shell/job-news.js'
import { createJournal, type Journal, recall } from '../../coordinator-free-node/shell/journal.js'
import type { NodeParts } from '../../coordinator-free-node/shell/node-parts.js'
import { openStore } from '../../coordinator-free-node/shell/store/level-store.js'
import { connect, type Grid } from '../../sdk/index.js'
import { job, LoneNode, manifest, peer, self } from '../unit/core/lone-node.js'

/** A core whose journal is on disk and whose clients hear of what it does. */
class KeptNode extends LoneNode {
  readonly news = createJobNews()
  #journal: Journal | undefined

  keepIn(store: Store): void {
    this.#journal = createJournal(store, {
      durable: (entry) => this.event({ type: 'journal-durable', entry }),
      failed: (entry, reason) => this.event({ type: 'journal-failed', entry, reason }),
    })
  }

  override event(body: EventBody): Effect[] {
    const effects = super.event(body, false)
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  /** The same, and all of it is on disk. */
  async settled(): Promise<void> {
    await this.#journal?.idle()
  }

  #perform(effect: Effect): void {
    if (effect.type === 'journal') this.#journal?.append(effect.entry, effect.records)
    if (effect.type === 'results-ready') this.news.resultsReady(effect.job, effect.results)
    if (effect.type === 'results-withdrawn') this.news.resultsWithdrawn(effect.job, effect.units)
    if (effect.type === 'job-changed') this.news.jobChanged(effect.job)
  }
}

let folder: string
let store: Store
let node: KeptNode
let gateway: Gateway
let grid: Grid
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'manyhands-corrections-'))
  store = await openStore(folder, { onWarning: () => {} })
  node = new KeptNode({ donates: false, leaseTargetMs: 1 })
  node.keepIn(store)
  const parts = {
    options: { stateDirectory: folder },
    state: node.state,
    driver: { dispatch: (event: EventBody) => void node.event(event), stop() {} },
    store,
    overlay: { addresses: () => [] },
    news: node.news,
    stopped: new AbortController().signal,
  } as unknown as NodeParts
  gateway = await startGateway({
    stateDirectory: folder,
    peer: self,
    backend: createBackend(parts),
  })
  grid = await connect({ stateDirectory: folder, node: 'running' })
})
afterEach(async () => {
  await grid.close()
  await gateway.close()
  await node.settled()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** The first two lie alike on unit 0; the first alone on all that follow. */
function lieOf(host: number, unit: number): number {
  if (unit === 0) return host <= 2 ? 1 : 0
  return host === 1 ? 2 : 0
}

/** Leases that were answered. */
const voted = new Set<number>()

/** The hosts take what they are given, one unit each, and vote on it, until it is enough. */
async function work(hosts: readonly number[], isEnough: () => boolean): Promise<void> {
  for (let round = 0; round < 20 && !isEnough(); round++) {
    for (const n of hosts) node.want(peer(n))
    // A lease leaves once it is on disk.
    await node.settled()
    for (const n of hosts) {
      const lease = node.sent('lease', peer(n)).at(-1)
      if (lease === undefined || voted.has(lease.lease)) continue
      voted.add(lease.lease)
      node.vote(peer(n), lieOf(n, lease.runs[0]?.[0] ?? 0))
    }
    await node.settled()
  }
  expect(isEnough()).toBe(true)
}

const right = Uint8Array.of(7)
const wrong = Uint8Array.of(8)

describe('a result whose hosts are caught after it was read', () => {
  test('is withdrawn, comes again, and every reader has it right at the end', async () => {
    const inputs = { kind: 'range', start: 0, end: 4, unitItems: 1 } as const
    node.event({ type: 'job-submitted', job, manifest: manifest({ inputs }) })
    const handle = grid.attach(job)
    const whole = handle.result
    const corrections = handle.corrections()[Symbol.asyncIterator]()
    const told = corrections.next()
    const items = handle[Symbol.asyncIterator]()
    const { job: running, counters } = node.stewarded

    // Two that lie alike are believed.
    await work([1, 2], () => running.canonical.size > 0)
    expect((await items.next()).value).toMatchObject({ unit: 0, output: wrong })

    // One of them is outvoted on another unit: what rests on it is open again, on disk as well.
    await work([1, 3, 4], () => counters.withdrawn > 0)
    const [recalled] = (await recall(store, async () => manifest({ inputs }))).jobs
    expect(recalled?.canonical[0]?.[0]).not.toBe(0)

    await work([3, 4], () => running.phase === 'done')
    expect((await told).value).toMatchObject({
      unit: 0,
      index: 0,
      values: [{ unit: 0, output: right }],
    })
    expect((await corrections.next()).done).toBe(true)
    expect((await whole).map(({ output }) => output)).toEqual([right, right, right, right])
    // Each unit once to a loop that had begun; the next one has the right value.
    const rest: number[] = []
    for await (const { unit } of { [Symbol.asyncIterator]: () => items }) rest.push(unit)
    expect(rest).toEqual([1, 2, 3])
    for await (const { output } of handle) expect(output).toEqual(right)
    const { units, verification } = await handle.progress()
    expect(units).toMatchObject({ verified: 4, withdrawn: 1, corrected: 1 })
    expect(verification.caught.map(({ peer }) => peer).sort()).toEqual([peer(1), peer(2)])
  })
})
