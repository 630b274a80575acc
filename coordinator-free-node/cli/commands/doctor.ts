/** `doctor`: what this machine can do for the grid, and what is missing. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { type CheckResult, renderChecks, runCheck } from '../doctor/check.js'
import { executionChecks } from '../doctor/execution.js'
import { machineChecks } from '../doctor/machine.js'
import { networkChecks } from '../doctor/network.js'
import { sandboxChecks } from '../doctor/sandbox.js'
import { exitCodes } from '../failure.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
  stateDirectoryOf,
} from '../options.js'

export function addDoctorCommand(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .summary('what this machine can do, and what is missing')
    .description(
      'Checks what a node needs: Node, disk, executor, the walls around it, network. Exit code 0 unless something ' +
        'essential is missing (1).',
    )
    .action((options: StateOption & JsonOption) => examine(context, options))
  addExamples(addJsonOption(addStateOption(command)), [
    ['doctor', 'a checklist'],
    ['doctor --json', '{"ok": true, "checks": [...]}'],
  ])
}

async function examine(context: Context, options: StateOption & JsonOption): Promise<void> {
  const { terminal, env } = context
  const stateDirectory = stateDirectoryOf(options.state, env)
  const checks = [
    ...machineChecks(stateDirectory),
    ...executionChecks(),
    ...sandboxChecks(),
    ...networkChecks(context, stateDirectory),
  ]
  const results: CheckResult[] = []
  for (const check of checks) {
    terminal.live(`checking: ${check.name}`)
    results.push(await runCheck(check))
  }
  terminal.live(undefined)
  const ok = results.every((result) => result.ok || !result.essential)
  terminal.print(
    options.json === true ? JSON.stringify({ ok, checks: results }) : renderChecks(results),
  )
  context.setExitCode(ok ? exitCodes.ok : exitCodes.failed)
}
