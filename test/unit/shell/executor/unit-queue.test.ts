import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import { UnitQueue } from '../../../../coordinator-free-node/shell/executor/unit-queue.js'

const unitsOf = (count: number, bytes = 16) =>
  Array.from({ length: count }, (_, unit) => ({ unit, input: new Uint8Array(bytes) }))
const numbers = (units: readonly { unit: number }[]) => units.map(({ unit }) => unit)

describe('a chunk', () => {
  test('is one unit while nobody knows how long a unit takes', () => {
    expect(numbers(new UnitQueue(unitsOf(100)).takeChunk(undefined, 2))).toEqual([0])
  })

  test('is 250 ms of work while much waits, less near the end, but 80 ms as long as there are', () => {
    expect(new UnitQueue(unitsOf(1_000)).takeChunk(2.5, 2)).toHaveLength(100)
    expect(new UnitQueue(unitsOf(400)).takeChunk(2.5, 2)).toHaveLength(50)
    expect(new UnitQueue(unitsOf(100)).takeChunk(2.5, 2)).toHaveLength(32)
    expect(new UnitQueue(unitsOf(1_000)).takeChunk(60_000, 2)).toHaveLength(1)
  })

  test('is at most 512 units, and a fair share of what is left', () => {
    expect(new UnitQueue(unitsOf(10_000)).takeChunk(0, 2)).toHaveLength(512)
    expect(new UnitQueue(unitsOf(9)).takeChunk(0, 2)).toHaveLength(5)
  })

  test('has no more bytes than a message should, but always a unit', () => {
    const half = limits.batchBytesMax / 2
    expect(new UnitQueue(unitsOf(9, half)).takeChunk(0, 1)).toHaveLength(2)
    expect(new UnitQueue(unitsOf(9, 3 * half)).takeChunk(0, 1)).toHaveLength(1)
  })

  test('of a suspect is that unit alone', () => {
    const queue = new UnitQueue(unitsOf(10))
    const taken = queue.takeChunk(0, 2)
    queue.putBack(taken.slice(1, 3), true)
    const chunks = [1, 2, 3].map(() => numbers(queue.takeChunk(0, 1)))
    expect(chunks).toEqual([[1], [2], [5, 6, 7, 8, 9]])
  })
})

describe('a queue', () => {
  test('gives those that are meant, and keeps the others in their order', () => {
    const queue = new UnitQueue(unitsOf(10))
    expect(numbers(queue.takeChunk(0, 5))).toEqual([0, 1])
    expect(numbers(queue.take(({ unit }) => unit < 4 || unit === 7))).toEqual([2, 3, 7])
    expect(numbers(queue.takeChunk(0, 1))).toEqual([4, 5, 6, 8, 9])
    expect(queue.size).toBe(0)
  })

  test('loses no unit and gives none twice, whatever comes back', () => {
    const step = fc.record({ unitMs: fc.constantFrom(undefined, 0, 1, 50), back: fc.boolean() })
    fc.assert(
      fc.property(fc.nat(500), fc.array(step), fc.boolean(), (count, steps, areSuspect) => {
        const queue = new UnitQueue(unitsOf(count))
        const gone: number[] = []
        for (const { unitMs, back } of steps) {
          const chunk = queue.takeChunk(unitMs, 2)
          if (back) queue.putBack(chunk, areSuspect)
          else gone.push(...numbers(chunk))
          expect(queue.size).toBe(count - gone.length)
        }
        expect([...gone, ...numbers(queue.take())]).toEqual([...Array(count).keys()])
        expect(queue.size).toBe(0)
      }),
    )
  })
})
