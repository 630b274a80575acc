/** Cut what a source gives into the inputs of work units, and hold them until they are sent. */
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import { limits } from '../coordinator-free-node/protocol/limits.js'
import { encodeNamed } from './check.js'
import type { ListUnit } from './kernel-bundle.js'

/** One `append`: large enough to be worth a round trip and a synced write, small enough to pass between others. */
const batchUnitsMax = limits.leaseUnitsMax
/** The first one: it goes out early, and a source is not read far ahead for a grid that has no room. */
const batchUnitsFirst = 256
const batchBytesMax = 1024 * 1024

/** Units of a list of known length, so that each item's worth of progress shows and hosts share them evenly. */
const unitsAimed = 256
export const unitItemsMax = 1024
/** For sources of unknown length: their end may be near, and a unit is the least that a host can take. */
const streamUnitItemsMax = 256

/** Items in a unit where the user did not say, for an input of known length. */
export function unitItemsFor(length: number): number {
  return Math.min(unitItemsMax, Math.max(1, Math.ceil(length / unitsAimed)))
}

/** Takes values one by one, gives inputs of units batch by batch. */
export interface Cutter<T> {
  /** @throws {GridError} MH_NOT_ENCODABLE, MH_TOO_LARGE */
  push(value: T): void
  /** Whether the source should wait until some are taken. */
  readonly isFull: boolean
  readonly isEmpty: boolean
  /**
   * The next inputs, in order; none when there are none whole.
   *
   * @param isEnd  no more values come
   */
  take(isEnd: boolean): Uint8Array[]
}

/** Inputs that are waiting to be sent. */
class Waiting {
  readonly #inputs: Uint8Array[] = []
  #bytes = 0
  /** Doubled by each batch that was full when its turn came: the source is faster than the round trips. */
  #batchUnits = batchUnitsFirst

  get length(): number {
    return this.#inputs.length
  }

  get isFull(): boolean {
    return this.#inputs.length >= this.#batchUnits || this.#bytes >= batchBytesMax
  }

  add(input: Uint8Array, name: () => string): void {
    if (input.length > limits.unitInputBytesMax) {
      throw new GridError(
        'MH_TOO_LARGE',
        `${name()} take ${input.length} bytes, a unit's input at most ${limits.unitInputBytesMax}`,
        { blame: 'user', hint: 'cut the input into smaller pieces, or lower `unitItems`' },
      )
    }
    this.#inputs.push(input)
    this.#bytes += input.length
  }

  take(): Uint8Array[] {
    let count = 0
    let bytes = 0
    for (const input of this.#inputs) {
      if (count > 0 && (count >= this.#batchUnits || bytes + input.length > batchBytesMax)) break
      count++
      bytes += input.length
    }
    this.#bytes -= bytes
    if (count === this.#batchUnits) this.#batchUnits = Math.min(2 * count, batchUnitsMax)
    return this.#inputs.splice(0, count)
  }
}

/** One value is one unit's input, as it is. */
export function bytesCutter(): Cutter<Uint8Array> {
  const waiting = new Waiting()
  let units = 0
  return {
    push(value) {
      const unit = units++
      if (!ArrayBuffer.isView(value)) {
        throw new GridError('MH_NOT_ENCODABLE', `the input of unit ${unit} is no Uint8Array`, {
          blame: 'user',
          hint: "a task's plan gives the inputs of its units as bytes",
        })
      }
      waiting.add(value, () => `the inputs of unit ${unit}`)
    },
    get isFull() {
      return waiting.isFull
    },
    get isEmpty() {
      return waiting.length === 0
    },
    take: () => waiting.take(),
  }
}

export interface ItemCutter extends Cutter<unknown> {
  /** Position of a cut unit's first item. */
  firstOf(unit: number): number
}

/**
 * Several values make a unit.
 *
 * @param unitItems  exactly so many, the last unit fewer; undefined: as many as fit the speed of the source, one while
 *   it is slow
 */
export function itemCutter(unitItems: number | undefined): ItemCutter {
  const waiting = new Waiting()
  /** First items of the units, where they are not all alike. */
  const firsts: number[] = []
  let group: unknown[] = []
  let items = 0
  const wanted = () =>
    unitItems ?? Math.min(streamUnitItemsMax, Math.max(1, Math.ceil(items / unitsAimed)))
  const closeGroup = () => {
    const first = items - group.length
    for (const unit of encodeGroup(first, group, unitItems === undefined)) {
      waiting.add(unit.input, () => `items[${first}] to items[${items - 1}]`)
      if (unitItems === undefined) firsts.push(unit.first)
    }
    group = []
  }
  return {
    push(value) {
      group.push(value)
      items++
      if (group.length >= wanted()) closeGroup()
    },
    firstOf: (unit) => (unitItems === undefined ? (firsts[unit] ?? 0) : unit * unitItems),
    get isFull() {
      return waiting.isFull
    },
    get isEmpty() {
      return waiting.length === 0 && group.length === 0
    },
    take(isEnd) {
      // The sender is idle: better a small unit now than a whole one some time.
      const mayCut = isEnd || unitItems === undefined
      if (waiting.length === 0 && group.length > 0 && mayCut) closeGroup()
      return waiting.take()
    },
  }
}

/** One unit's input, or several where items are so large that fewer fit a batch. */
function encodeGroup(
  first: number,
  items: readonly unknown[],
  mayHalve: boolean,
): { first: number; input: Uint8Array }[] {
  const unit: ListUnit = { first, items }
  let input: Uint8Array
  try {
    input = encodeNamed(unit, 'items')
  } catch (error) {
    // Again one by one, to name the culprit as its owner knows it.
    for (const [i, item] of items.entries()) encodeNamed(item, `items[${first + i}]`)
    throw error
  }
  if (!mayHalve || input.length <= batchBytesMax || items.length === 1) return [{ first, input }]
  const half = items.length >>> 1
  return [
    ...encodeGroup(first, items.slice(0, half), true),
    ...encodeGroup(first + half, items.slice(half), true),
  ]
}
