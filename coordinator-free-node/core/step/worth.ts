/** Which seals are worth a look: a signature costs more to check than to make up. */
import type { JobId, LeaseId, PeerId } from '../../protocol/ids.js'
import type { AdvertBody } from '../../protocol/messages.js'
import type { Misdeed } from '../../protocol/misdeeds.js'
import { type Hearing, hearingOf, isNews, leaveAdvert } from '../membership/adverts.js'
import { isNewReceipt } from '../reciprocity/receipts.js'
import type { NodeState } from '../state.js'

/** What a sealed message says of itself before its seal is checked. */
export type Claim =
  /** Its body was not even looked at. */
  | { type: 'unread-advert' }
  | { type: 'advert'; body: AdvertBody }
  | { type: 'vote'; job: JobId; lease: LeaseId }
  | { type: 'receipt'; steward: PeerId; job: JobId; period: number; serial: number }

/**
 * Whether a message would change anything if its seal were true. `no`: it would not, as happens to honest peers all the
 * time; a misdeed: it would not, and should not have been sent.
 */
export function worthOf(
  state: NodeState,
  from: PeerId,
  claim: Claim,
  nowMs: number,
): 'yes' | 'no' | Misdeed {
  switch (claim.type) {
    case 'unread-advert': {
      const hearing = hearingOf(state.adverts, from, nowMs)
      if (hearing !== 'yes') leaveAdvert(state.adverts, from, nowMs)
      return worthOfHearing[hearing]
    }
    case 'advert':
      // The same news comes from every neighbour.
      return isNews(state.adverts, claim.body) ? 'yes' : 'no'
    case 'vote':
      return worthOfVote(state, from, claim)
    case 'receipt': {
      if ((state.ledger.get(from)?.givenMs ?? 0) <= 0) return 'receipt-replayed'
      return isNewReceipt(state.receipts, claim) ? 'yes' : 'receipt-replayed'
    }
  }
}

const worthOfHearing = {
  yes: 'yes',
  later: 'no',
  excess: 'advert-excess',
} as const satisfies Record<Hearing, 'yes' | 'no' | Misdeed>

function worthOfVote(
  { stewarded, self }: NodeState,
  from: PeerId,
  { job, lease }: { job: JobId; lease: LeaseId },
): 'yes' | 'no' | Misdeed {
  const its = stewarded.get(job)
  if (its === undefined || its.job.phase !== 'running') return 'stale-message'
  if (from === self) return 'yes'
  const { leases, former, hosts } = its.schedule
  const granted = leases.get(lease) ?? former.get(lease)
  if (granted?.host !== from) return 'unknown-lease'
  return hosts.get(from)?.refused === undefined ? 'yes' : 'stale-message'
}
