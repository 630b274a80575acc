import { expect, test } from '@jest/globals'
import { attentionTo, countStrangers } from '../../../coordinator-free-node/core/attention.js'
import { bookMisdeed } from '../../../coordinator-free-node/core/membership/conduct.js'
import { LoneNode, peer } from './lone-node.js'

function among(strangers: number): LoneNode {
  const node = new LoneNode()
  for (let n = 0; n < strangers + 1; n++)
    node.event({ type: 'neighbour-joined', peer: peer(n), addresses: [] })
  const friend = { peer: peer(0), balanceMs: 5, receivedMs: 5, givenMs: 0, lentMs: 0, bookedMs: 0 }
  node.state.ledger.set(peer(0), friend)
  return node
}

test.each([
  [1, 1],
  [2, 1],
  [16, 0.125],
  [200, 0.05],
])('of %i strangers each is read %d of the full measure, a friend in full', (count, share) => {
  const { state, nowMs } = among(count)
  const strangers = countStrangers(state)
  expect(strangers).toBe(count)
  expect(attentionTo(state, peer(1), strangers, nowMs)).toBe(share)
  expect(attentionTo(state, peer(0), strangers, nowMs)).toBe(1)
})

test('a friend that misbehaves is read a tenth', () => {
  const { state, nowMs } = among(1)
  bookMisdeed(state.conduct, { peer: peer(0), subnet: undefined }, 'flooding', nowMs, 9)
  expect(attentionTo(state, peer(0), 1, nowMs)).toBe(0.1)
})
