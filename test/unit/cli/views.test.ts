import { describe, expect, test } from '@jest/globals'
import {
  renderDonation,
  renderNodeLine,
  renderStatus,
} from '../../../coordinator-free-node/cli/status.js'
import { renderHosted, renderJob, renderJobs } from '../../../coordinator-free-node/cli/views.js'
import { renderWhy } from '../../../coordinator-free-node/cli/why.js'
import type {
  DonationView,
  NodeStatus,
} from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { BlobHash } from '../../../coordinator-free-node/protocol/ids.js'
import { misdeeds } from '../../../coordinator-free-node/protocol/misdeeds.js'
import { hostView, JOB, jobView, LIAR, PEER } from './fakes.js'

const noMisdeeds = Object.fromEntries(
  misdeeds.map((misdeed) => [misdeed, 0]),
) as NodeStatus['conduct']['misdeeds']

const status: NodeStatus = {
  peer: PEER,
  version: '0.1.0',
  pid: 42,
  uptimeMs: 61_000,
  addresses: ['/ip4/127.0.0.1/tcp/4001/ws'],
  neighbours: 3,
  donates: true,
  slots: 2,
  draining: false,
  donation: { donating: true, reason: undefined, changesInMs: undefined, unitsLeft: 0 },
  stateDirectory: '/tmp/state',
  hosting: { jobs: 1, leases: 2, executing: 2, unitsDone: 120, spentMs: 9_000 },
  jobs: { running: 0, ended: 1 },
  favours: {
    receivedMs: 12_000,
    givenMs: 40_000,
    owedMs: 0,
    owedPeers: 0,
    owed: [],
    peers: [],
    newcomerShare: 0.05,
  },
  contention: [],
  receipts: { receipts: 0, accepted: 0, stewards: 0 },
  conduct: { bannedNow: 0, slowedNow: 0, bans: 0, subnetBans: 0, misdeeds: noMisdeeds },
  residentBytes: 100 * 1024 * 1024,
}

describe('jobs', () => {
  test('a job is a line', () => {
    const [titles, line] = renderJobs([jobView()]).split('\n')
    expect(titles).toMatch(/^JOB +NAME +STATE +UNITS +DONE +HOSTS +TIME$/)
    expect(line).toBe('ababababab  squares  running  420/1,000  42 %      1  12 s')
  })
  test('none at all says how to submit one', () => {
    expect(renderJobs([])).toContain('manyhands run')
  })
})

describe('one job', () => {
  test('counts what was lost, given to others, and computed again', () => {
    const text = renderJob(jobView())
    expect(text).toMatch(/reassigned +4/)
    expect(text).toMatch(/recomputed +0/)
    expect(text).toMatch(/disputed +2/)
  })
  test('names who was refused, and why', () => {
    const hosts = [hostView(), hostView({ peer: LIAR, rejected: 3, refused: 'it lied' })]
    const { verification } = jobView()
    const caught = [{ peer: LIAR, ground: 'it lied', agoMs: undefined }]
    const text = renderJob(jobView({ hosts, verification: { ...verification, caught } }))
    expect(text).toContain('refused:\n  hostBBBB: it lied')
  })
  test('without hosts it points to why', () => {
    expect(renderJob(jobView({ hosts: [] }))).toContain('manyhands why ababababab')
  })
})

describe('why', () => {
  test('gives reasons with hints, and what peers answered', () => {
    const text = renderWhy({
      job: JOB,
      phase: 'running',
      waits: [
        {
          reason: 'no-host',
          units: 12,
          runs: [
            [0, 10],
            [12, 1],
          ],
          hint: 'start another node',
        },
        { reason: 'warning', units: undefined, runs: [], hint: 'do this' },
      ],
      leases: [
        {
          peer: PEER,
          self: false,
          units: 3,
          runs: [[4, 3]],
          agoMs: 5_000,
          expectedInMs: -2_000,
          lostInMs: 9_000,
        },
      ],
      refused: [{ peer: LIAR, ground: 'it lied', agoMs: 61_000 }],
      answers: [{ peer: PEER, verdict: 'declined', reason: 'busy', agoMs: 2_000 }],
    })
    expect(text).toContain('no host works on this job (12 units: 0-9, 12, ...)')
    expect(text).toContain('\n  do this\n')
    expect(text).toMatch(
      /hostAAAA +3 units: 4-6 +5\.0 s +overdue by 2\.0 s; given to others in 9\.0 s/,
    )
    expect(text).toContain('hostBBBB: it lied (1 min 01 s ago)')
    expect(text).toContain('hint: start another node')
    expect(text).toMatch(/hostAAAA +declined +2\.0 s +busy/)
  })
  test('says so when nothing holds it up', () => {
    const text = renderWhy({
      job: JOB,
      phase: 'running',
      waits: [],
      leases: [],
      refused: [],
      answers: [],
    })
    expect(text).toContain('nothing holds it up')
  })
})

describe('the node', () => {
  test('the live line has neighbours, units done and favours', () => {
    expect(renderNodeLine(status)).toBe(
      '3 neighbours | 120 units done | 2 running | favours: 40 s given, 12 s received',
    )
  })
  test('the status says whom this node owes, and what others signed for', () => {
    expect(renderStatus(status)).toMatch(/we owe +nobody, so nobody is served first/)
    const favours = {
      ...{ receivedMs: 11_520_000, givenMs: 2_400_000, owedMs: 9_120_000, owedPeers: 2 },
      owed: [{ peer: PEER, balanceMs: 7_320_000 }],
      peers: [
        {
          ...{ peer: PEER, givenMs: 2_400_000, givenShare: 1, receivedMs: 11_520_000 },
          ...{ receivedShare: 1, balanceMs: 7_320_000 },
        },
      ],
      newcomerShare: 0.0005,
    }
    const receipts = { receipts: 3, accepted: 1_204, stewards: 1 }
    const text = renderStatus({ ...status, favours, receipts })
    expect(text).toContain('peers gave us 3 h 12 min of verified work, we gave them 40 min 00 s')
    expect(text).toContain(
      '2 h 32 min, and what several want is shared by it: hostAAAA (2 h 02 min) and 1 more; 0.1 % is for all others',
    )
    const contention = [
      { peer: PEER, share: 0.952, balanceMs: 7_320_000, givenMs: 0 },
      { peer: LIAR, share: 0.048, balanceMs: 0, givenMs: 9 },
    ]
    expect(renderStatus({ ...status, contention })).toMatch(
      /now +of this node hostAAAA 95 %, hostBBBB 4.8 %/,
    )
    expect(text).toMatch(/served +hostAAAA 100 %/)
    expect(text).toMatch(/receipts +1 steward signed for 1,204 units of our work/)
  })
  test('the status tells of misconduct once something came of it', () => {
    expect(renderStatus(status)).not.toContain('misconduct')
    const misdeeds = { ...noMisdeeds, flooding: 1_240, malformed: 3 }
    const conduct = { bannedNow: 2, slowedNow: 1, bans: 14, subnetBans: 1, misdeeds }
    expect(renderStatus({ ...status, conduct })).toMatch(
      /misconduct +2 peers kept out now, 1 slowed; 14 peers and 1 subnet sent away since the start \(flooding 1,240, malformed 3\)/,
    )
  })
  test('a draining node says that it donates no longer', () => {
    const donation = { ...status.donation, donating: false, reason: 'finishing' } as const
    expect(renderStatus({ ...status, draining: true, donation })).toContain('it is finishing')
    expect(renderStatus(status)).toMatch(/donates +2 threads/)
  })
})

describe('donation in plain words', () => {
  const now = new Date(2030, 0, 7, 12)
  const hourMs = 3_600_000
  const view = (change: Partial<DonationView>): DonationView => ({
    donating: false,
    reason: undefined,
    changesInMs: undefined,
    unitsLeft: 0,
    ...change,
  })
  test.each([
    [{ donating: true }, 'yes, now'],
    [{ donating: true, changesInMs: 5 * hourMs }, 'yes, now, until 17:00'],
    [{ reason: 'paused', changesInMs: 2 * hourMs - 3 }, 'not now: paused by you until 14:00'],
    [{ reason: 'paused' }, 'not now: paused by you until you resume it'],
    [{ reason: 'hours', changesInMs: 10 * hourMs }, 'not now: outside its hours: next at 22:00'],
    [{ reason: 'battery', unitsLeft: 2 }, 'not now: on battery; 2 units of others still to end'],
    [
      { reason: 'input', changesInMs: hourMs / 6 },
      'not now: waits for the machine to be idle: somebody used it, at the earliest at 12:10',
    ],
    [{ reason: 'load' }, 'not now: waits for the machine to be idle: other programs are busy'],
    [{ reason: 'finishing' }, 'not now: it is finishing'],
    [{ reason: 'no-cpus' }, 'not now: it has no threads for units (cpus = 0)'],
  ] as const)('%j', (change, words) => {
    expect(renderDonation(view(change), now)).toBe(words)
  })
  test('jobs of others stand with owner, task and why', () => {
    const job = {
      job: JOB,
      name: 'primes',
      owner: PEER,
      own: false,
      task: 'cd'.repeat(32) as BlobHash,
      tier: 'wasm',
      verdict: 'refused',
      reason: 'this node does not run this task',
      executed: 0,
      inFlight: 0,
      spentMs: 0,
    } as const
    expect(renderHosted([job])).toMatch(
      /primes +hostAAAA +cdcdcdcdcd +wasm.* refused +this node does/,
    )
    expect(renderHosted([])).toContain('no job')
  })
})
