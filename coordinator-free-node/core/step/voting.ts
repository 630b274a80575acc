/** How a host's results travel: as votes that fit a message. */
import { limits } from '../../protocol/limits.js'
import { resultKinds, type UnitResult } from '../../protocol/outcome.js'
import { toRuns } from '../../protocol/unit-runs.js'
import type { HostedJob, HostedLease } from '../hosting/hosting.js'
import { canReach, send, type Turn } from './turn.js'

/** Sends what is buffered as signed votes; without a connection it stays for when there is one. */
export function flushVotes(turn: Turn, job: HostedJob, lease: HostedLease): void {
  if (lease.remaining.size === 0 && lease.results.length === 0) job.leases.delete(lease.lease)
  if (!canReach(turn, job.steward)) return
  for (const results of votesOf(lease.results)) {
    const digests = new Uint8Array(32 * results.length)
    results.forEach(({ digest }, i) => {
      digests.set(digest, 32 * i)
    })
    send(turn, job.steward, {
      type: 'vote',
      body: {
        job: job.job,
        lease: lease.lease,
        runs: toRuns(results.map(({ unit }) => unit)) as [number, number][],
        kinds: Uint8Array.from(results, ({ kind }) => resultKinds.indexOf(kind)),
        digests,
        spentMs: results.reduce((sum, { spentMs }) => sum + spentMs, 0),
        fuel: results.reduce((sum, { fuel }) => sum + fuel, 0),
      },
      outputs: results.map(({ output }) => output),
    })
  }
  // A vote renews whatever its host has of the job.
  if (lease.results.length > 0)
    for (const held of job.leases.values()) held.renewAtMs = turn.nowMs + held.leaseMs / 3
  lease.results = []
  lease.resultBytes = 0
  if (lease.remaining.size === 0) job.leases.delete(lease.lease)
}

/** Cuts results into votes that fit a message, by bytes and by runs; units ascend within each. */
function* votesOf(results: readonly UnitResult[]): Generator<UnitResult[]> {
  const sorted = [...results].sort((a, b) => a.unit - b.unit)
  let vote: UnitResult[] = []
  let bytes = 0
  let runs = 0
  for (const result of sorted) {
    const opensRun = vote.at(-1)?.unit !== result.unit - 1
    const full = bytes + result.output.length > limits.batchBytesMax
    if (vote.length > 0 && (full || (opensRun && runs >= limits.leaseRunsMax))) {
      yield vote
      vote = []
      bytes = 0
      runs = 0
    }
    vote.push(result)
    bytes += result.output.length
    if (opensRun || vote.length === 1) runs++
  }
  if (vote.length > 0) yield vote
}

/** Units as runs, in lists that fit a message each. */
export function* runsForMessages(units: readonly number[]): Generator<[number, number][]> {
  const runs = toRuns([...units].sort((a, b) => a - b)) as [number, number][]
  for (let i = 0; i < runs.length; i += limits.leaseRunsMax)
    yield runs.slice(i, i + limits.leaseRunsMax)
}
