/**
 * A host that speaks the host's side of the protocol without a core of its own: a queue of leases and one thread. It
 * stands in for full nodes where thousands of hosts matter and their own decisions do not; a test holds its figures
 * against theirs. The requester that it serves is a full node.
 *
 * Story of a lease: queued -> running, in pieces of about its `voteMs` -> voted piece by piece -> forgotten.
 */
import { nextFraction, type Random, seedRandom } from '../core/kit/random.js'
import type { CoreMessage, CoreMessageOf } from '../core/messages.js'
import type { JobId, LeaseId, PeerId, UnitIndex } from '../protocol/ids.js'
import { isInRuns, toRuns, unitsOf } from '../protocol/unit-runs.js'
import { later, right } from './adversaries/strategy.js'
import { digestOfOutput, outputOf } from './answers.js'
import { addressOf, exponentialMs, type HostTraits, peerNamed } from './host-traits.js'
import { lookAgainMs } from './virtual-executor.js'
import type { NetworkClient } from './virtual-network.js'
import type { World } from './world.js'

interface LightLease {
  readonly job: JobId
  readonly lease: LeaseId
  readonly leaseMs: number
  /** Work between two votes. */
  readonly voteMs: number
  renewAtMs: number
  units: UnitIndex[]
  /** Worked on, but not answered yet. */
  held: number
  gone: boolean
}

/** Leases at once, one of them running. */
const leasesWanted = 2
const renameMs = 3_000

export class LightHost implements NetworkClient {
  peer: PeerId
  readonly address: string
  answered = 0
  #names = 0
  #up = false
  /** Grows with each time up: callbacks of an earlier life do nothing. */
  #life = 0
  /** What its thread is at. */
  #piece: { lease: LightLease; units: number; startedMs: number; spentMs: number } | undefined
  /** Thread time of pieces that ended, in units. */
  #worked = 0
  /** The part of it that was lost when the machine was switched off. */
  lost = 0
  readonly #random: Random
  readonly #leases: LightLease[] = []
  readonly #jobs = new Map<JobId, { wanting: boolean; refused: boolean }>()

  constructor(
    readonly node: number,
    private readonly steward: PeerId,
    private readonly world: World,
    seed: number,
    readonly traits: HostTraits,
  ) {
    this.peer = peerNamed(node)
    this.address = addressOf(node, traits)
    this.#random = seedRandom(seed)
  }

  start(): void {
    if (this.#up) return
    const { network, clock } = this.world
    const life = ++this.#life
    this.#up = true
    network.attach(this.peer, this)
    network.dial(this.peer, this.steward)
    const { churn } = this.traits
    if (churn !== undefined)
      clock.after(exponentialMs(this.#random, churn.upMs), () => {
        if (life !== this.#life) return
        this.kill()
        clock.after(exponentialMs(this.#random, churn.downMs), () => this.start())
      })
    this.#misbehave(life)
  }

  /** What it had is lost, as when its machine is switched off. */
  kill(): void {
    if (!this.#up) return
    this.#life++
    this.#up = false
    this.#forgetAll()
    this.world.network.detach(this.peer)
  }

  get isUp(): boolean {
    return this.#up
  }

  /** It knows its steward alone, and dialled it when it started. */
  dial(): void {}

  joined(): void {
    for (const job of this.#jobs.keys()) this.#want(job)
  }

  left(): void {
    for (const job of this.#jobs.values()) job.wanting = false
  }

  dialFailed(): void {
    const life = this.#life
    this.world.clock.after(1_000, () => {
      if (life === this.#life) this.world.network.dial(this.peer, this.steward)
    })
  }

  received(from: PeerId, message: CoreMessage): void {
    this.traits.conduct?.heard?.(from, message, (to, said) => this.#say(to, said))
    if (message.type === 'advert') this.#hear(message)
    else if (message.type === 'lease') this.#accept(message)
    else if (message.type === 'revoke') this.#drop(message.leases)
    else if (message.type === 'recall') this.#giveBack(message)
    else if (message.type === 'decline' && message.final) this.#refused(message.job)
  }

  #hear({ body }: CoreMessageOf<'advert'>): void {
    if (body.closed) {
      this.#jobs.delete(body.job)
      for (const lease of this.#leases) if (lease.job === body.job) lease.gone = true
      if (this.#piece?.lease.gone === true) this.#endPiece()
      return
    }
    if (body.steward !== this.steward || this.#jobs.has(body.job)) return
    this.#jobs.set(body.job, { wanting: false, refused: false })
    this.#want(body.job)
  }

  #want(id: JobId): void {
    if (this.#asks(id)) this.#say(this.steward, { type: 'want', job: id, slots: 1 })
  }

  /** Whether it has room for more of a job, and has not said so yet; from now on it has. */
  #asks(id: JobId): boolean {
    const job = this.#jobs.get(id)
    if (job === undefined || job.wanting || job.refused) return false
    this.#sweep()
    if (this.#leases.length >= leasesWanted) return false
    job.wanting = true
    return true
  }

  #accept({ job, lease, leaseMs, voteMs, runs }: CoreMessageOf<'lease'>): void {
    const known = this.#jobs.get(job)
    if (known === undefined) return
    known.wanting = false
    const units = [...unitsOf(runs)]
    for (const unit of units) this.traits.strategy?.given?.(unit, this.node)
    const renewAtMs = this.world.clock.nowMs() + leaseMs / 3
    const held = { job, lease, leaseMs, voteMs, renewAtMs, units, held: 0, gone: false }
    this.#leases.push(held)
    this.#renewLater(held)
    this.#work()
    this.#want(job)
  }

  #renewLater(held: LightLease): void {
    const life = this.#life
    const { clock } = this.world
    clock.after(held.renewAtMs - clock.nowMs(), () => {
      if (life !== this.#life || held.gone) return
      if (held.renewAtMs > clock.nowMs()) return this.#renewLater(held)
      held.renewAtMs = clock.nowMs() + held.leaseMs / 3
      this.#say(this.steward, { type: 'renew', job: held.job, leases: [held.lease] })
      this.#renewLater(held)
    })
  }

  #drop(ids: readonly LeaseId[]): void {
    for (const lease of this.#leases) if (ids.includes(lease.lease)) lease.gone = true
    if (this.#piece?.lease.gone === true) this.#endPiece()
    this.#sweep()
    this.#work()
    this.#wantAll()
  }

  /** What its thread has not begun. */
  #giveBack({ job, lease: id, runs }: CoreMessageOf<'recall'>): void {
    const lease = this.#leases.find(({ lease }) => lease === id)
    if (lease === undefined || lease.gone) return
    const begun = this.#piece?.lease === lease ? this.#piece.units : 0
    const isKept = (unit: UnitIndex, at: number) => at < begun || !isInRuns(runs, unit)
    const given = lease.units.filter((unit, at) => !isKept(unit, at))
    if (given.length === 0) return
    lease.units = lease.units.filter(isKept)
    lease.gone = lease.held + lease.units.length === 0
    const returned = toRuns(given) as [number, number][]
    this.#say(this.steward, { type: 'release', job, lease: id, runs: returned })
    this.#wantAll()
  }

  #wantAll(): void {
    for (const job of this.#jobs.keys()) this.#want(job)
  }

  #sweep(): void {
    for (let i = this.#leases.length - 1; i >= 0; i--)
      if (this.#leases[i]?.gone === true) this.#leases.splice(i, 1)
  }

  /** Begins the next piece of the oldest lease that has any left. */
  #work(): void {
    if (this.#piece !== undefined) return
    this.#sweep()
    const lease = this.#leases.find(({ units }) => units.length > 0)
    if (lease === undefined) return
    const units: UnitIndex[] = []
    let spentMs = 0
    const { unitMs, strategy } = this.traits
    while (units.length < lease.units.length && spentMs < lease.voteMs) {
      spentMs += unitMs * (strategy?.effort ?? 1) * (0.8 + 0.4 * nextFraction(this.#random))
      units.push(lease.units[units.length] as UnitIndex)
    }
    const piece = { lease, units: units.length, startedMs: this.world.clock.nowMs(), spentMs }
    this.#piece = piece
    this.world.clock.after(spentMs, () => {
      if (this.#piece !== piece) return
      this.#endPiece()
      lease.units = lease.units.slice(units.length)
      lease.held += units.length
      this.#vote(lease, units, spentMs / units.length, this.world.clock.nowMs())
      this.#work()
      this.#wantAll()
    })
  }

  /** Done, or broken off. @returns the work that went into it, in units */
  #endPiece(): number {
    const worked = this.#runningWork()
    this.#piece = undefined
    this.#worked += worked
    return worked
  }

  #runningWork(): number {
    if (this.#piece === undefined) return 0
    const { units, startedMs, spentMs } = this.#piece
    return (units * (this.world.clock.nowMs() - startedMs)) / spentMs
  }

  /** Thread time spent, in units; with what runs now. */
  get worked(): number {
    return this.#worked + this.#runningWork()
  }

  #vote(lease: LightLease, units: readonly UnitIndex[], unitMs: number, readyMs: number): void {
    const { strategy } = this.traits
    const nowMs = this.world.clock.nowMs()
    const ready: UnitIndex[] = []
    const waiting: UnitIndex[] = []
    const outputs: Uint8Array[] = []
    for (const unit of units) {
      const { node: host, answered } = this
      const random = this.#random
      const sight = { unit, host, nowMs, readyMs, answered, random }
      const said = strategy === undefined ? right : strategy.answer(sight)
      if (said === later) waiting.push(unit)
      if (said < 0) continue
      this.answered++
      ready.push(unit)
      outputs.push(outputOf(unit, said))
    }
    if (waiting.length > 0) {
      const life = this.#life
      this.world.clock.after(lookAgainMs, () => {
        if (life !== this.#life || lease.gone) return
        this.#vote(lease, waiting, unitMs, readyMs)
        this.#sweep()
        this.#wantAll()
      })
    }
    if (ready.length === 0) return
    lease.held -= ready.length
    lease.gone = lease.held + lease.units.length === 0
    this.#send(lease, ready, outputs, unitMs * ready.length)
    if (this.answered % (this.traits.renamesAfter ?? Number.POSITIVE_INFINITY) < ready.length)
      this.#rename()
  }

  #send(
    { job, lease }: LightLease,
    units: readonly UnitIndex[],
    outputs: readonly Uint8Array[],
    spentMs: number,
  ): void {
    const digests = new Uint8Array(32 * units.length)
    outputs.forEach((output, i) => {
      digests.set(digestOfOutput(output), 32 * i)
    })
    const runs = toRuns(units) as [number, number][]
    const kinds = new Uint8Array(units.length)
    const body = { job, lease, runs, kinds, digests, spentMs, fuel: units.length }
    const along = this.#asks(job) ? { wantSlots: 1 } : {}
    this.#say(this.steward, { type: 'vote', body, outputs, ...along })
    for (const held of this.#leases)
      if (held.job === job) held.renewAtMs = this.world.clock.nowMs() + held.leaseMs / 3
  }

  #refused(id: JobId): void {
    for (const lease of this.#leases) if (lease.job === id) lease.gone = true
    if (this.#piece?.lease.gone === true) this.#endPiece()
    const job = this.#jobs.get(id)
    if (job !== undefined) job.refused = true
    if (this.traits.renamesAfter !== undefined) this.#rename()
  }

  /** A new name, without a past. */
  #rename(): void {
    if (!this.#up) return
    this.kill()
    this.#jobs.clear()
    this.peer = peerNamed(this.node, ++this.#names)
    this.world.clock.after(renameMs, () => this.start())
  }

  #forgetAll(): void {
    for (const lease of this.#leases) lease.gone = true
    this.#leases.length = 0
    this.lost += this.#endPiece()
    for (const job of this.#jobs.values()) job.wanting = false
  }

  #say(to: PeerId, message: CoreMessage): void {
    this.world.network.send(this.peer, to, message)
  }

  #misbehave(life: number): void {
    const { conduct } = this.traits
    if (conduct?.everyMs === undefined) return
    this.world.clock.after(conduct.everyMs, () => {
      if (life !== this.#life) return
      conduct.tick?.(this.peer, this.steward, (to, said) => this.#say(to, said))
      this.#misbehave(life)
    })
  }

  /** Names it has had, the last one included. */
  names(): PeerId[] {
    return Array.from({ length: this.#names + 1 }, (_, i) => peerNamed(this.node, i))
  }
}
