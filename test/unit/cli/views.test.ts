import { describe, expect, test } from '@jest/globals'
import {
  renderJob,
  renderJobs,
  renderNodeLine,
  renderPeers,
  renderStatus,
  renderWhy,
} from '../../../coordinator-free-node/cli/views.js'
import type { NodeStatus } from '../../../coordinator-free-node/protocol/gateway-api.js'
import { hostView, JOB, jobView, LIAR, PEER } from './fakes.js'

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
  favours: { receivedMs: 12_000, givenMs: 40_000 },
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
    const text = renderJob(jobView({ hosts }))
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
      waits: [{ reason: 'no host has capacity', units: 12, hint: 'start another node' }],
      answers: [{ peer: PEER, verdict: 'declined', reason: 'busy', agoMs: 2_000 }],
    })
    expect(text).toContain('no host has capacity (12 units)')
    expect(text).toContain('hint: start another node')
    expect(text).toMatch(/hostAAAA +declined +2\.0 s +busy/)
  })
  test('says so when nothing holds it up', () => {
    const text = renderWhy({ job: JOB, phase: 'running', waits: [], answers: [] })
    expect(text).toContain('nothing holds it up')
  })
})

describe('peers and node', () => {
  test('a banned peer is shown as banned', () => {
    const peer = {
      peer: LIAR,
      connected: true,
      addresses: [],
      agent: undefined,
      donates: true,
      receivedMs: 0,
      givenMs: 0,
      balanceMs: 0,
      accepted: 1,
      refuted: 4,
      banned: true,
    }
    expect(renderPeers([peer])).toMatch(/hostBBBB +banned/)
  })
  test('the live line has neighbours, units done and favours', () => {
    expect(renderNodeLine(status)).toBe(
      '3 neighbours | 120 units done | 2 running | favours: 40 s given, 12 s received',
    )
  })
  test('a draining node says that it donates no longer', () => {
    const donation = { ...status.donation, donating: false, reason: 'finishing' } as const
    expect(renderStatus({ ...status, draining: true, donation })).toContain('it is finishing')
    expect(renderStatus(status)).toMatch(/donates +2 threads/)
  })
})
