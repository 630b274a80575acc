/**
 * What two nodes show each other before anything else: after noise has proven who they are, and before a stream, a
 * protocol or an address exists. Who is refused here has seen nothing of the grid.
 *
 *     dialler                        listener
 *     show(grid, credentials)  --->
 *                              <---  admit(credentials), or refuse(reason)
 *     admit, or refuse(reason) --->
 *
 * The listener judges first: a stranger learns the reason, and nothing of the listener.
 */
import { createHash } from 'node:crypto'
import type {
  ConnectionEncrypter,
  MessageStream,
  SecureConnectionOptions,
  SecuredConnection,
} from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils'
import { z } from 'zod'
import { bytesSchema } from '../../protocol/bytes.js'
import { decode, encode } from '../../protocol/codec.js'
import { GridError } from '../../protocol/errors.js'
import type { PeerId } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'

/** What a node shows: each part is there only in grids that ask for it. */
export interface Credentials {
  /** Chain of certificates of a private grid. */
  membership?: Uint8Array | undefined
  /** Proof of work for the identity. */
  stamp?: Uint8Array | undefined
}

export interface CredentialsDesk {
  own(): Credentials
  /**
   * @returns why the peer is not admitted, in words for its user; undefined: it is. May take a while, within the
   *   handshake's time
   */
  judge(peer: PeerId, theirs: Credentials): string | undefined | Promise<string | undefined>
  /** A peer refused this node, in these words. */
  refused?(reason: string): void
}

/** Of an open grid. */
export const openDesk: CredentialsDesk = { own: () => ({}), judge: () => undefined }

/** The whole frame: a chain as long as it may be, and a stamp. */
const frameBytesMax = 8 * 1024
const partBytesMax = 6 * 1024
/** What the dialler may have sent behind its last frame before this node has read that. */
const aheadBytesMax = 1024 * 1024

const part = bytesSchema.refine((bytes) => bytes.length <= partBytesMax).optional()
const credentialsSchema = z.strictObject({ membership: part, stamp: part })
const frameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('show'),
    version: z.literal(1),
    /** The first bytes of the hash of the grid's name. */
    grid: bytesSchema,
    credentials: credentialsSchema,
  }),
  z.strictObject({ type: z.literal('admit'), credentials: credentialsSchema }),
  z.strictObject({ type: z.literal('refuse'), reason: z.string().max(limits.textCharsMax) }),
])
type Frame = z.infer<typeof frameSchema>

/** How refusals by the peer and by this node begin in the message of the dialler's error: see dial-reason.ts. */
export const refusalMark = 'refused by the peer: '
export const denialMark = 'not admitted by this node: '

const anotherGrid = 'it belongs to another grid'

/** Noise, and then the desk. In place of `noise()` in a libp2p node of the grid. */
export function noiseWithCredentials(
  grid: string,
  desk: CredentialsDesk,
): (components: Parameters<ReturnType<typeof noise>>[0]) => ConnectionEncrypter {
  return (components) => new CredentialsEncrypter(noise()(components), gridMark(grid), desk)
}

function gridMark(grid: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(grid).digest().subarray(0, 8))
}

class CredentialsEncrypter implements ConnectionEncrypter {
  readonly protocol = '/manyhands/noise/1'
  readonly [Symbol.toStringTag] = 'manyhands/credentials'

  constructor(
    private readonly noise: ConnectionEncrypter,
    private readonly mark: Uint8Array,
    private readonly desk: CredentialsDesk,
  ) {}

  async secureOutbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    const secured = await this.noise.secureOutbound(connection, options)
    const line = framesOf(secured.connection)
    const peer = peerOf(secured)
    const { mark: grid } = this
    await say(line, { type: 'show', version: 1, grid, credentials: this.desk.own() }, options)
    const answer = await hear(line, options)
    if (answer.type === 'refuse') throw this.#refusal(answer.reason)
    if (answer.type !== 'admit') throw outOfTurn(answer)
    const reason = await this.desk.judge(peer, answer.credentials)
    if (reason !== undefined) {
      await say(line, { type: 'refuse', reason }, options)
      throw new Error(denialMark + reason)
    }
    await say(line, { type: 'admit', credentials: {} }, options)
    return { ...secured, connection: line.unwrap() }
  }

  async secureInbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    const secured = await this.noise.secureInbound(connection, options)
    const line = framesOf(secured.connection)
    const peer = peerOf(secured)
    const shown = await hear(line, options)
    if (shown.type !== 'show') throw outOfTurn(shown)
    const isOurs = Buffer.compare(shown.grid, this.mark) === 0
    const reason = isOurs ? await this.desk.judge(peer, shown.credentials) : anotherGrid
    if (reason !== undefined) {
      await say(line, { type: 'refuse', reason: reason.slice(0, limits.textCharsMax) }, options)
      throw new Error(`${peer} is not admitted: ${reason}`)
    }
    await say(line, { type: 'admit', credentials: this.desk.own() }, options)
    const verdict = await hear(line, options)
    if (verdict.type === 'refuse') throw this.#refusal(verdict.reason)
    if (verdict.type !== 'admit') throw outOfTurn(verdict)
    return { ...secured, connection: line.unwrap() }
  }

  #refusal(reason: string): Error {
    this.desk.refused?.(reason)
    return new Error(refusalMark + reason)
  }
}

type Line = LengthPrefixedStream<MessageStream>
type Options = SecureConnectionOptions | undefined

function framesOf(connection: MessageStream): Line {
  return lpStream(connection, { maxDataLength: frameBytesMax, maxBufferSize: aheadBytesMax })
}

async function say(line: Line, frame: Frame, options: Options): Promise<void> {
  await line.write(encode(frame), options)
}

async function hear(line: Line, options: Options): Promise<Frame> {
  return decode((await line.read(options)).subarray(), frameSchema, 'what it showed')
}

function peerOf({ remotePeer }: SecuredConnection): PeerId {
  return remotePeer.toString() as PeerId
}

function outOfTurn({ type }: Frame): GridError {
  return new GridError('MH_BAD_MESSAGE', `it said "${type}" out of turn`, { blame: 'remote' })
}
