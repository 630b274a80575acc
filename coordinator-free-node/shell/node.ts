/**
 * A running node: the core on its driver, between a real overlay, executor and store. This file performs effects;
 * what it never does is choose.
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { type Logger, pino } from 'pino'
import type { Effect } from '../core/effect.js'
import { createState } from '../core/state.js'
import type { Overlay } from '../ports/overlay.js'
import type { Store } from '../ports/store.js'
import { GridError, isGridError } from '../protocol/errors.js'
import type { NodeStatus } from '../protocol/gateway-api.js'
import type { JobId, PeerId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { unitsOf } from '../protocol/unit-runs.js'
import { createBackend } from './backend.js'
import { createDriver } from './driver.js'
import { createExecutor } from './executor/executor.js'
import { startGateway } from './gateway/gateway-server.js'
import { createHostRunner, readInputs } from './host-runner.js'
import { createIdentity, loadIdentity } from './identity.js'
import { createJobBlobs } from './job-blobs.js'
import { createJobNews } from './job-news.js'
import { createJournal, keyOf, type Memory, recall } from './journal.js'
import { createMail } from './mail.js'
import { type NodeOptions, type ParsedNodeOptions, parseNodeOptions } from './node-options.js'
import type { NodeParts } from './node-parts.js'
import { createOverlay } from './overlay/overlay.js'
import { openStore } from './store/level-store.js'
import { systemClock } from './system-clock.js'

export interface RunningNode {
  readonly peer: string
  /** Loopback address of the gateway, with its token in the state directory. */
  readonly gatewayUrl: string
  /** What was found wrong at the start and set right: one sentence each. */
  readonly warnings: readonly string[]
  addresses(): readonly string[]
  status(): Promise<NodeStatus>
  /** Finishes running units, hands the rest back, takes nothing new. */
  drain(): Promise<void>
  /** Stops at once; what is on disk goes on at the next start. */
  stop(): Promise<void>
}

/** Bytes waiting for the disk above which no more is read from peers: some seconds of a slow disk. */
const backlogBytesMax = 64 * 1024 * 1024

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
  const options = parseNodeOptions(given)
  const undo: (() => Promise<unknown> | unknown)[] = []
  const stop = async () => {
    for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last()
  }
  try {
    return await assemble(options, undo, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function assemble(
  options: ParsedNodeOptions,
  undo: (() => Promise<unknown> | unknown)[],
  stop: () => Promise<void>,
): Promise<RunningNode> {
  const warnings: string[] = []
  const log = pino({ level: options.log, base: null }, pino.destination({ dest: 2, sync: true }))
  const onWarning = (text: string) => {
    warnings.push(text)
    log.warn(text)
  }
  const store = await openStore(options.stateDirectory, { onWarning })
  undo.push(() => store.close())
  const identity = loadIdentity(await identityBytes(store))
  const slots = options.cpus ?? Math.max(1, availableParallelism() - 1)
  const overlay = createOverlay(overlayOptions(options, identity.privateKey, log))
  const mail = createMail(identity.signer)
  const blobs = createJobBlobs(store, overlay, mail)
  const memory = await recall(store, (job) => blobs.manifestOf(job))
  const executor = createExecutor({ slots: Math.max(1, slots) })
  const state = createState(identity.signer.self, randomBytes(4).readInt32LE(), {
    donates: slots > 0,
    slots: Math.max(1, slots),
  })
  const stopping = new AbortController()
  const parts = connectParts({
    options,
    state,
    store,
    overlay,
    executor,
    mail,
    blobs,
    log,
    stopping,
  })
  undo.push(async () => {
    stopping.abort()
    parts.driver.stop()
    await parts.journal.idle()
  })
  if (slots > 0) {
    await executor.start()
    undo.push(() => executor.stop())
  }
  await overlay.start(overlayHandlers(parts))
  undo.push(() => overlay.stop())
  parts.driver.dispatch(startedEvent(overlay, memory))
  if (memory.peers.length === 0) await reachOne(overlay, options.peers)
  const backend = createBackend(parts)
  const gateway = await startGateway({
    stateDirectory: options.stateDirectory,
    peer: overlay.self,
    backend,
  })
  undo.push(() => gateway.close())
  return {
    peer: overlay.self,
    gatewayUrl: gateway.url,
    warnings,
    addresses: () => overlay.addresses(),
    status: () => backend.status({}, stopping.signal),
    drain: async () => {
      await backend.drain({}, stopping.signal)
    },
    stop,
  }
}

function overlayOptions(
  options: ParsedNodeOptions,
  privateKey: Parameters<typeof createOverlay>[0]['privateKey'],
  log: Logger,
): Parameters<typeof createOverlay>[0] {
  const { grid, peers, lan, lanPort, listen, port } = options
  const at = listen ?? [`/ip4/0.0.0.0/tcp/${port ?? 0}/ws`]
  return {
    privateKey,
    grid,
    peers,
    listen: at,
    lan: lan ? { port: lanPort } : false,
    log: (text) => log.debug(text),
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

async function identityBytes(store: Store): Promise<Uint8Array> {
  const kept = await store.get(keyOf.identity)
  if (kept !== undefined) return kept
  const fresh = createIdentity()
  await store.write([{ type: 'put', key: keyOf.identity, value: fresh }])
  return fresh
}

/** Ties the parts that need each other. */
function connectParts(
  made: Omit<NodeParts, 'driver' | 'journal' | 'runner' | 'news' | 'stopped'> & {
    stopping: AbortController
  },
): NodeParts {
  const { options, state, store, executor, blobs, stopping } = made
  const news = createJobNews()
  const driver = createDriver({
    state,
    clock: systemClock,
    perform: (effect) => perform(parts, effect),
  })
  const { dispatch } = driver
  const journal = createJournal(store, {
    durable: (entry) => dispatch({ type: 'journal-durable', entry }),
    failed: (entry, reason) => dispatch({ type: 'journal-failed', entry, reason }),
  })
  const { lieRate } = options
  const runner = createHostRunner({ state, executor, store, blobs, dispatch, lieRate })
  const parts: NodeParts = { ...made, driver, journal, runner, news, stopped: stopping.signal }
  return parts
}

function startedEvent(overlay: Overlay, memory: Memory) {
  const leaseBase = Math.floor(systemClock.nowMs()) * leasesPerMs
  return { type: 'started', addresses: overlay.addresses(), leaseBase, ...memory } as const
}

function overlayHandlers(parts: NodeParts): Parameters<Overlay['start']>[0] {
  const { overlay, driver, mail, journal, store, log } = parts
  return {
    onEvent(event) {
      if (event.type === 'neighbour-joined') {
        driver.dispatch({ type: 'addresses-changed', addresses: overlay.addresses() })
        log.info({ peer: event.peer }, 'neighbour joined')
      }
      if (event.type === 'neighbour-left')
        log.info({ peer: event.peer, reason: event.reason }, 'neighbour left')
      driver.dispatch(event)
    },
    onMessages(peer, messages) {
      for (const bytes of messages) {
        try {
          driver.dispatch({
            type: 'message-received',
            from: peer,
            message: mail.unpack(peer, bytes),
          })
        } catch (error) {
          if (!isGridError(error) || error.blame !== 'remote') throw error
          log.warn({ peer, reason: error.message }, 'bad message')
          overlay.disconnect(peer, error.message)
          return
        }
      }
      // The disk is behind: let the network wait rather than memory fill.
      return journal.backlogBytes > backlogBytesMax ? journal.idle() : undefined
    },
    readBlob: (hash) => store.readBlob(hash),
  }
}

function perform(parts: NodeParts, effect: Effect): void {
  const { overlay, runner, journal, news, log } = parts
  switch (effect.type) {
    case 'send-message':
      sendMessage(parts, effect)
      return
    case 'dial':
      dial(parts, effect.peer, effect.addresses, effect.job)
      return
    case 'disconnect':
      overlay.disconnect(effect.peer, effect.reason)
      return
    case 'provide':
      overlay.provide(effect.job, parts.stopped).catch((error: unknown) => {
        // The directory is a convenience: adverts carry the steward's addresses.
        log.debug({ job: effect.job, error: String(error) }, 'not announced in the directory')
      })
      return
    case 'fetch-job':
      fetchJob(parts, effect)
      return
    case 'execute-units':
      runner.execute(effect)
      return
    case 'cancel-units':
      runner.cancel(effect.job, effect.lease, effect.which)
      return
    case 'journal':
      journal.append(effect.entry, effect.records)
      return
    case 'results-ready':
      news.resultsReady(effect.job, effect.results)
      return
    case 'job-changed':
      news.jobChanged(effect.job)
      return
    case 'drained':
      news.drained()
      return
    case 'notice':
      log[effect.level === 'warning' ? 'warn' : 'info']({ job: effect.job }, effect.text)
      return
  }
}

type SendMessage = Extract<Effect, { type: 'send-message' }>

function sendMessage(parts: NodeParts, { to, message }: SendMessage): void {
  const { overlay, mail, state } = parts
  const ownList =
    message.type === 'lease' &&
    message.inputs === undefined &&
    state.stewarded.get(message.job)?.job.manifest.inputs.kind === 'list'
  if (ownList) sendLeaseWithInputs(parts, to, message)
  else overlay.send(to, [mail.pack(message)])
}

/** A list job's inputs travel with the lease; what does not fit a message goes back to be leased again. */
function sendLeaseWithInputs(
  { overlay, mail, store, driver, log }: NodeParts,
  to: PeerId,
  message: Extract<SendMessage['message'], { type: 'lease' }>,
): void {
  const { job, lease } = message
  const handBack = (units: readonly number[]) => {
    for (const unit of units) {
      const runs: [number, number][] = [[unit, 1]]
      const release = { type: 'release' as const, job, lease, runs }
      driver.dispatch({ type: 'message-received', from: to, message: release })
    }
  }
  const units = [...unitsOf(message.runs)]
  readInputs(store, job, units)
    .then((found) => {
      const { inputs, runs, left } = fitInputs(units, found)
      if (inputs.length > 0) overlay.send(to, [mail.pack({ ...message, runs, inputs })])
      handBack(left)
    })
    .catch((error: unknown) => {
      log.error({ job, error: String(error) }, 'inputs cannot be read')
      handBack(units)
    })
}

/** As many inputs as one message holds, in order. Units whose input is gone have been settled meanwhile. */
function fitInputs(
  units: readonly number[],
  found: readonly (Uint8Array | undefined)[],
): { inputs: Uint8Array[]; runs: [number, number][]; left: number[] } {
  const inputs: Uint8Array[] = []
  const runs: [number, number][] = []
  const left: number[] = []
  let bytes = 0
  units.forEach((unit, i) => {
    const input = found[i]
    if (input === undefined) return
    bytes += input.length
    if (inputs.length > 0 && bytes > limits.batchBytesMax + limits.unitInputBytesMax / 2) {
      left.push(unit)
      return
    }
    inputs.push(input)
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === unit) last[1]++
    else runs.push([unit, 1])
  })
  return { inputs, runs, left }
}

/** Tries the addresses, then whoever the directory names for the job. */
function dial(
  { overlay, driver, stopped }: NodeParts,
  peer: PeerId,
  addresses: readonly string[],
  job: JobId | undefined,
): void {
  const connect = async () => {
    try {
      await overlay.connect(addresses, stopped)
    } catch (error) {
      if (job === undefined) throw error
      const stewards = await overlay.lookup(job, stopped)
      const found = stewards.find((steward) => steward.peer === peer)
      if (found === undefined) throw error
      await overlay.connect(found.addresses, stopped)
    }
  }
  connect().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    driver.dispatch({ type: 'dial-failed', peer, reason })
  })
}

function fetchJob(
  { blobs, driver, stopped }: NodeParts,
  { job, from, taskHash }: Extract<Effect, { type: 'fetch-job' }>,
): void {
  blobs
    .fetch(job, from, taskHash, stopped)
    .then((manifest) => driver.dispatch({ type: 'job-fetched', job, manifest }))
    .catch((error: unknown) => {
      const reason = error instanceof GridError ? error.message : String(error)
      // A wrong manifest or task stays wrong; a connection may come back.
      const retryable = !(
        isGridError(error) &&
        ['MH_BAD_MESSAGE', 'MH_BAD_SIGNATURE', 'MH_TOO_LARGE'].includes(error.code)
      )
      driver.dispatch({ type: 'job-fetch-failed', job, reason, retryable })
    })
}
