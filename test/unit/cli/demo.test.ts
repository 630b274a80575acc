import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  digestOfNonce,
  GENESIS_DIGEST,
  GENESIS_NONCE,
  sizeWindow,
} from '../../../coordinator-free-node/cli/demo/block-search.js'
import {
  judge,
  type Outcome,
  type Player,
  renderReport,
} from '../../../coordinator-free-node/cli/demo/referee.js'
import { hostView, jobView, LIAR, PEER } from './fakes.js'

describe('block search', () => {
  test('the digest of the known nonce is the one that block explorers print', () => {
    expect(digestOfNonce(GENESIS_NONCE)).toBe(GENESIS_DIGEST)
  })
  test('the window holds the nonce, late, and fits 32 bits, on any machine', () => {
    const rate = fc.integer({ min: 1, max: 2 ** 31 })
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 64 }), (perSecond, threads) => {
        const { start, end, unitNonces } = sizeWindow(perSecond, threads, 2, 22_000)
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeLessThanOrEqual(2 ** 32)
        expect(GENESIS_NONCE).toBeGreaterThanOrEqual(start + (end - start) * 0.9)
        expect(GENESIS_NONCE).toBeLessThan(end)
        expect(unitNonces).toBeGreaterThan(0)
      }),
    )
  })
  test('a machine twice as fast searches twice as much', () => {
    const sizeAt = (perSecond: number) => {
      const { start, end } = sizeWindow(perSecond, 2, 2, 22_000)
      return end - start
    }
    expect(sizeAt(2_000_000) / sizeAt(1_000_000)).toBeCloseTo(2, 1)
  })
})

const players: Player[] = [
  { name: 'requester', peer: 'R', role: 'requester' },
  { name: 'host-1', peer: PEER, role: 'honest' },
  { name: 'host-2', peer: LIAR, role: 'liar' },
  { name: 'host-4', peer: 'K', role: 'killed' },
]
const lied = hostView({ peer: LIAR, rejected: 2, refused: 'its results were outvoted' })

function outcome(over: Partial<Outcome> = {}): Outcome {
  return {
    players,
    view: jobView({ phase: 'done', hosts: [hostView(), lied] }),
    nonce: GENESIS_NONCE,
    window: { start: 0, end: 1, unitNonces: 1 },
    elapsedMs: 25_000,
    kill: { percent: 50, inFlight: 3 },
    ...over,
  }
}

describe('referee', () => {
  test('is content with the right nonce, the liar caught and the others finishing', () => {
    const report = judge(outcome())
    expect(report.problems).toEqual([])
    expect(report.ok).toBe(true)
    expect(report.digest).toBe(GENESIS_DIGEST)
    expect(report.caught).toEqual([{ name: 'host-2', how: 'its results were outvoted' }])
  })
  test.each([
    ['a wrong nonce', { nonce: 5 }, 'wrong result'],
    ['no nonce', { nonce: undefined }, 'wrong result'],
    ['a liar that got away', { view: jobView({ hosts: [hostView()] }) }, 'was not caught'],
    [
      'an honest host refused',
      { view: jobView({ hosts: [hostView({ refused: 'by mistake' }), lied] }) },
      'host-1 is honest and was refused: by mistake',
    ],
    ['nobody killed', { kill: undefined }, 'before a host could be killed'],
  ] as const)('names %s', (_, over, problem) => {
    const report = judge(outcome(over))
    expect(report.ok).toBe(false)
    expect(report.problems.join('\n')).toContain(problem)
  })
  test('its report names nonce, digest, every node, the liar and what was computed again', () => {
    const text = renderReport(judge(outcome()))
    expect(text).toContain(`nonce   ${GENESIS_NONCE}`)
    expect(text).toContain(GENESIS_DIGEST)
    for (const { name } of players) expect(text).toContain(name)
    expect(text).toContain('caught: host-2: its results were outvoted')
    expect(text).toContain('computed again: 4 units')
  })
})
