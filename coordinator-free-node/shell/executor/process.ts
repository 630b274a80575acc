/**
 * The executor's own process: no environment, no keys, no sockets. It prepares tasks, gives chunks to threads, and
 * kills a thread whose unit takes too long. It ends when the daemon does.
 *
 * Its loop never computes for long: that is what lets the daemon read silence as death.
 */
import { writeSync } from 'node:fs'
import { Socket, type SocketConstructorOpts } from 'node:net'
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { limits } from '../../protocol/limits.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import type {
  Chunk,
  ChunkStop,
  FromProcess,
  FromWorker,
  ProcessSettings,
  ToProcess,
  Unprepared,
} from './chunk.js'
import { ChunkSigns } from './chunk-signs.js'
import { heldBytesMaxOf, MemoryWatch } from './memory-watch.js'
import { Preparer, PrepareTimeout } from './preparation.js'
import type { Prepared } from './prepare-task.js'
import { PreparedTasks } from './prepared-tasks.js'
import { Wire } from './wire.js'
import type { ChunkWork, WorkerSettings } from './worker.js'

interface Running {
  chunk: Chunk
  unitMsMax: number
  unitMemoryBytesMax: number
  signs: ChunkSigns
  /** Unit at which the thread was when the watchdog last looked, and since when. */
  lastIndex: number | undefined
  sinceMs: number
  /** When a cancelled chunk is killed if it has not ended by itself. */
  killAtMs: number
  kill: (stop: ChunkStop) => void
}

/** The watchdog's step: a unit may run over its limit by as much. */
const watchEveryMs = 100
/** Without units it is memory alone that is looked at, and an idle node should cost nothing. */
const idleWatchEveryMs = 1_000

/** What a cancelled chunk may still take: most end within it, and a new thread costs more. */
const cancelGraceMs = 100

/** JavaScript heap of a thread, MB: kernels live in WebAssembly memory, which this does not count. */
const threadHeapMb = 256

/**
 * Native stack of a thread, MB. Kernels meet limits of their own first (the guard's, QuickJS's), at the same depth on every
 * host; with 2 MB deep source in QuickJS met this one, so four times what it takes.
 */
const threadStackMb = 16

const settings = JSON.parse(process.argv[2] ?? '') as ProcessSettings
const { slots, cpuShare, prepareMsMax, unitBytesMax, memoryBytesMax } = settings
const preparer = new Preparer({
  prepareMsMax,
  onStuck: () => dieOf('a thread that prepares a task does not end'),
})
const tasks = new PreparedTasks((task, descriptor, code) =>
  preparer
    .prepare(descriptor, code, () => tell({ type: 'preparing', task }))
    .finally(() => tell({ type: 'prepared', task })),
)
/** Chunks from their arrival to their end. */
const chunks = new Map<number, Running | 'preparing' | 'cancelled'>()

const pool = workerpool.pool(fileURLToPath(new URL('./worker.js', import.meta.url)), {
  workerType: 'thread',
  minWorkers: slots,
  maxWorkers: slots,
  // Anything else keeps the slot of a killed thread for seconds.
  workerTerminateTimeout: 1,
  workerThreadOpts: {
    env: {},
    workerData: { cpuShare } satisfies WorkerSettings,
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMb, stackSizeMb: threadStackMb },
  },
})

const wire = new Wire<FromProcess, ToProcess>({
  // What the daemon may send: inputs, and the code of tasks.
  parcelBytesMax: Math.max(unitBytesMax, limits.bundleBytesMax),
  post: (message) => process.send?.(message, undefined, undefined, () => {}),
  heard: obey,
  broken: dieOf,
})
wire.open(settings.parcelsFd === undefined ? undefined : streamOf(settings.parcelsFd))

function streamOf(fd: number): Socket {
  // Node takes `onread` here, too; its types do not.
  return new Socket({ fd, onread: wire.onread } as SocketConstructorOpts)
}

function tell(message: FromProcess): void {
  wire.send(message)
}

async function runChunk(chunk: Chunk, parcels: readonly Uint8Array[]): Promise<void> {
  const id = chunk.chunk
  const task = tasks.find(chunk.task)
  if (task === undefined) return tell({ type: 'task-missing', chunk: id })
  chunks.set(id, 'preparing')
  if (chunks.size === 1) watchAgain()
  const prepared = await task.prepared.catch(faultOf)
  let stop: ChunkStop | undefined
  if ('reason' in prepared) tasks.forget(chunk.task)
  else if (chunks.get(id) === 'cancelled') stop = cancelled
  else stop = await runOnThread(chunk, parcels, prepared, task.descriptor)
  chunks.delete(id)
  tell(
    'reason' in prepared
      ? { type: 'unprepared', chunk: id, ...prepared }
      : { type: 'end', chunk: id, stop },
  )
}

/** Why a task is not ready: a host that is too slow, or has too little memory, for its module. */
function faultOf(error: unknown): Unprepared {
  const words = error instanceof Error ? error.message : String(error)
  if (error instanceof PrepareTimeout) return { reason: 'time', message: words }
  return { reason: 'crash', message: `the task cannot be prepared: ${words}` }
}

const cancelled: ChunkStop = { unit: undefined, reason: 'cancelled', message: 'cancelled' }

/** @returns why the thread did not come to the chunk's end; undefined when it did */
async function runOnThread(
  chunk: Chunk,
  parcels: readonly Uint8Array[],
  task: Prepared,
  { unitMsMax, unitMemoryBytesMax }: TaskDescriptor,
): Promise<ChunkStop | undefined> {
  const signs = new ChunkSigns()
  let stopped: ChunkStop | undefined
  const given: ChunkWork = { chunk, parcels: [...parcels], task, signs: signs.shared, unitBytesMax }
  const work = pool.exec('runChunk', [given], {
    on: (message: FromWorker) => {
      if (message.type !== 'results') return tell({ ...message, chunk: chunk.chunk })
      const { type, results, parcels } = message
      // The thread waits until large ones have left.
      wire.send({ type, chunk: chunk.chunk, results }, parcels, () => signs.sent(parcels))
    },
    transfer: parcels.filter(ownsMemory).map(({ buffer }) => buffer),
  })
  const sinceMs = performance.now()
  const kill = (stop: ChunkStop) => {
    if (stopped !== undefined) return
    stopped = stop
    work.cancel()
  }
  const killAtMs = Number.POSITIVE_INFINITY
  const lastIndex = undefined
  const watched = { lastIndex, sinceMs, killAtMs }
  const allowed = { unitMsMax, unitMemoryBytesMax }
  chunks.set(chunk.chunk, { chunk, ...allowed, signs, ...watched, kill })
  try {
    await work
    return undefined
  } catch (error) {
    // A thread that died by itself ran out of heap or left the process.
    const unit = signs.index === undefined ? undefined : chunk.units[signs.index]
    return stopped ?? { unit, reason: 'crash', message: `the thread died: ${firstLine(error)}` }
  }
}

/** A view into a larger message may be one of several. */
function ownsMemory({ buffer, byteLength }: Uint8Array): boolean {
  return buffer.byteLength === byteLength
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line
}

function cancelChunk(id: number): void {
  const entry = chunks.get(id)
  if (entry === 'preparing') chunks.set(id, 'cancelled')
  if (entry === undefined || typeof entry === 'string') return
  entry.signs.cancel()
  if (entry.signs.hasBegun) entry.killAtMs = performance.now() + cancelGraceMs
  else entry.kill(cancelled)
}

/** Kills the threads whose unit has run over its time, or that hold the memory which the process has too much of. */
let nextWatch: NodeJS.Timeout | undefined

function watch(): void {
  watchTime()
  watchMemory()
  watchAgain()
}

function watchAgain(): void {
  clearTimeout(nextWatch)
  nextWatch = setTimeout(watch, chunks.size > 0 ? watchEveryMs : idleWatchEveryMs)
}

const memoryWatch = new MemoryWatch<Running>()

function watchMemory(): void {
  const heldBytesMax =
    memoryBytesMax ?? heldBytesMaxOf(slots, tasks.unitMemoryBytesMax, unitBytesMax)
  const heldBytes = process.memoryUsage.rss()
  const running = [...chunks.values()].filter(isAtUnit)
  const relief = memoryWatch.look(performance.now(), heldBytes, heldBytesMax, running)
  if (relief === undefined) return
  const [held, most] = [heldBytes, heldBytesMax].map(
    (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`,
  )
  const message = `the executor held ${held}, of at most ${most}`
  if (relief === 'die') return dieOf(message)
  const { chunk, signs, kill } = relief.kill
  kill({ unit: chunk.units[signs.index ?? -1], reason: 'memory', message })
}

function isAtUnit(entry: Running | string): entry is Running {
  return typeof entry !== 'string' && entry.signs.index !== undefined
}

function watchTime(): void {
  const nowMs = performance.now()
  for (const entry of chunks.values()) {
    if (typeof entry === 'string') continue
    if (nowMs >= entry.killAtMs) {
      entry.kill(cancelled)
      continue
    }
    const { index } = entry.signs
    if (index !== entry.lastIndex) {
      entry.lastIndex = index
      entry.sinceMs = nowMs
      continue
    }
    if (index === undefined || nowMs - entry.sinceMs <= entry.unitMsMax) continue
    const message = `ran longer than its limit of ${entry.unitMsMax} ms`
    entry.kill({ unit: entry.chunk.units[index], reason: 'time', message })
  }
}

/** Not `exit`, which would wait for threads. */
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** What is printed last is what the daemon says that the process died of. */
function dieOf(reason: string): void {
  writeSync(2, `${reason}\n`)
  die()
}

function obey(message: ToProcess, parcels: readonly Uint8Array[]): void {
  switch (message.type) {
    case 'task': {
      const code = message.code ?? parcels[0] ?? new Uint8Array()
      tasks.keep(message.task, message.descriptor, code)
      return
    }
    case 'chunk':
      void runChunk(message.chunk, parcels)
      return
    case 'cancel':
      cancelChunk(message.chunk)
      return
    case 'ping':
      tell({ type: 'pong' })
      return
  }
}

process.on('message', (message: ToProcess) => wire.hear(message))
process.on('disconnect', die)
// The daemon may have gone while the modules were loading.
if (!process.connected) die()
// A terminal or a supervisor signals the whole group; the daemon decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
watchAgain()
tell({ type: 'ready' })
