/** `task check FILE`: whether hosts would run a kernel, and what it is. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { addExamples, addJsonOption, integerFrom, type JsonOption } from '../options.js'
import { formatPairs } from '../table.js'
import { describe, inspect } from '../task/inspection.js'
import { loadTaskFile } from '../task/task-file.js'

interface CheckOptions extends JsonOption {
  memory: number
}

export function addTaskCheckCommand(program: Command, context: Context): void {
  const command = program
    .command('check')
    .argument('<file>', 'a .wasm module or a .js kernel')
    .summary('would hosts run it, and as what')
    .description(
      'Guards a WebAssembly module as hosts do, or evaluates JavaScript in the sandbox without calling the kernel, ' +
        'and says what it is; or what is wrong with it, and at which byte or line.',
    )
    .option('--memory <mb>', 'memory of a unit, MiB', integerFrom('--memory', 1, 2048), 64)
    .action(async (file: string, { memory, json }: CheckOptions) => {
      const found = await inspect(await loadTaskFile(file), memory * 1024 * 1024)
      if (json === true) return context.terminal.print(JSON.stringify({ ...found, accepted: true }))
      context.terminal.print(`${file}: accepted`)
      context.terminal.print(formatPairs(describe(found)))
    })
  addExamples(addJsonOption(command), [
    ['task check sum.wasm', 'tier, memory, imports, exports, sizes'],
    ['task check kernel.js', 'the line of an error, if there is one'],
  ])
}
