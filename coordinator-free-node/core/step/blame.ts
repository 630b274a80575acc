/** Misdeeds are booked where they are seen; what follows from them is done at the end of the turn (bans.ts). */
import type { PeerId } from '../../protocol/ids.js'
import type { Misdeed } from '../../protocol/misdeeds.js'
import { bookMisdeed } from '../membership/conduct.js'
import type { Turn } from './turn.js'

/** @param times  how often it did so */
export function blame({ state, nowMs }: Turn, peer: PeerId, misdeed: Misdeed, times = 1): void {
  if (peer === state.self) return
  const subnet = state.neighbours.neighbours.get(peer)?.subnet
  bookMisdeed(state.conduct, { peer, subnet }, misdeed, nowMs, times)
}
