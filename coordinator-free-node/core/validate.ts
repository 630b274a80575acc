/** What must hold of a node's state after every event. Tests and the simulator call it; it costs a full scan. */
import { limits } from '../protocol/limits.js'
import { unitsOf } from '../protocol/unit-runs.js'
import { isResting } from './hosting/hosting.js'
import { assert } from './kit/assert.js'
import { hasUnit, validateUnitSet } from './kit/unit-set.js'
import { denialOfPeer } from './membership/gate.js'
import { countRevocations, isRevoked } from './membership/members.js'
import { canServe } from './scheduling/hosts.js'
import type { NodeState, StewardedJob } from './state.js'
import { hasVoted, heldBytes } from './verification/tally.js'

/** @throws {Error} that tells which invariant is broken */
export function validateState(state: NodeState): void {
  for (const stewarded of state.stewarded.values()) validateStewarded(stewarded)
  for (const { balanceMs, peer } of state.ledger.values())
    assert(balanceMs >= 0, `the balance of ${peer} is ${balanceMs}`)
  assert(state.order.credits.size <= limits.servedPeersMax, 'too many peers are owed service')
  assert(state.ledger.size <= limits.ledgerPeersMax, 'the ledger has too many peers')
  assert(state.receipts.size <= limits.receiptsMax, 'too many receipts are kept')
  assert(state.adverts.adverts.size <= limits.advertsMax, 'too many adverts are kept')
  assert(state.neighbours.known.size <= limits.knownPeersMax, 'too many peers are remembered')
  assert(state.hosting.jobs.size <= limits.hostedJobsMax, 'too many jobs are hosted')
  assert(!state.neighbours.neighbours.has(state.self), 'the node is its own neighbour')
  validateDiversity(state)
  validateAdmission(state)
  validateMembers(state)
  for (const job of state.hosting.jobs.values()) {
    assert(
      !(job.wanting && isResting(state.hosting, job, state.self)),
      `the node rests but has asked for units of ${job.job}`,
    )
    assert(!(job.wanting && job.yields), `${job.job} yields its place but has asked for units`)
    for (const lease of job.leases.values())
      assert(
        lease.remaining.size + lease.results.length > 0,
        `hosted lease ${lease.lease} of ${job.job} has nothing left but was kept`,
      )
  }
}

function validateDiversity({ neighbours: { seats, places, neighbours, known } }: NodeState): void {
  for (const members of seats.members.values())
    for (const peer of members) assert(neighbours.has(peer), `${peer} has a seat and is gone`)
  for (const [subnet, members] of places.members) {
    assert(members.size <= limits.knownPerSubnetMax, `${members.size} known peers are in ${subnet}`)
    for (const peer of members) assert(known.has(peer), `${peer} has a place and is forgotten`)
  }
}

/** Whoever is denied for good is nobody's neighbour; other denials come and go with the clock. */
function validateAdmission({ gate, gateReviewMs, neighbours }: NodeState): void {
  if (gateReviewMs < Number.POSITIVE_INFINITY) return
  for (const peer of neighbours.neighbours.keys())
    assert(
      denialOfPeer(gate, peer, Number.MAX_VALUE) === undefined,
      `${peer} is a neighbour and denied`,
    )
}

/** Whoever is revoked is nobody's neighbour, as far as this node has heard. */
function validateMembers({ members, neighbours }: NodeState): void {
  assert(members.known.size <= limits.membersMax, 'too many members are remembered')
  assert(countRevocations(members) <= limits.revocationsMax, 'too many revocations are remembered')
  for (const peer of neighbours.neighbours.keys())
    assert(!isRevoked(members, peer), `${peer} is a neighbour and revoked`)
}

function validateStewarded(stewarded: StewardedJob): void {
  const { job, schedule, tallies } = stewarded
  if (stewarded.endedVerified !== undefined) return
  validateUnitSet(job.canonical)
  assert(job.canonical.size <= job.appended, 'more units are canonical than there are')
  if (job.phase !== 'running') {
    assert(schedule.open.size + schedule.leases.size === 0, `an ended job holds open units`)
    return
  }
  validateOpenUnits(stewarded)
  for (const host of schedule.hosts.values())
    assert(
      schedule.serving.has(host.peer) === canServe(host),
      `${host.peer} is miscounted as serving`,
    )
  validateLeases(stewarded)
  for (const unit of stewarded.disputes)
    assert(schedule.open.has(unit), `unit ${unit} is disputed but not open`)
  for (const unit of stewarded.watches.waiting)
    assert(schedule.open.has(unit), `unit ${unit} waits but is not open`)
  for (const unit of stewarded.checks.marks.keys())
    assert(schedule.open.has(unit), `unit ${unit} is checked but is not open`)
  let backed = 0
  for (const { digests } of stewarded.backing.runs) backed += digests.length
  const { units: counted } = stewarded.backing
  assert(backed === counted, `${backed} results have hosts behind them, counted ${counted}`)
  let bytes = 0
  for (const [unit, tally] of tallies) {
    bytes += heldBytes(tally)
    assert(schedule.open.has(unit), `unit ${unit} has votes but is not open`)
  }
  assert(bytes === stewarded.heldBytes, `tallies hold ${bytes}, counted ${stewarded.heldBytes}`)
}

/** No unit is lost: each open one is leased, wanted, or has all the votes it can get. */
function validateOpenUnits({ job, schedule, tallies }: StewardedJob): void {
  const wanted = new Map<number, number>()
  for (const { key, wants } of [...schedule.lost.values(), ...schedule.wants.values()]) {
    assert(wants.length > 0, `the heap of wants "${key}" is empty but was kept`)
    for (const { runs, copies } of wants)
      for (const unit of unitsOf(runs)) wanted.set(unit, (wanted.get(unit) ?? 0) + copies)
  }
  let copies = 0
  for (const { wanted } of schedule.open.values()) copies += wanted
  assert(copies === schedule.wanted, `${copies} copies are wanted, counted ${schedule.wanted}`)
  for (const [unit, open] of schedule.open) {
    assert(!hasUnit(job.canonical, unit), `unit ${unit} is canonical and open`)
    assert(unit < job.appended, `unit ${unit} is open but beyond the input`)
    assert(open.wanted >= 0, `unit ${unit} wants ${open.wanted} copies`)
    assert(
      (wanted.get(unit) ?? 0) >= open.wanted,
      `unit ${unit} wants ${open.wanted} copies but only ${wanted.get(unit)} can be taken`,
    )
    const tally = tallies.get(unit)
    const voted = tally === undefined ? 0 : 1
    assert(
      open.leases.length + open.wanted + voted > 0,
      `unit ${unit} is open, but nobody has it or wants it`,
    )
    assert(new Set(open.tried).size === open.tried.length, `unit ${unit} was tried twice by a host`)
    for (const id of open.leases) {
      const lease = schedule.leases.get(id)
      assert(lease?.remaining.has(unit) === true, `unit ${unit} names lease ${id}, which lacks it`)
      assert(
        tally === undefined || !hasVoted(tally, lease.host),
        `unit ${unit} is leased to a host that has voted on it`,
      )
    }
  }
}

function validateLeases({ schedule }: StewardedJob): void {
  for (const lease of schedule.leases.values()) {
    assert(lease.remaining.size > 0, `lease ${lease.lease} is empty but was kept`)
    const host = schedule.hosts.get(lease.host)
    assert(host?.leases.has(lease.lease) === true, `lease ${lease.lease} is unknown to its host`)
    for (const unit of lease.remaining) {
      const open = schedule.open.get(unit)
      assert(
        open?.leases.includes(lease.lease) === true,
        `lease ${lease.lease} holds unit ${unit}, which does not name it`,
      )
    }
  }
}
