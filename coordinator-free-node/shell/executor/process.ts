/**
 * The executor's own process: no environment, no keys, no sockets. It prepares tasks, gives chunks to threads, and
 * kills a thread whose unit takes too long. It ends when the daemon does.
 */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { BlobHash } from '../../protocol/ids.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import type { Chunk, ChunkStop, FromProcess, FromWorker, ToProcess } from './chunk.js'
import { capMemory, ModuleFault } from './memory-cap.js'
import { moduleFault } from './wasm-runtime.js'
import type { Prepared } from './worker.js'

interface Task {
  descriptor: TaskDescriptor
  prepared: Promise<Prepared>
}

interface Running {
  chunk: Chunk
  task: Task
  /** The thread writes the index of its unit here. */
  at: Int32Array
  /** Where it was when the watchdog last looked, and since when. */
  lastIndex: number
  sinceMs: number
  kill: (stop: ChunkStop) => void
}

/** Tasks kept compiled: a host serves a few jobs at a time. */
const tasksKept = 16

/** The watchdog's step: a unit may run over its limit by as much. */
const watchEveryMs = 50

/** JavaScript heap of a thread, MB: kernels live in WebAssembly memory, which this does not count. */
const threadHeapMb = 256

const slots = Number(process.argv[2] ?? 1)
const tasks = new Map<BlobHash, Task>()
const running = new Map<number, Running>()

const pool = workerpool.pool(fileURLToPath(new URL('./worker.js', import.meta.url)), {
  workerType: 'thread',
  minWorkers: slots,
  maxWorkers: slots,
  // Anything else keeps the slot of a killed thread for seconds.
  workerTerminateTimeout: 1,
  workerThreadOpts: {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMb },
  },
})

function tell(message: FromProcess): void {
  process.send?.(message)
}

function keepTask(message: Extract<ToProcess, { type: 'task' }>): void {
  const { task, descriptor, code } = message
  tasks.set(task, { descriptor, prepared: prepare(descriptor, code) })
  if (tasks.size <= tasksKept) return
  const oldest = tasks.keys().next().value
  if (oldest !== undefined) tasks.delete(oldest)
}

async function prepare(descriptor: TaskDescriptor, code: Uint8Array): Promise<Prepared> {
  switch (descriptor.tier) {
    case 'wasm':
      return await prepareWasm(code, descriptor.unitMemoryBytesMax)
    case 'js': {
      const source = new TextDecoder().decode(code)
      return { tier: 'js', source, memoryBytesMax: descriptor.unitMemoryBytesMax }
    }
    case 'builtin':
      return { tier: 'builtin', name: new TextDecoder().decode(code) }
    case 'native':
      return { tier: 'builtin', name: 'native tasks are off' }
  }
}

async function prepareWasm(code: Uint8Array, memoryBytesMax: number): Promise<Prepared> {
  const bytes = new Uint8Array(code)
  if (!WebAssembly.validate(bytes))
    return { tier: 'faulty', fault: 'not a valid WebAssembly module' }
  try {
    const module = await WebAssembly.compile(new Uint8Array(capMemory(bytes, memoryBytesMax)))
    const fault = moduleFault(module)
    return fault === undefined ? { tier: 'wasm', module } : { tier: 'faulty', fault }
  } catch (error) {
    if (error instanceof ModuleFault) return { tier: 'faulty', fault: error.message }
    throw error
  }
}

async function runChunk(chunk: Chunk): Promise<void> {
  const id = chunk.chunk
  const task = tasks.get(chunk.task)
  const end = (stop?: ChunkStop) => tell({ type: 'end', chunk: id, stop })
  if (task === undefined) {
    end({ unit: chunk.units[0], reason: 'crash', message: 'the task did not arrive' })
    return
  }
  let prepared: Prepared
  try {
    prepared = await task.prepared
  } catch (error) {
    end({
      unit: chunk.units[0],
      reason: 'crash',
      message: `the task cannot be prepared: ${String(error)}`,
    })
    return
  }
  await runOnThread(chunk, task, prepared, end)
}

async function runOnThread(
  chunk: Chunk,
  task: Task,
  prepared: Prepared,
  end: (stop?: ChunkStop) => void,
): Promise<void> {
  const progress = new SharedArrayBuffer(4)
  const at = new Int32Array(progress).fill(-1)
  let stopped: ChunkStop | undefined
  const work = pool.exec('runChunk', [chunk, prepared, progress], {
    on: (message: FromWorker) => tell({ ...message, chunk: chunk.chunk }),
  })
  running.set(chunk.chunk, {
    chunk,
    task,
    at,
    lastIndex: -1,
    sinceMs: performance.now(),
    kill: (stop) => {
      stopped = stop
      work.cancel()
    },
  })
  try {
    await work
    end()
  } catch (error) {
    // A thread that died by itself ran out of heap or left the process.
    const unit = chunk.units[Atomics.load(at, 0)]
    end(stopped ?? { unit, reason: 'crash', message: `the thread died: ${String(error)}` })
  } finally {
    running.delete(chunk.chunk)
  }
}

/** Kills the threads whose unit has run over its time. */
function watch(): void {
  const nowMs = performance.now()
  for (const entry of running.values()) {
    const index = Atomics.load(entry.at, 0)
    if (index !== entry.lastIndex) {
      entry.lastIndex = index
      entry.sinceMs = nowMs
      continue
    }
    const { unitMsMax } = entry.task.descriptor
    if (index < 0 || nowMs - entry.sinceMs <= unitMsMax) continue
    const message = `ran longer than its limit of ${unitMsMax} ms`
    entry.kill({ unit: entry.chunk.units[index], reason: 'time', message })
  }
}

process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'task':
      keepTask(message)
      return
    case 'chunk':
      void runChunk(message.chunk)
      return
    case 'cancel':
      running
        .get(message.chunk)
        ?.kill({ unit: undefined, reason: 'cancelled', message: 'cancelled' })
      return
    case 'ping':
      tell({ type: 'pong' })
      return
  }
})
process.on('disconnect', () => process.exit(0))
// The terminal's Ctrl-C reaches the whole group; the daemon decides when this process ends.
process.on('SIGINT', () => {})
setInterval(watch, watchEveryMs)
tell({ type: 'ready' })
