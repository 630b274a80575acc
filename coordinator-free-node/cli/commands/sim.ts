/** `sim SCENARIO`: a whole grid in one thread, with virtual time; the same seed gives the same trace. */
import type { Command } from 'commander'
import { GridError } from '../../protocol/errors.js'
import { nearestOf } from '../../shell/suggest.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { addExamples, addJsonOption, integerFrom, type JsonOption } from '../options.js'
import { toReadable } from '../run/result-output.js'
import { formatPairs } from '../table.js'

const SEED_MAX = 2 ** 31 - 1

export function addSimCommand(program: Command, context: Context): void {
  const command = program
    .command('sim')
    .argument('[scenario]', 'left out: lists the scenarios')
    .summary('simulate a grid with bad luck and bad peers')
    .description(
      'Runs the same core as a node over a virtual clock and network. The same seed gives the same ' +
        'trace, byte for byte. Exit code 1 when a wrong result was accepted.',
    )
    .option('--seed <n>', 'seed of everything random', integerFrom('--seed', 0, SEED_MAX), 1)
    .action((scenario: string | undefined, options: { seed: number } & JsonOption) =>
      simulate(context, scenario, options),
    )
  addExamples(addJsonOption(command), [
    ['sim', 'lists the scenarios'],
    ['sim liar --seed 7 --json', 'one line of JSON with the hash of the trace'],
  ])
}

async function simulate(
  context: Context,
  scenario: string | undefined,
  { seed, json }: { seed: number } & JsonOption,
): Promise<void> {
  const { isScenario, runScenario, scenarios } = await import('../../sim/scenarios.js')
  const { terminal } = context
  if (scenario === undefined) {
    const list = Object.entries(scenarios).map(([name, { summary }]) => [name, summary] as const)
    terminal.print(
      json === true ? JSON.stringify({ scenarios: Object.fromEntries(list) }) : formatPairs(list),
    )
    return
  }
  if (!isScenario(scenario)) throw unknownScenario(scenario, Object.keys(scenarios))
  const report = runScenario(scenario, seed)
  terminal.print(json === true ? JSON.stringify(report) : toReadable(toText(report), true))
  context.setExitCode(report.finished && report.wrong === 0 ? exitCodes.ok : exitCodes.failed)
}

/** Lists as words, so that the report reads as one line a figure. */
function toText(report: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.join(', ') || 'none' : value,
    ]),
  )
}

function unknownScenario(scenario: string, names: readonly string[]): GridError {
  const near = nearestOf(scenario, names)
  return new GridError('MH_USAGE', `there is no scenario '${scenario}'`, {
    blame: 'user',
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Scenarios: ${names.join(', ')}`,
  })
}
