/**
 * Signs between a thread and the process's loop about one chunk, in shared memory: a thread that computes reads no
 * messages, and a loop that watches must not wait for any.
 */

/** Not a unit yet: the chunk waits, or the thread makes ready. */
const notBegun = -1
/** Between two units: no limit of a unit's runs. */
const resting = -2

/** Where the signs are. */
const place = 0
const unsentKib = 1
const cancelled = 2

export class ChunkSigns {
  /** What the other side gets. */
  readonly shared: SharedArrayBuffer
  readonly #signs: Int32Array

  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)
    this.#signs = new Int32Array(this.shared)
    if (shared === undefined) this.#signs[place] = notBegun
  }

  /** Index of the unit that runs; undefined when none does. */
  get index(): number | undefined {
    const index = Atomics.load(this.#signs, place)
    return index < 0 ? undefined : index
  }

  get hasBegun(): boolean {
    return Atomics.load(this.#signs, place) !== notBegun
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#signs, cancelled) === 1
  }

  /** The process: no further unit is wanted. */
  cancel(): void {
    Atomics.store(this.#signs, cancelled, 1)
    Atomics.notify(this.#signs, cancelled)
    Atomics.notify(this.#signs, unsentKib)
  }

  /** The process: parcels that the thread gave it have left. */
  sent(parcels: readonly Uint8Array[]): void {
    Atomics.sub(this.#signs, unsentKib, kibOf(parcels))
    Atomics.notify(this.#signs, unsentKib)
  }

  /** The thread: a unit begins. */
  begin(index: number): void {
    Atomics.store(this.#signs, place, index)
  }

  /** The thread: the unit is over. */
  end(): void {
    Atomics.store(this.#signs, place, resting)
  }

  /** The thread: parcels are about to be given away, and take time to leave. */
  give(parcels: readonly Uint8Array[]): void {
    Atomics.add(this.#signs, unsentKib, kibOf(parcels))
  }

  /** The thread: rests for so long, or until the chunk is cancelled. */
  rest(restMs: number): void {
    Atomics.wait(this.#signs, cancelled, 0, restMs)
  }

  /** The thread: waits while more than so much has not left, or until the chunk is cancelled. */
  awaitSent(unsentKibMax: number): void {
    for (;;) {
      const unsent = Atomics.load(this.#signs, unsentKib)
      if (unsent <= unsentKibMax || this.isCancelled) return
      Atomics.wait(this.#signs, unsentKib, unsent)
    }
  }
}

function kibOf(parcels: readonly Uint8Array[]): number {
  return parcels.reduce((sum, { length }) => sum + Math.ceil(length / 1024), 0)
}
