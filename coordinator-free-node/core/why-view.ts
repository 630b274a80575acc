/**
 * What a running job waits for, told to its own user: every unit that is not canonical is counted under the one reason
 * that holds it up now. What is believed of hosts shows here and nowhere else.
 */
import type {
  LeaseView,
  RefusalView,
  WaitReason,
  WaitView,
  WhyView,
} from '../protocol/gateway-api.js'
import type { JobId, PeerId, UnitIndex } from '../protocol/ids.js'
import { toRuns, type UnitRun } from '../protocol/unit-runs.js'
import type { Job } from './jobs/job.js'
import { endOfGap, firstMissing } from './kit/unit-set.js'
import type { WantHeap } from './scheduling/schedule.js'
import type { NodeState, StewardedJob } from './state.js'
import { canAudit, isApart, usualCopies } from './step/acceptance.js'
import { isDisputed } from './verification/tally.js'

/** Ranges of units listed under a reason or a lease; their count tells of the rest. */
const runsShownMax = 8
/** Leases listed, oldest first. */
const leasesShownMax = 100
/** Ranges of fresh units looked for. */
const gapsLookedAtMax = 10_000

/** What a job waits for; undefined when this node does not steward it. */
export function whyView(state: NodeState, id: JobId, nowMs: number): WhyView | undefined {
  const stewarded = state.stewarded.get(id)
  if (stewarded === undefined) return undefined
  const { phase } = stewarded.job
  const isRunning = phase === 'running'
  return {
    job: id,
    phase,
    waits: isRunning ? waitsOf(state, stewarded) : [],
    leases: isRunning ? leasesOf(state, stewarded, nowMs) : [],
    refused: refusalsOf(state, stewarded, nowMs),
    answers: answersOf(state, stewarded, nowMs),
  }
}

function answersOf(state: NodeState, { answers }: StewardedJob, nowMs: number): WhyView['answers'] {
  const told = [...answers].map(([peer, { verdict, reason, atMs }]) => ({
    peer,
    verdict,
    reason,
    agoMs: nowMs - atMs,
  }))
  for (const [peer, { donates }] of state.neighbours.neighbours)
    if (!answers.has(peer))
      told.push({
        peer,
        verdict: 'silent',
        reason: donates === false ? 'donates no CPU' : 'has not answered yet',
        agoMs: 0,
      })
  return told
}

/** Hosts that get nothing more of the job, on what ground, and since when where that is known. */
export function refusalsOf(
  { standing, config }: NodeState,
  { schedule, answers }: StewardedJob,
  nowMs: number,
): RefusalView[] {
  const refused: RefusalView[] = []
  for (const { peer, refused: ground } of schedule.hosts.values()) {
    if (ground === undefined) continue
    const answer = answers.get(peer)
    const bannedUntilMs = standing.get(peer)?.bannedUntilMs ?? 0
    const sinceMs = bannedUntilMs > 0 ? bannedUntilMs - config.banMs : answer?.atMs
    refused.push({ peer, ground, agoMs: sinceMs === undefined ? undefined : nowMs - sinceMs })
  }
  return refused
}

function leasesOf(state: NodeState, { schedule }: StewardedJob, nowMs: number): LeaseView[] {
  return [...schedule.leases.values()].slice(0, leasesShownMax).map((lease) => ({
    peer: lease.host,
    self: lease.host === state.self,
    units: lease.remaining.size,
    runs: sortedRuns([...lease.remaining]).slice(0, runsShownMax),
    agoMs: nowMs - lease.grantedMs,
    expectedInMs: lease.expectedMs - nowMs,
    lostInMs: Math.min(lease.deadlineMs, lease.hardDeadlineMs) - nowMs,
  }))
}

/** Units by the reason that they wait for. */
type Sorted = Map<WaitReason, UnitIndex[]>

function waitsOf(state: NodeState, stewarded: StewardedJob): WaitView[] {
  const { job, schedule, warning, audits, pendingEntries } = stewarded
  const sorted = sortOpenUnits(state, stewarded)
  const fresh = freshUnits(stewarded)
  const waits: WaitView[] = []
  const say = (reason: WaitReason, units: number | undefined, runs: readonly UnitRun[] = []) =>
    waits.push({
      reason,
      units,
      runs: runs.slice(0, runsShownMax),
      hint: hintFor(reason, state, stewarded),
    })
  const isLone = schedule.serving.size === 0
  for (const [reason, units] of sorted)
    say(isLone && reason === 'host' ? 'no-host' : reason, units.length, sortedRuns(units))
  if (fresh.units > 0) say(isLone ? 'no-host' : 'fresh', fresh.units, fresh.runs)
  const audited = [...audits.leases.values()].flatMap((units) => [...units.keys()])
  for (const { unit } of audits.queue) audited.push(unit)
  if (audited.length > 0) say('audit', audited.length, sortedRuns(audited))
  if (!job.inputsClosed) say('inputs', undefined)
  if (pendingEntries.size > 0) say('disk', undefined)
  waits.sort((a, b) => (b.units ?? 0) - (a.units ?? 0))
  // What a person should do comes first.
  return warning === undefined
    ? waits
    : [{ reason: 'warning', units: undefined, runs: [], hint: warning }, ...waits]
}

function sortOpenUnits(state: NodeState, { schedule, tallies, watches }: StewardedJob): Sorted {
  const sorted: Sorted = new Map()
  const together = unitsAmongOne(
    state,
    [...schedule.lost.values(), ...schedule.wants.values()],
    schedule.serving,
  )
  for (const [unit, { leases, wanted }] of schedule.open) {
    const tally = tallies.get(unit)
    let reason: WaitReason
    if (tally !== undefined && isDisputed(tally)) reason = 'disputed'
    else if (leases.length > 0) reason = 'leased'
    else if (wanted === 0 && watches.waiting.has(unit)) reason = 'standing'
    else if (tally === undefined) reason = 'host'
    else reason = together.has(unit) ? 'independent-host' : 'second-host'
    const units = sorted.get(reason)
    if (units === undefined) sorted.set(reason, [unit])
    else units.push(unit)
  }
  return sorted
}

/** Wanted units that hosts are here for, but only such as may be the same person as one who has voted already. */
function unitsAmongOne(
  state: NodeState,
  heaps: Iterable<WantHeap>,
  serving: ReadonlySet<PeerId>,
): Set<UnitIndex> {
  const units = new Set<UnitIndex>()
  for (const { holders, wants } of heaps) {
    let others = 0
    let hasApart = false
    for (const host of serving) {
      if (holders.includes(host)) continue
      others++
      hasApart = holders.every((holder) => isApart({ state }, holder, host))
      if (hasApart) break
    }
    if (others === 0 || hasApart) continue
    for (const { runs } of wants)
      for (const [first, count] of runs)
        for (let unit = first; unit < first + count; unit++) units.add(unit)
  }
  return units
}

/** Units that were never leased out. */
function freshUnits({ job, schedule }: StewardedJob): { units: number; runs: UnitRun[] } {
  const units = Math.max(0, job.appended - job.canonical.size - schedule.open.size)
  return { units, runs: units === 0 ? [] : freshRuns(job, (unit) => schedule.open.has(unit)) }
}

function freshRuns({ canonical, appended, cursor }: Job, isOpen: (unit: number) => boolean) {
  const runs: UnitRun[] = []
  let unit = cursor
  for (let looks = 0; looks < gapsLookedAtMax && runs.length < runsShownMax; looks++) {
    unit = firstMissing(canonical, unit)
    if (unit >= appended) break
    if (isOpen(unit)) {
      unit++
      continue
    }
    const most = endOfGap(canonical, unit, appended)
    let end = unit + 1
    // Fresh units lie in long stretches behind the cursor; beyond that nothing is open.
    while (end < most && end < unit + gapsLookedAtMax && !isOpen(end)) end++
    runs.push([unit, (end === unit + gapsLookedAtMax ? most : end) - unit])
    unit = end === unit + gapsLookedAtMax ? most : end
  }
  return runs
}

function sortedRuns(units: readonly UnitIndex[]): UnitRun[] {
  return toRuns([...units].sort((a, b) => a - b))
}

const another = 'start another node with "manyhands node", or name one with --peer'

/** What a person can do about it; undefined where waiting is all there is to do. */
function hintFor(
  reason: WaitReason,
  state: NodeState,
  stewarded: StewardedJob,
): string | undefined {
  const { schedule, job, watches } = stewarded
  const { acceptance } = job.manifest
  const { serving } = schedule
  switch (reason) {
    case 'no-host':
      return `${another}; "answers" tells why those that are here do not help`
    case 'second-host':
      return serving.size < usualCopies(job.manifest)
        ? `only ${serving.size} of at least ${usualCopies(job.manifest)} hosts are here: ${another}`
        : undefined
    case 'independent-host':
      return `the hosts here share a network, so they may be one person: ${another} elsewhere`
    case 'standing': {
      if (canAudit(state, stewarded)) return undefined
      const rule =
        acceptance.rule === 'credibility' ? `an error rate of ${acceptance.maxErrorRate}` : 'this'
      return schedule.leases.size === 0 && watches.waiting.size > 0
        ? `the ${serving.size} hosts here cannot reach ${rule} by themselves: ${another}, let this node compute (--cpus 1 or more), or submit with --quorum 2`
        : 'more hosts, or some CPU of this node (--cpus), would settle it sooner'
    }
    case 'disputed':
      return 'a further host or this node decides; where honest hosts differ the kernel is not deterministic'
    default:
      return undefined
  }
}
