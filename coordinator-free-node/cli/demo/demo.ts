/** The demo from the first process to the last folder: bounds its time and cleans up after it. */
import { availableParallelism } from 'node:os'
import { GridError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { formatCount, formatDurationMs } from '../format.js'
import { onInterrupts } from '../interrupts.js'
import type { JsonOption } from '../options.js'
import { sizeWindow } from './block-search.js'
import { measureHashRate } from './calibrate.js'
import { play } from './play.js'
import { type DemoReport, renderReport } from './referee.js'
import { createStage } from './stage.js'

/** What the search itself should take; starting, two hosts a unit and the lost work come on top. */
const SEARCH_MS = 22_000
/** Whatever happens, the demo is over by then. */
const DEMO_MS_MAX = 110_000
const REDUNDANCY = 2
/** Honest hosts that stay, each with one thread. */
const THREADS_MAX = 3

export async function demo(context: Context, { json }: JsonOption): Promise<void> {
  const { terminal } = context
  const interrupted = new AbortController()
  const overdue = AbortSignal.timeout(DEMO_MS_MAX)
  const signal = AbortSignal.any([interrupted.signal, overdue])
  const startedMs = performance.now()
  const say = (line: string) => {
    const elapsed = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)
    terminal.say(`[${elapsed} s] ${line}`)
  }
  const stage = createStage(signal, say)
  const off = onInterrupts({
    onFirst() {
      say('stopping all nodes')
      interrupted.abort()
    },
  })
  try {
    const report = await unlessAborted(perform(context, stage.build, say, signal), signal)
    terminal.print(json === true ? JSON.stringify(report) : renderReport(report))
    context.setExitCode(report.ok ? exitCodes.ok : exitCodes.failed)
  } catch (error) {
    if (overdue.aborted) throw overdueError()
    if (!interrupted.signal.aborted) throw error
    context.setExitCode(exitCodes.interrupted)
  } finally {
    terminal.live(undefined)
    await stage.clear()
    off()
  }
}

async function perform(
  context: Context,
  build: ReturnType<typeof createStage>['build'],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<DemoReport> {
  const rate = await measureHashRate()
  const threads = Math.min(availableParallelism(), THREADS_MAX)
  const window = sizeWindow(rate, threads, REDUNDANCY, SEARCH_MS)
  say(
    `one thread of this machine tries ${formatCount(rate)} nonces a second; ` +
      `searching ${formatCount(window.end - window.start)}, each on two hosts`,
  )
  return play({ stage: await build(), window, context, say, signal })
}

/** The work may hang on a node that does not answer: an end that was asked for comes anyway. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}

function overdueError(): GridError {
  return new GridError(
    'MH_JOB_FAILED',
    `the demo was not over after ${formatDurationMs(DEMO_MS_MAX)} and was stopped`,
    { blame: 'local', hint: 'is the machine busy? manyhands doctor says what it can do' },
  )
}
