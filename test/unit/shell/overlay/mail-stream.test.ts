import { expect, test } from '@jest/globals'
import type { Stream } from '@libp2p/interface'
import { encodeFrame } from '../../../../coordinator-free-node/shell/overlay/frames.js'
import { HeldBytes } from '../../../../coordinator-free-node/shell/overlay/held-bytes.js'
import { MailStream } from '../../../../coordinator-free-node/shell/overlay/mail-stream.js'

/** Pauses and resumes as libp2p's do: what came meanwhile is handed over before the muxer hears of the resumption. */
class MuxedStream extends EventTarget {
  readStatus: 'readable' | 'paused' = 'readable'
  readBufferLength = 0
  writeBufferLength = 0
  /** Whether the remote may go on sending. */
  isOpenToRemote = true
  readonly #buffer: Uint8Array[] = []

  receive(bytes: Uint8Array): void {
    if (this.readStatus === 'paused') this.#buffer.push(bytes)
    else this.dispatchEvent(Object.assign(new Event('message'), { data: bytes }))
  }

  pause(): void {
    this.readStatus = 'paused'
    this.isOpenToRemote = false
  }

  resume(): void {
    this.readStatus = 'readable'
    for (const bytes of this.#buffer.splice(0)) this.receive(bytes)
    this.isOpenToRemote = true
  }

  abort(): void {}
}

test('a stream whose next frame is being handled does not let the remote send on', async () => {
  const stream = new MuxedStream()
  const handled: (() => void)[] = []
  const budget = () => new HeldBytes<MailStream>(1e9, () => {})
  const hooks = {
    onFrame: () => new Promise<void>((resolve) => handled.push(resolve)),
    onBytes: () => {},
    onGone: () => {},
  }
  new MailStream(stream as unknown as Stream, hooks, { received: budget(), queued: budget() })
  const frame = encodeFrame('mail', new Uint8Array(10))
  stream.receive(Buffer.concat([frame, frame]))
  stream.receive(Buffer.concat([frame, frame]))
  for (let n = 1; n <= 4; n++) {
    expect(handled).toHaveLength(n)
    const { readStatus, isOpenToRemote } = stream
    expect({ n, readStatus, isOpenToRemote }).toEqual({
      ...{ n, readStatus: 'paused', isOpenToRemote: false },
    })
    handled[n - 1]?.()
    await new Promise(setImmediate)
  }
  expect(handled).toHaveLength(4)
  expect(stream).toMatchObject({ readStatus: 'readable', isOpenToRemote: true })
})
