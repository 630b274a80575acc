/**
 * What the core says and hears: the wire's messages with seals opened. The shell seals on the way out and opens,
 * verifies and drops on the way in, so that no machine ever holds an unverified claim.
 */
import type { AdvertBody, PeerMessage, VoteBody } from '../protocol/messages.js'
import type { Receipt } from '../protocol/receipt.js'
import type { Sealed } from '../protocol/seal.js'
import type { RevocationRecord } from './kit/records.js'

export type CoreMessage =
  | Exclude<PeerMessage, { type: 'advert' | 'vote' | 'lease' | 'receipt' | 'revocations' }>
  | {
      type: 'advert'
      body: AdvertBody
      /** As received, so that it can be passed on; undefined for our own, which the shell signs. */
      sealed: Sealed | undefined
      hops: number
    }
  | { type: 'revocations'; revoked: readonly RevocationRecord[] }
  | {
      type: 'vote'
      body: VoteBody
      outputs: readonly Uint8Array[]
      /** A `want` for the same job goes along. */
      wantSlots?: number
    }
  | {
      type: 'receipt'
      receipt: Receipt
      /** As received, so that it can be shown; undefined for our own, which the shell dates and signs. */
      sealed: Sealed | undefined
    }
  | (Omit<Extract<PeerMessage, { type: 'lease' }>, 'inputs'> & {
      /** Undefined on the steward's side: the shell adds a list job's inputs from the store. */
      inputs: readonly Uint8Array[] | undefined
    })

export type CoreMessageOf<Type extends CoreMessage['type']> = Extract<CoreMessage, { type: Type }>
