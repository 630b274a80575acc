/** `wait JOB`: follows a job to its end; the exit code says how it ended. */
import type { Command } from 'commander'
import type { JobView } from '../../protocol/gateway-api.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { onInterrupts } from '../interrupts.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { createProgressPrinter } from '../progress.js'
import { withJob } from '../session.js'

const WATCH_MS = 250

export function addWaitCommand(program: Command, context: Context): void {
  const command = program
    .command('wait')
    .argument('<job>', 'job id or its first digits')
    .summary('follow a job to its end')
    .description(
      'Follows a job to its end: exit code 0 when it is done, 1 when it failed or was cancelled. ' +
        'Ctrl-C stops following; the job goes on.',
    )
    .action((job: string, options: StateOption & JsonOption) => waitFor(context, job, options))
  addExamples(addJsonOption(addStateOption(command)), [
    ['wait 3fa9c1 && echo done', 'for scripts'],
    ['wait 3fa9c1 --json', 'one line of JSON at the end, as in: show JOB --json'],
  ])
}

async function waitFor(
  context: Context,
  job: string,
  options: StateOption & JsonOption,
): Promise<void> {
  const stopped = new AbortController()
  const off = onInterrupts({ onFirst: () => stopped.abort() })
  const printer = createProgressPrinter(context.terminal)
  try {
    const last = await withJob(context, options, job, async (handle) => {
      let view: JobView = await handle.progress()
      for await (view of handle.watch({ everyMs: WATCH_MS, signal: stopped.signal })) {
        printer.update(view)
      }
      return view
    }).catch((error: unknown) => {
      if (stopped.signal.aborted) return undefined
      throw error
    })
    if (last === undefined || stopped.signal.aborted) {
      context.terminal.say('no longer following; the job goes on')
      context.setExitCode(exitCodes.interrupted)
      return
    }
    if (options.json === true) context.terminal.print(JSON.stringify(last))
    context.setExitCode(last.phase === 'done' ? exitCodes.ok : exitCodes.failed)
  } finally {
    printer.end()
    off()
  }
}
