/** `task check|run|bench FILE`: a kernel of one's own, tried here without a grid. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { addTaskBenchCommand } from './task-bench.js'
import { addTaskCheckCommand } from './task-check.js'
import { addTaskRunCommand } from './task-run.js'

export function addTaskCommand(program: Command, context: Context): void {
  const command = program
    .command('task')
    .summary('try a kernel of your own: check, run or bench a file')
    .description(
      'Looks at a kernel, a .wasm module or .js source, as hosts would, on this machine and without a grid. ' +
        'The tasks that ship with every node are listed by "manyhands tasks".',
    )
  addTaskCheckCommand(command, context)
  addTaskRunCommand(command, context)
  addTaskBenchCommand(command, context)
}
