/** Events of a job in words. */
import type { TrailEvent } from '../protocol/gateway-api.js'
import { shortId } from '../protocol/ids.js'
import { countOf, formatCount } from './format.js'

/** @returns one line: when, and what happened */
export function renderTrailEvent(event: TrailEvent): string {
  // Sweden writes dates as ISO 8601 does; the time is local.
  const at = new Date(event.atMs).toLocaleString('sv-SE')
  return `${at}  ${wordsOf(event)}`
}

function wordsOf(event: TrailEvent): string {
  const { kind, text } = event
  const units = countOf(event.units ?? 0, 'unit')
  switch (kind) {
    case 'submitted':
      return `submitted: ${event.total === undefined ? 'inputs follow' : countOf(event.total, 'unit')}; accepted by ${text}`
    case 'resumed':
      return `the node started again: ${progressOf(event)} verified`
    case 'hosts-came':
      return `${countOf(event.count ?? 0, 'host')} came: ${namesOf(event)}`
    case 'hosts-left':
      return `${countOf(event.count ?? 0, 'host')} left: ${namesOf(event)}`
    case 'host-refused':
      return `${namesOf(event)} gets no more units: ${text}`
    case 'progress':
      return `${progressOf(event)} verified`
    case 'reassigned':
      return `${units} lost with their hosts, and given to others`
    case 'aborted':
      return `${units} ended without a result, and go out again`
    case 'disputed':
      return `hosts disagree on ${units}`
    case 'withdrawn':
      return `${units} taken back: they rested on hosts that were caught`
    case 'corrected':
      return `${units} had another result before`
    case 'warning':
      return `warning: ${text}`
    case 'done':
      return `done: ${units} verified`
    case 'failed':
      return `failed: ${text}`
    case 'cancelled':
      return `cancelled with ${units} verified`
  }
}

function progressOf({ units = 0, total }: TrailEvent): string {
  return total === undefined
    ? countOf(units, 'unit')
    : `${formatCount(units)} of ${countOf(total, 'unit')}`
}

function namesOf({ peers = [], count = peers.length }: TrailEvent): string {
  const names = peers.map(shortId).join(', ')
  return count > peers.length ? `${names} and ${count - peers.length} more` : names
}
