import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Silence, tickClock } from '../../../../coordinator-free-node/shell/overlay/liveness.js'

const nothing = { heard: false, spoke: false, mailed: false }
const mail = { heard: true, spoke: true, mailed: true }

function ticksUntilOver(silence: Silence): number {
  let ticks = 0
  while (!silence.isOver && ticks < 1_000) {
    silence.count(1_000, nothing)
    ticks++
  }
  return ticks
}

describe('silence', () => {
  test('adds up tick by tick and ends with any byte', () => {
    const silence = new Silence(15_000)
    for (let i = 0; i < 6; i++) silence.count(100, { ...nothing, spoke: true })
    expect(silence.heardMs).toBe(500)
    silence.count(100, { ...nothing, heard: true })
    expect(silence.heardMs).toBe(0)
  })

  test('does not begin with the tick that was running before', () => {
    const silence = new Silence(15_000)
    silence.count(1_000, { ...nothing, spoke: true })
    expect(silence.heardMs).toBe(0)
  })

  test('of a peer that dies with a message is over in time, on a calm line four times later', () => {
    const quickly = new Silence(15_000)
    quickly.count(1_000, mail)
    expect(ticksUntilOver(quickly)).toBe(15)
    const calm = new Silence(15_000)
    for (let i = 0; i < 40; i++) calm.count(1_000, { ...nothing, heard: true })
    expect(ticksUntilOver(calm)).toBe(60)
  })

  test('on a calm line is forgiven once there is something to say', () => {
    const silence = new Silence(15_000)
    for (let i = 0; i < 40; i++) silence.count(1_000, { ...nothing, heard: true })
    for (let i = 0; i < 30; i++) silence.count(1_000, nothing)
    silence.count(1_000, { ...nothing, spoke: true, mailed: true })
    expect(silence.isOver).toBe(false)
    expect(ticksUntilOver(silence)).toBe(15)
  })

  test('is broken by a beat often enough for whoever listens, whenever messages pass', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(120), { maxLength: 20 }), fc.nat(5), (pauses, lateS) => {
        const speaker = new Silence(15_000)
        const listener = new Silence(15_000)
        const beats: number[] = []
        let mailInS = pauses.shift()
        for (let second = 0; second < 600; second++) {
          const mailed = mailInS === 0
          mailInS = mailed ? pauses.shift() : mailInS === undefined ? undefined : mailInS - 1
          const beat = speaker.asksForBeat
          if (beat) beats.push(second + lateS)
          // A message of either counts for both.
          speaker.count(1_000, { heard: true, spoke: beat, mailed })
          const heard = beats[0] === second
          if (heard) beats.shift()
          listener.count(1_000, { heard, spoke: true, mailed })
          expect(listener.isOver).toBe(false)
        }
      }),
    )
  })

  test('needs few beats on a calm line', () => {
    const silence = new Silence(15_000)
    let beats = 0
    for (let second = 0; second < 600; second++) {
      const spoke = silence.asksForBeat
      if (spoke) beats++
      silence.count(1_000, { heard: true, spoke, mailed: false })
    }
    expect(beats).toBeLessThanOrEqual(8 + 600 / 24)
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
