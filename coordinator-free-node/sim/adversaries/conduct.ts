/** What dishonest hosts do on the wire beside their work: messages that nobody asked for. */
import type { CoreMessage, CoreMessageOf } from '../../core/messages.js'
import type { BlobHash, JobId, PeerId } from '../../protocol/ids.js'
import type { AdvertBody } from '../../protocol/messages.js'
import { digestOfOutput, outputOf } from '../answers.js'
import { commonLie, right } from './strategy.js'

export type Say = (to: PeerId, message: CoreMessage) => void

export interface Conduct {
  readonly name: string
  /** A message came in; the host handles it as usual, too. */
  heard?(from: PeerId, message: CoreMessage, say: Say): void
  /** Called this often while the host is up. */
  readonly everyMs?: number
  tick?(self: PeerId, steward: PeerId, say: Say): void
}

/**
 * Votes on units that it was never given, on leases of others, and twice on its own: each must count for nothing.
 * Its own units it answers as its strategy says.
 */
export function receiptForger(): Conduct {
  return {
    name: 'receipt forger',
    heard: (from, message, say) => {
      if (message.type !== 'lease') return
      const first = message.runs[0]?.[0] ?? 0
      const end = message.runs.reduce((most, [at, count]) => Math.max(most, at + count), 0)
      for (const lease of [message.lease - 2, message.lease - 1, message.lease + 1])
        if (lease > 0) say(from, forgedVote(message, lease, [first, end - first], commonLie))
      say(from, forgedVote(message, message.lease, [end, 64], commonLie))
      say(from, forgedVote(message, message.lease, [first, 1], right))
      say(from, forgedVote(message, message.lease, [first, 1], right))
    },
  }
}

function forgedVote(
  { job }: CoreMessageOf<'lease'>,
  lease: number,
  run: [number, number],
  answer: number,
): CoreMessage {
  const outputs = Array.from({ length: run[1] }, (_, i) => outputOf(run[0] + i, answer))
  const digests = new Uint8Array(32 * run[1])
  outputs.forEach((output, i) => {
    digests.set(digestOfOutput(output), 32 * i)
  })
  const kinds = new Uint8Array(run[1])
  return {
    type: 'vote',
    body: { job, lease, runs: [run], kinds, digests, spentMs: 86_400_000, fuel: 0 },
    outputs,
  }
}

/** Advertises jobs that do not exist, `perSecond` of them. */
export function floodingAdvertiser(perSecond: number): Conduct {
  let made = 0
  return {
    name: 'flooding advertiser',
    everyMs: 1_000 / perSecond,
    tick: (self, steward, say) => {
      const job = (++made).toString(16).padStart(64, 'f') as JobId
      const body: AdvertBody = {
        job,
        steward: self,
        addresses: [],
        serial: 1,
        ttlMs: 60_000,
        closed: false,
        name: 'nothing',
        requester: self,
        taskHash: 'ee'.repeat(32) as BlobHash,
        tier: 'builtin',
        unitMemoryBytesMax: 1,
      }
      say(steward, { type: 'advert', body, sealed: undefined, hops: 0 })
    },
  }
}
