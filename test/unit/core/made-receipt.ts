/** A receipt as a host hears it, made by hand: of peer 1, for the node under test. */
import type { CoreMessageOf } from '../../../coordinator-free-node/core/messages.js'
import type { Receipt } from '../../../coordinator-free-node/protocol/receipt.js'
import { job, manifest, peer, self } from './lone-node.js'

export function receiptOf(change: Partial<Receipt> = {}): CoreMessageOf<'receipt'> {
  const receipt = {
    steward: peer(1),
    host: self,
    job,
    taskName: 'test',
    taskHash: manifest().taskHash,
    period: 5,
    serial: 6,
    accepted: 3,
    creditMs: 40,
    fuel: 30,
    ...change,
  }
  return { type: 'receipt', receipt, sealed: undefined }
}
