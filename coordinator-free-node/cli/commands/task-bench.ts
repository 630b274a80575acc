/** `task bench FILE`: how fast a kernel is here, and whether it gives the same every time. */
import type { Command } from 'commander'
import type { Executor } from '../../ports/executor.js'
import { GridError } from '../../protocol/errors.js'
import type { UnitOutcome, UnitResult } from '../../protocol/outcome.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { countOf, formatCount, formatRate } from '../format.js'
import { addExamples, addJsonOption, integerFrom, type JsonOption } from '../options.js'
import { formatPairs } from '../table.js'
import { executeUnits, withExecutor } from '../task/local-executor.js'
import { loadTaskFile } from '../task/task-file.js'
import { addUnitOptions, type LocalUnit, type UnitOptions, unitOf } from '../task/unit-options.js'
import { formatMs, wordsOf } from './task-run.js'

interface BenchOptions extends UnitOptions, JsonOption {
  seconds: number
  threads: number
}

const THREADS_MAX = 256

export function addTaskBenchCommand(program: Command, context: Context): void {
  const command = program
    .command('bench')
    .argument('<file>', 'a .wasm module or a .js kernel')
    .summary('how fast it is here, and whether it is deterministic')
    .description(
      'Runs a kernel over and over in the sandbox that hosts have: a few units with the same input and numbers of ' +
        'their own, in rounds. Each has to give the same digest and fuel in every round.',
    )
    .option('--seconds <n>', 'how long', integerFrom('--seconds', 1, 3_600), 3)
    .option('--threads <n>', 'units at the same time', integerFrom('--threads', 1, THREADS_MAX), 1)
    .action((file: string, options: BenchOptions) => benchTask(context, file, options))
  addExamples(addJsonOption(addUnitOptions(command)), [
    ['task bench sum.wasm --range 0..1000000', 'units a second, median and slowest times, fuel'],
    ['task bench kernel.js --input item.json --threads 4 --seconds 10', 'on four threads'],
  ])
}

async function benchTask(context: Context, file: string, options: BenchOptions): Promise<void> {
  const task = await loadTaskFile(file)
  const unit = await unitOf(task, options)
  const measured = await withExecutor(options.threads, async (executor) => {
    const first = await firstResult(executor, unit, options.unit)
    const words = wordsOf(first, task)
    if (first.kind === 'abort' || words !== undefined) throw notBenched(file, words ?? '')
    return await measure(executor, unit, first, options)
  })
  const figures = figuresOf(measured)
  if (figures.differing.length > 0) context.setExitCode(exitCodes.failed)
  context.terminal.print(
    options.json === true
      ? JSON.stringify({ file, tier: task.tier, threads: options.threads, ...figures })
      : formatPairs(describe(figures)),
  )
}

function notBenched(file: string, words: string): GridError {
  return new GridError('MH_UNIT_FAILED', `'${file}' fails: ${words}`, {
    blame: 'user',
    hint: 'see what it says with: manyhands task run',
  })
}

async function firstResult(
  executor: Executor,
  unit: LocalUnit,
  number: number,
): Promise<UnitOutcome> {
  // The first one also compiles and warms up.
  const [cold] = await executeUnits(executor, unit, [number])
  if (cold === undefined || cold.kind === 'abort' || cold.kind === 'trap')
    return cold as UnitOutcome
  const [warm] = await executeUnits(executor, unit, [number])
  return warm ?? cold
}

interface Measured {
  elapsedMs: number
  rounds: number
  /** Times on a thread, milliseconds, of all units. */
  spentMs: number[]
  fuel: number
  aborted: number
  /** Units that gave something else than in the first round. */
  differing: Set<number>
  fuelOfUnit: { least: number; most: number }
}

/** What a round should take: long beside what starting it costs. */
const roundMs = 250
const roundUnitsMax = 4096

async function measure(
  executor: Executor,
  unit: LocalUnit,
  first: UnitResult,
  { seconds, threads, unit: from }: BenchOptions,
): Promise<Measured> {
  const aimed = Math.ceil((roundMs * threads) / Math.max(first.spentMs, 0.01))
  const count = Math.min(roundUnitsMax, Math.max(threads, aimed))
  const numbers = Array.from({ length: count }, (_, i) => from + i)
  const seen = new Map<number, string>()
  const measured: Measured = {
    ...{ elapsedMs: 0, rounds: 0, spentMs: [], fuel: 0, aborted: 0, differing: new Set() },
    fuelOfUnit: { least: Number.POSITIVE_INFINITY, most: 0 },
  }
  const startMs = performance.now()
  // Two rounds at least: one has nothing to be compared with.
  while (measured.rounds < 2 || measured.elapsedMs < seconds * 1000) {
    for (const outcome of await executeUnits(executor, unit, numbers)) add(measured, outcome, seen)
    measured.rounds++
    measured.elapsedMs = performance.now() - startMs
  }
  return measured
}

function add(measured: Measured, outcome: UnitOutcome, seen: Map<number, string>): void {
  if (outcome.kind === 'abort') {
    measured.aborted++
    return
  }
  const { unit, fuel, spentMs, digest } = outcome
  const mark = `${Buffer.from(digest).toString('hex')} ${fuel}`
  const before = seen.get(unit)
  if (before === undefined) seen.set(unit, mark)
  else if (before !== mark) measured.differing.add(unit)
  measured.spentMs.push(spentMs)
  measured.fuel += fuel
  measured.fuelOfUnit.least = Math.min(measured.fuelOfUnit.least, fuel)
  measured.fuelOfUnit.most = Math.max(measured.fuelOfUnit.most, fuel)
}

interface Figures {
  units: number
  rounds: number
  aborted: number
  unitsPerSecond: number
  medianMs: number
  p90Ms: number
  fuel: { least: number; most: number }
  fuelPerSecond: number
  deterministic: boolean
  differing: number[]
}

function figuresOf(measured: Measured): Figures {
  const { elapsedMs, rounds, fuel, aborted, differing, fuelOfUnit } = measured
  const spentMs = [...measured.spentMs].sort((a, b) => a - b)
  const totalMs = spentMs.reduce((sum, ms) => sum + ms, 0)
  const at = (share: number) => spentMs[Math.floor(share * (spentMs.length - 1))] ?? 0
  return {
    ...{ units: spentMs.length, rounds, aborted },
    unitsPerSecond: (spentMs.length / elapsedMs) * 1000,
    medianMs: at(0.5),
    p90Ms: at(0.9),
    fuel: fuelOfUnit,
    fuelPerSecond: totalMs === 0 ? 0 : (fuel / totalMs) * 1000,
    deterministic: differing.size === 0,
    differing: [...differing].slice(0, 10),
  }
}

function describe(figures: Figures): [string, string][] {
  const { units, rounds, fuel, differing, aborted } = figures
  const runs = `${formatCount(units)} runs, ${countOf(rounds, 'round')}`
  const fuels =
    fuel.least === fuel.most
      ? formatCount(fuel.least)
      : `${formatCount(fuel.least)} to ${formatCount(fuel.most)}`
  return [
    ['units', formatRate(figures.unitsPerSecond)],
    ['time', `${formatMs(figures.medianMs)} median, ${formatMs(figures.p90Ms)} at 90 %`],
    ['fuel', `${fuels} a unit, ${formatRate(figures.fuelPerSecond)}`],
    [
      'deterministic',
      differing.length === 0
        ? `yes, ${runs}`
        : `no: units ${differing.join(', ')} gave different digests or fuel in ${runs}`,
    ],
    ...(aborted > 0 ? [['aborted', countOf(aborted, 'run')] satisfies [string, string]] : []),
  ]
}
