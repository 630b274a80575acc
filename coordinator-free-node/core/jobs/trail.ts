/** What was seen of a job when it was last looked at: what differs is an event of its trail. */
import type { PeerId } from '../../protocol/ids.js'

export interface Trail {
  /** Events written so far, in all lives of the node. */
  length: number
  counters: Record<string, number>
  serving: Set<PeerId>
  refused: Set<PeerId>
  tenths: number
  warning: string | undefined
}

export function createTrail(counters: object, length = 0): Trail {
  return {
    length,
    counters: { ...counters },
    serving: new Set(),
    refused: new Set(),
    tenths: 0,
    warning: undefined,
  }
}
