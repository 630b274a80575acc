/** The tasks that the executor's process has ready: modules compiled once, for all threads and units. */
import type { BlobHash } from '../../protocol/ids.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import { tasksKeptMax } from './chunk.js'
import { capMemory, ModuleFault, notValid } from './memory-cap.js'
import { moduleFault } from './wasm-runtime.js'
import type { Prepared } from './worker.js'

export interface PreparedTask {
  descriptor: TaskDescriptor
  prepared: Promise<Prepared>
}

export class PreparedTasks {
  /** The task used last is last. */
  readonly #tasks = new Map<BlobHash, PreparedTask>()

  /** Begins to prepare a task; the one that was not used for longest goes. */
  keep(task: BlobHash, descriptor: TaskDescriptor, code: Uint8Array): void {
    const prepared = prepare(descriptor, code)
    // Whoever asks for the task hears of its failure; before that it is nobody's.
    prepared.catch(() => {})
    this.#tasks.delete(task)
    this.#tasks.set(task, { descriptor, prepared })
    if (this.#tasks.size <= tasksKeptMax) return
    const oldest = this.#tasks.keys().next().value
    if (oldest !== undefined) this.#tasks.delete(oldest)
  }

  find(task: BlobHash): PreparedTask | undefined {
    const found = this.#tasks.get(task)
    if (found === undefined) return undefined
    this.#tasks.delete(task)
    this.#tasks.set(task, found)
    return found
  }

  /** For a task whose preparation failed: the next try begins afresh. */
  forget(task: BlobHash): void {
    this.#tasks.delete(task)
  }
}

async function prepare(descriptor: TaskDescriptor, code: Uint8Array): Promise<Prepared> {
  switch (descriptor.tier) {
    case 'wasm':
      return await prepareWasm(code, descriptor)
    case 'js': {
      const source = new TextDecoder().decode(code)
      const { unitMemoryBytesMax: memoryBytesMax, unitFuelMax: fuelMax } = descriptor
      return { tier: 'js', source, memoryBytesMax, fuelMax }
    }
    case 'builtin':
      return { tier: 'builtin', name: new TextDecoder().decode(code) }
    case 'native':
      return { tier: 'native' }
  }
}

async function prepareWasm(
  code: Uint8Array,
  { unitMemoryBytesMax, unitFuelMax: fuelMax }: TaskDescriptor,
): Promise<Prepared> {
  const bytes = new Uint8Array(code)
  if (!WebAssembly.validate(bytes)) return { tier: 'faulty', fault: notValid }
  try {
    const module = await WebAssembly.compile(new Uint8Array(capMemory(bytes, unitMemoryBytesMax)))
    const fault = moduleFault(module)
    return fault === undefined ? { tier: 'wasm', module, fuelMax } : { tier: 'faulty', fault }
  } catch (error) {
    if (error instanceof ModuleFault) return { tier: 'faulty', fault: error.message }
    throw error
  }
}
