/** All commands put together; the only place that knows commander's global settings. */
import { Command } from 'commander'
import { addCancelCommand } from './commands/cancel.js'
import { addDemoCommand } from './commands/demo.js'
import { addDoctorCommand } from './commands/doctor.js'
import { addGridCommand } from './commands/grid.js'
import { addInspectCommands } from './commands/inspect.js'
import { addInspectCommand } from './commands/inspect-subject.js'
import { addListCommands } from './commands/lists.js'
import { addLogCommand } from './commands/log.js'
import { addMetricsCommand } from './commands/metrics.js'
import { addNodeCommand } from './commands/node.js'
import { addReceiptsCommand } from './commands/receipts.js'
import { addRunCommand } from './commands/run.js'
import { addSimCommand } from './commands/sim.js'
import { addTaskCommand } from './commands/task.js'
import { addTasksCommand } from './commands/tasks.js'
import { addVolunteerCommands } from './commands/volunteer.js'
import { addWaitCommand } from './commands/wait.js'
import type { Context } from './context.js'
import { packageVersion } from './version.js'

export function createProgram(context: Context): Command {
  const program = new Command('manyhands')
    .description(
      'A volunteer computing grid without a coordinator: every node submits jobs, runs work units ' +
        'of others, and can leave at any moment.',
    )
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => context.terminal.say(text.replace(/\n$/, '')),
      // Errors are thrown as well, and reported once, in one form.
      outputError: () => undefined,
    })
    .addHelpText(
      'after',
      '\nStart with:\n  $ manyhands demo\n  $ manyhands node\n  $ manyhands run monte-carlo-pi\n',
    )
  addNodeCommand(program, context)
  addVolunteerCommands(program, context)
  addRunCommand(program, context)
  addTasksCommand(program, context)
  addTaskCommand(program, context)
  addInspectCommands(program, context)
  addInspectCommand(program, context)
  addListCommands(program, context)
  addReceiptsCommand(program, context)
  addGridCommand(program, context)
  addLogCommand(program, context)
  addMetricsCommand(program, context)
  addWaitCommand(program, context)
  addCancelCommand(program, context)
  addDemoCommand(program, context)
  addDoctorCommand(program, context)
  addSimCommand(program, context)
  return program
}
