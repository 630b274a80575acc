/** One turn of the machine: the state, the time, and the effects gathered so far. */
import type { JobId, PeerId } from '../../protocol/ids.js'
import type { EffectBody, JournalRecord } from '../effect.js'
import type { CoreMessage } from '../messages.js'
import type { NodeState } from '../state.js'

export interface Turn {
  readonly state: NodeState
  readonly nowMs: number
  readonly effects: EffectBody[]
  /** Messages from this node to itself: its own jobs are served like anybody's, without a socket. */
  readonly toSelf: CoreMessage[]
}

/** Deadlines are rounded up to this, so that a thousand of them make few turns. */
const deadlineGridMs = 10

export function emit(turn: Turn, effect: EffectBody): void {
  turn.effects.push(effect)
}

/** To a neighbour or to oneself; to others it is lost, as it would be on the wire. */
export function send(turn: Turn, to: PeerId, message: CoreMessage): void {
  if (to === turn.state.self) turn.toSelf.push(message)
  else if (turn.state.neighbours.neighbours.has(to))
    emit(turn, { type: 'send-message', to, message })
}

export function canReach(turn: Turn, peer: PeerId): boolean {
  return peer === turn.state.self || turn.state.neighbours.neighbours.has(peer)
}

/** Looks at a part of the node again no later than `atMs`. */
export function wakeAt(turn: Turn, part: keyof NodeState['wake'], atMs: number): void {
  const at = Math.ceil(atMs / deadlineGridMs) * deadlineGridMs
  if (at < turn.state.wake[part]) turn.state.wake[part] = at
}

/** Writes records and holds `then` back until they are on disk; @returns the entry's number */
export function journalThen(
  turn: Turn,
  job: JobId,
  records: readonly JournalRecord[],
  then: EffectBody[],
): number {
  const entry = turn.state.nextEntry++
  turn.state.waiting.set(entry, { job, effects: then })
  emit(turn, { type: 'journal', entry, records })
  return entry
}

/** Writes records nobody waits for. */
export function journal(turn: Turn, records: readonly JournalRecord[]): void {
  if (records.length > 0) emit(turn, { type: 'journal', entry: 0, records })
}
