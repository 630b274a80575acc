import { describe, expect, test } from '@jest/globals'
import { formatPairs, formatTable } from '../../../coordinator-free-node/cli/table.js'

describe('table', () => {
  test('columns line up, numbers to the right, no space at the end of a line', () => {
    const text = formatTable(
      [{ title: 'HOST' }, { title: 'UNITS', align: 'right' }, { title: 'STATE' }],
      [
        ['abcdefgh', '7', 'connected'],
        ['x', '12,345', 'gone'],
      ],
    )
    expect(text.split('\n')).toEqual([
      'HOST       UNITS  STATE',
      'abcdefgh       7  connected',
      'x         12,345  gone',
    ])
  })
  test('without rows only the titles are left', () => {
    expect(formatTable([{ title: 'A' }, { title: 'B' }], [])).toBe('A  B')
  })
})

describe('pairs', () => {
  test('values start in one column', () => {
    expect(
      formatPairs([
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toBe('a     1\nlong  2')
  })
})
