import { describe, expect, test } from '@jest/globals'
import {
  heldBytesMaxOf,
  MemoryWatch,
} from '../../../../coordinator-free-node/shell/executor/memory-watch.js'

interface Unit {
  name: string
  unitMemoryBytesMax: number
  sinceMs: number
}

const small: Unit = { name: 'small', unitMemoryBytesMax: 10, sinceMs: 1 }
const large: Unit = { name: 'large', unitMemoryBytesMax: 90, sinceMs: 3 }
const older: Unit = { name: 'older', unitMemoryBytesMax: 90, sinceMs: 2 }

describe('the watch over memory', () => {
  test('does nothing while no more is held than may be', () => {
    const watch = new MemoryWatch<Unit>()
    for (let nowMs = 0; nowMs < 60_000; nowMs += 50)
      expect(watch.look(nowMs, 100, 100, [small, large])).toBeUndefined()
  })

  test('ends the unit that may have most, of several the one that has run longest', () => {
    expect(new MemoryWatch<Unit>().look(0, 101, 100, [small, large])).toEqual({ kill: large })
    expect(new MemoryWatch<Unit>().look(0, 101, 100, [large, older])).toEqual({ kill: older })
  })

  test('gives the end of a thread a second to take effect', () => {
    const watch = new MemoryWatch<Unit>()
    expect(watch.look(0, 200, 100, [small, large])).toEqual({ kill: large })
    expect(watch.look(999, 200, 100, [small])).toBeUndefined()
    expect(watch.look(1_000, 150, 100, [small])).toEqual({ kill: small })
  })

  test('starts afresh once enough was given back', () => {
    const watch = new MemoryWatch<Unit>()
    watch.look(0, 200, 100, [large])
    expect(watch.look(50, 90, 100, [small])).toBeUndefined()
    expect(watch.look(100, 300, 100, [small])).toEqual({ kill: small })
  })

  test('gives the process up when it grows all the same', () => {
    const watch = new MemoryWatch<Unit>()
    watch.look(0, 200, 100, [small, large])
    expect(watch.look(1_000, 201, 100, [small])).toBe('die')
  })

  test('gives the process up when it holds too much without any unit for five seconds', () => {
    const watch = new MemoryWatch<Unit>()
    expect(watch.look(0, 200, 100, [])).toBeUndefined()
    expect(watch.look(4_999, 200, 100, [])).toBeUndefined()
    expect(watch.look(5_000, 200, 100, [])).toBe('die')
  })

  test('allows what units may have on all threads, and what the process needs for itself', () => {
    const gib = 2 ** 30
    const of = (slots: number, unit: number) => heldBytesMaxOf(slots, unit, 2 ** 23)
    expect(of(4, gib) - of(4, 0)).toBe(4 * gib)
    expect(of(1, 0)).toBeLessThan(2 * gib)
  })
})
