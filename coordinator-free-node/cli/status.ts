/** A node at a glance, as text for a person: `status`, the live line of `node`, and whether it donates. Pure. */
import type {
  ContenderView,
  DonationReason,
  DonationView,
  FavoursView,
  NodeStatus,
} from '../protocol/gateway-api.js'
import {
  countOf,
  formatBytes,
  formatClock,
  formatCount,
  formatDurationMs,
  formatPeer,
  formatShare,
} from './format.js'
import { formatPairs } from './table.js'

/** @param now  for the time of day at which something ends */
export function renderStatus(status: NodeStatus, now = new Date()): string {
  const { hosting, jobs } = status
  return formatPairs([
    ['peer', status.peer],
    [
      'version',
      `${status.version}, process ${status.pid}, up ${formatDurationMs(status.uptimeMs)}`,
    ],
    ['state', status.stateDirectory],
    ['addresses', status.addresses.join(`\n${' '.repeat(12)}`)],
    ['neighbours', formatCount(status.neighbours)],
    ['donates', donationOf(status, now)],
    [
      'hosting',
      `${countOf(hosting.executing, 'unit')} running of ${countOf(hosting.jobs, 'job')}, ` +
        `${countOf(hosting.unitsDone, 'unit')} done in ${formatDurationMs(hosting.spentMs)}`,
    ],
    ['own jobs', `${jobs.running} running, ${jobs.ended} ended`],
    ...favourPairs(status),
    ...conductPairs(status),
    ['memory', formatBytes(status.residentBytes)],
  ])
}

/** Peers named in a line. */
const servedShownMax = 5

/** What peers did for this node and it for them, what it owes whom, and what others signed for it. */
function favourPairs({ favours, receipts, contention }: NodeStatus): [string, string][] {
  const { receivedMs, givenMs, owedMs, owedPeers, owed, peers, newcomerShare } = favours
  const both =
    `peers gave us ${formatDurationMs(receivedMs)} of verified work, ` +
    `we gave them ${formatDurationMs(givenMs)}`
  const names = owed.map(
    ({ peer, balanceMs }) => `${formatPeer(peer)} (${formatDurationMs(balanceMs)})`,
  )
  const rest = owedPeers > owed.length ? ` and ${formatCount(owedPeers - owed.length)} more` : ''
  return [
    ['favours', both],
    ...(givenMs === 0 ? [] : [['  served', servedOf(peers)] satisfies [string, string]]),
    [
      '  we owe',
      owedPeers === 0
        ? 'nobody, so nobody is served first'
        : `${formatDurationMs(owedMs)}, and what several want is shared by it: ${names.join(', ')}${rest}; ` +
          `${formatShare(newcomerShare)} is for all others together`,
    ],
    ...(contention.length === 0
      ? []
      : [['  now', `of this node ${contention.map(contenderOf).join(', ')}`] as [string, string]]),
    [
      'receipts',
      receipts.receipts === 0
        ? 'none yet'
        : `${countOf(receipts.stewards, 'steward')} signed for ${countOf(receipts.accepted, 'unit')} of our work`,
    ],
  ]
}

/** Kinds of misdeeds named in a line. */
const misdeedsShownMax = 3

/** Peers that misbehaved, if any did so badly that something came of it. */
function conductPairs({ conduct }: NodeStatus): [string, string][] {
  const { bans, subnetBans, bannedNow, slowedNow, misdeeds } = conduct
  if (bans === 0 && slowedNow === 0) return []
  const worst = Object.entries(misdeeds).filter(([, times]) => times > 0)
  worst.sort(([, a], [, b]) => b - a)
  const names = worst
    .slice(0, misdeedsShownMax)
    .map(([name, times]) => `${name} ${formatCount(times)}`)
  const subnets = subnetBans === 0 ? '' : ` and ${countOf(subnetBans, 'subnet')}`
  return [
    [
      'misconduct',
      `${countOf(bannedNow, 'peer')} kept out now, ${formatCount(slowedNow)} slowed; ` +
        `${countOf(bans, 'peer')}${subnets} sent away since the start (${names.join(', ')})`,
    ],
  ]
}

function contenderOf({ peer, share }: ContenderView): string {
  return `${formatPeer(peer)} ${formatShare(share)}`
}

/** Peers that had most of what this node gave, in words. */
function servedOf(peers: FavoursView['peers']): string {
  const served = peers.filter(({ givenMs }) => givenMs > 0)
  served.sort((a, b) => b.givenShare - a.givenShare)
  const shown = served.slice(0, servedShownMax)
  const names = shown.map(
    ({ peer, givenShare }) => `${formatPeer(peer)} ${formatShare(givenShare)}`,
  )
  const rest = served.length > shown.length ? ` and ${served.length - shown.length} more` : ''
  return `${names.join(', ')}${rest}`
}

function donationOf({ donation, slots }: NodeStatus, now: Date): string {
  if (!donation.donating) return renderDonation(donation, now)
  return `${countOf(slots, 'thread')}${untilOf(donation, now, ', until ')}`
}

/** Whether a node works for others, and if not, why and until when. */
export function renderDonation(donation: DonationView, now = new Date()): string {
  const { reason, unitsLeft } = donation
  if (reason === undefined) return `yes, now${untilOf(donation, now, ', until ')}`
  const [words, until] = restWords[reason]
  const left = unitsLeft === 0 ? '' : `; ${countOf(unitsLeft, 'unit')} of others still to end`
  return `not now: ${words}${untilOf(donation, now, until)}${left}`
}

/** Each reason, and how its end is told. */
const restWords = {
  'no-cpus': ['it has no threads for units (cpus = 0)', ''],
  finishing: ['it is finishing', ''],
  paused: ['paused by you', ' until '],
  unmeasured: ['battery, load or idle time of this machine are not measured', ''],
  hours: ['outside its hours', ': next at '],
  battery: ['on battery', ''],
  input: ['waits for the machine to be idle: somebody used it', ', at the earliest at '],
  load: ['waits for the machine to be idle: other programs are busy', ''],
} as const satisfies Record<DonationReason, readonly [words: string, until: string]>

function untilOf({ reason, changesInMs }: DonationView, now: Date, lead: string): string {
  if (changesInMs === undefined) return reason === 'paused' ? ' until you resume it' : ''
  const atMs = now.getTime() + changesInMs
  // The two clocks differ by some milliseconds: the minute that is meant is the nearest one.
  const minuteMs = 60_000
  return `${lead}${formatClock(new Date(Math.round(atMs / minuteMs) * minuteMs), now)}`
}

/** The line that `manyhands node` keeps up to date. */
export function renderNodeLine(status: NodeStatus): string {
  const { hosting, favours } = status
  return [
    countOf(status.neighbours, 'neighbour'),
    `${countOf(hosting.unitsDone, 'unit')} done`,
    `${formatCount(hosting.executing)} running`,
    `favours: ${formatDurationMs(favours.givenMs)} given, ${formatDurationMs(favours.receivedMs)} received`,
    ...(status.donation.donating ? [] : [donationOf(status, new Date())]),
  ].join(' | ')
}
