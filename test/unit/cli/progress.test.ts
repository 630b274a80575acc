import { describe, expect, test } from '@jest/globals'
import {
  createProgressPrinter,
  renderBar,
  renderEnd,
  renderProgress,
} from '../../../coordinator-free-node/cli/progress.js'
import { fakeTerminal, hostView, JOB, jobView, LIAR } from './fakes.js'

describe('bar', () => {
  test.each([
    [0, '[----------]'],
    [42, '[####------]'],
    [100, '[##########]'],
    [250, '[##########]'],
    [undefined, '[----------]'],
  ])('at %p', (percent, bar) => {
    expect(renderBar(percent, 10)).toBe(bar)
  })
})

describe('progress line', () => {
  test('says share, units, rate, time left and hosts', () => {
    expect(renderProgress(jobView())).toBe(
      'squares [##########--------------]  42 % 420/1,000 units | 33.3/s | 17 s left | 1 host',
    )
  })
  test('a list that is still being read has no share', () => {
    const { units } = jobView()
    const line = renderProgress(
      jobView({ units: { ...units, total: undefined }, rate: undefined, etaMs: undefined }),
    )
    expect(line).toContain('420/? units | - | - left')
    expect(line).not.toContain('%')
  })
  test('hosts that left or were refused do not count', () => {
    const hosts = [hostView(), hostView({ connected: false }), hostView({ refused: 'lied' })]
    expect(renderProgress(jobView({ hosts }))).toContain('| 1 host')
  })
})

describe('end line', () => {
  test('mentions only what happened', () => {
    const line = renderEnd(jobView({ phase: 'done' }))
    expect(line).toBe('squares: done in 12 s, 420 units by 1 host, 4 reassigned, 2 disputed')
  })
})

describe('printer', () => {
  test('a warning is said once, however often the view carries it', () => {
    const terminal = fakeTerminal({ tty: true })
    const printer = createProgressPrinter(terminal)
    const view = jobView({ warning: 'nobody else is here' })
    printer.update(view)
    printer.update(view)
    expect(terminal.remarks).toEqual(['warning: nobody else is here'])
  })
  test('a refused host is named once with the reason', () => {
    const terminal = fakeTerminal({ tty: true })
    const printer = createProgressPrinter(terminal)
    const view = jobView({ hosts: [hostView({ peer: LIAR, refused: 'it lied' })] })
    printer.update(view)
    printer.update(view)
    expect(terminal.remarks).toEqual([`host ${LIAR} gets no more units: it lied`])
  })
  test('on a terminal the line is rewritten, and gone at the end', () => {
    const terminal = fakeTerminal({ tty: true })
    const printer = createProgressPrinter(terminal)
    printer.update(jobView())
    printer.update(jobView({ phase: 'done' }))
    expect(terminal.lives).toEqual([renderProgress(jobView()), undefined])
    expect(terminal.remarks).toHaveLength(1)
  })
  test('elsewhere there is a line every ten seconds at most', () => {
    const terminal = fakeTerminal()
    let nowMs = 0
    const printer = createProgressPrinter(terminal, () => nowMs)
    for (; nowMs <= 35_000; nowMs += 250) printer.update(jobView({ job: JOB }))
    expect(terminal.remarks).toHaveLength(3)
    expect(terminal.lives).toEqual([])
  })
})

describe('corrections', () => {
  test('are told as they come, each once', () => {
    const terminal = fakeTerminal({ tty: true })
    const printer = createProgressPrinter(terminal, () => 0)
    const { units } = jobView()
    for (const corrected of [0, 2, 2, 3])
      printer.update(jobView({ units: { ...units, corrected } }))
    expect(terminal.remarks).toEqual([
      expect.stringMatching(/^squares: 2 units had a wrong result, which is replaced now/),
      expect.stringMatching(/^squares: 1 unit had a wrong result/),
    ])
  })
})
