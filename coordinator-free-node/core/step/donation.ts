/**
 * The machine and its volunteer have the last word: readings, pauses and hours turn donation off and on again.
 *
 * Off: nothing new from others, queued units go back to their stewards at once, running ones have a grace to finish
 * and go back as well. Nothing of that is a vote. On: every job goes on where it rested.
 */
import { availabilityOf, type MachineReading, readingMsMax } from '../hosting/availability.js'
import { type HostedJob, isResting } from '../hosting/hosting.js'
import { answer, cancelLease, serveNext, wantMore } from './service.js'
import { emit, journal, type Turn, wakeAt } from './turn.js'

export function onMachineReading(turn: Turn, reading: MachineReading): void {
  const { donation } = turn.state.hosting
  donation.reading = reading
  donation.readAtMs = turn.nowMs
  review(turn)
}

/** @param untilUtcMs  wall clock; Infinity: until further notice; undefined: a pause ends */
export function onPause(turn: Turn, untilUtcMs: number | undefined): void {
  turn.state.hosting.donation.pausedUntilUtcMs = untilUtcMs
  // What the volunteer said holds for the next life, too.
  journal(turn, [{ type: 'pause', untilUtcMs }])
  review(turn)
}

/** At the start of a life, before any job is known. */
export function recallPause(turn: Turn, untilUtcMs: number | undefined): void {
  turn.state.hosting.donation.pausedUntilUtcMs = untilUtcMs
  review(turn)
}

export function donationTick(turn: Turn): void {
  const { donation } = turn.state.hosting
  if (donation.graceEndsMs <= turn.nowMs) {
    donation.graceEndsMs = Number.POSITIVE_INFINITY
    cancelResting(turn, 'all')
  }
  review(turn)
}

function review(turn: Turn): void {
  const { state, nowMs } = turn
  const { donation } = state.hosting
  const before = donation.now
  donation.now = availabilityOf({ ...donation, rules: state.config.rules, nowMs })
  if (before.donating && !donation.now.donating) rest(turn)
  else if (!before.donating && donation.now.donating) goOn(turn)
  const { untilMs } = donation.now
  wakeAt(turn, 'donation', donation.graceEndsMs)
  if (donation.reading !== undefined) wakeAfter(turn, donation.readAtMs + readingMsMax)
  if (untilMs !== undefined) wakeAfter(turn, untilMs)
}

/** A moment that has passed changes nothing any more; one within a rounding error is not waited for in a circle. */
function wakeAfter(turn: Turn, atMs: number): void {
  if (atMs > turn.nowMs) wakeAt(turn, 'donation', Math.max(atMs, turn.nowMs + 1))
}

function rest(turn: Turn): void {
  const { donation } = turn.state.hosting
  donation.graceEndsMs = turn.nowMs + turn.state.config.graceMs
  cancelResting(turn, 'queued')
  for (const job of restingJobs(turn)) {
    job.wanting = false
    answer(turn, job)
  }
  emit(turn, {
    type: 'notice',
    level: 'info',
    text: `donates no more for now: ${donation.now.reason}`,
    job: undefined,
  })
}

function cancelResting(turn: Turn, which: 'all' | 'queued'): void {
  for (const job of restingJobs(turn))
    for (const lease of job.leases.keys()) cancelLease(turn, job, lease, which)
}

function restingJobs({ state }: Turn): HostedJob[] {
  return [...state.hosting.jobs.values()].filter((job) => isResting(state.hosting, job, state.self))
}

function goOn(turn: Turn): void {
  const { state } = turn
  state.hosting.donation.graceEndsMs = Number.POSITIVE_INFINITY
  for (const job of state.hosting.jobs.values()) {
    if (job.steward === state.self) continue
    answer(turn, job)
    wantMore(turn, job)
  }
  serveNext(turn)
  emit(turn, { type: 'notice', level: 'info', text: 'donates again', job: undefined })
}
