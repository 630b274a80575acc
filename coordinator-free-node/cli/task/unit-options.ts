/** Options of `task run` and `task bench`: what the one unit gets that is run here instead of on the grid. */
import { type Command, Option } from 'commander'
import { encodeValue } from '../../../tasks/value.js'
import type { UnitBatch } from '../../ports/executor.js'
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import { encodeRange } from '../../protocol/manifest.js'
import { integerFrom } from '../options.js'
import { parseValue } from '../params.js'
import { readBytes, type TaskFile } from './task-file.js'

export interface UnitOptions {
  input?: string
  range?: { start: number; end: number }
  params?: string
  fuel?: number
  memory: number
  unitMs: number
  seed: Uint8Array
  unit: number
}

const seedBytes = 32
const mebibyte = 1024 * 1024

export function addUnitOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--input <file>',
        "the unit's input, - for stdin; for JavaScript the value of a JSON file, else its text",
      ).conflicts('range'),
    )
    .addOption(
      new Option(
        '--range <a..b>',
        "the unit's input as in a range job: integers from a, b not included",
      ).argParser(readRange),
    )
    .option('--params <text>', "the job's parameters, or @file; for JavaScript JSON or a text")
    .option(
      '--fuel <n>',
      'fuel of the unit (default: 10^13)',
      integerFrom('--fuel', 1000, Number.MAX_SAFE_INTEGER),
    )
    .option('--memory <mb>', 'memory of the unit, MiB', integerFrom('--memory', 1, 2048), 64)
    .option(
      '--unit-ms <n>',
      'wall-clock limit of the unit, milliseconds',
      integerFrom('--unit-ms', 10, 3_600_000),
      60_000,
    )
    .addOption(
      new Option('--seed <hex>', "seed of the job's random numbers")
        .argParser(readSeed)
        .default(new Uint8Array(seedBytes), 'zeros'),
    )
    .option(
      '--unit <n>',
      "the unit's number; another one draws other random numbers",
      integerFrom('--unit', 0, Number.MAX_SAFE_INTEGER),
      0,
    )
}

/** @throws {GridError} MH_USAGE */
export function readRange(text: string): { start: number; end: number } {
  const [, start, end] = /^(-?\d+)\.\.(-?\d+)$/.exec(text) ?? []
  const range = { start: Number(start), end: Number(end) }
  const isRange =
    Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end) && range.start < range.end
  if (isRange) return range
  throw new GridError('MH_USAGE', `--range: '${text}' is no range of integers`, {
    blame: 'user',
    hint: 'for example --range 0..1000, which ends with 999',
  })
}

/** @throws {GridError} MH_USAGE */
export function readSeed(text: string): Uint8Array {
  if (!/^([0-9a-fA-F]{2}){1,32}$/.test(text)) {
    throw new GridError('MH_USAGE', `--seed: '${text.slice(0, 80)}' is no seed`, {
      blame: 'user',
      hint: `1 to ${seedBytes} bytes of two hexadecimal digits, for example --seed 00ff; zeros follow`,
    })
  }
  const seed = new Uint8Array(seedBytes)
  seed.set(Buffer.from(text, 'hex'))
  return seed
}

/** One unit of the kernel, and the limits that a task of it would have. */
export type LocalUnit = Pick<UnitBatch, 'bundle' | 'params' | 'inputs' | 'seed'> & {
  input: Uint8Array
}

/** @throws {GridError} MH_FILE_NOT_FOUND, MH_TOO_LARGE */
export async function unitOf(task: TaskFile, options: UnitOptions): Promise<LocalUnit> {
  const { range, fuel } = options
  const input = range === undefined ? await inputOf(task, options.input) : encodeRange(range)
  const params = await paramsOf(task, options.params)
  checkSize('--input', input, limits.unitInputBytesMax)
  checkSize('--params', params, limits.paramsBytesMax)
  return {
    bundle: {
      descriptor: {
        name: 'local',
        tier: task.tier,
        unitMsMax: options.unitMs,
        unitMemoryBytesMax: options.memory * mebibyte,
        ...(fuel === undefined ? {} : { unitFuelMax: fuel }),
      },
      code: task.code,
    },
    params,
    inputs: range === undefined ? 'list' : 'range',
    seed: options.seed,
    input,
  }
}

async function inputOf({ tier }: TaskFile, file: string | undefined): Promise<Uint8Array> {
  const bytes = file === undefined ? undefined : await readBytes(file, '--input')
  if (tier === 'wasm') return bytes ?? new Uint8Array()
  return encodeValue(bytes === undefined ? undefined : valueIn(bytes))
}

async function paramsOf({ tier }: TaskFile, text: string | undefined): Promise<Uint8Array> {
  if (text === undefined) return new Uint8Array()
  const bytes = text.startsWith('@')
    ? await readBytes(text.slice(1), '--params')
    : new TextEncoder().encode(text)
  return tier === 'wasm' ? bytes : encodeValue(valueIn(bytes))
}

function valueIn(bytes: Uint8Array): unknown {
  return parseValue(new TextDecoder().decode(bytes))
}

/** What the grid would refuse as well. */
function checkSize(option: string, { length }: Uint8Array, bytesMax: number): void {
  if (length <= bytesMax) return
  throw new GridError('MH_TOO_LARGE', `${option}: ${length} bytes, ${bytesMax} are allowed`, {
    blame: 'user',
    hint: 'on the grid a unit gets no more; cut the input into more units',
  })
}
