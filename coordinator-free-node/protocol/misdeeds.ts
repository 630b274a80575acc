/** What a peer may do wrong, in one word each: the core weighs it, the shell reports what it sees, metrics count it. */
import type { GridError } from './errors.js'

export const misdeeds = [
  /** Bytes that are no frame, no message, or a message out of turn. */
  'malformed',
  /** A seal that its signer did not make. */
  'forged-signature',
  /** A frame or message over its bound. */
  'oversized',
  /** Content that is not what its hash says. */
  'blob-mismatch',
  /** A job whose manifest or task does not hold what its advert says. */
  'job-false',
  /** More messages than a neighbour may send, for a whole second. */
  'flooding',
  /** An advert of a job that its steward does not have. */
  'job-missing',
  /** A lease that was taken and let run out. */
  'lease-unanswered',
  /** A receipt that is held already, or that nobody has a claim to. */
  'receipt-replayed',
  /** An introduction of somebody who is not there. */
  'dead-address',
  /** A vote or release of a lease that nobody gave it. */
  'unknown-lease',
  /** A message about a job that nobody knows, or not any more. */
  'stale-message',
  /** It asked for work while it waited for the answer. */
  'want-repeated',
  /** Adverts above their rate. */
  'advert-excess',
] as const

export type Misdeed = (typeof misdeeds)[number]

/** What a person is told that a peer did. */
export const misdeedWords: Readonly<Record<Misdeed, string>> = {
  malformed: 'sent bytes that are no message',
  'forged-signature': 'forged a signature',
  oversized: 'sent a message over its bound',
  'blob-mismatch': 'sent other content than was asked for',
  'job-false': 'advertised a job as something else',
  flooding: 'sent more than a neighbour may',
  'job-missing': 'advertised jobs that it does not have',
  'lease-unanswered': 'took units and never answered',
  'receipt-replayed': 'sent receipts again, or for work never done',
  'dead-address': 'introduced peers that are not there',
  'unknown-lease': 'voted on leases that nobody gave it',
  'stale-message': 'sent messages about jobs that are not there',
  'want-repeated': 'asked for work again and again',
  'advert-excess': 'sent too many adverts',
}

/** What a fault of the remote is called here. */
export function misdeedOf({ code }: GridError): Misdeed {
  if (code === 'MH_BAD_SIGNATURE') return 'forged-signature'
  return code === 'MH_TOO_LARGE' || code === 'MH_TOO_MANY' ? 'oversized' : 'malformed'
}
