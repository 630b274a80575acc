/** Results go out to the task's `check` in this node's sandbox, and what it says comes back. */
import type { PeerId, UnitIndex } from '../../protocol/ids.js'
import type { EventOf } from '../event.js'
import type { StewardedJob } from '../state.js'
import { queueCheck } from '../verification/checks.js'
import { type Claim, claimOf } from '../verification/tally.js'
import { type Docket, harvestOf } from './docket.js'
import { blame, judge } from './judging.js'
import { emit, type Turn } from './turn.js'

/** Hosts on whose results of one unit `check` may end in a fault before that is its own, and the job's. */
const faultyHostsMax = 3
/** Checks in a row that may find no sandbox; it starts again by itself in between. */
const unavailableMax = 5

export function isChecked({ job }: StewardedJob): boolean {
  return job.manifest.acceptance.rule === 'check'
}

function claimIn(
  tallies: StewardedJob['tallies'],
  unit: UnitIndex,
  digest: string,
): Claim | undefined {
  const tally = tallies.get(unit)
  return tally === undefined ? undefined : claimOf(tally, digest)
}

/** Hands over what is due; called when everything else about the event is settled. */
export function sendChecks(turn: Turn, stewarded: StewardedJob): void {
  const { checks, job, tallies } = stewarded
  if (checks.due.length === 0) return
  const results = checks.due.flatMap(({ unit, digest }) => {
    const content = claimIn(tallies, unit, digest)?.content
    return content === undefined ? [] : [{ unit, digest, ...content }]
  })
  checks.due = []
  if (results.length > 0 && job.phase === 'running')
    emit(turn, { type: 'check-results', job: job.job, results })
}

/** Enters what `check` said; bans and verdicts that follow are settled by the caller. */
export function enterChecks(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  outcomes: EventOf<'results-checked'>['outcomes'],
): void {
  const { checks, tallies } = stewarded
  for (const { unit, digest, verdict, reason } of outcomes) {
    const marks = checks.marks.get(unit)
    const claim = claimIn(tallies, unit, digest)
    // The unit was settled, or its host struck, meanwhile.
    if (marks?.get(digest) !== 'waits') continue
    if (claim === undefined) {
      marks.delete(digest)
      continue
    }
    if (verdict !== 'unavailable') checks.unavailable = 0
    switch (verdict) {
      case 'passed':
        marks.set(digest, 'passed')
        confirmCheck(turn, docket, stewarded)
        break
      case 'refused':
        marks.set(digest, 'refused')
        refuse(turn, docket, stewarded, unit, claim)
        break
      case 'failed':
        marks.set(digest, 'failed')
        fail(turn, docket, stewarded, unit, claim, reason)
        break
      case 'unavailable':
        marks.set(digest, 'refused')
        if (++checks.unavailable < unavailableMax) queueCheck(checks, unit, digest)
        else end(docket, stewarded, `check cannot run on this node: ${reason}`)
    }
    judge(turn, docket, stewarded, unit)
  }
}

/** The check works: whoever it refused before is caught. */
function confirmCheck(turn: Turn, docket: Docket, stewarded: StewardedJob): void {
  const { checks } = stewarded
  checks.hasPassed = true
  for (const [peer, ground] of checks.suspects) blame(turn, docket, stewarded, peer, ground)
  checks.suspects.clear()
}

function refuse(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  unit: UnitIndex,
  { hosts }: Claim,
): void {
  const { checks } = stewarded
  const ground = "the task's check refused a result of this host"
  if (hosts.includes(turn.state.self)) {
    end(
      docket,
      stewarded,
      `check refused this node's own result of unit ${unit}: kernel and check contradict each other`,
    )
    return
  }
  for (const peer of hosts)
    if (checks.hasPassed) blame(turn, docket, stewarded, peer, ground)
    else checks.suspects.set(peer, ground)
}

/** A fault of `check` is no proof against a host, but no result either. */
function fail(
  turn: Turn,
  docket: Docket,
  stewarded: StewardedJob,
  unit: UnitIndex,
  { hosts }: Claim,
  reason: string,
): void {
  const { checks, tallies } = stewarded
  checks.fault = reason
  const suspects = new Set<PeerId>(hosts)
  for (const [digest, mark] of checks.marks.get(unit) ?? [])
    if (mark === 'failed')
      for (const peer of claimIn(tallies, unit, digest)?.hosts ?? []) suspects.add(peer)
  if (suspects.has(turn.state.self) || suspects.size >= faultyHostsMax)
    end(docket, stewarded, `check failed on unit ${unit}: ${reason}`)
}

function end(docket: Docket, stewarded: StewardedJob, error: string): void {
  harvestOf(docket, stewarded).failure ??= { code: 'MH_UNIT_FAILED', error }
}
