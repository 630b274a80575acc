/** Time that moves only when told to: a heap of callbacks, same order for the same seed. */
import type { Clock } from '../ports/clock.js'

interface Entry {
  atMs: number
  /** Breaks ties in order of scheduling. */
  serial: number
  run: (() => void) | undefined
}

export class VirtualClock implements Clock {
  #nowMs = 0
  #serial = 0
  readonly #heap: Entry[] = []

  nowMs(): number {
    return this.#nowMs
  }

  wakeAt(atMs: number, callback: () => void): () => void {
    const entry: Entry = {
      atMs: Math.max(atMs, this.#nowMs),
      serial: this.#serial++,
      run: callback,
    }
    this.#push(entry)
    return () => {
      entry.run = undefined
    }
  }

  after(ms: number, callback: () => void): () => void {
    return this.wakeAt(this.#nowMs + ms, callback)
  }

  /** Runs the next callback; false when there is none before `untilMs`. */
  advance(untilMs: number): boolean {
    for (;;) {
      const entry = this.#heap[0]
      if (entry === undefined || entry.atMs > untilMs) return false
      this.#pop()
      if (entry.run === undefined) continue
      this.#nowMs = entry.atMs
      entry.run()
      return true
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) child++
      const lower = heap[child]
      if (lower === undefined || !isBefore(lower, last)) break
      heap[at] = lower
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial)
}
