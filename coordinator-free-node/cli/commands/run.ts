/** `run FILE|TASK`: submits work, shows its progress, prints its verified result. */

import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { ConnectOptions, Grid, JobOptions } from '../../../sdk/types.js'
import { GridError } from '../../protocol/errors.js'
import type { JobView } from '../../protocol/gateway-api.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { onInterrupts } from '../interrupts.js'
import {
  addConnectionOptions,
  addExamples,
  addJsonOption,
  type ConnectionOptions,
  collect,
  connectOptionsOf,
  integerFrom,
  type JsonOption,
  numberFrom,
} from '../options.js'
import { readParams } from '../params.js'
import { createProgressPrinter } from '../progress.js'
import { loadBuiltinTasks } from '../run/builtin-tasks.js'
import { checkOutput, outputResult, refuseBytesToTerminal, toJson } from '../run/result-output.js'
import { loadTarget, type Target } from '../run/target.js'
import { type AnyJob, trackGrid } from '../run/tracked-grid.js'

const WATCH_MS = 250
const UNIT_MS_MAX = 3_600_000
const QUORUM_MAX = 7

interface RunOptions extends ConnectionOptions, JsonOption {
  maxErrorRate?: number
  quorum?: number
  unitMs?: number
  embed?: boolean
  detach?: boolean
  idOnly?: boolean
  output?: string
  param?: string[]
  params?: string
}

export function addRunCommand(program: Command, context: Context): void {
  const command = program
    .command('run')
    .argument('<file|task>', 'an ES module, or the name of a built-in task')
    .argument('[args...]', "the module's arguments; put -- before those that start with a dash")
    .summary('compute something on the grid')
    .description(
      'Runs a built-in task, or an ES module whose default export is a task or a function ' +
        'main(grid, { args, signal, progress }). Uses the node that runs on this machine, or starts ' +
        'one for as long as it takes. Progress goes to stderr, the result to stdout. ' +
        'Ctrl-C cancels the job.',
    )
    .option('--param <name=value>', "one of a task's parameters, or @file; repeatable", collect)
    .option('--params <json>', "a task's parameters as a JSON object, or @file")
    .option(
      '--max-error-rate <p>',
      'share of wrong results that is tolerated; how many hosts repeat a unit follows (default: 1e-4)',
      numberFrom('--max-error-rate', 1e-12, 0.5, 1e-6),
    )
    .option(
      '--quorum <n>',
      'instead: so many hosts must agree on each unit',
      integerFrom('--quorum', 1, QUORUM_MAX),
    )
    .option(
      '--unit-ms <n>',
      'wall-clock limit of one unit, milliseconds (default: the task says)',
      integerFrom('--unit-ms', 10, UNIT_MS_MAX),
    )
    .option('--output <file>', 'write the result to this file')
    .option('--embed', 'use a node of its own, in a temporary state directory')
    .option('--detach', 'print the job id and leave; the running node goes on with it')
    .option('--id-only', 'like --detach, and print nothing but the id')
  addJsonOption(addConnectionOptions(command)).action(
    (name: string, args: string[], options: RunOptions) => run(context, name, args, options),
  )
  addExamples(command, [
    ['run monte-carlo-pi --param samples=100000000', 'a built-in task'],
    ['run word-count --param text=@book.txt', "a parameter that is a file's text"],
    ['run mandelbrot --params @view.json --output set.png', 'a result that is bytes'],
    ['run examples/hash-tree.mjs node_modules', 'a program of your own, with an argument'],
    [
      'run mandelbrot --max-error-rate 1e-6 --output set.png',
      'stricter: hosts are asked again until at most one in a million is wrong',
    ],
    [
      'run mandelbrot --quorum 3 --output set.png',
      'plain voting: three hosts must agree on each unit',
    ],
    ['run hash-search --params @window.json --detach', 'leaves; see: wait, show, cancel'],
  ])
}

async function run(
  context: Context,
  name: string,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  const detach = options.detach === true || options.idOnly === true
  const target = await loadTarget(name, await loadBuiltinTasks())
  checkOptions(target, args, options, detach)
  await checkOutput(options.output)
  if (target.kind === 'task' && !detach) {
    refuseBytesToTerminal(target.task, options, context.terminal)
  }
  const params = await readParams(options.param ?? [], options.params)
  if (detach) return runDetached(context, target, params, options)

  const stopped = new AbortController()
  const home = options.embed === true ? await mkdtemp(join(tmpdir(), 'manyhands-')) : undefined
  const off = onInterrupts({
    onFirst() {
      context.terminal.say('cancelling the job; Ctrl-C again stops at once')
      stopped.abort()
    },
    onSecond() {
      if (home !== undefined) rmSync(home, { recursive: true, force: true })
    },
  })
  try {
    await runToTheEnd(context, { target, args, params, options, home, signal: stopped.signal })
  } catch (error) {
    if (!stopped.signal.aborted) throw error
    context.terminal.say('cancelled')
    context.setExitCode(exitCodes.interrupted)
  } finally {
    off()
    context.terminal.live(undefined)
    if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

interface Run {
  target: Target
  args: readonly string[]
  params: Record<string, unknown>
  options: RunOptions
  /** Temporary state directory of an embedded node. */
  home: string | undefined
  signal: AbortSignal
}

async function runToTheEnd(context: Context, run: Run): Promise<void> {
  const { target, options, signal } = run
  const grid = await context.connect(connectionOf(run))
  const views = new Map<string, JobView>()
  const watches: Promise<void>[] = []
  const shown = new WeakSet<AnyJob>()
  const printer = createProgressPrinter(context.terminal)
  const follow = (job: AnyJob) => {
    if (shown.has(job)) return
    shown.add(job)
    watches.push(followJob(job, (view) => views.set(view.job, view) && printer.update(view)))
  }
  try {
    const tracked = trackGrid(grid, { signal, overrides: jobOptionsOf(options), onJob: follow })
    const result = await compute(context, tracked, run, follow)
    signal.throwIfAborted()
    await Promise.all(watches)
    printer.end()
    const printed = await outputResult(result, options, context.terminal)
    if (options.json === true) {
      context.terminal.print(
        toJson({ target: target.name, result: printed, jobs: [...views.values()] }),
      )
    }
  } finally {
    printer.end()
    await grid.close()
  }
}

/** Feeds a job's progress to the printer; the job's own promise tells how it ended. */
async function followJob(job: AnyJob, onView: (view: JobView) => void): Promise<void> {
  try {
    for await (const view of job.watch({ everyMs: WATCH_MS })) onView(view)
  } catch {
    // Whatever broke the watch also ends the job, and there it is reported once.
  }
}

async function compute(
  context: Context,
  grid: Grid,
  { target, args, params, signal }: Run,
  follow: (job: AnyJob) => void,
): Promise<unknown> {
  if (target.kind === 'task') return grid.run(target.task, params)
  return target.main(grid, {
    args,
    signal,
    progress(what) {
      if (typeof what === 'string') context.terminal.say(what)
      else follow(what)
      return what
    },
  })
}

function connectionOf({ options, home }: Run): ConnectOptions {
  const shared = connectOptionsOf(options)
  return home === undefined ? shared : { ...shared, node: 'embedded', stateDirectory: home }
}

function jobOptionsOf(options: RunOptions): JobOptions {
  return {
    ...(options.maxErrorRate === undefined ? {} : { maxErrorRate: options.maxErrorRate }),
    ...(options.quorum === undefined ? {} : { quorum: options.quorum }),
    ...(options.unitMs === undefined ? {} : { unitMsMax: options.unitMs }),
  }
}

/** @throws {GridError} MH_USAGE for options that do not go together */
function checkOptions(
  target: Target,
  args: readonly string[],
  options: RunOptions,
  detach: boolean,
): void {
  const refuse = (message: string, hint: string) => {
    throw new GridError('MH_USAGE', message, { blame: 'user', hint })
  }
  if (options.quorum !== undefined && options.maxErrorRate !== undefined) {
    refuse(
      '--quorum and --max-error-rate do not go together',
      '--quorum is plain voting; --max-error-rate asks as many hosts as it takes',
    )
  }
  const hasParams = options.param !== undefined || options.params !== undefined
  if (target.kind === 'program' && hasParams) {
    refuse('--param is for tasks, and this file exports a program', 'give it arguments instead')
  }
  if (target.kind === 'task' && args.length > 0) {
    refuse(`the task ${target.name} takes no arguments`, `use --param name=value`)
  }
  if (!detach) return
  if (target.kind === 'program') {
    refuse('--detach is for tasks: a program has to stay to read its results', 'leave it out')
  }
  if (options.embed === true) {
    refuse('--detach and --embed do not go together', 'start a node first: manyhands node')
  }
  if (options.output !== undefined) {
    refuse('--detach and --output do not go together', 'the result is not there yet')
  }
}

async function runDetached(
  context: Context,
  target: Target,
  params: Record<string, unknown>,
  options: RunOptions,
): Promise<void> {
  if (target.kind !== 'task') return
  const grid = await context.connect({ ...connectOptionsOf(options), node: 'running' })
  try {
    const job = grid.run(target.task, params, jobOptionsOf(options))
    const id = await submittedId(job)
    if (options.json === true) context.terminal.print(JSON.stringify({ job: id }))
    else context.terminal.print(id)
    if (options.idOnly === true || options.json === true) return
    context.terminal.say(`follow it with: manyhands wait ${id.slice(0, 10)}`)
  } finally {
    await grid.close()
  }
}

/** The job's id once the node has all of its inputs: those of a list are read here, not there. */
async function submittedId(job: AnyJob): Promise<string> {
  for await (const view of job.watch({ everyMs: WATCH_MS })) {
    if (view.units.total !== undefined || view.phase !== 'running') return view.job
  }
  return job.id
}
