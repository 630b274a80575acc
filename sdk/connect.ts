/** Finds a node, or starts one in this process, and connects to it through its gateway like anybody. */
import { z } from 'zod'
import { GridError, isGridError } from '../coordinator-free-node/protocol/errors.js'
import type { GatewayFile } from '../coordinator-free-node/protocol/gateway-api.js'
import { checkNow } from './check.js'
import { GatewayClient } from './gateway-client.js'
import { ConnectedGrid } from './grid.js'
import { type EmbeddedNode, type EmbeddedNodeOptions, type Platform, platform } from './platform.js'
import type { ConnectOptions, Grid } from './types.js'
import type { GatewayAddress } from './wire-socket.js'

const optionsSchema = z.strictObject({
  stateDirectory: z.string().min(1).optional(),
  node: z.enum(['auto', 'running', 'embedded']).default('auto'),
  gateway: z.strictObject({ url: z.url(), token: z.string() }).optional(),
  peers: z.array(z.string()).readonly().default([]),
  lan: z.boolean().optional(),
  cpus: z.number().int().min(0).max(1024).optional(),
  reconnectMsMax: z.number().int().min(0).default(30_000),
  signal: z.custom<AbortSignal>((value) => typeof value === 'object' && value !== null).optional(),
})
type CheckedOptions = z.output<typeof optionsSchema>

/** A node that another process is starting on the same state directory has so long to answer. */
const startingMsMax = 15_000
const startingPollMs = 200
/** An embedded node hands its leases back for so long before it stops regardless. */
const drainMsMax = 2_000

/**
 * Connects to the grid.
 *
 * @returns to be closed after use; until then it keeps the process alive
 * @throws {GridError} MH_NO_NODE when none runs and none may be embedded, MH_GATEWAY_REFUSED, MH_GATEWAY_LOST,
 *   MH_PEER_UNREACHABLE, MH_STATE_LOCKED, MH_BOUNDS; MH_STOPPED when the signal is aborted
 * @example
 * const grid = await connect()
 * console.log(await grid.map(range(0, 10), (n) => n * n))
 * await grid.close()
 */
export async function connect(options: ConnectOptions = {}): Promise<Grid> {
  return await connectOn(platform, options)
}

/** As `connect`, with the doors to the machine given. */
export async function connectOn(on: Platform, given: ConnectOptions): Promise<Grid> {
  const options = checkNow(optionsSchema, given, 'options', 'MH_BOUNDS')
  throwIfAborted(options.signal)
  const grid = await open(on, options)
  const { signal } = options
  if (signal === undefined) return grid
  if (signal.aborted) {
    await grid.close()
    throwIfAborted(signal)
  }
  signal.addEventListener('abort', () => grid.close().catch(() => {}), { once: true })
  return grid
}

async function open(on: Platform, options: CheckedOptions): Promise<Grid> {
  const { gateway, node } = options
  if (gateway !== undefined) return await openRunning(() => Promise.resolve(gateway), options)
  const directory = await on.stateDirectory(options.stateDirectory)
  const locate = () => locateIn(on, directory)
  if (node !== 'embedded') {
    const grid = await openRunning(locate, options).catch(ignoreAbsence)
    if (grid !== undefined) return grid
  }
  if (node === 'running') {
    throw new GridError('MH_NO_NODE', `no node is running on ${directory}`, {
      blame: 'user',
      hint: 'start one: manyhands node',
    })
  }
  try {
    return await openEmbedded(on, directory, options)
  } catch (error) {
    const isRace = node === 'auto' && isGridError(error) && error.code === 'MH_STATE_LOCKED'
    if (!isRace) throw error
    // Somebody else is starting a node here: theirs will do.
    return await openSoon(locate, options, error)
  }
}

async function openSoon(
  locate: () => Promise<GatewayAddress>,
  options: CheckedOptions,
  error: GridError,
): Promise<Grid> {
  for (const untilMs = Date.now() + startingMsMax; Date.now() < untilMs; ) {
    await new Promise((resolve) => setTimeout(resolve, startingPollMs))
    throwIfAborted(options.signal)
    const grid = await openRunning(locate, options).catch(ignoreAbsence)
    if (grid !== undefined) return grid
  }
  throw error
}

async function openRunning(
  locate: () => Promise<GatewayAddress>,
  options: CheckedOptions,
): Promise<Grid> {
  const client = await GatewayClient.open({ locate, reconnectMsMax: options.reconnectMsMax })
  try {
    const { peer } = await client.call('status', {})
    const grid = new ConnectedGrid({ client, peer, embedded: false, onClose: async () => {} })
    await dialAll(grid, options.peers)
    return grid
  } catch (error) {
    client.close()
    throw error
  }
}

/** A grid with one of several peers is a grid; with none it is not what was asked for. */
async function dialAll(grid: Grid, peers: readonly string[]): Promise<void> {
  const dialled = await Promise.allSettled(peers.map((address) => grid.dial(address)))
  const [failed] = dialled.filter((result) => result.status === 'rejected')
  if (failed !== undefined && dialled.every(({ status }) => status === 'rejected')) {
    throw failed.reason
  }
}

async function openEmbedded(
  on: Platform,
  stateDirectory: string,
  options: CheckedOptions,
): Promise<Grid> {
  const node = await on.startNode(nodeOptionsOf(stateDirectory, options))
  try {
    const client = await GatewayClient.open({
      locate: () => locateIn(on, stateDirectory),
      reconnectMsMax: options.reconnectMsMax,
    })
    const onClose = () => stopNode(node)
    return new ConnectedGrid({ client, peer: node.peer, embedded: true, onClose })
  } catch (error) {
    await node.stop()
    throw error
  }
}

function nodeOptionsOf(stateDirectory: string, options: CheckedOptions): EmbeddedNodeOptions {
  const { peers, lan, cpus } = options
  return {
    stateDirectory,
    // Whoever names none leaves them to the node's settings file.
    ...(peers.length === 0 ? {} : { peers: [...peers] }),
    ...(lan === undefined ? {} : { lan }),
    ...(cpus === undefined ? {} : { cpus }),
  }
}

async function stopNode(node: EmbeddedNode): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMsMax)
  })
  // Hosts that are told lose nothing; one that fails to tell them must still stop.
  await Promise.race([node.drain?.().catch(() => {}), patience])
  clearTimeout(timer)
  await node.stop()
}

async function locateIn(on: Platform, directory: string): Promise<GatewayFile> {
  const file = await on.readGatewayFile(directory)
  if (file !== undefined) return file
  throw new GridError('MH_NO_NODE', `no node is running on ${directory}`, {
    blame: 'user',
    retryable: true,
    hint: 'start one: manyhands node',
  })
}

/** No file, nobody behind it (a killed node leaves its file), or somebody else on its port. */
function ignoreAbsence(error: unknown): undefined {
  const absences = ['MH_NO_NODE', 'MH_GATEWAY_LOST', 'MH_GATEWAY_REFUSED']
  if (isGridError(error) && absences.includes(error.code)) return undefined
  throw error
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new GridError('MH_STOPPED', 'connecting was aborted', {
    blame: 'user',
    cause: signal.reason,
  })
}
