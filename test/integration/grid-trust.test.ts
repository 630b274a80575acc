/** A piece of `npm run trust`: six processes, more of them trouble than not, and a result that is right all the same. */
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { JobView, PeerView } from '../../coordinator-free-node/protocol/gateway-api.js'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { runTrustTrial } from '../trust/grid.mjs'

interface Trial {
  reports: { view: JobView; corrections: { unit: number }[]; isRight: boolean }[]
  rolesByPeer: Map<PeerId, string>
  peers: PeerView[]
}

const job = { units: 600, rounds: 15_000 }
const liars = ['saboteur', 'trust-then-cheat']

describe('a grid with a saboteur, a cheat that earns trust first, a host that is killed and one that stalls', () => {
  let trial: Trial
  const roleOf = (peer: PeerId) => trial.rolesByPeer.get(peer)
  const caughtIn = ({ verification }: JobView) =>
    verification.caught.map(({ peer }) => roleOf(peer))
  beforeAll(async () => {
    trial = await runTrustTrial({ jobs: [job, job] })
  }, 180_000)

  test("gives the single machine's result, bit for bit, in every job", () => {
    expect(trial.reports.map(({ isRight }) => isRight)).toEqual([true, true])
    for (const { view } of trial.reports) {
      expect(view).toMatchObject({ phase: 'done' })
      expect(view.units).toMatchObject({ total: job.units, verified: job.units, unchecked: 0 })
      expect(view.verification.expectedErrorRate).toBeLessThanOrEqual(1e-4)
    }
  })

  test('catches the liars and nobody else', () => {
    const [first] = trial.reports
    expect(caughtIn(first!.view)).toContain('saboteur')
    for (const { view } of trial.reports)
      for (const role of caughtIn(view)) expect(liars).toContain(role)
    for (const { peer, banned } of trial.peers)
      if (!liars.includes(roleOf(peer) ?? '')) expect(banned).toBe(false)
  })

  test('tells every correction, and what was withdrawn for it', () => {
    for (const { view, corrections } of trial.reports) {
      const { corrected, withdrawn } = view.verification
      expect(corrections.length).toBeGreaterThanOrEqual(corrected === 0 ? 0 : 1)
      expect(corrections.length).toBeLessThanOrEqual(corrected)
      expect(corrected).toBeLessThanOrEqual(withdrawn)
    }
  })

  test('remembers in the second job whom it caught, and whom it may believe', () => {
    const [first, second] = trial.reports.map(({ view }) => view)
    for (const { peer, executed } of second!.hosts)
      if (caughtIn(first!).includes(roleOf(peer))) expect(executed).toBe(0)
    // Fresh hosts are repeated, known ones are sampled; but for what a cheat that is caught only now has done again.
    const again = second!.verification.withdrawn / job.units
    expect(second!.verification.executionsPerUnit! - again).toBeLessThan(
      first!.verification.executionsPerUnit!,
    )
  })
})
