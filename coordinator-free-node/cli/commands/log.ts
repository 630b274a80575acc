/** `log JOB`: what happened to a job, and what goes on happening. */
import type { Command } from 'commander'
import { limits } from '../../protocol/limits.js'
import type { Context } from '../context.js'
import { onInterrupts } from '../interrupts.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  integerFrom,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { withJob } from '../session.js'
import { renderTrailEvent } from '../trail.js'

interface Options extends StateOption, JsonOption {
  follow?: boolean
  lines?: number
}

export function addLogCommand(program: Command, context: Context): void {
  const command = program
    .command('log')
    .argument('<job>', 'job id or its first digits')
    .summary('what happened to a job')
    .description(
      'The events of a job of this node, oldest first, kept across restarts: who worked on it, what was lost, disputed or ' +
        'taken back, and how it ended.',
    )
    .option(
      '-f, --follow',
      'go on until the job has ended; Ctrl-C stops following, the job goes on',
    )
    .option(
      '-n, --lines <n>',
      'only the last n events',
      integerFrom('--lines', 0, limits.trailEventsMax),
    )
    .action((job: string, options: Options) => log(context, job, options))
  addExamples(addJsonOption(addStateOption(command)), [
    ['log 3fa9c1', 'all there is'],
    ['log 3fa9c1 -f -n 10', 'the last ten events, and those to come'],
    ['log 3fa9c1 --json', 'one event a line, for machines'],
  ])
}

async function log(context: Context, job: string, options: Options): Promise<void> {
  const { terminal } = context
  const stopped = new AbortController()
  const off = onInterrupts({ onFirst: () => stopped.abort() })
  const { follow = false, lines } = options
  try {
    await withJob(context, options, job, async (handle) => {
      const from = lines === undefined ? {} : { last: lines }
      for await (const event of handle.trail({ follow, signal: stopped.signal, ...from }))
        terminal.print(options.json === true ? JSON.stringify(event) : renderTrailEvent(event))
    })
  } catch (error) {
    if (!stopped.signal.aborted) throw error
  } finally {
    off()
  }
}
