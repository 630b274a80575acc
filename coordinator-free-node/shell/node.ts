/**
 * A running node: the core on its driver, between a real overlay, executor and store. This file puts the parts
 * together and takes them apart; effects.ts does what the core decides.
 */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { attentionTo, countStrangers } from '../core/attention.js'
import { type CoreConfig, defaultCoreConfig } from '../core/config.js'
import type { EventBody } from '../core/event.js'
import { subnetOf } from '../core/kit/subnets.js'
import { createState, type NodeState } from '../core/state.js'
import { denialOfIp, denialOfMeeting, denialOfPlace } from '../core/step/admission.js'
import { type Claim, worthOf as worthOfClaim } from '../core/step/worth.js'
import type { Overlay } from '../ports/overlay.js'
import type { Store } from '../ports/store.js'
import { GridError, isGridError } from '../protocol/errors.js'
import type { NodeStatus } from '../protocol/gateway-api.js'
import type { BlobHash, JobId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { misdeedOf } from '../protocol/misdeeds.js'
import { parseIp } from '../protocol/subnet.js'
import { createBackend } from './backend.js'
import { createDriver } from './driver.js'
import { perform } from './effects.js'
import { EnclosedManifests } from './enclosed-manifests.js'
import { createExecutor } from './executor/executor.js'
import { startGateway } from './gateway/gateway-server.js'
import { readPapers } from './grid/grid-papers.js'
import { membershipDesk } from './grid/membership-desk.js'
import { PrivateGrid } from './grid/private-grid.js'
import { createHostRunner } from './host-runner.js'
import type { Identity } from './identity.js'
import { createJobBlobs } from './job-blobs.js'
import { createJobNews } from './job-news.js'
import { createJournal, keyOf, type Memory, recall } from './journal.js'
import { keptIdentity } from './kept-identity.js'
import { ListBook } from './lists/list-book.js'
import { optionLists } from './lists/option-lists.js'
import { createMail } from './mail.js'
import { type NodeOptions, openGridName, type ParsedNodeOptions } from './node-options.js'
import type { NodeParts } from './node-parts.js'
import { openDesk } from './overlay/credentials.js'
import type { OverlayGate } from './overlay/gate.js'
import { createOverlay } from './overlay/overlay.js'
import type { OverlayBudgets } from './overlay/overlay-options.js'
import { StampOffice } from './overlay/stamp-office.js'
import { createResultChecker } from './result-checker.js'
import { createBlobSpace } from './store/blob-space.js'
import { openStore } from './store/level-store.js'
import { systemClock } from './system-clock.js'
import { openLog } from './telemetry/log.js'
import { createMetrics } from './telemetry/metrics.js'
import { Tallies } from './telemetry/tallies.js'
import { donationConfigOf } from './volunteer/donation-settings.js'
import { type EffectiveOptions, effectiveOptionsOf } from './volunteer/effective-options.js'
import { sensesFor, watchMachine } from './volunteer/machine-watch.js'

export interface RunningNode {
  readonly peer: string
  /** Loopback address of the gateway, with its token in the state directory. */
  readonly gatewayUrl: string
  /** What was found wrong at the start and set right: one sentence each. */
  readonly warnings: readonly string[]
  addresses(): readonly string[]
  status(): Promise<NodeStatus>
  /** Aborted when a client asks the node to finish: whoever started it should stop it once it is drained. */
  readonly finishing: AbortSignal
  /** Finishes running units, hands the rest back, takes nothing new. */
  drain(): Promise<void>
  /** Stops at once; what is on disk goes on at the next start. */
  stop(): Promise<void>
}

/** Bytes waiting for the disk above which no more is read from peers: some seconds of a slow disk. */
const backlogBytesMax = 64 * 1024 * 1024

/** A worthless message of so many bytes is one misdeed. */
const misdeedBytes = 64 * 1024

/** Leases of one life never reach the numbers of the next: a thousand a millisecond. */
const leasesPerMs = 1_000

/**
 * Starts a node and its gateway.
 *
 * @throws {GridError} MH_USAGE, MH_STATE_LOCKED, MH_STATE_VERSION, MH_PORT_TAKEN, MH_BAD_ADDRESS, MH_EXECUTOR_FAILED;
 *   MH_PEER_UNREACHABLE when no peer it was told of answers and it never met another
 * @example
 * const node = await startNode({ stateDirectory: '/tmp/grid', peers: ['192.168.1.5:4001'] })
 * await node.stop()
 */
export async function startNode(given: NodeOptions): Promise<RunningNode> {
  const said = await effectiveOptionsOf(given)
  const undo: (() => Promise<unknown> | unknown)[] = []
  const stop = async () => {
    for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last()
  }
  try {
    return await assemble(said, undo, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function assemble(
  said: EffectiveOptions,
  undo: (() => Promise<unknown> | unknown)[],
  stop: () => Promise<void>,
): Promise<RunningNode> {
  const { options } = said
  const warnings: string[] = []
  const log = openLog(options)
  undo.push(() => log.close())
  const onWarning = (text: string) => {
    warnings.push(text)
    log.node.warn(text)
  }
  const store = await openStore(options.stateDirectory, { onWarning })
  undo.push(() => store.close())
  const identity = await keptIdentity(store)
  const grid = await belongTo(store, identity, options)
  const config = grantedBy(grid, donationConfigOf(options), onWarning)
  const { donates = true, slots = 1, rules } = config
  const senses = await sensesFor(rules ?? defaultCoreConfig.rules)
  const enclosed = new EnclosedManifests()
  const mail = createMail(identity.signer, Date.now, grid, enclosed)
  const { nowMs } = systemClock
  const lists = new ListBook({ store, mail, given: optionLists(said), nowMs })
  await lists.load()
  const state = createState(
    identity.signer.self,
    randomBytes(4).readInt32LE(),
    { ...config, lists: lists.sources(), belonging: grid?.belonging },
    randomBytes(32),
  )
  const stamps = await StampOffice.open({
    self: identity.signer.self,
    bits: options.puzzle,
    kept: await store.get(keyOf.stamp),
    keep: (stamp) => store.write([{ type: 'put', key: keyOf.stamp, value: stamp }]),
    nowUtcMs: Date.now,
    log: (text) => log.overlay.info(text),
  })
  undo.push(() => stamps.stop())
  const desk =
    grid === undefined
      ? openDesk
      : membershipDesk(grid, state, (event) => parts.driver.dispatch(event))
  const overlay = createOverlay({
    ...overlayOptions(options, identity.privateKey, log.overlay),
    gate: gateOf(state, nowMs),
    budgets: budgetsOf(state, nowMs),
    credentials: stamps.deskBefore(desk),
    earn: (refusal) => stamps.earn(refusal),
    ...(grid === undefined
      ? {}
      : {
          grid: grid.overlayName,
          peers: [...options.peers, ...grid.meetingPlaces],
        }),
  })
  const space = createBlobSpace(store, {
    bytesMax: options.disk,
    isInUse: (hash) => isBlobInUse(state, hash),
    onError: (error) => log.store.error({ error: String(error) }, 'old blobs cannot be deleted'),
  })
  undo.push(() => space.idle())
  const blobs = createJobBlobs(store, overlay, mail, enclosed, space.grew)
  const memory = await recall(store, (job) => blobs.manifestOf(job))
  const executor = createExecutor({
    slots,
    cpuShare: options.cpuShare / 100,
    // Whose, the policy decides.
    native: options.nativeOwners.length > 0,
    log: (text) => log.executor.warn(text),
  })
  const stopping = new AbortController()
  const parts: NodeParts = connectParts({
    options,
    grid,
    state,
    store,
    overlay,
    executor,
    mail,
    blobs,
    lists,
    log,
    stopping,
  })
  undo.push(async () => {
    stopping.abort()
    parts.driver.stop()
    await Promise.all([parts.checker.stop(), parts.journal.idle()])
  })
  if (donates) {
    await executor.start()
    undo.push(() => executor.stop())
  }
  await overlay.start(overlayHandlers(parts))
  undo.push(() => overlay.stop())
  parts.driver.dispatch(startedEvent(overlay, memory))
  space.grew(0)
  undo.push(
    await watchMachine(senses, (reading) =>
      parts.driver.dispatch({ type: 'machine-reading', reading }),
    ),
  )
  if (memory.peers.length === 0) await reachOne(overlay, options.peers)
  const backend = createBackend(parts)
  const gateway = await startGateway({
    stateDirectory: options.stateDirectory,
    peer: overlay.self,
    backend,
    metrics: createMetrics(parts),
    port: options.gatewayPort,
    log: log.gateway,
  })
  undo.push(() => gateway.close())
  log.node.info({ peer: overlay.self, addresses: overlay.addresses().join(' ') }, 'started')
  undo.push(() => log.node.info('stops'))
  return {
    peer: overlay.self,
    gatewayUrl: gateway.url,
    warnings,
    addresses: () => overlay.addresses(),
    status: () => backend.status({}, stopping.signal),
    finishing: parts.finishing.signal,
    drain: async () => {
      await backend.drain({}, stopping.signal)
    },
    stop,
  }
}

/** What must not be deleted: manifests of all own jobs, and the tasks and manifests of jobs under way. */
function isBlobInUse({ stewarded, hosting }: NodeState, hash: BlobHash): boolean {
  const job = hash as string as JobId
  const hosted = hosting.jobs.get(job)
  if (stewarded.has(job) || (hosted !== undefined && hosted.phase !== 'refused')) return true
  for (const { job: own } of stewarded.values())
    if (own.phase === 'running' && own.manifest.taskHash === hash) return true
  for (const { phase, advert } of hosting.jobs.values())
    if (phase !== 'refused' && advert.taskHash === hash) return true
  return false
}

function overlayOptions(
  options: ParsedNodeOptions,
  privateKey: Parameters<typeof createOverlay>[0]['privateKey'],
  log: Logger,
): Parameters<typeof createOverlay>[0] {
  const { grid, peers, lan, lanPort, listen, port, sameSubnet } = options
  const at = listen ?? [`/ip4/0.0.0.0/tcp/${port ?? 0}/ws`]
  return {
    privateKey,
    grid,
    peers,
    listen: at,
    lan: lan ? { port: lanPort } : false,
    subnetOf: sameSubnet ? undefined : subnetOf,
    log: (text) => log.debug(text),
  }
}

/** The core's word, for whoever stands at the door. */
function gateOf(state: NodeState, nowMs: () => number): OverlayGate {
  return {
    denialOfHost(host) {
      const { gate, conduct } = state
      const ip = gate.sources.size + conduct.subnets.size === 0 ? undefined : parseIp(host)
      return ip && denialOfIp(state, ip, nowMs())?.reason
    },
    denialOfPlace: (address) => denialOfPlace(state, address, nowMs())?.reason,
    denialOfPeer: (peer) => denialOfMeeting(state, peer, nowMs())?.reason,
  }
}

/** Strangers among the neighbours are counted again after so long. */
const recountMs = 200

function budgetsOf(state: NodeState, nowMs: () => number): Partial<OverlayBudgets> {
  let strangers = 0
  let countedMs = Number.NEGATIVE_INFINITY
  return {
    messagesPerSecond: limits.neighbourMessagesPerSecond,
    bytesPerSecond: limits.neighbourBytesPerSecond,
    framesPerSecond: limits.connectionFramesPerSecond,
    shareOf(peer) {
      const atMs = nowMs()
      if (atMs - countedMs > recountMs) {
        strangers = countStrangers(state)
        countedMs = atMs
      }
      return attentionTo(state, peer, strangers, atMs)
    },
  }
}

/**
 * A node that never had a neighbour and reaches none of those it was told of was most likely told wrongly. Later
 * starts go on trying instead: a peer that was there once comes back.
 */
async function reachOne(overlay: Overlay, peers: readonly string[]): Promise<void> {
  if (peers.length === 0) return
  try {
    await Promise.any(peers.map((address) => overlay.connect([address])))
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
}

/** @throws {GridError} MH_USAGE when another grid is asked for than the one that this node is a member of */
async function belongTo(
  store: Store,
  identity: Identity,
  options: ParsedNodeOptions,
): Promise<PrivateGrid | undefined> {
  const papers = await readPapers(store)
  if (papers === undefined) return undefined
  const grid = new PrivateGrid(papers, identity)
  const asked = options.grid
  if (asked === openGridName || asked === grid.name || asked === grid.overlayName) return grid
  throw new GridError(
    'MH_USAGE',
    `option grid (--grid): this node is a member of the private grid "${grid.name}", not of "${asked}"`,
    {
      blame: 'user',
      hint: 'leave --grid out, use another state directory, or leave the grid: manyhands grid leave',
    },
  )
}

/** The grid has a say in what its members do. */
function grantedBy(
  grid: PrivateGrid | undefined,
  config: Partial<CoreConfig>,
  onWarning: (text: string) => void,
): Partial<CoreConfig> {
  if (grid === undefined || grid.roles.includes('host') || config.donates === false) return config
  onWarning(`this node may not work for others in the grid "${grid.name}": its invitation said so`)
  return { ...config, donates: false }
}

/** Ties the parts that need each other. */
function connectParts(
  made: Omit<
    NodeParts,
    'driver' | 'journal' | 'runner' | 'checker' | 'news' | 'stopped' | 'finishing' | 'tallies'
  > & {
    stopping: AbortController
  },
): NodeParts {
  const { options, state, store, executor, blobs, stopping } = made
  const news = createJobNews()
  const tallies = new Tallies()
  const deliverer = createDriver({
    state,
    clock: systemClock,
    perform: (effect) => {
      tallies.countEffect(effect)
      perform(parts, effect)
    },
  })
  const dispatch = (event: EventBody) => {
    tallies.countEvent(event)
    deliverer.dispatch(event)
  }
  const driver = { ...deliverer, dispatch }
  const journal = createJournal(store, {
    durable: (entry) => dispatch({ type: 'journal-durable', entry }),
    failed(entry, reason) {
      tallies.writesFailed++
      dispatch({ type: 'journal-failed', entry, reason })
    },
    written: (elapsedMs) => tallies.countWrite(elapsedMs),
  })
  const { lieRate } = options
  const runner = createHostRunner({ state, executor, store, blobs, dispatch, lieRate })
  const checker = createResultChecker({ state, store, blobs, dispatch })
  const finishing = new AbortController()
  const { signal: stopped } = stopping
  const parts: NodeParts = {
    ...made,
    tallies,
    driver,
    journal,
    runner,
    checker,
    news,
    finishing,
    stopped,
  }
  return parts
}

function startedEvent(overlay: Overlay, memory: Memory) {
  const leaseBase = Math.floor(systemClock.nowMs()) * leasesPerMs
  return { type: 'started', addresses: overlay.addresses(), leaseBase, ...memory } as const
}

function overlayHandlers(parts: NodeParts): Parameters<Overlay['start']>[0] {
  const { state, overlay, driver, mail, journal, store, log, tallies } = parts
  return {
    onEvent(event) {
      if (event.type === 'neighbour-joined') {
        driver.dispatch({ type: 'addresses-changed', addresses: overlay.addresses() })
        tallies.joined[event.inbound ? 'in' : 'out']++
        log.overlay.info({ peer: event.peer }, 'neighbour joined')
      }
      if (event.type === 'neighbour-left')
        log.overlay.info({ peer: event.peer, reason: event.reason }, 'neighbour left')
      if (event.type === 'peer-misbehaved')
        log.overlay.info({ peer: event.peer, misdeed: event.misdeed }, 'misdeed')
      driver.dispatch(event)
    },
    onMessages(peer, messages) {
      const worthOf = (claim: Claim) => worthOfClaim(state, peer, claim, systemClock.nowMs())
      for (const bytes of messages) {
        try {
          const message = mail.unpack(peer, bytes, worthOf)
          if (message.type !== 'unopened') {
            tallies.countIn(message, bytes.length)
            driver.dispatch({ type: 'message-received', from: peer, message })
            continue
          }
          const { misdeed, want } = message
          if (misdeed !== undefined) {
            // A large one costs as much as several.
            const times = Math.ceil(bytes.length / misdeedBytes)
            driver.dispatch({ type: 'peer-misbehaved', peer, misdeed, times })
          }
          if (want !== undefined)
            driver.dispatch({ type: 'message-received', from: peer, message: want })
        } catch (error) {
          if (!isGridError(error) || error.blame !== 'remote') throw error
          tallies.badMessages++
          log.overlay.warn({ peer, reason: error.message }, 'bad message')
          overlay.disconnect(peer, error.message)
          const misdeed = misdeedOf(error)
          driver.dispatch({ type: 'peer-misbehaved', peer, misdeed, times: 1 })
          return
        }
      }
      // The disk is behind: let the network wait rather than memory fill.
      return journal.backlogBytes > backlogBytesMax ? journal.idle() : undefined
    },
    readBlob: (hash) => store.readBlob(hash),
  }
}
