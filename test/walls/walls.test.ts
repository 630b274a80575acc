/** Whoever takes over the executor's process finds nothing there, where bubblewrap stands. */
import { describe, expect, test } from '@jest/globals'
// @ts-expect-error: plain JavaScript, which runs without being compiled
import { tryToBreakOut } from './breakout.mjs'

interface Report {
  outer: string
  findings: { attempt: string; wall: string; isStopped: boolean; answer: string }[]
}

const { outer, findings }: Report = await tryToBreakOut()
const open = (wall: string) =>
  findings.filter((finding) => finding.wall === wall && !finding.isStopped)

describe(`the executor's process behind the wall of this machine (${outer})`, () => {
  test('has an empty environment', () => {
    expect(open('environment').filter(({ attempt }) => !/daemon|first/.test(attempt))).toEqual([])
  })

  const sealed = outer === 'bubblewrap' ? test : test.skip
  sealed.each(['files', 'network', 'processes', 'environment'])(
    'lets nothing of this kind through: %s',
    (wall) => {
      expect(findings.some((finding) => finding.wall === wall)).toBe(true)
      expect(open(wall)).toEqual([])
    },
  )

  const isOffline = outer !== 'none' ? test : test.skip
  isOffline("sees nobody else's environment", () => {
    expect(open('environment')).toEqual([])
  })
  isOffline('reaches no network', () => {
    const reached = open('network').filter(({ attempt }) => !attempt.includes('file'))
    expect(reached).toEqual([])
  })
})
