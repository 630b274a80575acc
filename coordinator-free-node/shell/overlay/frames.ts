/**
 * Frames on a neighbour stream: `length (u32) | kind (u8) | body`, big endian, the length without itself.
 * A mail frame's body is messages, each `length (u32) | bytes`. The parser stands apart from the stream.
 */
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'

/**
 * - `mail`: messages of the node
 * - `open`: first frame of who opened the stream; body: greeting
 * - `accept`: the answer, from here on both are neighbours; body: greeting
 * - `reject`: the other answer; body: UTF-8 reason
 * - `beat`: nothing else to say, still alive; no body
 * - `bye`: leaving on purpose; body: UTF-8 reason
 */
export const frameKinds = ['mail', 'open', 'accept', 'reject', 'beat', 'bye'] as const
export type FrameKind = (typeof frameKinds)[number]

export interface Frame {
  kind: FrameKind
  body: Uint8Array
}

const lengthBytes = 4
const headBytes = lengthBytes + 1
/** Control frames are small: a greeting holds at most `limits.addressesMax` addresses. */
const controlBytesMax = 8 * 1024

export function encodeFrame(kind: FrameKind, body: Uint8Array = new Uint8Array()): Uint8Array {
  const frame = Buffer.allocUnsafe(headBytes + body.length)
  frame.writeUInt32BE(body.length + 1, 0)
  frame[lengthBytes] = frameKinds.indexOf(kind)
  frame.set(body, headBytes)
  return frame
}

/** Bytes that a message takes in a mail frame. */
export function mailBytesOf(message: Uint8Array): number {
  return lengthBytes + message.length
}

/** The largest message that fits a frame by itself. */
export const messageBytesMax = limits.frameBytesMax - headBytes - lengthBytes

/** Takes the front of `queue` as far as it fits one frame; at least one message. */
export function takeMailFrame(queue: Uint8Array[]): Uint8Array {
  let bytes = headBytes
  let count = 0
  for (const message of queue) {
    const more = mailBytesOf(message)
    if (count > 0 && bytes + more > limits.frameBytesMax) break
    if (count === limits.frameMessagesMax) break
    bytes += more
    count++
  }
  const frame = Buffer.allocUnsafe(bytes)
  frame.writeUInt32BE(bytes - lengthBytes, 0)
  frame[lengthBytes] = frameKinds.indexOf('mail')
  let at = headBytes
  for (const message of queue.splice(0, count)) {
    frame.writeUInt32BE(message.length, at)
    frame.set(message, at + lengthBytes)
    at += mailBytesOf(message)
  }
  return frame
}

/**
 * Messages of a mail frame, each a copy of its own: a small message that somebody keeps must not keep the whole
 * frame in memory.
 * @throws {GridError} MH_BAD_MESSAGE, MH_TOO_MANY, blaming the remote
 */
export function parseMail(body: Uint8Array): Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const messages: Uint8Array[] = []
  let at = 0
  while (at < body.length) {
    if (at + lengthBytes > body.length) throw malformed('a message length is cut off')
    const end = at + lengthBytes + view.getUint32(at)
    if (end > body.length) throw malformed('a message is longer than its frame')
    if (messages.length === limits.frameMessagesMax) {
      throw new GridError('MH_TOO_MANY', `over ${limits.frameMessagesMax} messages in a frame`, {
        blame: 'remote',
      })
    }
    messages.push(new Uint8Array(body.subarray(at + lengthBytes, end)))
    at = end
  }
  return messages
}

/**
 * Bytes in, frames out. A frame that comes in pieces is gathered in a buffer that grows with what has come, not with
 * what was announced: neither a promise of megabytes nor a million pieces of one byte cost more than their bytes.
 */
export class FrameReader {
  #unread: Uint8Array = new Uint8Array()
  /** Ends with what is unread, as far as `#end`, where it came in several pieces. */
  #gathered: Uint8Array | undefined
  #end = 0

  /** Memory that is in use for what is unread. */
  get heldBytes(): number {
    return this.#gathered?.length ?? this.#unread.length
  }

  push(chunk: Uint8Array): void {
    if (this.#unread.length === 0) {
      this.#unread = chunk
      this.#gathered = undefined
      return
    }
    const bytes = this.#unread.length + chunk.length
    if (this.#gathered === undefined || this.#end + chunk.length > this.#gathered.length) {
      // A new one, never a clean-up in place: frames that were handed out may still be looked at.
      this.#gathered = Buffer.allocUnsafeSlow(2 * bytes)
      this.#gathered.set(this.#unread)
      this.#end = this.#unread.length
    }
    this.#gathered.set(chunk, this.#end)
    this.#end += chunk.length
    this.#unread = this.#gathered.subarray(this.#end - bytes, this.#end)
  }

  /**
   * @returns the next whole frame; undefined until more bytes come
   * @throws {GridError} MH_TOO_LARGE, MH_BAD_MESSAGE, blaming the remote
   */
  next(): Frame | undefined {
    const unread = this.#unread
    if (unread.length < headBytes) return undefined
    const length = new DataView(unread.buffer, unread.byteOffset).getUint32(0)
    const kind = frameKinds[unread[lengthBytes] ?? frameKinds.length]
    if (kind === undefined || length === 0) throw malformed('a frame of no known kind')
    const bytesMax = kind === 'mail' ? limits.frameBytesMax - lengthBytes : controlBytesMax
    if (length > bytesMax) {
      throw new GridError('MH_TOO_LARGE', `a ${kind} frame of ${length} bytes, over ${bytesMax}`, {
        blame: 'remote',
      })
    }
    const end = lengthBytes + length
    if (unread.length < end) return undefined
    this.#unread = unread.subarray(end)
    return { kind, body: unread.subarray(headBytes, end) }
  }
}

function malformed(what: string): GridError {
  return new GridError('MH_BAD_MESSAGE', what, { blame: 'remote' })
}
