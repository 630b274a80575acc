/** Options that several commands share, and how their values are read. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { ConnectOptions } from '../../sdk/types.js'
import { GridError } from '../protocol/errors.js'
import type { Context } from './context.js'

export interface StateOption {
  state?: string
}
export interface JsonOption {
  json?: boolean
}
export interface ConnectionOptions extends StateOption {
  peer?: string[]
  lan: boolean
  cpus?: number
}

export const CPUS_MAX = 1024
export const PORT_MAX = 65_535

/** Where a node keeps everything when nobody says otherwise. */
export function stateDirectoryOf(option: string | undefined, env: Context['env']): string {
  const chosen = option ?? env.MANYHANDS_STATE
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  return join(env.HOME ?? homedir(), '.local', 'share', 'manyhands')
}

export function addStateOption(command: Command): Command {
  return command.option(
    '--state <dir>',
    "the node's state directory (default: $MANYHANDS_STATE, else ~/.local/share/manyhands)",
  )
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON, one document a line')
}

/** `--peer`, `--no-lan`, `--cpus`: how a node of this process would join the grid. */
export function addConnectionOptions(command: Command): Command {
  return addStateOption(command)
    .option('--peer <address>', 'connect to the peer at this address; repeatable', collect)
    .option('--no-lan', 'do not look for peers on the local network')
    .addOption(
      new Option('--cpus <n>', 'threads to give to work units; 0: none').argParser(
        integerFrom('--cpus', 0, CPUS_MAX),
      ),
    )
}

/** The SDK's options for these; what was not given keeps the SDK's default. */
export function connectOptionsOf(options: ConnectionOptions): ConnectOptions {
  return {
    ...(options.state === undefined ? {} : { stateDirectory: resolve(options.state) }),
    ...(options.peer === undefined ? {} : { peers: options.peer }),
    ...(options.lan ? {} : { lan: false }),
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
  }
}

/** For repeatable options. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/**
 * Reads a whole number.
 *
 * @throws {GridError} MH_USAGE, naming the option and the valid range
 */
export function integerFrom(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
    throw new GridError(
      'MH_USAGE',
      `${option}: '${text}' is no whole number from ${min} to ${max}`,
      { blame: 'user', hint: `for example ${option} ${Math.max(min, 1)}` },
    )
  }
}

/**
 * Reads a number, in decimal or scientific notation.
 *
 * @throws {GridError} MH_USAGE naming the option and the range
 */
export function numberFrom(
  option: string,
  min: number,
  max: number,
  example = max,
): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= min && value <= max) return value
    throw new GridError('MH_USAGE', `${option}: '${text}' is no number from ${min} to ${max}`, {
      blame: 'user',
      hint: `for example ${option} ${example}`,
    })
  }
}

/** The text after a command's help. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [line: string, what: string])[],
): Command {
  const lines = examples.map(([line, what]) => `  $ manyhands ${line}\n      ${what}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
