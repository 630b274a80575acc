import { describe, expect, test } from '@jest/globals'
import { Silence, tickClock } from '../../../../coordinator-free-node/shell/overlay/liveness.js'

describe('silence', () => {
  test('adds up tick by tick and ends with any byte', () => {
    const silence = new Silence()
    for (let i = 0; i < 6; i++) silence.count(100, false, true)
    expect(silence.heardMs).toBe(500)
    expect(silence.spokeMs).toBe(0)
    silence.count(100, true, false)
    expect(silence.heardMs).toBe(0)
    expect(silence.spokeMs).toBe(100)
  })

  test('does not begin with the tick that was running before', () => {
    const silence = new Silence()
    silence.count(1_000, false, true)
    expect(silence.heardMs).toBe(0)
  })

  test('of a minute in which our own loop stood still counts for a quarter of a tick', () => {
    const clock = tickClock(1_000, 0)
    expect(clock.weighTick(1_000)).toBe(1_000)
    expect(clock.weighTick(61_000)).toBe(250)
    expect(clock.weighTick(62_000)).toBe(1_000)
  })

  test('still adds up when every tick is late, so that a dead peer is noticed even then', () => {
    const clock = tickClock(1_000, 0)
    let countedMs = 0
    for (let i = 1; i <= 100; i++) countedMs += clock.weighTick(i * 3_000)
    expect(countedMs).toBe(25_000)
  })
})
