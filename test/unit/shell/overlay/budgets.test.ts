import { describe, expect, test } from '@jest/globals'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import { Door } from '../../../../coordinator-free-node/shell/overlay/door.js'
import { takeMailFrame } from '../../../../coordinator-free-node/shell/overlay/frames.js'
import { HeldBytes } from '../../../../coordinator-free-node/shell/overlay/held-bytes.js'
import { Intake } from '../../../../coordinator-free-node/shell/overlay/intake.js'

type Neighbour = { name: string }

function intakeOf(
  messagesPerSecond: number,
  tookMs = 0,
  { bytesPerSecond = Number.POSITIVE_INFINITY, share = 1 } = {},
) {
  const handled: string[] = []
  const floods: string[] = []
  const intake = new Intake<Neighbour>({
    messagesPerSecond,
    bytesPerSecond,
    shareOf: () => share,
    handle: ({ name }, messages) => {
      for (const _ of messages) handled.push(name)
      const endMs = performance.now() + tookMs
      while (performance.now() < endMs);
    },
    onFlooding: ({ name }) => floods.push(name),
    nowMs: () => performance.now(),
  })
  return { intake, handled, floods }
}

const frameOf = (messages: number) =>
  takeMailFrame(Array.from({ length: messages }, () => new Uint8Array(4))).subarray(5)

describe('the intake', () => {
  test('handles a frame at once while its neighbour has budget', () => {
    const { intake, handled } = intakeOf(1_000)
    expect(intake.take({ name: 'a' }, frameOf(100))).toBeUndefined()
    expect(handled).toHaveLength(100)
  })

  test('lets who is over its budget wait, and nobody else', async () => {
    const { intake, handled } = intakeOf(400)
    const [flooder, friend] = [{ name: 'flooder' }, { name: 'friend' }]
    const startMs = performance.now()
    const flooded = intake.take(flooder, frameOf(1_000))
    await intake.take(friend, frameOf(10))
    expect(handled).toContain('friend')
    expect(handled.length).toBeLessThan(1_000)
    await flooded
    expect(handled).toHaveLength(1_010)
    expect(performance.now() - startMs).toBeGreaterThan(400)
    expect(intake.counts).toMatchObject({ messages: 1_010 })
  })

  test('tells of who goes on like that', async () => {
    const { intake, floods } = intakeOf(100)
    const flooder = { name: 'flooder' }
    await intake.take(flooder, frameOf(200))
    for (let n = 0; n < 4; n++) await intake.take(flooder, frameOf(60))
    expect(floods).toContain('flooder')
  })

  test('gives neighbours their turns: a long frame of one does not hold up another', async () => {
    const { intake, handled } = intakeOf(Number.POSITIVE_INFINITY, 3)
    const long = intake.take({ name: 'long' }, frameOf(4_000))
    await intake.take({ name: 'short' }, frameOf(1))
    expect(handled.filter((name) => name === 'long').length).toBeLessThan(1_000)
    await long
    expect(handled).toHaveLength(4_001)
  })

  test('has more bytes of a neighbour wait, in proportion to its share, whether or not they make a frame', async () => {
    const { intake } = intakeOf(Number.POSITIVE_INFINITY, 0, {
      bytesPerSecond: 1_000_000,
      share: 0.1,
    })
    const [flooder, friend] = [{ name: 'flooder' }, { name: 'friend' }]
    // Two seconds' worth at once.
    expect(intake.arrive(flooder, 199_000)).toBeUndefined()
    const startMs = performance.now()
    await intake.arrive(flooder, 21_000)
    expect(performance.now() - startMs).toBeGreaterThan(150)
    expect(intake.arrive(friend, 100_000)).toBeUndefined()
    expect(intake.counts).toMatchObject({ bytes: 320_000, waits: 1 })
  })

  test('forgets what came from who is gone', async () => {
    const { intake, handled } = intakeOf(10)
    const neighbour = { name: 'a' }
    const rest = intake.take(neighbour, frameOf(100))
    intake.forget(neighbour)
    await rest
    expect(handled).toHaveLength(20)
  })
})

describe('held bytes', () => {
  test('cost the one who holds most its place, once all together hold too much', () => {
    const cut: string[] = []
    const held = new HeldBytes<Neighbour>(100, ({ name }) => cut.push(name))
    const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
    held.note(a, 30)
    held.note(b, 60)
    held.note(a, 35)
    expect(cut).toEqual([])
    held.note(c, 20)
    expect(cut).toEqual(['b'])
    expect(held).toMatchObject({ total: 55, cuts: 1 })
  })
})

describe('the door', () => {
  test('bounds the handshakes, the sockets and the new sockets of an address', () => {
    let nowMs = 0
    const door = new Door(() => nowMs)
    for (let n = 0; n < limits.handshakesPerAddressMax; n++) expect(door.enter('a')).toBe(true)
    expect(door.enter('a')).toBe(false)
    expect(door.enter('b')).toBe(true)
    for (let n = 0; n < limits.handshakesPerAddressMax; n++) door.settle('a')
    let sockets = limits.handshakesPerAddressMax
    for (; door.enter('a'); sockets++) door.settle('a')
    expect(sockets).toBe(limits.socketsPerAddressMax)
    door.leave('a', true)
    expect(door.enter('a')).toBe(false)
    nowMs += 1_000
    expect(door.enter('a')).toBe(true)
  })

  test('lets nobody in for a while from where several were sent away', () => {
    let nowMs = 0
    const door = new Door(() => nowMs)
    const enter = (host: string) => {
      const isIn = door.enter(host)
      if (isIn) door.leave(host, false)
      return isIn
    }
    expect(enter('192.0.2.7')).toBe(true)
    for (let n = 0; n < 20; n++) door.blame('::ffff:192.0.2.7')
    expect(enter('192.0.2.7')).toBe(false)
    expect(enter('192.0.2.8')).toBe(true)
    nowMs += (1_000 * limits.socketsPerBan) / limits.socketsPerAddressPerSecond + 500
    expect(enter('192.0.2.7')).toBe(true)
    expect(enter('192.0.2.7')).toBe(false)
  })

  test('takes the addresses of one /64 for one', () => {
    const door = new Door(() => 0)
    for (let n = 0; n < 20; n++) door.blame(`2001:db8::${n}`)
    expect(door.enter('2001:db8::ffff')).toBe(false)
    expect(door.enter('2001:db8:0:1::1')).toBe(true)
  })
})
