/** Receipts: stewards issue them, hosts keep them. */
import type { PeerId } from '../../protocol/ids.js'
import type { HeldReceipt } from '../kit/records.js'
import type { CoreMessageOf } from '../messages.js'
import { holdReceipt, restoreReceipts } from '../reciprocity/receipts.js'
import { forgetTold, settleAll, settleReturned, takeDue } from '../reciprocity/settlements.js'
import type { StewardedJob } from '../state.js'
import { isBanned } from '../verification/standing.js'
import { canReach, journal, send, type Turn, wakeAt } from './turn.js'

/** Between two lots of receipts, so that other work gets its turn. */
const pauseMs = 50

/** Tells hosts what was accepted of them, those whose turn it is. A host that was caught gets no more of them. */
export function issueReceipts(turn: Turn, { job, settlements }: StewardedJob): void {
  const { state, nowMs } = turn
  const { manifest } = job
  for (const { peer, ...sums } of takeDue(settlements, nowMs, (peer) => canReach(turn, peer))) {
    if (isBanned(state.standing, peer, nowMs)) continue
    const receipt = {
      steward: state.self,
      host: peer,
      job: job.job,
      taskName: manifest.task.name,
      taskHash: manifest.taskHash,
      period: state.receiptPeriod,
      serial: ++state.receiptSerial,
      ...sums,
    }
    send(turn, peer, { type: 'receipt', receipt, sealed: undefined })
  }
  if (job.phase !== 'running') forgetTold(settlements)
  if (settlements.dueMs < Number.POSITIVE_INFINITY)
    wakeAt(turn, 'steward', Math.max(settlements.dueMs, nowMs + pauseMs))
}

/** The job has ended: its hosts are told of the rest before they forget it. */
export function issueLastReceipts(turn: Turn, stewarded: StewardedJob): void {
  settleAll(stewarded.settlements, turn.nowMs)
  issueReceipts(turn, stewarded)
}

/** A neighbour came back: it is told what it missed. */
export function issueMissedReceipts(turn: Turn, peer: PeerId): void {
  for (const { settlements } of turn.state.stewarded.values())
    if (settleReturned(settlements, peer, turn.nowMs)) wakeAt(turn, 'steward', settlements.dueMs)
}

/**
 * A steward's word is kept, and changes nothing else: what this node gave is booked when it was spent. Stewards that
 * this node never worked for have nothing to say.
 */
export function onReceipt(
  turn: Turn,
  from: PeerId,
  { receipt, sealed }: CoreMessageOf<'receipt'>,
): void {
  const { receipts, ledger } = turn.state
  if ((ledger.get(from)?.givenMs ?? 0) <= 0) return
  const { steward, job, period, serial, accepted } = receipt
  const held = { steward, job, period, serial, accepted }
  const forgotten = holdReceipt(receipts, held)
  if (forgotten === undefined) return
  journal(turn, [
    { type: 'receipt', receipt: held, sealed },
    ...forgotten.map((receipt) => ({ type: 'receipt-forgotten', receipt }) as const),
  ])
}

export function recallReceipts(turn: Turn, records: readonly HeldReceipt[]): void {
  const forgotten = restoreReceipts(turn.state.receipts, records)
  journal(
    turn,
    forgotten.map((receipt) => ({ type: 'receipt-forgotten', receipt }) as const),
  )
}
