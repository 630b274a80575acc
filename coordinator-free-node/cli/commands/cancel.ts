/** `cancel JOB`: ends a job; hosts stop working on it. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { renderEnd } from '../progress.js'
import { withJob } from '../session.js'

export function addCancelCommand(program: Command, context: Context): void {
  const command = program
    .command('cancel')
    .argument('<job>', 'job id or its first digits')
    .summary('end a job')
    .description('Ends a job. Its verified results stay; hosts stop working on the rest.')
    .action((job: string, options: StateOption & JsonOption) =>
      withJob(context, options, job, async (handle) => {
        await handle.cancel()
        const view = await handle.progress()
        context.terminal.print(options.json === true ? JSON.stringify(view) : renderEnd(view))
      }),
    )
  addExamples(addJsonOption(addStateOption(command)), [['cancel 3fa9c1', 'ends that job']])
}
