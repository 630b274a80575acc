/** The thread that looks for a stamp, at the lowest priority; told `{peer, epoch, bits, from}`, tells the nonce. */
import { scryptSync } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { PeerId } from '../../protocol/ids.js'
import {
  stampDigestBytes,
  stampInput,
  stampSalt,
  stampWork,
  zeroBitsOf,
} from '../../protocol/stamp.js'

export interface StampOrder {
  peer: PeerId
  epoch: number
  bits: number
}

try {
  // This thread's alone on Linux, where threads have priorities of their own; elsewhere the whole node would be slowed.
  if (process.platform === 'linux') setPriority(0, 19)
} catch {
  // It works at the usual priority then.
}

const { peer, epoch, bits } = workerData as StampOrder
const nonce = new Uint8Array(8)
const view = new DataView(nonce.buffer)
for (let tries = 0n; ; tries++) {
  view.setBigUint64(0, tries)
  const input = stampInput(peer, { epoch, nonce })
  const digest = scryptSync(input, stampSalt, stampDigestBytes, stampWork)
  if (zeroBitsOf(digest) >= bits) break
}
parentPort?.postMessage(nonce)
