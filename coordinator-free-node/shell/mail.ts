/**
 * Messages to bytes and back. On the way out bodies are sealed with this node's key; on the way in seals are
 * verified and results are held against their digests, so that the core only ever sees what is true of its sender.
 */
import type { CoreMessage, CoreMessageOf } from '../core/messages.js'
import type { Claim } from '../core/step/worth.js'
import type { Signer } from '../ports/signer.js'
import { decode, encode } from '../protocol/codec.js'
import { GridError } from '../protocol/errors.js'
import type { PeerId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import {
  type AdvertBody,
  advertBodySchema,
  type PeerMessage,
  peerMessageSchema,
  type VoteBody,
  voteBodySchema,
} from '../protocol/messages.js'
import type { Misdeed } from '../protocol/misdeeds.js'
import { resultKinds } from '../protocol/outcome.js'
import { type Receipt, type ReceiptStatement, receiptStatementSchema } from '../protocol/receipt.js'
import { type Sealed, type SealPurpose, sealedBytes } from '../protocol/seal.js'
import { countUnits } from '../protocol/unit-runs.js'
import { EnclosedManifests } from './enclosed-manifests.js'
import type { PrivateGrid } from './grid/private-grid.js'
import { isDigestOf } from './output-digest.js'

export type WorthOf = (claim: Claim) => 'yes' | 'no' | Misdeed

/** A message that was left sealed; `misdeed`: it should not have been sent. */
export interface Unopened {
  type: 'unopened'
  misdeed: Misdeed | undefined
  /** It came along with a vote that counts no more, and is as good as if it had come alone. */
  want: CoreMessageOf<'want'> | undefined
}

export interface Mail {
  /** @returns the message as it travels, signed where it has to be */
  pack(message: CoreMessage): Uint8Array
  /**
   * @param worthOf  asked before a seal is checked, which costs more than all the rest: what is not worth it stays shut
   * @throws {GridError} MH_BAD_MESSAGE, MH_BAD_SIGNATURE, blaming the remote
   */
  unpack(from: PeerId, bytes: Uint8Array): CoreMessage
  unpack(from: PeerId, bytes: Uint8Array, worthOf: WorthOf): CoreMessage | Unopened
  /** Signs a body for a purpose. */
  seal(purpose: SealPurpose, body: Uint8Array): Sealed
  /** @throws {GridError} MH_BAD_SIGNATURE when the seal is not its signer's */
  open(purpose: SealPurpose, sealed: Sealed): Uint8Array
}

/** Adverts reach a node from many neighbours: each signature is checked once. 4096 of them are 1 MB. */
const checkedAdvertsMax = 4_096

/**
 * @param utcMs  the calendar, for the date on receipts; milliseconds since 1970
 * @param grid  the private grid, whose members revoke
 * @param enclosed  manifests of own jobs, that go along with their adverts, and of others that came so
 */
export function createMail(
  signer: Signer,
  utcMs: () => number = Date.now,
  grid?: Pick<PrivateGrid, 'examineRevocation'>,
  enclosed: EnclosedManifests = new EnclosedManifests(),
): Mail {
  const ownAdverts = new WeakMap<AdvertBody, Sealed>()
  const checkedAdverts = new Map<string, AdvertBody>()

  const seal = (purpose: SealPurpose, body: Uint8Array): Sealed => ({
    body,
    signer: signer.self,
    signature: signer.sign(sealedBytes(purpose, body)),
  })

  const open = (purpose: SealPurpose, sealed: Sealed): Uint8Array => {
    if (signer.verify(sealed.signer, sealedBytes(purpose, sealed.body), sealed.signature))
      return sealed.body
    throw remoteFault(
      'MH_BAD_SIGNATURE',
      `the signature of ${sealed.signer} on its ${purpose} is wrong`,
    )
  }

  const sealAdvert = (body: AdvertBody): Sealed => {
    let sealed = ownAdverts.get(body)
    if (sealed === undefined) {
      sealed = seal('advert', encode(body))
      ownAdverts.set(body, sealed)
    }
    return sealed
  }

  const openAdvert = (sealed: Sealed, body: AdvertBody): AdvertBody => {
    const key = Buffer.from(sealed.signature).toString('base64')
    const known = checkedAdverts.get(key)
    if (known !== undefined) return known
    open('advert', sealed)
    if (body.steward !== sealed.signer)
      throw remoteFault('MH_BAD_SIGNATURE', 'an advert is not signed by its steward')
    checkedAdverts.set(key, body)
    if (checkedAdverts.size > checkedAdvertsMax) {
      const oldest = checkedAdverts.keys().next().value
      if (oldest !== undefined) checkedAdverts.delete(oldest)
    }
    return body
  }

  function unpack(from: PeerId, bytes: Uint8Array): CoreMessage
  function unpack(from: PeerId, bytes: Uint8Array, worthOf: WorthOf): CoreMessage | Unopened
  function unpack(
    from: PeerId,
    bytes: Uint8Array,
    worthOf: WorthOf = () => 'yes',
  ): CoreMessage | Unopened {
    const message = decode(bytes, peerMessageSchema, 'a message')
    switch (message.type) {
      case 'advert': {
        const { sealed, hops, manifest } = message
        const worthReading = worthOf({ type: 'unread-advert' })
        if (worthReading !== 'yes') return unopened(worthReading)
        const body = decode(sealed.body, advertBodySchema, 'an advert')
        const worth = worthOf({ type: 'advert', body })
        if (worth !== 'yes') return unopened(worth)
        const advert = { type: 'advert', body: openAdvert(sealed, body), sealed, hops } as const
        // Anything else than the job's own would be kept under another name, where nobody looks.
        if (manifest !== undefined && from === body.steward) enclosed.keep(manifest)
        return advert
      }
      case 'vote': {
        const body = voteBodyOf(from, message.sealed)
        const worth = worthOf({ type: 'vote', job: body.job, lease: body.lease })
        const { sealed, outputs, wantSlots: slots } = message
        if (worth !== 'yes')
          return unopened(
            worth,
            slots === undefined ? undefined : { type: 'want', job: body.job, slots },
          )
        open('vote', sealed)
        checkVote(body, outputs)
        return { type: 'vote', body, outputs, ...(slots === undefined ? {} : { wantSlots: slots }) }
      }
      case 'receipt': {
        const { sealed } = message
        const receipt = readReceipt({ steward: from, host: signer.self }, sealed)
        const worth = worthOf({ ...receipt, type: 'receipt' })
        if (worth !== 'yes') return unopened(worth)
        open('receipt', sealed)
        return { type: 'receipt', receipt, sealed }
      }
      case 'revocations':
        return unpackRevocations(message, grid)
      default:
        return message
    }
  }

  return {
    seal,
    open,
    pack: (message) => encode(toWire(message, { seal, sealAdvert, utcMs, enclosed })),
    unpack,
  }
}

function unopened(worth: 'no' | Misdeed, want?: CoreMessageOf<'want'>): Unopened {
  return { type: 'unopened', misdeed: worth === 'no' ? undefined : worth, want }
}

interface Outgoing {
  seal: Mail['seal']
  sealAdvert: (body: AdvertBody) => Sealed
  utcMs: () => number
  enclosed: EnclosedManifests
}

function toWire(
  message: CoreMessage,
  { seal, sealAdvert, utcMs, enclosed }: Outgoing,
): PeerMessage {
  switch (message.type) {
    case 'advert': {
      const { body, sealed, hops } = message
      if (sealed !== undefined) return { type: 'advert', sealed, hops }
      const manifest = body.closed ? undefined : enclosed.of(body.job)
      const own = { type: 'advert', sealed: sealAdvert(body), hops } as const
      return manifest === undefined ? own : { ...own, manifest }
    }
    case 'vote': {
      const { body, outputs, ...rest } = message
      return { ...rest, sealed: seal('vote', encode(body)), outputs: [...outputs] }
    }
    case 'receipt': {
      const issuedUtcMs = Math.floor(utcMs())
      const statement: ReceiptStatement = { ...message.receipt, version: 1, issuedUtcMs }
      return { type: 'receipt', sealed: seal('receipt', encode(statement)) }
    }
    case 'revocations':
      return { type: 'revocations', revoked: message.revoked.map(({ packed }) => packed) }
    case 'lease':
      return { ...message, inputs: [...(message.inputs ?? [])] }
    default:
      return message
  }
}

function unpackRevocations(
  { revoked }: Extract<PeerMessage, { type: 'revocations' }>,
  grid: Pick<PrivateGrid, 'examineRevocation'> | undefined,
): CoreMessage {
  if (grid === undefined)
    throw remoteFault('MH_BAD_MESSAGE', 'there is nobody to revoke in an open grid')
  const records = revoked.map((packed) => {
    const record = grid.examineRevocation(packed)
    if ('fault' in record) throw remoteFault('MH_BAD_SIGNATURE', record.fault)
    return record
  })
  return { type: 'revocations', revoked: records }
}

/** What a vote says; its seal is not checked yet. */
function voteBodyOf(from: PeerId, sealed: Sealed): VoteBody {
  if (sealed.signer !== from)
    throw remoteFault('MH_BAD_SIGNATURE', 'a vote is not signed by the peer that sent it')
  return decode(sealed.body, voteBodySchema, 'a vote')
}

function checkVote(body: VoteBody, outputs: readonly Uint8Array[]): void {
  const units = countUnits(body.runs)
  const { kinds, digests } = body
  if (outputs.length !== units || kinds.length !== units || digests.length !== 32 * units)
    throw remoteFault('MH_BAD_MESSAGE', `a vote on ${units} units has columns of other lengths`)
  outputs.forEach((output, i) => {
    const kind = kinds[i] ?? resultKinds.length
    if (kind >= resultKinds.length)
      throw remoteFault('MH_BAD_MESSAGE', `a vote has the unknown result kind ${kind}`)
    if (!isDigestOf(digests, i, kind, output))
      throw remoteFault('MH_BAD_MESSAGE', 'a vote has a result that does not match its digest')
  })
}

/** What a receipt says; its seal is not checked yet. */
function readReceipt(
  { steward, host }: { steward: PeerId; host: PeerId },
  sealed: Sealed,
): Receipt {
  if (sealed.signer !== steward)
    throw remoteFault('MH_BAD_SIGNATURE', 'a receipt is not signed by the peer that sent it')
  if (sealed.body.length > limits.receiptBytesMax)
    throw remoteFault('MH_BAD_MESSAGE', `a receipt has ${sealed.body.length} bytes`)
  const { version, issuedUtcMs, ...receipt } = decode(
    sealed.body,
    receiptStatementSchema,
    'a receipt',
  )
  if (receipt.steward !== steward)
    throw remoteFault('MH_BAD_SIGNATURE', 'a receipt is not signed by its steward')
  if (receipt.host !== host)
    throw remoteFault('MH_BAD_MESSAGE', 'a receipt for another host came here')
  return receipt
}

function remoteFault(code: 'MH_BAD_MESSAGE' | 'MH_BAD_SIGNATURE', message: string): GridError {
  return new GridError(code, message, { blame: 'remote' })
}
