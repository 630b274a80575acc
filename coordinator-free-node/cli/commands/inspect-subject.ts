/** `inspect TASK|JOB`: what it is, whose, and what it may use, before anybody runs it. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'

export function addInspectCommand(program: Command, context: Context): void {
  const command = program
    .command('inspect')
    .argument(
      '<what>',
      'built-in task, file, or first digits of the id of a job or the hash of a task',
    )
    .summary('what a task or job is, before anybody runs it')
    .description(
      'Shows whose a job is and whether they signed it, how its results are accepted, what its task may use, its limits, ' +
        'and its source where there is one. A running node is asked about ids and hashes; what it does not have it ' +
        'fetches from neighbours, by hash. Nothing is run, and nothing that was fetched is kept.',
    )
    .option('--source', 'all of the source; of WebAssembly its functions and texts')
    .action(async (what: string, options: StateOption & JsonOption & { source?: boolean }) => {
      const { findSubject } = await import('../inspect/subject.js')
      const { reportOn } = await import('../inspect/report.js')
      const { renderReport } = await import('../inspect/report-text.js')
      const isFull = options.source === true
      const report = reportOn(await findSubject(context, options, what), isFull)
      context.terminal.print(
        options.json === true ? JSON.stringify(report) : renderReport(report, isFull),
      )
    })
  addExamples(addJsonOption(addStateOption(command)), [
    ['inspect mandelbrot', 'a task that ships with every node'],
    ['inspect kernel.wasm', 'a file: what it imports, in words'],
    ['inspect 3fa9c1', 'a job or task that the running node holds or has heard of'],
    ['inspect 3fa9c1 --source', 'with all of its source'],
  ])
}
