/** `task run FILE`: one unit of a kernel, in the executor that hosts have, with all that it says. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { decodeValue } from '../../../tasks/value.js'
import { GridError } from '../../protocol/errors.js'
import type { UnitOutcome, UnitResult } from '../../protocol/outcome.js'
import type { UnitObservation } from '../../shell/executor/chunk.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { formatBytes, formatCount, formatDurationMs, percentOf } from '../format.js'
import { addExamples, addJsonOption, type JsonOption } from '../options.js'
import { renderBar } from '../progress.js'
import { checkOutput, toJson, toReadable } from '../run/result-output.js'
import { formatPairs } from '../table.js'
import { executeUnits, withExecutor } from '../task/local-executor.js'
import { LogLines } from '../task/log-lines.js'
import { previewOf, textOf } from '../task/preview.js'
import { loadTaskFile, type TaskFile, withFileName } from '../task/task-file.js'
import { addUnitOptions, type UnitOptions, unitOf } from '../task/unit-options.js'

interface RunOptions extends UnitOptions, JsonOption {
  output?: string
}

export function addTaskRunCommand(program: Command, context: Context): void {
  const command = program
    .command('run')
    .argument('<file>', 'a .wasm module or a .js kernel')
    .summary('run one unit of it here')
    .description(
      'Runs one unit of a kernel in the sandbox that hosts have. What it logs and how far it is goes to stderr, with ' +
        'its end, fuel, time, memory and digest; its result goes to stdout.',
    )
    .action((file: string, options: RunOptions) => runTask(context, file, options))
  addUnitOptions(command).option('--output <file>', 'write the result to this file')
  addExamples(addJsonOption(command), [
    ['task run sum.wasm --range 0..1000', 'a kernel of a range job'],
    ['task run words.wasm --input book.txt --params 3', 'a WASI command: 3 is its argument'],
    [
      `task run kernel.js --input item.json --params '{"limit": 7}'`,
      'JavaScript: values instead of bytes',
    ],
    ['task run sum.wasm --range 0..10 --fuel 1000', 'is it content with so little fuel?'],
  ])
}

async function runTask(context: Context, file: string, options: RunOptions): Promise<void> {
  const task = await loadTaskFile(file)
  await checkOutput(options.output)
  const unit = await unitOf(task, options)
  const audience = createAudience(context)
  const outcome = await withExecutor(
    1,
    async (executor) => (await executeUnits(executor, unit, [options.unit]))[0],
    (observation) => audience.hear(observation),
  ).finally(() => audience.end())
  if (outcome === undefined) throw new Error('the executor gave no outcome')
  if (outcome.kind !== 'done' && outcome.kind !== 'hit') context.setExitCode(exitCodes.failed)
  const report = { task, outcome, memoryBytes: audience.memoryBytes, options }
  if (options.json === true) return await printJson(context, report)
  await print(context, report)
}

const liveAfterMs = 1_000

/** Shows what the unit says while it runs. */
function createAudience({ terminal }: Context) {
  const lines = new LogLines((line) => terminal.say(line))
  const startMs = performance.now()
  let fraction: number | undefined
  let memoryBytes: number | undefined
  // A unit that is over within a second needs no bar.
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startMs
    if (elapsedMs < liveAfterMs || !terminal.canRewrite) return
    const percent = fraction === undefined ? undefined : percentOf(fraction, 1)
    const share = percent === undefined ? '' : ` ${percent} %`
    terminal.live(`${renderBar(percent)}${share} ${formatDurationMs(elapsedMs)}`)
  }, 100)
  return {
    hear({ log, progress, memoryBytes: bytes }: UnitObservation) {
      if (log !== undefined) lines.add(log)
      fraction = progress ?? fraction
      memoryBytes = bytes ?? memoryBytes
    },
    end() {
      clearInterval(timer)
      terminal.live(undefined)
      lines.end()
    },
    get memoryBytes() {
      return memoryBytes
    },
  }
}

interface Report {
  task: TaskFile
  outcome: UnitOutcome
  memoryBytes: number | undefined
  options: RunOptions
}

/** The program's words, when it failed. */
export function wordsOf(outcome: UnitOutcome, task: TaskFile): string | undefined {
  if (outcome.kind === 'abort') return `${outcome.reason}: ${outcome.message}`
  if (outcome.kind !== 'trap') return undefined
  return withFileName(new TextDecoder().decode(outcome.output), task)
}

async function print({ terminal }: Context, report: Report): Promise<void> {
  const { task, outcome, memoryBytes, options } = report
  const words = wordsOf(outcome, task)
  const pairs: [string, string][] = [
    ['outcome', words === undefined ? outcome.kind : `${outcome.kind}: ${indented(words)}`],
  ]
  if (outcome.kind !== 'abort') {
    pairs.push(['fuel', formatCount(outcome.fuel)], ['time', formatMs(outcome.spentMs)])
    if (memoryBytes !== undefined) {
      const whose = task.tier === 'js' ? ", with the engine's own" : ''
      pairs.push(['memory', `${formatBytes(memoryBytes)}${whose}`])
    }
    pairs.push(['digest', Buffer.from(outcome.digest).toString('hex')])
    if (words === undefined) pairs.push(['result', formatBytes(outcome.output.length)])
  }
  terminal.say(formatPairs(pairs))
  if (outcome.kind === 'abort' || outcome.kind === 'trap') return
  if (options.output !== undefined) {
    await write(options.output, outcome.output)
    return terminal.say(`wrote ${outcome.output.length} bytes to ${options.output}`)
  }
  if (task.tier === 'js')
    return terminal.print(toReadable(decodeValue(outcome.output), !terminal.isTerminalOut))
  // Whoever reads the other end of a pipe wants the bytes.
  if (!terminal.isTerminalOut) return await terminal.write(outcome.output)
  if (outcome.output.length > 0) terminal.print(previewOf(outcome.output))
}

/** Further lines stand below the first one. */
function indented(words: string): string {
  return words.replaceAll('\n', `\n${' '.repeat('outcome  '.length)}`)
}

/** Short times with what they differ in. */
export function formatMs(ms: number): string {
  return ms < 100 ? `${ms.toFixed(ms < 1 ? 3 : 1)} ms` : formatDurationMs(ms)
}

async function printJson({ terminal }: Context, report: Report): Promise<void> {
  const { task, outcome, memoryBytes, options } = report
  const base = { file: task.file, tier: task.tier, outcome: outcome.kind }
  if (outcome.kind === 'abort') {
    const { reason, message } = outcome
    return terminal.print(JSON.stringify({ ...base, reason, message }))
  }
  const { fuel, spentMs, digest, output } = outcome
  if (options.output !== undefined) await write(options.output, output)
  const measured = { fuel, spentMs, memoryBytes, digest: Buffer.from(digest).toString('hex') }
  const result = { ...measured, resultBytes: output.length, ...shownInJson(report, outcome) }
  terminal.print(toJson({ ...base, ...result }))
}

/** A trap's words, or the result: where it was written, the value, the text, or the bytes. */
function shownInJson({ task, options }: Report, outcome: UnitResult): Record<string, unknown> {
  if (outcome.kind === 'trap') return { message: wordsOf(outcome, task) }
  if (options.output !== undefined) return { written: resolve(options.output) }
  if (task.tier === 'js') return { result: decodeValue(outcome.output) }
  return { result: textOf(outcome.output) ?? outcome.output }
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes)
  } catch (cause) {
    throw new GridError('MH_USAGE', `--output: cannot write '${file}'`, {
      blame: 'user',
      hint: 'a file in a folder that is there, and that you may write',
      cause,
    })
  }
}
