import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import {
  encodeFrame,
  FrameReader,
  frameKinds,
  parseMail,
  takeMailFrame,
} from '../../../../coordinator-free-node/shell/overlay/frames.js'

const plain = (messages: readonly Uint8Array[]) => messages.map((m) => [...m])

describe('frames', () => {
  test('messages come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const queue = [...messages]
          const wire = Buffer.concat([
            ...(queue.length > 0 ? [takeMailFrame(queue)] : []),
            encodeFrame('beat'),
          ])
          const reader = new FrameReader()
          const got: Uint8Array[] = []
          let beats = 0
          for (let at = 0, i = 0; at < wire.length; i++) {
            const cut = cuts[i % cuts.length]!
            reader.push(wire.subarray(at, at + cut))
            at += cut
            for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
              if (frame.kind === 'mail') got.push(...parseMail(frame.body))
              else beats++
            }
          }
          expect(plain(got)).toEqual(plain(messages))
          expect(beats).toBe(1)
        },
      ),
    )
  })

  // Each piece of one byte once was an object of its own until the frame was whole: one of 16 MiB came to gigabytes.
  test('a frame that comes byte by byte costs little more than its bytes', () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const reader = new FrameReader()
    const wire = takeMailFrame([new Uint8Array(300_000).fill(7)])
    gc()
    const before = process.memoryUsage()
    for (let at = 0; at < wire.length - 1; at++) {
      // As a socket gives it: a buffer of its own.
      reader.push(Uint8Array.from(wire.subarray(at, at + 1)))
      reader.next()
    }
    gc()
    const after = process.memoryUsage()
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    expect(grown).toBeLessThan(10_000_000)
    reader.push(wire.subarray(-1))
    expect(parseMail(reader.next()!.body)[0]).toHaveLength(300_000)
  })

  test('arbitrary bytes are either frames or a fault of the remote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reader = new FrameReader()
        reader.push(bytes)
        try {
          for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
            expect(frameKinds).toContain(frame.kind)
            parseMail(frame.body)
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'GridError', blame: 'remote' })
        }
      }),
    )
  })

  test('a queue over the bounds goes out in several frames, none over them', () => {
    const large = new Uint8Array(limits.frameBytesMax / 2)
    const queue = [large, large, large]
    const sizes: number[] = []
    while (queue.length > 0) sizes.push(takeMailFrame(queue).length)
    expect(sizes).toHaveLength(3)
    const many = Array.from({ length: limits.frameMessagesMax + 1 }, () => new Uint8Array(1))
    expect(parseMail(takeMailFrame(many).subarray(5))).toHaveLength(limits.frameMessagesMax)
    expect(many).toHaveLength(1)
  })

  test('a frame over the bound is refused by its head alone', () => {
    const reader = new FrameReader()
    const head = Buffer.alloc(5)
    head.writeUInt32BE(limits.frameBytesMax + 1)
    reader.push(head)
    expect(() => reader.next()).toThrow('over')
  })

  test('a kept message does not hold on to the frame it came in', () => {
    const queue = [new Uint8Array(10), new Uint8Array(1_000_000)]
    const [small] = parseMail(takeMailFrame(queue).subarray(5))
    expect(small?.buffer.byteLength).toBe(10)
  })
})
