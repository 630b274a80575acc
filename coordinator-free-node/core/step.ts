/**
 * The one place where the machines meet: an event in, effects out, nothing else.
 *
 * The same event on the same state gives the same effects. Messages to oneself are handled within the same turn.
 */
import type { PeerId } from '../protocol/ids.js'
import type { Effect } from './effect.js'
import type { Event, EventBody, EventOf } from './event.js'
import { assertNever } from './kit/assert.js'
import { learnRevocation, rememberMember } from './membership/members.js'
import { dialFailed, restorePeers } from './membership/neighbours.js'
import type { CoreMessage } from './messages.js'
import type { NodeState } from './state.js'
import { denialOfMeeting } from './step/admission.js'
import { enforceBans } from './step/bans.js'
import { blame } from './step/blame.js'
import { donationTick, onMachineReading, onPause, recallPause } from './step/donation.js'
import { recallFavours } from './step/favours.js'
import {
  hostTick,
  onDecline,
  onDialFailed,
  onDrain,
  onJobFetched,
  onJobFetchFailed,
  onLease,
  onRecall,
  onRevoke,
  onUnitsExecuted,
} from './step/host.js'
import { completeIfDone, failJob } from './step/job-end.js'
import { onAbort, onAnswer, onRelease, onRenew, onWant, onWantAlong } from './step/leasing.js'
import { enforceLists, listsTick, onListsChanged } from './step/lists.js'
import { onMemberSeen } from './step/members.js'
import {
  membershipTick,
  onAdvert,
  onHello,
  onNeighbourJoined,
  onNeighbourLeft,
  onPeersHeardOf,
} from './step/membership.js'
import { onReceipt, recallReceipts } from './step/receipts.js'
import { membersTick, onRevocations } from './step/revocations.js'
import {
  onInputsAppended,
  onInputsClosed,
  onInputsLost,
  onJobCancelled,
  onJobSubmitted,
  restoreJob,
  stewardTick,
} from './step/steward.js'
import { emit, type Turn, wakeAt } from './step/turn.js'
import { onResultsChecked, onVote } from './step/verdicts.js'
import { isBetrayal } from './verification/standing.js'

/** Handles one event. */
export function step(state: NodeState, event: Event): Effect[] {
  const turn: Turn = { state, nowMs: event.nowMs, effects: [], toSelf: [] }
  handle(turn, event)
  let message = turn.toSelf.shift()
  while (message !== undefined) {
    onMessage(turn, state.self, message)
    message = turn.toSelf.shift()
  }
  if (state.conduct.fresh.length > 0) enforceBans(turn)
  return turn.effects.map((effect) => ({ ...effect, cause: event.id }))
}

/** When the machine wants a `deadline-reached`, event clock; Infinity when it waits for others only. */
export function nextDeadlineMs(state: NodeState): number {
  return Math.min(...Object.values(state.wake))
}

function handle(turn: Turn, event: EventBody): void {
  const { state } = turn
  switch (event.type) {
    case 'started':
      return onStarted(turn, event)
    case 'deadline-reached':
      return onDeadline(turn)
    case 'addresses-changed':
      state.addresses = event.addresses
      return
    case 'neighbour-joined':
      return onNeighbourJoined(turn, event)
    case 'neighbour-left':
      return onNeighbourLeft(turn, event.peer)
    case 'peer-discovered':
      return onPeersHeardOf(turn, undefined, [event])
    case 'dial-failed':
      blameTeller(turn, event.peer)
      return onDialFailed(turn, event.peer, event.reason)
    case 'peer-misbehaved':
      return blame(turn, event.peer, event.misdeed, event.times)
    case 'message-received':
      return onMessage(turn, event.from, event.message)
    case 'job-submitted':
      return onJobSubmitted(turn, event.job, event.manifest)
    case 'inputs-appended':
      return onInputsAppended(turn, event)
    case 'inputs-closed':
      return onInputsClosed(turn, event)
    case 'inputs-lost':
      return onInputsLost(turn, event)
    case 'job-cancelled':
      return onJobCancelled(turn, event.job)
    case 'job-fetched':
      return onJobFetched(turn, event.job, event.manifest)
    case 'job-fetch-failed':
      return onJobFetchFailed(turn, event)
    case 'units-executed':
      return onUnitsExecuted(turn, event.job, event.lease, event.outcomes)
    case 'results-checked':
      return onResultsChecked(turn, event)
    case 'journal-durable':
      return onDurable(turn, event.entry)
    case 'journal-failed':
      return onJournalFailed(turn, event)
    case 'drain-requested':
      return onDrain(turn)
    case 'machine-reading':
      return onMachineReading(turn, event.reading)
    case 'pause-requested':
      return onPause(turn, event.untilUtcMs)
    case 'resume-requested':
      return onPause(turn, undefined)
    case 'member-seen':
      return onMemberSeen(turn, event)
    case 'revocation-issued':
      return onRevocations(turn, state.self, [event.record])
    case 'lists-changed':
      return onListsChanged(turn, event)
    default:
      assertNever(event, 'event')
  }
}

/** Somebody is not where a neighbour said. */
function blameTeller(turn: Turn, peer: PeerId): void {
  const teller = dialFailed(turn.state.neighbours, peer, turn.nowMs)
  if (teller !== undefined) blame(turn, teller, 'dead-address')
}

/** A message from a peer, or from oneself. */
function onMessage(turn: Turn, from: PeerId, message: CoreMessage): void {
  // It was on its way when its sender was denied.
  if (denialOfMeeting(turn.state, from, turn.nowMs) !== undefined) return
  switch (message.type) {
    case 'hello':
      return onHello(turn, from, message)
    case 'introduce':
      return onPeersHeardOf(turn, from, message.peers)
    case 'advert':
      return onAdvert(turn, from, message)
    case 'revocations':
      return onRevocations(turn, from, message.revoked)
    case 'membership':
      emit(turn, { type: 'keep-membership', chain: message.chain })
      return
    case 'answer':
      return onAnswer(turn, from, message)
    case 'want':
      return onWant(turn, from, message)
    case 'lease':
      return onLease(turn, from, message)
    case 'decline':
      return onDecline(turn, from, message)
    case 'renew':
      return onRenew(turn, from, message)
    case 'revoke':
      return onRevoke(turn, from, message)
    case 'recall':
      return onRecall(turn, from, message)
    case 'release':
      return onRelease(turn, from, message)
    case 'vote':
      onVote(turn, from, message)
      return onWantAlong(turn, from, message)
    case 'abort':
      return onAbort(turn, from, message)
    case 'receipt':
      return onReceipt(turn, from, message)
    default:
      assertNever(message, 'message')
  }
}

function onStarted(turn: Turn, event: EventOf<'started'>): void {
  const { state, nowMs } = turn
  state.startedMs = nowMs
  state.loneSinceMs = nowMs
  state.addresses = event.addresses
  state.nextLease = event.leaseBase
  state.receiptPeriod = event.leaseBase
  state.receiptSerial = event.leaseBase
  recallFavours(turn, event.ledger)
  recallReceipts(turn, event.receipts)
  for (const record of event.standing) {
    state.standing.set(record.peer, { ...record })
    if (isBetrayal(record))
      state.betrayedUntilMs = Math.max(state.betrayedUntilMs, record.bannedUntilMs)
  }
  for (const record of event.members) rememberMember(state.members, record)
  for (const record of event.revoked) learnRevocation(state.members, record)
  restorePeers(state.neighbours, event.peers)
  recallPause(turn, event.pausedUntilUtcMs)
  for (const job of event.jobs) restoreJob(turn, job)
  if (state.gate.sources.size > 0) enforceLists(turn)
  wakeAt(turn, 'membership', nowMs)
}

/** Runs the parts that are due; each sets its own next time. */
function onDeadline(turn: Turn): void {
  const { wake } = turn.state
  const due = (part: keyof typeof wake) => {
    if (wake[part] > turn.nowMs) return false
    wake[part] = Number.POSITIVE_INFINITY
    return true
  }
  if (due('membership')) {
    membershipTick(turn)
    listsTick(turn)
    membersTick(turn)
  }
  if (due('steward')) stewardTick(turn)
  if (due('host')) hostTick(turn)
  if (due('donation')) donationTick(turn)
}

function onDurable(turn: Turn, entry: number): void {
  const { state } = turn
  const waiting = state.waiting.get(entry)
  if (waiting === undefined) return
  state.waiting.delete(entry)
  for (const effect of waiting.effects) {
    if (effect.type !== 'send-message') emit(turn, effect)
    else if (effect.to === state.self) turn.toSelf.push(effect.message)
    else if (state.neighbours.neighbours.has(effect.to)) emit(turn, effect)
  }
  const stewarded = state.stewarded.get(waiting.job)
  if (stewarded?.pendingEntries.delete(entry)) completeIfDone(turn, stewarded)
}

/** What is not on disk did not happen: the job ends, and says what to do. */
function onJournalFailed(turn: Turn, event: EventOf<'journal-failed'>): void {
  const waiting = turn.state.waiting.get(event.entry)
  if (waiting === undefined) return
  turn.state.waiting.delete(event.entry)
  const stewarded = turn.state.stewarded.get(waiting.job)
  if (stewarded === undefined) return
  stewarded.pendingEntries.delete(event.entry)
  failJob(
    turn,
    stewarded,
    'MH_STORE_FAILED',
    `the state directory cannot be written: ${event.reason}`,
  )
}
