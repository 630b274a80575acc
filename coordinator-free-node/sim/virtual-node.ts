/** One node of a simulation: the core and its driver, with everything around them virtual. */
import type { CoreConfig } from '../core/config.js'
import type { Effect, JournalRecord } from '../core/effect.js'
import type { RestoredJob } from '../core/event.js'
import type { MachineReading } from '../core/hosting/availability.js'
import { seedRandom } from '../core/kit/random.js'
import type { JobRecord } from '../core/kit/records.js'
import { createState, type NodeState } from '../core/state.js'
import { validateState } from '../core/validate.js'
import type { ResultRecord } from '../protocol/gateway-api.js'
import type { JobId, LeaseId, PeerId } from '../protocol/ids.js'
import type { Manifest } from '../protocol/manifest.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { toRuns, type UnitRun, unitsOf } from '../protocol/unit-runs.js'
import { createDriver, type Driver } from '../shell/driver.js'
import type { Trace } from './trace.js'
import type { VirtualClock } from './virtual-clock.js'
import { type ExecutorTraits, VirtualExecutor } from './virtual-executor.js'
import type { VirtualNetwork } from './virtual-network.js'

/** What survives a crash, and a clock that never goes back. */
interface Disk {
  jobs: Map<JobId, JobRecord>
  results: Map<JobId, Map<number, ResultRecord>>
  leases: Map<JobId, Map<LeaseId, { host: PeerId; runs: readonly UnitRun[] }>>
  pausedUntilUtcMs: number | undefined
  lives: number
}

export interface World {
  clock: VirtualClock
  network: VirtualNetwork
  trace: Trace
  /** Manifests by job: what a fetch finds. */
  manifests: Map<JobId, Manifest>
  validate: boolean
}

/** A synced write takes this long. */
const journalMs = 2

export class VirtualNode {
  readonly notices: string[] = []
  readonly disk: Disk = {
    jobs: new Map(),
    results: new Map(),
    leases: new Map(),
    pausedUntilUtcMs: undefined,
    lives: 0,
  }
  /** Units whose result became canonical, with repeats if that ever happened. */
  readonly accepted: ResultRecord[] = []
  state: NodeState
  drained = false
  #driver: Driver | undefined
  #executor: VirtualExecutor | undefined

  constructor(
    readonly peer: PeerId,
    private readonly world: World,
    private readonly seed: number,
    readonly traits: ExecutorTraits,
    private readonly config: Partial<CoreConfig> = {},
  ) {
    this.state = createState(peer, seed)
  }

  start(): void {
    const life = ++this.disk.lives
    this.state = createState(this.peer, this.seed + life, {
      slots: this.traits.slots,
      ...this.config,
    })
    const { clock, network, trace } = this.world
    this.#executor = new VirtualExecutor(clock, seedRandom(this.seed * 31 + life), this.traits)
    const driver = createDriver({
      state: this.state,
      clock,
      perform: (effect) => this.#perform(effect),
      observe: (event, effects) => {
        trace.add([this.peer, event, effects])
        if (this.world.validate) validateState(this.state)
      },
    })
    this.#driver = driver
    network.attach(this.peer, {
      joined: (peer) =>
        driver.dispatch({ type: 'neighbour-joined', peer, addresses: [`/sim/${peer}`] }),
      left: (peer) => driver.dispatch({ type: 'neighbour-left', peer }),
      received: (from, message) => driver.dispatch({ type: 'message-received', from, message }),
      dialFailed: (peer, reason) => driver.dispatch({ type: 'dial-failed', peer, reason }),
    })
    driver.dispatch({
      type: 'started',
      addresses: [`/sim/${this.peer}`],
      leaseBase: life * 1_000_000,
      jobs: this.#restoredJobs(),
      ledger: [],
      standing: [],
      peers: [],
      pausedUntilUtcMs: this.disk.pausedUntilUtcMs,
    })
  }

  /** kill -9: what is not on disk is gone. */
  kill(): void {
    this.#driver?.stop()
    this.#executor?.stop()
    this.world.network.detach(this.peer)
    this.#driver = undefined
  }

  dial(peer: PeerId): void {
    this.world.network.dial(this.peer, peer)
  }

  submit(job: JobId, manifest: Manifest): void {
    this.#driver?.dispatch({ type: 'job-submitted', job, manifest })
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

  resume(): void {
    this.#driver?.dispatch({ type: 'resume-requested' })
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
        const manifest = manifests.get(effect.job)
        clock.after(5, () => {
          if (manifest !== undefined)
            driver?.dispatch({ type: 'job-fetched', job: effect.job, manifest })
        })
        return
      }
      case 'execute-units':
        this.#execute(effect.job, effect.lease, effect.runs)
        return
      case 'cancel-units':
        // Never within the turn that asked: the real executor answers later, too.
        clock.after(0, () => this.#executor?.cancel(`${effect.job}/${effect.lease}`, effect.which))
        return
      case 'journal':
        this.#write(effect.entry, effect.records)
        return
      case 'results-ready':
        this.accepted.push(...effect.results)
        return
      case 'notice':
        this.notices.push(effect.text)
        return
      case 'drained':
        this.drained = true
        return
      case 'provide':
      case 'job-changed':
      case 'forget-job':
      case 'disconnect':
        return
    }
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
      return [{ record, manifest, canonical: toRuns(units), leases }]
    })
  }
}

function ofJob<K, V>(table: Map<JobId, Map<K, V>>, job: JobId): Map<K, V> {
  let rows = table.get(job)
  if (rows === undefined) {
    rows = new Map()
    table.set(job, rows)
  }
  return rows
}
