import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import { Redialer } from '../../../../coordinator-free-node/shell/overlay/redialer.js'

const peer = '12D3KooWPeer' as PeerId
const addresses = ['/ip4/10.0.0.1/tcp/4001/ws']

describe('redialer', () => {
  let dials: number[]
  let answer: () => Promise<PeerId>
  let neighbours: Set<PeerId>
  let redialer: Redialer

  beforeEach(() => {
    jest.useFakeTimers()
    dials = []
    neighbours = new Set()
    answer = () => Promise.reject(new Error('down'))
    const startMs = Date.now()
    redialer = new Redialer({
      msMin: 500,
      msMax: 60_000,
      random: () => 0,
      isNeighbour: (one) => neighbours.has(one),
      dial: () => {
        dials.push(Date.now() - startMs)
        return answer()
      },
      isHopeless: (error) => error instanceof Error && error.message === 'hopeless',
    })
  })
  afterEach(() => {
    redialer.stop()
    jest.useRealTimers()
  })

  test('waits twice as long after every failure, up to a minute', async () => {
    redialer.onLost(peer, addresses, 60_000)
    await jest.advanceTimersByTimeAsync(200_000)
    expect(dials).toEqual([500, 1_500, 3_500, 7_500, 15_500, 31_500, 63_500, 123_500, 183_500])
  })

  test('gives up on a lost neighbour after some ten minutes', async () => {
    redialer.onLost(peer, addresses, 60_000)
    await jest.advanceTimersByTimeAsync(3_600_000)
    expect(dials).toHaveLength(15)
  })

  test('never gives up on a peer that the user named, and begins at once', async () => {
    redialer.pin(addresses, peer)
    await jest.advanceTimersByTimeAsync(3_600_000)
    expect(dials[0]).toBe(0)
    expect(dials.length).toBeGreaterThan(60)
  })

  test('comes back to a named peer that goes away again', async () => {
    answer = () => {
      neighbours.add(peer)
      return Promise.resolve(peer)
    }
    redialer.pin(addresses, undefined)
    await jest.advanceTimersByTimeAsync(1)
    neighbours.clear()
    redialer.onLost(peer, [], 60_000)
    await jest.advanceTimersByTimeAsync(1_000)
    expect(dials).toEqual([0, 501])
  })

  test('leaves a peer alone that said goodbye, unless the user named it', async () => {
    redialer.onLeft(peer)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(dials).toEqual([])
  })

  test('is slower with a neighbour that had hardly stayed', async () => {
    redialer.onLost(peer, addresses, 10)
    await jest.advanceTimersByTimeAsync(4_500)
    expect(dials).toEqual([4_000])
  })

  test('does not dial who came back without us', async () => {
    redialer.onLost(peer, addresses, 60_000)
    neighbours.add(peer)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(dials).toEqual([])
  })

  test('stops at a failure that no repetition mends, and when told to forget', async () => {
    answer = () => Promise.reject(new Error('hopeless'))
    redialer.pin(addresses, peer)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(dials).toHaveLength(1)
    redialer.onLost(peer, addresses, 60_000)
    redialer.forget(peer)
    await jest.advanceTimersByTimeAsync(600_000)
    expect(dials).toHaveLength(1)
  })
})
