import { describe, expect, test } from '@jest/globals'
import { findProgram } from '../../../sdk/kernel-bundle.js'
import { kernelSource } from '../../../sdk/kernel-source.js'

type Program = (unit: { range: { start: number; end: number } }) => {
  hit: boolean
  value: { scanned: number; witness: number } | null
}

/** What a host computes; here without its sandbox. */
function program(kernel: unknown): Program {
  // biome-ignore lint/security/noGlobalEval: the program is what this file's own functions make
  return globalThis.eval(findProgram(kernelSource(kernel, 'kernel')))
}

describe('a search that finds nothing', () => {
  const search = program((n: number) => ({ hit: n === 99, witness: (n * 2_654_435_761) % 1009 }))

  test('says how many items it scanned, and what only their scan tells', () => {
    const all = search({ range: { start: 0, end: 50 } })
    expect(all).toMatchObject({ hit: false, value: { scanned: 50 } })
    const seen = new Set([all.value?.witness])
    for (const end of [10, 49, 51]) seen.add(search({ range: { start: 0, end } }).value?.witness)
    expect(seen.size).toBe(4)
    expect(search({ range: { start: 0, end: 50 } })).toEqual(all)
  })

  test('has no witness where the kernel only says no', () => {
    const plain = program((n: number) => n === 99)
    expect(plain({ range: { start: 0, end: 50 } })).toEqual({ hit: false, value: null })
  })

  test('gives the item alone once there is a hit', () => {
    expect(search({ range: { start: 90, end: 110 } })).toEqual({
      hit: true,
      value: { item: 99, index: 9 },
    })
  })
})
