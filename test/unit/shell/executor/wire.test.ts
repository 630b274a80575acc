import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { openSocketPair } from '../../../../coordinator-free-node/shell/executor/socket-pair.js'
import {
  type Posted,
  parcelBytesMin,
  Wire,
} from '../../../../coordinator-free-node/shell/executor/wire.js'

interface Message {
  n: number
}

const open: Socket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

/** A sender, and a receiver that is given the sender's messages when the test says so. */
async function wired(withStream = true) {
  const posted: (Message & Posted)[] = []
  const heard: { n: number; parcels: readonly Uint8Array[] }[] = []
  const faults: string[] = []
  let wake = () => {}
  const receiver = new Wire<Message, Message>({
    post: () => {},
    parcelBytesMax: 4 * parcelBytesMin,
    heard: ({ n }, parcels) => {
      heard.push({ n, parcels })
      wake()
    },
    broken: (fault) => {
      faults.push(fault)
      wake()
    },
  })
  const sender = new Wire<Message, Message>({
    post: (message) => posted.push(structuredClone(message) as Message & Posted),
    parcelBytesMax: 0,
    heard: () => {},
    broken: () => {},
  })
  const pair = withStream ? await openSocketPair(receiver.onread) : undefined
  if (pair !== undefined) open.push(pair.ours, pair.theirs)
  receiver.open(pair?.ours)
  sender.open(pair?.theirs)
  const until = async (isOver: () => boolean) => {
    while (!isOver())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  /** Lets messages through on the channel. */
  const pass = (count = posted.length) => {
    for (const message of posted.splice(0, count)) receiver.hear(message)
  }
  return { sender, receiver, pass, heard, faults, until, theirs: pair?.theirs }
}

/** Bytes that differ from place to place, and from seed to seed. */
function parcel(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 255)
}

describe('a wire', () => {
  test('brings parcels of every length, with the message that names them', async () => {
    const { sender, pass, heard, until } = await wired()
    const lengths = [parcelBytesMin, parcelBytesMin + 1, 4 * parcelBytesMin, parcelBytesMin + 1023]
    const parcels = lengths.map(parcel)
    sender.send({ n: 1 }, parcels.slice(0, 3))
    sender.send({ n: 2 }, parcels.slice(3))
    pass()
    await until(() => heard.length === 2)
    const arrived = heard.flatMap((message) => message.parcels)
    expect(arrived.map(({ length }) => length)).toEqual(lengths)
    expect(arrived.every((bytes, i) => Buffer.compare(bytes, parcels[i]!) === 0)).toBe(true)
  })

  test('keeps the order of messages with parcels and without', async () => {
    const { sender, pass, heard, until } = await wired()
    for (let n = 0; n < 20; n++) sender.send({ n }, n % 3 === 0 ? [parcel(parcelBytesMin, n)] : [])
    pass()
    await until(() => heard.length === 20)
    expect(heard.map(({ n }) => n)).toEqual([...Array(20).keys()])
    for (const { n, parcels } of heard) if (n % 3 === 0) expect(parcels[0]?.[0]).toBe(n)
  })

  test('lets bytes wait for the message that names them', async () => {
    const { sender, pass, heard, until } = await wired()
    let sent = 0
    for (let n = 0; n < 3; n++) sender.send({ n }, [parcel(parcelBytesMin, n)], () => sent++)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(heard).toEqual([])
    for (let n = 0; n < 3; n++) {
      pass(1)
      await until(() => heard.length === n + 1)
    }
    expect(heard.map(({ parcels }) => parcels[0]?.[0])).toEqual([0, 1, 2])
    expect(sent).toBe(3)
  })

  test('gives each parcel memory of its own, which can be given away at once', async () => {
    const { sender, receiver, pass, heard, until } = await wired()
    sender.send({ n: 1 }, [parcel(parcelBytesMin, 1), parcel(parcelBytesMin, 2)])
    sender.send({ n: 2 }, [parcel(parcelBytesMin, 3)])
    pass()
    await until(() => heard.length >= 1)
    const [first] = heard
    structuredClone(first?.parcels, { transfer: first?.parcels.map(({ buffer }) => buffer) as [] })
    await until(() => heard.length === 2)
    expect(heard[1]?.parcels[0]?.[0]).toBe(3)
    receiver.close()
  })

  test('takes parcels along with the message where there is no stream', async () => {
    const { sender, pass, heard } = await wired(false)
    let sent = 0
    sender.send({ n: 1 }, [parcel(10, 1)], () => sent++)
    pass()
    expect(heard).toEqual([{ n: 1, parcels: [parcel(10, 1)] }])
    expect(sent).toBe(1)
  })

  test('breaks when bytes are announced that may not be sent', async () => {
    for (const length of [4 * parcelBytesMin + 1, parcelBytesMin - 1, -1, 0.5, Number.NaN, 'x']) {
      const { receiver, faults, heard } = await wired()
      receiver.hear({ n: 1, parcels: [length] } as Message)
      expect(faults).toHaveLength(1)
      expect(heard).toEqual([])
    }
  })

  test('reads nothing that was not announced', async () => {
    const { sender, pass, heard, faults, until, theirs } = await wired()
    sender.send({ n: 1 }, [parcel(parcelBytesMin, 1)])
    theirs?.write(parcel(parcelBytesMin, 2))
    pass()
    await until(() => heard.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(faults).toEqual([])
    expect(heard).toHaveLength(1)
  })
})
