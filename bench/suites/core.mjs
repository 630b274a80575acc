/** What the steward's core costs: lease, vote and verdict of a unit, through `step`, with scripted hosts around it. */
import { createState } from '../../dist/coordinator-free-node/core/state.js'
import { nextDeadlineMs, step } from '../../dist/coordinator-free-node/core/step.js'
import { digestOf } from '../../dist/coordinator-free-node/protocol/outcome.js'
import { toRuns, unitsOf } from '../../dist/coordinator-free-node/protocol/unit-runs.js'
import { VirtualClock } from '../../dist/coordinator-free-node/sim/virtual-clock.js'

const hostCounts = [10, 1_000, 10_000]
const unitsInAll = 40_000
const job = 'c0'.repeat(32)
const steward = 'steward'
const delayMs = 20
const output = Uint8Array.of(1)
const digest = digestOf('done', output)

/** Leases of a second or more: one unit of a second, or hundreds of a millisecond. */
const contenders = [
  { name: 'quorum of 1', unitMs: 1_000, acceptance: { rule: 'quorum', quorum: 1 }, goal: 20 },
  { name: 'quorum of 2', unitMs: 1_000, acceptance: { rule: 'quorum', quorum: 2 }, goal: 40 },
  { name: 'credibility', unitMs: 1_000, acceptance: { rule: 'credibility', maxErrorRate: 1e-4 } },
  { name: 'quorum of 2, units of 2 ms', unitMs: 2, acceptance: { rule: 'quorum', quorum: 2 } },
]

/** @param {{ progress: (done: number, of: number) => void }} options */
export async function measureCore({ progress }) {
  const rows = []
  let done = 0
  coreCost(contenders[0], 10)
  for (const contender of contenders) {
    const costs = hostCounts.map((hosts) => {
      const cost = coreCost(contender, hosts)
      progress(++done, contenders.length * hostCounts.length)
      return cost
    })
    costs.forEach(({ unitUs, eventsPerSecond }, i) => {
      const measure = `${contender.name}, ${hostCounts[i]} hosts`
      const note = `${Math.round(eventsPerSecond).toLocaleString('en')} events a second`
      const goal = contender.goal === undefined ? {} : { goal: contender.goal }
      rows.push({ measure, value: unitUs, unit: 'us a unit', better: 'less', note, ...goal })
    })
    const [few, , many] = costs
    rows.push({
      measure: `${contender.name}, a unit at 10,000 hosts beside one at 10`,
      value: many.unitUs / few.unitUs,
      // The logarithm grows by a factor of four.
      goal: 4,
      better: 'less',
    })
  }
  const title = `Steward's core, ${unitsInAll.toLocaleString('en')} units a job, all executions of a unit together`
  return { title, rows }
}

/**
 * Time in `step` alone, from the first `want` to the job's end.
 *
 * @param {{ unitMs: number, acceptance: object }} contender
 */
export function coreCost({ unitMs, acceptance }, hosts, units = unitsInAll) {
  const grid = new ScriptedGrid(unitMs)
  grid.start(acceptance, hosts, units)
  while (!grid.isDone && grid.clock.advance(3_600_000_000)) {
    // until it ends
  }
  if (!grid.isDone) throw new Error('the job did not end')
  return {
    unitUs: (1000 * grid.spentMs) / units,
    eventsPerSecond: (1000 * grid.events) / grid.spentMs,
  }
}

class ScriptedGrid {
  clock = new VirtualClock()
  spentMs = 0
  events = 0
  #state = createState(steward, 1, { donates: false })
  #hosts = new Map()
  #unitMs
  #id = 0
  #wakesAtMs = Number.POSITIVE_INFINITY

  constructor(unitMs) {
    this.#unitMs = unitMs
  }

  start(acceptance, hosts, units) {
    const kept = { jobs: [], ledger: [], standing: [], peers: [], members: [], revoked: [] }
    const nothing = { ...kept, receipts: [], pausedUntilUtcMs: undefined }
    this.#step({ type: 'started', addresses: [], leaseBase: 1, ...nothing })
    const task = { name: 'bench', tier: 'builtin', unitMsMax: 60_000, unitMemoryBytesMax: 65_536 }
    const manifest = {
      ...{ version: 1, requester: steward, nonce: '12345678', name: 'bench', task, acceptance },
      ...{ taskHash: 'b2'.repeat(32), params: new Uint8Array(), goal: 'all' },
      inputs: { kind: 'range', start: 0, end: units, unitItems: 1 },
    }
    this.#step({ type: 'job-submitted', job, manifest })
    for (let i = 0; i < hosts; i++) {
      const peer = `host-${i}`
      // Speeds differ, so that hosts do not ask in step.
      const host = { peer, unitMs: this.#unitMs * (0.5 + i / hosts), leases: [], wanting: false }
      this.#hosts.set(peer, { ...host, working: false })
      this.#step({ type: 'neighbour-joined', peer, addresses: [] })
    }
    this.spentMs = 0
    this.events = 0
    for (const host of this.#hosts.values()) this.#want(host)
  }

  get isDone() {
    return this.#state.stewarded.get(job)?.job.phase === 'done'
  }

  #step(body) {
    const event = { ...body, id: ++this.#id, nowMs: this.clock.nowMs() }
    const startMs = performance.now()
    const effects = step(this.#state, event)
    this.spentMs += performance.now() - startMs
    this.events++
    for (const effect of effects) this.#perform(effect)
    const atMs = nextDeadlineMs(this.#state)
    if (atMs >= this.#wakesAtMs) return
    this.#wakesAtMs = atMs
    this.clock.wakeAt(atMs, () => {
      if (this.#wakesAtMs !== atMs) return
      this.#wakesAtMs = Number.POSITIVE_INFINITY
      this.#step({ type: 'deadline-reached' })
    })
  }

  #perform(effect) {
    if (effect.type === 'journal' && effect.entry !== 0)
      this.clock.after(1, () => this.#step({ type: 'journal-durable', entry: effect.entry }))
    if (effect.type !== 'send-message') return
    const host = this.#hosts.get(effect.to)
    this.clock.after(delayMs, () => this.#hear(host, effect.message))
  }

  #hear(host, message) {
    if (message.type === 'revoke')
      host.leases = host.leases.filter(({ lease }) => !message.leases.includes(lease))
    if (message.type !== 'lease') return
    host.wanting = false
    const { lease, voteMs } = message
    host.leases.push({ lease, voteMs, units: [...unitsOf(message.runs)] })
    this.#work(host)
    this.#want(host)
  }

  #work(host) {
    const [lease] = host.leases
    if (host.working || lease === undefined) return
    host.working = true
    // As often as the steward wants to hear: of many hosts once a lease.
    const most = Math.max(1, Math.ceil(lease.voteMs / host.unitMs))
    const units = lease.units.splice(0, most)
    this.clock.after(units.length * host.unitMs, () => {
      host.working = false
      if (host.leases.includes(lease)) {
        if (lease.units.length === 0) host.leases.splice(host.leases.indexOf(lease), 1)
        this.#vote(host, lease.lease, units)
      }
      this.#work(host)
      this.#want(host)
    })
  }

  #vote(host, lease, units) {
    const { peer, unitMs } = host
    const digests = new Uint8Array(32 * units.length)
    units.forEach((_, i) => {
      digests.set(digest, 32 * i)
    })
    const spentMs = units.length * unitMs
    const kinds = new Uint8Array(units.length)
    const body = { job, lease, runs: toRuns(units), kinds, digests, spentMs, fuel: 0 }
    const along = this.#asks(host) ? { wantSlots: 1 } : {}
    this.#say(peer, { type: 'vote', body, outputs: units.map(() => output), ...along })
  }

  #want(host) {
    if (this.#asks(host)) this.#say(host.peer, { type: 'want', job, slots: 1 })
  }

  #asks(host) {
    if (host.wanting || host.leases.length > 1) return false
    host.wanting = true
    return true
  }

  #say(from, message) {
    this.clock.after(delayMs, () => this.#step({ type: 'message-received', from, message }))
  }
}
