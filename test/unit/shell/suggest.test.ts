import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { editDistance, nearestOf } from '../../../coordinator-free-node/shell/suggest.js'

const names = ['hash-search', 'hash-tree', 'mandelbrot', 'monte-carlo-pi', 'word-count']

describe('nearest', () => {
  test.each([
    ['hash-serach', 'hash-search'],
    ['mandlebrot', 'mandelbrot'],
    ['wordcount', 'word-count'],
    ['hashtree', 'hash-tree'],
  ])('%s means %s', (typed, meant) => {
    expect(nearestOf(typed, names)).toBe(meant)
  })
  test('a word unlike all of them gets no suggestion', () => {
    expect(nearestOf('fibonacci', names)).toBeUndefined()
  })
})

describe('edit distance', () => {
  const word = fc.string({ maxLength: 12 })
  test('is nought only between equals, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const edits = editDistance(a, b)
        expect(edits === 0).toBe(a === b)
        expect(editDistance(b, a)).toBe(edits)
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})
