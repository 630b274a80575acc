/** `jobs`, `show`, `why`, `peers`, `status`: what a running node knows, as a table or as JSON. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { renderPeers } from '../peers.js'
import { withJob, withRunningNode } from '../session.js'
import { renderStatus } from '../status.js'
import { renderHosted, renderJob, renderJobs } from '../views.js'
import { renderWhy } from '../why.js'

type Options = StateOption & JsonOption

/** Prints a view as one line of JSON or as text. */
function show<View>(
  context: Context,
  options: Options,
  view: View,
  render: (view: View) => string,
) {
  context.terminal.print(options.json === true ? JSON.stringify(view) : render(view))
}

const withShared = (command: Command) => addJsonOption(addStateOption(command))

export function addInspectCommands(program: Command, context: Context): void {
  addExamples(
    withShared(program.command('jobs').summary('list jobs of the running node'))
      .description(
        'Lists the jobs submitted through the node that runs on this machine; with --hosted those that it serves, ' +
          'or refuses, as a host.',
      )
      .option('--hosted', 'jobs that this node works for, with owners and hashes of tasks')
      .action((options: Options & { hosted?: boolean }) =>
        withRunningNode(context, options, async (grid) => {
          if (options.hosted === true) {
            show(context, options, { jobs: await grid.hosted() }, ({ jobs }) => renderHosted(jobs))
            return
          }
          show(context, options, { jobs: await grid.jobs() }, ({ jobs }) => renderJobs(jobs))
        }),
      ),
    [
      ['jobs', 'a line for each job'],
      ['jobs --json', '{"jobs": [...]}, each as in: show JOB --json'],
      ['jobs --hosted', 'what this machine does for whom, and what it refuses'],
    ],
  )
  addExamples(
    withShared(program.command('show').argument('<job>', 'job id or its first digits'))
      .summary('units, hosts and verdicts of a job')
      .description(
        'Shows how far a job is, what checking its results has cost (redundancy, audits), how many are still ' +
          'expected to be wrong, what each host did, and who was refused and why.',
      )
      .action((job: string, options: Options) =>
        withJob(context, options, job, async (handle) => {
          show(context, options, await handle.progress(), renderJob)
        }),
      ),
    [
      ['show 3fa9c1', 'the first digits of the id do, at least four'],
      ['show 3fa9c1 --json', 'one line of JSON; "verification" has what checking cost and found'],
    ],
  )
  addExamples(
    withShared(program.command('why').argument('<job>', 'job id or its first digits'))
      .summary('what a job waits for')
      .description(
        'Says which units wait for what and what can be done about it, who computes which since when, which hosts ' +
          'are refused on what ground, and what each peer answered to the advert.',
      )
      .action((job: string, options: Options) =>
        withJob(context, options, job, async (handle) => {
          show(context, options, await handle.why(), renderWhy)
        }),
      ),
    [
      ['why 3fa9c1', 'the reasons, those that hold up most units first'],
      ['why 3fa9c1 --json', 'one line of JSON: waits, leases, refused, answers'],
    ],
  )
  addExamples(
    withShared(program.command('peers').summary('who helped whom, and how far each is trusted'))
      .description(
        'Lists the peers that the running node knows, those whom it owes most first: what each gave and got, what ' +
          'follows from that, what is believed of it as a host, and why it is refused. Nobody else is told.',
      )
      .option('--all', 'all of them, however many')
      .action((options: Options & { all?: boolean }) =>
        withRunningNode(context, options, async (grid) => {
          show(context, options, { peers: await grid.peers() }, ({ peers }) =>
            renderPeers(peers, options.all === true),
          )
        }),
      ),
    [
      ['peers', 'neighbours and those seen before'],
      ['peers --json', '{"peers": [...]}, all of them, with every number'],
    ],
  )
  addExamples(
    withShared(program.command('status').summary('the running node at a glance'))
      .description('Shows the running node: id, addresses, neighbours, work, favours.')
      .action((options: Options) =>
        withRunningNode(context, options, async (grid) => {
          show(context, options, await grid.status(), renderStatus)
        }),
      ),
    [['status --json', 'one line of JSON, for scripts']],
  )
}
