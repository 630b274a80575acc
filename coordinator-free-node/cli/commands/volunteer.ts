/** `pause`, `resume`, `finish`: the volunteer's word to a running node. */
import type { Command } from 'commander'
import { GridError } from '../../protocol/errors.js'
import { pauseMsMax } from '../../protocol/gateway-api.js'
import { parseDurationMs } from '../../shell/volunteer/quantities.js'
import type { Context } from '../context.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { withRunningNode } from '../session.js'
import { renderDonation } from '../status.js'

type Options = StateOption & JsonOption

const withShared = (command: Command) => addJsonOption(addStateOption(command))

export function addVolunteerCommands(program: Command, context: Context): void {
  addExamples(
    withShared(program.command('pause').summary('stop working for others for a while'))
      .description(
        'The running node takes no more work of others: what has not begun goes to other hosts at once, what runs ' +
          'has a moment to finish. Jobs of your own go on. A pause outlives a restart of the node.',
      )
      .option('--for <duration>', 'for so long (default: until resume)', parsePause)
      .action((options: Options & { for?: number }) =>
        withRunningNode(context, options, async (grid) => {
          const { for: forMs } = options
          const view = await grid.pause(forMs === undefined ? {} : { forMs })
          context.terminal.print(
            options.json === true ? JSON.stringify(view) : renderDonation(view),
          )
        }),
      ),
    [
      ['pause', 'until: manyhands resume'],
      ['pause --for 2h', 'for two hours'],
    ],
  )
  addExamples(
    withShared(program.command('resume').summary('work for others again'))
      .description('Ends a pause. Hours, battery and idle rules go on to hold.')
      .action((options: Options) =>
        withRunningNode(context, options, async (grid) => {
          const view = await grid.resume()
          context.terminal.print(
            options.json === true ? JSON.stringify(view) : renderDonation(view),
          )
        }),
      ),
    [['resume', 'says whether the node works now, and if not, why']],
  )
  addExamples(
    withShared(program.command('finish').summary('let the running node finish and end'))
      .description(
        'The running node finishes the units that run, hands the rest back and ends with 0, as on Ctrl-C. ' +
          'Its own jobs go on at its next start.',
      )
      .action((options: Options) =>
        withRunningNode(context, options, async (grid) => {
          await grid.finish()
          context.terminal.print(
            options.json === true
              ? JSON.stringify({ finished: true })
              : 'finished; the node leaves the grid and nothing is lost',
          )
        }),
      ),
    [['finish', 'waits until the last unit is done']],
  )
}

/** @throws {GridError} MH_USAGE */
function parsePause(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms >= 1_000 && ms <= pauseMsMax) return ms
  throw new GridError('MH_USAGE', `--for: '${text}' is no duration from 1s to 366d`, {
    blame: 'user',
    hint: 'for example --for 30min, --for 2h or --for 1h30m',
  })
}
