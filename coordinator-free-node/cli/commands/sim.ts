/** `sim SCENARIO`: a whole grid in one thread, with virtual time; the same seed gives the same trace. */
import { type Command, Option } from 'commander'
import { GridError } from '../../protocol/errors.js'
import { nearestOf } from '../../shell/suggest.js'
import { type Policy, policies } from '../../sim/policies.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { addExamples, addJsonOption, integerFrom, type JsonOption, numberFrom } from '../options.js'
import { toReadable } from '../run/result-output.js'
import { formatPairs } from '../table.js'

const SEED_MAX = 2 ** 31 - 1
const COUNT_MAX = 10_000_000

interface SimOptions extends JsonOption {
  seed: number
  policy?: Policy
  rate?: number
  hosts?: number
  units?: number
  trace?: boolean
}

export function addSimCommand(program: Command, context: Context): void {
  const command = program
    .command('sim')
    .argument('[scenario]', 'left out: lists the scenarios')
    .summary('simulate a grid with bad luck and bad peers')
    .description(
      'Runs the same core as a node over a virtual clock and network. The same seed gives the same ' +
        'trace, byte for byte. Exit code 1 when a wrong result was accepted, or the job did not end. ' +
        'Scenarios of hundreds or thousands of hosts can be varied by --policy, --rate, --hosts and --units.',
    )
    .option('--seed <n>', 'seed of everything random', integerFrom('--seed', 0, SEED_MAX), 1)
    .addOption(
      new Option('--policy <name>', 'what decides which results count, and when').choices(policies),
    )
    .option('--rate <share>', 'how often liars lie, from 0 to 1', numberFrom('--rate', 0, 1))
    .option('--hosts <n>', 'hosts beside the requester', integerFrom('--hosts', 0, 100_000))
    .option('--units <n>', 'units of each job', integerFrom('--units', 1, COUNT_MAX))
    .option('--trace', 'hash every event of a large scenario, too')
    .action((scenario: string | undefined, options: SimOptions) =>
      simulate(context, scenario, options),
    )
  addExamples(addJsonOption(command), [
    ['sim', 'lists the scenarios'],
    ['sim liar --seed 7 --json', 'one line of JSON with the hash of the trace'],
    ['sim saboteurs --rate 0.03 --policy voting', 'two copies of everything instead'],
    ['sim leechers --rate 0.75', 'what free riders get of a grid, three in four of whom are'],
  ])
}

async function simulate(
  context: Context,
  scenario: string | undefined,
  options: SimOptions,
): Promise<void> {
  const { terminal } = context
  const { json, seed, trace, ...choices } = options
  const { isScenario, listScenarios, runByName } = await import('../../sim/catalogue.js')
  const all = listScenarios()
  if (scenario === undefined) {
    terminal.print(
      json === true ? JSON.stringify({ scenarios: Object.fromEntries(all) }) : formatPairs(all),
    )
    return
  }
  const given = Object.keys(choices)
  if (isScenario(scenario) && given.length > 0) throw fixedScenario(scenario, given)
  const large = { validateEvery: 0, trace: trace ?? false }
  const report = runByName(scenario, seed, choices, large)
  if (report === undefined) {
    const names = all.map(([name]) => name)
    throw unknownScenario(scenario, names)
  }
  terminal.print(json === true ? JSON.stringify(report) : toReadable(toText(report), true))
  context.setExitCode(report.finished && report.wrong === 0 ? exitCodes.ok : exitCodes.failed)
}

/** Lists as words, so that the report reads as one line a figure. */
function toText(report: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? shorten(value) : value,
    ]),
  )
}

/** Names as far as a person reads them. */
function shorten(values: readonly unknown[]): string {
  const most = 20
  const rest = values.length > most ? ` and ${values.length - most} more` : ''
  return values.length === 0 ? 'none' : `${values.slice(0, most).join(', ')}${rest}`
}

function fixedScenario(scenario: string, given: readonly string[]): GridError {
  const names = given.map((name) => `--${name}`).join(' and ')
  return new GridError('MH_USAGE', `${names} cannot change the scenario '${scenario}'`, {
    blame: 'user',
    hint: 'they vary the large scenarios, such as saboteurs, colluders or leechers',
  })
}

function unknownScenario(scenario: string, names: readonly string[]): GridError {
  const near = nearestOf(scenario, names)
  return new GridError('MH_USAGE', `there is no scenario '${scenario}'`, {
    blame: 'user',
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Scenarios: ${names.join(', ')}`,
  })
}
