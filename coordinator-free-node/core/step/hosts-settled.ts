import type { Schedule } from '../scheduling/schedule.js'
import type { Turn } from './turn.js'

/**
 * Whether the hosts of a job are all that will come for now: none joined or left for a while. A node that has been
 * by itself for as long does not wait anew for each job.
 */
export function areHostsSettled({ state, nowMs }: Turn, hosts: Schedule): boolean {
  const alone = state.neighbours.neighbours.size === 0
  const sinceMs = alone ? state.loneSinceMs : hosts.hostsChangedMs
  return nowMs >= sinceMs + state.config.aloneGraceMs
}
