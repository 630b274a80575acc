/**
 * A hundred peers that ask for thread time and give it: what reciprocity leaves to those who only ask. Peers are light,
 * a ledger, a service order and one thread each, and all of their decisions are those of core/reciprocity; what is left
 * out is what a lease takes to travel and how results are verified; test/simulation/favours has full nodes do the same.
 *
 * Time goes in rounds, as in the published model of the Network of Favors: in each a collaborator either asks or gives,
 * whichever a coin says, and free riders always ask. Who asks takes all that it can get.
 */
import { nextFraction, nextUint32, type Random, seedRandom } from '../core/kit/random.js'
import {
  balanceOf,
  bookGiven,
  bookReceived,
  createLedger,
  type Favours,
} from '../core/reciprocity/ledger.js'
import { noExecutions, priceOf } from '../core/reciprocity/prices.js'
import {
  charge,
  createServiceOrder,
  orderOf,
  type ServiceOrder,
} from '../core/reciprocity/service-order.js'
import { createStrangers, trustInPeer, trustOf } from '../core/reciprocity/strangers.js'
import type { PeerId } from '../protocol/ids.js'
import { logNormal, peerNamed } from './host-traits.js'

/** `whitewasher`: a free rider with a new name for each job. `newcomer`: an honest peer that comes later. */
export type Part = 'collaborator' | 'free-rider' | 'whitewasher' | 'newcomer'

export interface BarterTerms {
  /** How many there are of each. */
  parts: Readonly<Partial<Record<Part, number>>>
  rounds: number
  /** Newcomers come after so many rounds, and ask for nothing before they did `earnUnits` for each neighbour. */
  newcomersAfter?: number
  earnUnits?: number
  /** Share of the rounds in which a collaborator asks. @default 0.5 */
  asking?: number
  newcomerShare?: number
  /** Units that each one who asks wants in a round. @default as many as it can get */
  wanted?: number
  /** Spread of speeds, sigma of a log-normal. @default 0.7 */
  spread?: number
}

/** What one kind of peer gave and got, thread time in the givers' own milliseconds. */
export interface PartReport {
  peers: number
  gotMs: number
  gaveMs: number
  /** Of all that was given, over all rounds and over the last half. */
  share: number
  settledShare: number
  /** Of what they asked for, what they got; undefined where they wanted all there is. */
  servedShare: number | undefined
}

export interface BarterReport {
  parts: Partial<Record<Part, PartReport>>
  /** Thread time of givers that nobody wanted, of all that was offered. */
  idleShare: number
  /** What a newcomer that has earned got while it asked, in multiples of what other collaborators got. */
  newcomerFairness: number | undefined
  /** Rounds in which somebody asked and got nothing although threads were idle: must be none. */
  starved: number
}

/** Thread time of a unit on a machine of ordinary speed, and rounds of so many. */
const unitMs = 1_000
const roundUnits = 20
/** Units of a whitewasher's job: then it has a new name. */
const jobUnits = 20
const fuel = 1_000_000
const task = { tier: 'wasm', unitMsMax: 60_000 } as const

class Barterer {
  peer: PeerId
  readonly favours: Favours = { ledger: createLedger(), strangers: createStrangers() }
  readonly order: ServiceOrder = createServiceOrder()
  asks = false
  /** Units that it still wants in this round, and all that it ever wanted. */
  wants = 0
  wanted = 0
  /** Milliseconds of its own for a unit. */
  readonly paceMs: number
  gotMs = 0
  gaveMs = 0
  gotUnits = 0
  settledMs = 0
  /** Units that it did for each, while it earns. */
  readonly earned = new Map<PeerId, number>()
  isEarning: boolean
  #names = 0

  constructor(
    readonly node: number,
    readonly part: Part,
    paceMs: number,
  ) {
    this.peer = peerNamed(node)
    this.paceMs = paceMs
    this.isEarning = part === 'newcomer'
  }

  /** What a verified unit is worth to it: what it would have taken here. */
  get priceMs(): number {
    const pace = new Map([[task.tier, { fuel, spentMs: this.paceMs }]])
    return priceOf({
      task,
      pace,
      own: noExecutions(),
      agreeing: [{ fuel, spentMs: this.paceMs }],
      median: undefined,
    })
  }

  rename(): void {
    this.peer = peerNamed(this.node, ++this.#names)
  }
}

/** @param seed  any integer; the same gives the same report */
export function runBarter(terms: BarterTerms, seed: number): BarterReport {
  const random = seedRandom(seed)
  const all = peersOf(terms, random)
  const tally = { offeredMs: 0, idleMs: 0, starved: 0, fair: fairness() }
  for (let round = 0; round < terms.rounds; round++) playRound(all, terms, round, random, tally)
  return reportOf(all, tally)
}

function peersOf({ parts, spread = 0.7 }: BarterTerms, random: Random): Barterer[] {
  const all: Barterer[] = []
  for (const [part, count = 0] of Object.entries(parts) as [Part, number][])
    for (let i = 0; i < count; i++)
      all.push(new Barterer(all.length, part, unitMs * logNormal(random, spread)))
  return all
}

interface Tally {
  offeredMs: number
  idleMs: number
  starved: number
  fair: Fairness
}

/** What newcomers and others got while they asked at the same time. */
interface Fairness {
  newcomers: { gotMs: number; rounds: number }
  others: { gotMs: number; rounds: number }
}

function fairness(): Fairness {
  return { newcomers: { gotMs: 0, rounds: 0 }, others: { gotMs: 0, rounds: 0 } }
}

function playRound(
  all: readonly Barterer[],
  terms: BarterTerms,
  round: number,
  random: Random,
  tally: Tally,
): void {
  const { asking = 0.5, wanted = Number.POSITIVE_INFINITY, newcomersAfter = 0, rounds } = terms
  const idleBeforeMs = tally.idleMs
  const here = all.filter(({ part }) => part !== 'newcomer' || round >= newcomersAfter)
  for (const one of here) {
    const coin = nextFraction(random) < asking
    one.asks = gives(one) ? !one.isEarning && coin : true
    one.wants = one.asks ? wanted : 0
    one.wanted += one.wants
  }
  const askers = here.filter(({ asks }) => asks)
  const before = new Map(askers.map((one) => [one, one.gotMs]))
  const givers = here.filter((one) => gives(one) && !one.asks)
  for (const giver of shuffled(givers, random))
    giveFor(giver, askers, roundUnits * unitMs, round, terms, tally, round >= rounds / 2)
  if (tally.idleMs > idleBeforeMs && askers.some(({ wants }) => wants > 0)) tally.starved++
  noteFairness(tally.fair, askers, before)
  settleNewcomers(here, terms)
}

function gives({ part }: Barterer): boolean {
  return part === 'collaborator' || part === 'newcomer'
}

function giveFor(
  giver: Barterer,
  askers: readonly Barterer[],
  forMs: number,
  round: number,
  { newcomerShare = 0.05 }: BarterTerms,
  tally: Tally,
  isSettled: boolean,
): void {
  tally.offeredMs += forMs
  const { favours, order } = giver
  for (let leftMs = forMs; leftMs > 0; leftMs -= giver.paceMs) {
    const wanting = askers.filter(({ wants }) => wants > 0)
    const contenders = wanting.map(({ peer }) => ({
      peer,
      balanceMs: balanceOf(favours.ledger, peer),
      trust: trustInPeer(favours.strangers, favours.ledger.get(peer)),
      outstandingMs: 0,
    }))
    const share = newcomerShare * trustOf(favours.strangers)
    const [first] = orderOf(order, contenders, { newcomerShare: share, quantumMs: giver.paceMs })
    const asker = wanting.find(({ peer }) => peer === first)
    if (asker === undefined) {
      tally.idleMs += leftMs
      return
    }
    asker.wants--
    charge(order, asker.peer, giver.paceMs, giver.paceMs)
    bookGiven(favours, asker.peer, giver.paceMs, round)
    giver.gaveMs += giver.paceMs
    bookReceived(asker.favours, giver.peer, asker.priceMs, round)
    asker.gotMs += giver.paceMs
    if (isSettled) asker.settledMs += giver.paceMs
    if (giver.isEarning) giver.earned.set(asker.peer, (giver.earned.get(asker.peer) ?? 0) + 1)
    if (++asker.gotUnits % jobUnits === 0 && asker.part === 'whitewasher') asker.rename()
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const j = nextUint32(random) % (i + 1)
    ;[all[i], all[j]] = [all[j] as T, all[i] as T]
  }
  return all
}

function noteFairness(
  fair: Fairness,
  askers: readonly Barterer[],
  before: ReadonlyMap<Barterer, number>,
): void {
  const hasNewcomer = askers.some(({ part }) => part === 'newcomer')
  if (!hasNewcomer) return
  for (const one of askers) {
    if (!gives(one)) continue
    const side = one.part === 'newcomer' ? fair.newcomers : fair.others
    side.gotMs += one.gotMs - (before.get(one) ?? 0)
    side.rounds++
  }
}

/** A newcomer begins to ask once it has done enough for each collaborator. */
function settleNewcomers(here: readonly Barterer[], { earnUnits = 10 }: BarterTerms): void {
  const neighbours = here.filter(({ part }) => part === 'collaborator')
  for (const one of here)
    if (one.isEarning)
      one.isEarning = !neighbours.every(({ peer }) => (one.earned.get(peer) ?? 0) >= earnUnits)
}

function reportOf(
  all: readonly Barterer[],
  { offeredMs, idleMs, starved, fair }: Tally,
): BarterReport {
  const gave = all.reduce((sum, { gaveMs }) => sum + gaveMs, 0)
  const settled = all.reduce((sum, { settledMs }) => sum + settledMs, 0)
  const parts: Partial<Record<Part, PartReport>> = {}
  for (const part of new Set(all.map(({ part }) => part))) {
    const its = all.filter((one) => one.part === part)
    const sum = (of: (one: Barterer) => number) => its.reduce((total, one) => total + of(one), 0)
    const gotMs = sum((one) => one.gotMs)
    const wanted = sum((one) => one.wanted)
    parts[part] = {
      peers: its.length,
      gotMs,
      gaveMs: sum((one) => one.gaveMs),
      share: gotMs / gave,
      settledShare: sum((one) => one.settledMs) / settled,
      servedShare: Number.isFinite(wanted) ? sum((one) => one.gotUnits) / wanted : undefined,
    }
  }
  const { newcomers, others } = fair
  return {
    parts,
    idleShare: offeredMs === 0 ? 0 : idleMs / offeredMs,
    newcomerFairness:
      newcomers.rounds === 0
        ? undefined
        : newcomers.gotMs / newcomers.rounds / (others.gotMs / others.rounds),
    starved,
  }
}
