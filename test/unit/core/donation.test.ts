import { describe, expect, test } from '@jest/globals'
import type { CoreConfig } from '../../../coordinator-free-node/core/config.js'
import type { CoreMessage } from '../../../coordinator-free-node/core/messages.js'
import { donationView, hostedViews } from '../../../coordinator-free-node/core/views.js'
import type { ListSubject } from '../../../coordinator-free-node/protocol/lists.js'
import type { AdvertBody } from '../../../coordinator-free-node/protocol/messages.js'
import { job, LoneNode, manifest, peer, self } from './lone-node.js'

const steward = peer(9)
const utcMs = Date.UTC(2030, 0, 7, 12)
const forever = Number.POSITIVE_INFINITY

function advert(serial = 1, change: Partial<AdvertBody> = {}): CoreMessage {
  return {
    type: 'advert',
    body: {
      job,
      steward,
      addresses: ['/ip4/192.0.2.7/tcp/4001/ws'],
      serial,
      ttlMs: 45_000,
      closed: false,
      name: 'somebody',
      requester: steward,
      taskHash: manifest().taskHash,
      tier: 'builtin',
      unitMemoryBytesMax: 65_536,
      ...change,
    },
    sealed: { body: new Uint8Array(), signer: steward, signature: new Uint8Array(64) },
    hops: 0,
  }
}

/** A host whose neighbour stewards a job; units 0 to 3 are leased to it. */
function host(config: Partial<CoreConfig> = {}) {
  const node = new LoneNode({ donates: true, ...config })
  node.event({ type: 'neighbour-joined', peer: steward, addresses: [] })
  return node
}

function servingHost(config: Partial<CoreConfig> = {}) {
  const node = host(config)
  node.hear(steward, advert())
  node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
  node.hear(steward, {
    type: 'lease',
    job,
    lease: 7,
    runs: [[0, 4]],
    leaseMs: 60_000,
    voteMs: 100,
    inputs: [],
  })
  return node
}

const lastAnswer = (node: LoneNode) => node.sent('answer', steward).at(-1)
const cancelled = (node: LoneNode) =>
  node.effects.flatMap((effect) => (effect.type === 'cancel-units' ? [effect.which] : []))
const cancelUnits = (node: LoneNode, units: readonly number[]) =>
  node.event({
    type: 'units-executed',
    job,
    lease: 7,
    outcomes: units.map((unit) => ({
      unit,
      kind: 'abort' as const,
      reason: 'cancelled' as const,
      message: 'cancelled',
    })),
  })

describe('a paused host', () => {
  test('gives queued units back at once, and running ones after their grace', () => {
    const node = servingHost({ graceMs: 5_000 })
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    expect(cancelled(node)).toEqual(['queued'])
    cancelUnits(node, [2, 3])
    expect(node.sent('release', steward).at(-1)?.runs).toEqual([[2, 2]])
    node.pass(4_990)
    expect(cancelled(node)).toEqual(['queued'])
    expect(donationView(node.state, node.nowMs)).toMatchObject({ reason: 'paused', unitsLeft: 2 })
    node.pass(20)
    expect(cancelled(node)).toEqual(['queued', 'all'])
    cancelUnits(node, [0, 1])
    expect(node.sent('release', steward).at(-1)?.runs).toEqual([[0, 2]])
    expect(node.sent('vote')).toHaveLength(0)
    expect(node.sent('abort')).toHaveLength(0)
  })

  test('votes on what it finishes within the grace', () => {
    const node = servingHost()
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    cancelUnits(node, [1, 2, 3])
    node.event({
      type: 'units-executed',
      job,
      lease: 7,
      outcomes: [
        {
          unit: 0,
          kind: 'done',
          output: Uint8Array.of(1),
          digest: new Uint8Array(32),
          spentMs: 5,
          fuel: 1,
        },
      ],
    })
    expect(node.sent('vote', steward)).toHaveLength(1)
    const wants = node.sent('want').length
    node.pass(1_000)
    expect(node.sent('want')).toHaveLength(wants)
  })

  test('hands back a lease that was on its way, and asks for none', () => {
    const node = servingHost()
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    const wants = node.sent('want').length
    node.hear(steward, {
      type: 'lease',
      job,
      lease: 8,
      runs: [[4, 2]],
      leaseMs: 9_000,
      voteMs: 100,
      inputs: [],
    })
    expect(node.sent('release', steward).at(-1)).toMatchObject({ lease: 8, runs: [[4, 2]] })
    expect(node.sent('want')).toHaveLength(wants)
  })

  test('tells stewards that it rests, old and new ones, and not why', () => {
    const node = servingHost()
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    const rests = { verdict: 'refused', reason: 'this node does not donate at the moment' }
    expect(lastAnswer(node)).toMatchObject(rests)
    const other = 'c3'.repeat(32) as typeof job
    node.hear(steward, advert(1, { job: other }))
    expect(lastAnswer(node)).toMatchObject({ job: other, ...rests })
    expect(hostedViews(node.state).map(({ verdict }) => verdict)).toEqual(['rests', 'rests'])
  })

  test('goes on where it was when it resumes', () => {
    const node = servingHost()
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    cancelUnits(node, [0, 1, 2, 3])
    const wants = node.sent('want').length
    node.event({ type: 'resume-requested' })
    expect(lastAnswer(node)).toMatchObject({ verdict: 'serves' })
    expect(node.sent('want')).toHaveLength(wants + 1)
    node.pass(60_000)
    expect(cancelled(node)).toEqual(['queued'])
  })

  test('resumes by itself at the end of the pause', () => {
    const node = servingHost()
    const reading = {
      utcMs,
      weekMs: 0,
      onBattery: undefined,
      inputIdleMs: undefined,
      othersCpuShare: undefined,
    }
    node.event({ type: 'machine-reading', reading })
    node.event({ type: 'pause-requested', untilUtcMs: utcMs + 5_000 })
    expect(donationView(node.state, node.nowMs)).toMatchObject({ changesInMs: 5_000 })
    node.pass(5_010)
    expect(donationView(node.state, node.nowMs).donating).toBe(true)
    expect(lastAnswer(node)).toMatchObject({ verdict: 'serves' })
  })

  test('remembers the pause, and its end', () => {
    const node = servingHost()
    const saved = () =>
      node.effects.flatMap((effect) =>
        effect.type === 'journal' ? effect.records.filter(({ type }) => type === 'pause') : [],
      )
    node.event({ type: 'pause-requested', untilUtcMs: 12 })
    expect(saved()).toEqual([{ type: 'pause', untilUtcMs: 12 }])
    node.event({ type: 'resume-requested' })
    expect(saved().at(-1)).toEqual({ type: 'pause', untilUtcMs: undefined })
  })

  test("goes on with its own user's jobs", () => {
    const node = new LoneNode({ donates: true })
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    node.event({ type: 'job-submitted', job, manifest: manifest() })
    node.event({ type: 'job-fetched', job, manifest: manifest() })
    expect(node.effects.filter(({ type }) => type === 'execute-units')).not.toHaveLength(0)
    expect(lastAnswer(node)).toBeUndefined()
  })

  test("leaves room for its own user's jobs: those that rest take no place", () => {
    const node = servingHost({ activeJobsMax: 1 })
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    const own = 'd4'.repeat(32) as typeof job
    node.event({ type: 'job-submitted', job: own, manifest: manifest() })
    expect(node.effects.filter(({ type }) => type === 'fetch-job')).toHaveLength(2)
    expect(node.state.hosting.jobs.get(own)?.phase).toBe('fetching')
  })
})

describe('a host that refuses', () => {
  const deny = (...entries: (readonly [ListSubject, string])[]) =>
    host({
      lists: {
        option: {
          entries: entries.map(([subject, value]) => ({ subject, verdict: 'deny', value })),
        },
      },
    })
  const fetches = (node: LoneNode) => node.effects.filter(({ type }) => type === 'fetch-job')

  test('an owner: by the advert, before anything is fetched', () => {
    const node = deny(['owner', steward])
    node.hear(steward, advert())
    expect(lastAnswer(node)).toMatchObject({
      verdict: 'refused',
      reason: 'this node takes no work of this owner',
    })
    expect(fetches(node)).toHaveLength(0)
  })

  test('an owner that an advert hides: by the signed manifest, once and for all', () => {
    const node = deny(['owner', peer(6)])
    node.hear(steward, advert())
    node.event({ type: 'job-fetched', job, manifest: manifest({ requester: peer(6) }) })
    const refused = { verdict: 'refused', reason: 'this node takes no work of this owner' }
    expect(lastAnswer(node)).toMatchObject(refused)
    expect(node.sent('want')).toHaveLength(0)
    node.hear(steward, advert(2))
    expect(lastAnswer(node)).toMatchObject(refused)
    expect(fetches(node)).toHaveLength(1)
  })

  test('a task by its hash, by the advert and by the manifest', () => {
    const { taskHash } = manifest()
    const node = deny(['task', taskHash])
    node.hear(steward, advert())
    expect(lastAnswer(node)?.reason).toBe('this node does not run this task')
    const hidden = deny(['task', taskHash])
    hidden.hear(steward, advert(1, { taskHash: 'ee'.repeat(32) as typeof taskHash }))
    expect(fetches(hidden)).toHaveLength(1)
    hidden.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward }) })
    expect(lastAnswer(hidden)?.reason).toBe('this node does not run this task')
  })

  test('a native task that an advert calls harmless', () => {
    const node = deny()
    node.hear(steward, advert())
    const task = { ...manifest().task, tier: 'native' as const }
    node.event({ type: 'job-fetched', job, manifest: manifest({ requester: steward, task }) })
    expect(lastAnswer(node)?.reason).toBe('native tasks are off on this node')
  })

  test("nothing because a stranger claims to be the node's own user", () => {
    const node = host({ lists: { option: { entries: [], only: ['owner'] } } })
    node.hear(steward, advert(1, { requester: self }))
    expect(lastAnswer(node)).toMatchObject({ verdict: 'refused' })
    node.event({ type: 'pause-requested', untilUtcMs: forever })
    expect(fetches(node)).toHaveLength(0)
  })
})

describe('a steward', () => {
  test('counts a resting host out until it asks again, and gives its units to others', () => {
    const node = new LoneNode()
    node.event({
      type: 'job-submitted',
      job,
      manifest: manifest({ acceptance: { rule: 'quorum', quorum: 1 } }),
    })
    node.want(peer(1))
    node.want(peer(2))
    const before = node.sent('lease', peer(2)).length
    const lease = node.sent('lease', peer(1))[0]
    const rests = { type: 'answer', job, verdict: 'refused', reason: 'rests' } as const
    node.hear(peer(1), rests)
    node.hear(peer(1), { type: 'release', job, lease: lease?.lease ?? 0, runs: lease?.runs ?? [] })
    node.vote(peer(2))
    node.want(peer(2))
    const given = node.sent('lease', peer(2)).slice(before)
    expect(given.flatMap(({ runs }) => runs)).toEqual(expect.arrayContaining(lease?.runs ?? []))
    node.vote(peer(2))
    expect(node.stewarded.schedule.hosts.get(peer(1))?.away).toBe(true)
    node.want(peer(1))
    expect(node.stewarded.schedule.hosts.get(peer(1))?.away).toBe(false)
  })

  test('is not held up by a host that comes and goes every second', () => {
    const node = new LoneNode()
    node.event({ type: 'job-submitted', job, manifest: manifest() })
    node.want(peer(1))
    const { hostsChangedMs } = node.stewarded.schedule
    for (let i = 0; i < 10; i++) {
      node.pass(1_000)
      node.hear(peer(1), { type: 'answer', job, verdict: 'refused', reason: 'rests' })
      node.want(peer(1))
    }
    expect(node.stewarded.schedule.hostsChangedMs).toBe(hostsChangedMs)
  })

  test('gives no lease to a host that asked, and rests before there is work', () => {
    const node = new LoneNode()
    node.event({ type: 'job-submitted', job, manifest: manifest({ inputs: { kind: 'list' } }) })
    node.want(peer(1))
    node.hear(peer(1), { type: 'answer', job, verdict: 'refused', reason: 'rests' })
    node.event({ type: 'inputs-appended', job, first: 0, count: 5, bytes: 5 })
    expect(node.sent('lease', peer(1))).toHaveLength(0)
  })
})
