/** `metrics [PART]`: what the running node measures, as Prometheus would be told. */
import type { Command } from 'commander'
import { GridError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { parseMetrics, selectMetrics } from '../metrics-text.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
  stateDirectoryOf,
} from '../options.js'

/** A node that is alive answers in milliseconds. */
const answerMsMax = 10_000

export function addMetricsCommand(program: Command, context: Context): void {
  const command = program
    .command('metrics')
    .argument('[part]', 'only metrics whose name contains this')
    .summary('what the running node measures')
    .description(
      'Prints the metrics of the node that runs here, in the text format of Prometheus: neighbours, messages, units, ' +
        'jobs, the journal, the process. docs/observability.md says what each means and how to collect them.',
    )
    .action((part: string | undefined, options: StateOption & JsonOption) =>
      showMetrics(context, part, options),
    )
  addExamples(addJsonOption(addStateOption(command)), [
    ['metrics', 'all there are, with what they mean'],
    ['metrics journal', 'those about the journal'],
    ['metrics --json', 'one value a line, for machines'],
  ])
}

async function showMetrics(
  context: Context,
  part: string | undefined,
  options: StateOption & JsonOption,
): Promise<void> {
  const whole = await fetchMetrics(stateDirectoryOf(options.state, context.env))
  const text = part === undefined ? whole.trimEnd() : selectMetrics(whole, part)
  if (text === '') {
    throw new GridError('MH_USAGE', `no metric has '${part}' in its name`, {
      blame: 'user',
      hint: 'manyhands metrics prints them all',
    })
  }
  const { terminal } = context
  if (options.json !== true) terminal.print(text)
  else for (const value of parseMetrics(text)) terminal.print(JSON.stringify(value))
}

async function fetchMetrics(directory: string): Promise<string> {
  const { platform } = await import('../../../sdk/platform.js')
  const file = await platform.readGatewayFile(directory)
  if (file === undefined) throw noNode(directory)
  const url = file.url.replace(/^ws/, 'http').replace(/\/api$/, '/metrics')
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${file.token}` },
    signal: AbortSignal.timeout(answerMsMax),
  }).catch((cause: unknown) => {
    throw noNode(directory, cause)
  })
  // Somebody else listens where a node that was killed did.
  if (!answer.ok) throw noNode(directory)
  return await answer.text()
}

function noNode(directory: string, cause?: unknown): GridError {
  return new GridError('MH_NO_NODE', `no node is running on ${directory}`, {
    blame: 'user',
    retryable: true,
    hint: 'start one: manyhands node',
    cause,
  })
}
