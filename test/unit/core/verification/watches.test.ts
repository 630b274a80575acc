import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  doubtAfter,
  errorOf,
} from '../../../../coordinator-free-node/core/verification/credibility.js'
import {
  createWatches,
  takeDue,
  watch,
} from '../../../../coordinator-free-node/core/verification/watches.js'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'

const peer = (n: number) => `12D3KooWhost${n}` as PeerId

test('no unit waits longer than its hosts need to be believed', () => {
  const start = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 3 })
  const rises = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 50, maxLength: 600 })
  fc.assert(
    fc.property(start, rises, (start, rises) => {
      const maxErrorRate = 1e-4
      const watches = createWatches()
      const checked = [...start]
      const doubts = () => checked.map((n) => doubtAfter(n, 0.2))
      const error = () => errorOf([doubts()], 0)
      const hosts = () =>
        checked.map((n, i) => ({ peer: peer(i), checked: n, doubt: doubts()[i] as number }))
      const look = () => {
        const excess = error() / maxErrorRate
        if (excess <= 1) return true
        watch(watches, 7, hosts(), excess, 0.2)
        return false
      }
      let believed = look()
      for (const host of rises) {
        if (believed) return
        if (host >= checked.length) continue
        const before = checked[host] as number
        checked[host] = before + 1
        if (takeDue(watches, peer(host), before, before + 1).length > 0) believed = look()
        if (!believed) expect(error()).toBeGreaterThan(maxErrorRate * 0.9)
      }
    }),
  )
})

test('a unit is looked at far less often than its hosts rise', () => {
  const watches = createWatches()
  const checked = [0, 0]
  let looks = 0
  const look = () => {
    looks++
    const doubts = checked.map((n) => doubtAfter(n, 0.2))
    const excess = errorOf([doubts], 0) / 1e-6
    if (excess <= 1) return true
    const hosts = checked.map((n, i) => ({ peer: peer(i), checked: n, doubt: doubts[i] as number }))
    watch(watches, 0, hosts, excess, 0.2)
    return false
  }
  look()
  for (let n = 0; n < 200; n++)
    for (const host of [0, 1]) {
      const before = checked[host] as number
      checked[host] = before + 1
      for (const _ of takeDue(watches, peer(host), before, before + 1)) if (look()) n = 200
    }
  expect(looks).toBeLessThan(20)
})
