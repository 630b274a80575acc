/** A task's parameters from the command line: `--param name=value`, `--params JSON`, and `@file` for either value. */
import { readFile } from 'node:fs/promises'
import { GridError } from '../protocol/errors.js'

const HINT =
  'use --param name=value, once for each, or --params \'{"name": value}\', or --params @file.json'

/**
 * One object from all that was given; `--param` wins over the same name in `--params`.
 *
 * @param pairs  `name=value`; a value that parses as JSON counts as JSON, `@file` as the file's text, anything else
 *   as the text that it is
 * @param whole  a JSON object, or `@` and the file that holds one
 * @throws {GridError} MH_USAGE, MH_FILE_NOT_FOUND
 */
export async function readParams(
  pairs: readonly string[],
  whole: string | undefined,
): Promise<Record<string, unknown>> {
  const params = whole === undefined ? {} : parseWhole(await textOf(whole, '--params'))
  for (const pair of pairs) {
    const [name, value] = parsePair(pair)
    params[name] = isFileName(value) ? await textOf(value, '--param') : value
  }
  return params
}

/** @throws {GridError} MH_USAGE when there is no name or no `=` */
export function parsePair(pair: string): [name: string, value: unknown] {
  const at = pair.indexOf('=')
  if (at < 1) {
    throw new GridError('MH_USAGE', `--param: '${pair}' is not of the form name=value`, {
      blame: 'user',
      hint: HINT,
    })
  }
  return [pair.slice(0, at), parseValue(pair.slice(at + 1))]
}

/** JSON where the text is JSON and exact, else the text itself. */
export function parseValue(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  // A hexadecimal string of digits alone, or a huge number, must not lose digits on the way.
  if (typeof value === 'number' && String(value) !== text && isLossy(text, value)) return text
  return value
}

function isLossy(text: string, value: number): boolean {
  if (!Number.isFinite(value)) return true
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value)
}

function isFileName(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('@')
}

async function textOf(value: string, option: string): Promise<string> {
  if (!isFileName(value)) return value
  const path = value.slice(1)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new GridError('MH_FILE_NOT_FOUND', `${option}: cannot read the file '${path}'`, {
      blame: 'user',
      hint: 'check the path; it is taken from the folder the command runs in',
      cause,
    })
  }
}

function parseWhole(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GridError('MH_USAGE', `--params: not JSON: ${why}`, { blame: 'user', hint: HINT })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GridError('MH_USAGE', '--params: expected a JSON object of names and values', {
      blame: 'user',
      hint: HINT,
    })
  }
  return { ...value }
}
