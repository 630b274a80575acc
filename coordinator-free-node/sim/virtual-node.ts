/** One node of a simulation: the core and its driver, with everything around them virtual. */
import type { CoreConfig } from '../core/config.js'
import type { Effect, JournalRecord } from '../core/effect.js'
import type { RestoredJob } from '../core/event.js'
import type { MachineReading } from '../core/hosting/availability.js'
import { type Random, seedRandom } from '../core/kit/random.js'
import type { HeldReceipt, JobRecord, LedgerRecord, StandingRecord } from '../core/kit/records.js'
import type { ListSource } from '../core/membership/gate.js'
import { createState, type NodeState } from '../core/state.js'
import { denialOfMeeting } from '../core/step/admission.js'
import { validateState } from '../core/validate.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId, LeaseId, PeerId, UnitIndex } from '../protocol/ids.js'
import type { Manifest } from '../protocol/manifest.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { toRuns, type UnitRun, unitsOf } from '../protocol/unit-runs.js'
import { createDriver, type Driver } from '../shell/driver.js'
import { isRight } from './answers.js'
import { addressOf, exponentialMs, type HostTraits, peerNamed } from './host-traits.js'
import { VirtualExecutor } from './virtual-executor.js'
import type { World } from './world.js'

/** What survives a crash, and a clock that never goes back. */
interface Disk {
  jobs: Map<JobId, JobRecord>
  results: Map<JobId, Map<number, ResultRecord>>
  leases: Map<JobId, Map<LeaseId, { host: PeerId; runs: readonly UnitRun[] }>>
  ledger: Map<PeerId, LedgerRecord>
  standing: Map<PeerId, StandingRecord>
  /** As a host, by steward, job and period. */
  receipts: Map<string, HeldReceipt>
  pausedUntilUtcMs: number | undefined
  lives: number
}

/** A blob that nobody has is given up after this. */
const fetchFailsMs = 500
/** A check of results takes this long. */
const checkMs = 3
/** A synced write takes this long. */
const journalMs = 2

export class VirtualNode {
  readonly peer: PeerId
  readonly address: string
  readonly notices: string[] = []
  readonly disk: Disk = {
    jobs: new Map(),
    results: new Map(),
    leases: new Map(),
    ledger: new Map(),
    standing: new Map(),
    receipts: new Map(),
    pausedUntilUtcMs: undefined,
    lives: 0,
  }
  /** Units whose result became canonical, with repeats where one was revised. */
  readonly accepted: ResultRecord[] = []
  /** Units whose user was given a wrong result at some time, by job. */
  readonly misled = new Map<JobId, Set<UnitIndex>>()
  state: NodeState
  drained = false
  #driver: Driver | undefined
  #executor: VirtualExecutor | undefined
  /** In earlier lives. */
  #workedBefore = 0
  #dialled: PeerId | undefined
  readonly #random: Random

  constructor(
    readonly node: number,
    private readonly world: World,
    private readonly seed: number,
    readonly traits: HostTraits,
    private readonly config: Partial<CoreConfig> = {},
  ) {
    this.peer = peerNamed(node)
    this.address = addressOf(node, traits)
    this.#random = seedRandom(seed * 17 + 1)
    this.state = createState(this.peer, seed)
  }

  start(): void {
    const life = ++this.disk.lives
    const config = { slots: this.traits.slots, ...this.config }
    this.state = createState(this.peer, this.seed + life, config)
    const { clock, trace, validateEvery } = this.world
    const random = seedRandom(this.seed * 31 + life)
    this.#workedBefore = this.worked
    this.#executor = new VirtualExecutor(clock, random, this.traits, this.node)
    let untilValidated = validateEvery
    const driver = createDriver({
      state: this.state,
      clock,
      perform: (effect) => this.#perform(effect),
      observe: (event, effects) => {
        trace.add([this.peer, event, effects])
        if (--untilValidated !== 0) return
        untilValidated = validateEvery
        validateState(this.state)
      },
    })
    this.#driver = driver
    this.#attach(driver)
    driver.dispatch({
      type: 'started',
      addresses: [this.address],
      leaseBase: life * 1_000_000,
      jobs: this.#restoredJobs(),
      ledger: [...this.disk.ledger.values()],
      standing: [...this.disk.standing.values()],
      peers: [],
      members: [],
      revoked: [],
      receipts: [...this.disk.receipts.values()],
      pausedUntilUtcMs: this.disk.pausedUntilUtcMs,
    })
    this.#churn(driver)
    this.#misbehave(driver)
  }

  #attach(driver: Driver): void {
    const { network } = this.world
    const { conduct } = this.traits
    network.attach(this.peer, {
      address: this.address,
      joined: (peer, address) =>
        driver.dispatch({ type: 'neighbour-joined', peer, addresses: [address] }),
      left: (peer) => driver.dispatch({ type: 'neighbour-left', peer }),
      received: (from, message) => {
        conduct?.heard?.(from, message, (to, said) => network.send(this.peer, to, said))
        driver.dispatch({ type: 'message-received', from, message })
      },
      dialFailed: (peer, reason) => driver.dispatch({ type: 'dial-failed', peer, reason }),
      refuses: (peer) => denialOfMeeting(this.state, peer, this.world.clock.nowMs()) !== undefined,
    })
  }

  /** Goes and comes by chance, and dials whom it dialled first. */
  #churn(driver: Driver): void {
    const { churn } = this.traits
    if (churn === undefined) return
    const { clock } = this.world
    clock.after(exponentialMs(this.#random, churn.upMs), () => {
      if (this.#driver !== driver) return
      this.kill()
      clock.after(exponentialMs(this.#random, churn.downMs), () => {
        if (this.#driver !== undefined) return
        this.start()
        if (this.#dialled !== undefined) this.dial(this.#dialled)
      })
    })
  }

  #misbehave(driver: Driver): void {
    const { conduct } = this.traits
    if (conduct?.everyMs === undefined) return
    const { network } = this.world
    this.world.clock.after(conduct.everyMs, () => {
      if (this.#driver !== driver) return
      for (const to of this.state.neighbours.neighbours.keys())
        conduct.tick?.(this.peer, to, (peer, said) => network.send(this.peer, peer, said))
      this.#misbehave(driver)
    })
  }

  /** kill -9: what is not on disk is gone. */
  kill(): void {
    this.#driver?.stop()
    this.#executor?.stop()
    this.world.network.detach(this.peer)
    this.#driver = undefined
  }

  get isUp(): boolean {
    return this.#driver !== undefined
  }

  dial(peer: PeerId): void {
    this.#dialled ??= peer
    this.world.network.dial(this.peer, peer)
  }

  submit(job: JobId, manifest: Manifest): void {
    this.#driver?.dispatch({ type: 'job-submitted', job, manifest })
  }

  cancel(job: JobId): void {
    this.#driver?.dispatch({ type: 'job-cancelled', job })
  }

  drain(): void {
    this.#driver?.dispatch({ type: 'drain-requested' })
  }

  /** What the machine measures; a dead node hears nothing. */
  measure(reading: MachineReading): void {
    this.#driver?.dispatch({ type: 'machine-reading', reading })
  }

  pause(untilUtcMs: number): void {
    this.#driver?.dispatch({ type: 'pause-requested', untilUtcMs })
  }

  /** Its operator says whom and what it deals with, all of it anew. */
  enlist(list: ListSource | undefined): void {
    this.#driver?.dispatch({ type: 'lists-changed', source: 'command', list })
  }

  resume(): void {
    this.#driver?.dispatch({ type: 'resume-requested' })
  }

  /** Thread time spent so far, in units. */
  get worked(): number {
    return this.#workedBefore + (this.#executor?.worked ?? 0)
  }

  get executed(): number {
    return this.#executor?.executed ?? 0
  }

  #perform(effect: Effect): void {
    const { clock, network, manifests } = this.world
    const driver = this.#driver
    switch (effect.type) {
      case 'send-message':
        network.send(this.peer, effect.to, effect.message)
        return
      case 'dial':
        network.dial(this.peer, effect.peer)
        return
      case 'fetch-job': {
        const { job } = effect
        const manifest = manifests.get(job)
        if (manifest !== undefined)
          clock.after(5, () => driver?.dispatch({ type: 'job-fetched', job, manifest }))
        else
          clock.after(fetchFailsMs, () => {
            const reason = 'nobody has its manifest'
            driver?.dispatch({ type: 'job-fetch-failed', job, reason, retryable: true })
          })
        return
      }
      case 'execute-units':
        this.#execute(effect.job, effect.lease, effect.runs)
        return
      case 'check-results': {
        const { job, results } = effect
        const outcomes = results.map(({ unit, digest, output }) => {
          const verdict = isRight(unit, output) ? ('passed' as const) : ('refused' as const)
          return { unit, digest, verdict, reason: '' }
        })
        clock.after(checkMs, () => driver?.dispatch({ type: 'results-checked', job, outcomes }))
        return
      }
      case 'cancel-units':
        // Never within the turn that asked: the real executor answers later, too.
        clock.after(0, () => this.#executor?.cancel(`${effect.job}/${effect.lease}`, effect.which))
        return
      case 'journal':
        this.#write(effect.entry, effect.records)
        return
      case 'results-ready':
        this.accepted.push(...effect.results)
        for (const { unit, output } of effect.results)
          if (!isRight(unit, output)) this.#mislead(effect.job, unit)
        return
      case 'notice':
        this.notices.push(effect.text)
        return
      case 'drained':
        this.drained = true
        return
      case 'forget-job':
        this.disk.jobs.delete(effect.job)
        this.disk.results.delete(effect.job)
        this.disk.leases.delete(effect.job)
        return
      case 'provide':
      case 'job-changed':
      case 'results-withdrawn':
        return
      case 'disconnect':
        network.hangUp(this.peer, effect.peer)
        return
      case 'turn-away':
        for (const peer of effect.peers) network.hangUp(this.peer, peer)
        return
    }
  }

  #mislead(job: JobId, unit: UnitIndex): void {
    const units = this.misled.get(job) ?? new Set()
    this.misled.set(job, units.add(unit))
  }

  #execute(job: JobId, lease: LeaseId, runs: readonly UnitRun[]): void {
    const driver = this.#driver
    const done = (outcome: UnitOutcome) =>
      driver?.dispatch({ type: 'units-executed', job, lease, outcomes: [outcome] })
    this.#executor?.execute(`${job}/${lease}`, unitsOf(runs), done)
  }

  #write(entry: number, records: readonly JournalRecord[]): void {
    const driver = this.#driver
    this.world.clock.after(journalMs, () => {
      // The process died before its write reached the disk.
      if (this.#driver !== driver) return
      for (const record of records) this.#apply(record)
      if (entry !== 0) driver?.dispatch({ type: 'journal-durable', entry })
    })
  }

  #apply(record: JournalRecord): void {
    if (record.type === 'job') this.disk.jobs.set(record.record.job, record.record)
    if (record.type === 'result')
      ofJob(this.disk.results, record.job).set(record.result.unit, record.result)
    if (record.type === 'lease-granted') {
      const { host, runs } = record
      ofJob(this.disk.leases, record.job).set(record.lease, { host, runs })
    }
    if (record.type === 'result-withdrawn') ofJob(this.disk.results, record.job).delete(record.unit)
    if (record.type === 'ledger') this.disk.ledger.set(record.record.peer, record.record)
    if (record.type === 'ledger-forgotten') this.disk.ledger.delete(record.peer)
    if (record.type === 'standing') this.disk.standing.set(record.record.peer, record.record)
    if (record.type === 'receipt') this.disk.receipts.set(keyOf(record.receipt), record.receipt)
    if (record.type === 'receipt-forgotten') this.disk.receipts.delete(keyOf(record.receipt))
    if (record.type === 'pause') this.disk.pausedUntilUtcMs = record.untilUtcMs
    if (record.type === 'lease-settled') ofJob(this.disk.leases, record.job).delete(record.lease)
  }

  #restoredJobs(): RestoredJob[] {
    return [...this.disk.jobs.values()].flatMap((record) => {
      const manifest = this.world.manifests.get(record.job)
      if (manifest === undefined) return []
      const units = [...ofJob(this.disk.results, record.job).keys()].sort((a, b) => a - b)
      const leases = [...ofJob(this.disk.leases, record.job)].map(([lease, held]) => ({
        lease,
        ...held,
      }))
      return [{ record, manifest, canonical: toRuns(units), leases, trailLength: 0 }]
    })
  }
}

function keyOf({ steward, job, period }: HeldReceipt): string {
  return `${steward}/${job}/${period}`
}

function ofJob<K, V>(table: Map<JobId, Map<K, V>>, job: JobId): Map<K, V> {
  let rows = table.get(job)
  if (rows === undefined) {
    rows = new Map()
    table.set(job, rows)
  }
  return rows
}
