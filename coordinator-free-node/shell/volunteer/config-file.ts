/**
 * The volunteer's settings file: TOML, one flat list of `name = value`, the names those of the command's options.
 * Whoever mistypes is told the line, the name, and what would be valid.
 */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { GridError } from '../../protocol/errors.js'
import { type FileOptions, fileOptionsSchema, kebabOf, notInFile } from '../node-options.js'
import { hasCode } from '../store/store-errors.js'
import { nearestOf } from '../suggest.js'

/** Nobody writes a megabyte of settings by hand; two lists of 10,000 owners fit. */
const fileBytesMax = 4 * 1024 * 1024

export interface ConfigFile {
  /** Undefined when there is none, which is as good. */
  file: string | undefined
  options: FileOptions
}

function camelOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const names = Object.keys(fileOptionsSchema.shape).map(kebabOf)

/**
 * Reads the settings of a node.
 *
 * @param named  a file that must be there; undefined: `config.toml` in the state directory, which need not
 * @throws {GridError} MH_FILE_NOT_FOUND, MH_USAGE
 */
export async function readConfigFile(
  stateDirectory: string,
  named: string | undefined,
): Promise<ConfigFile> {
  const file = named ?? path.join(stateDirectory, 'config.toml')
  let text: string
  try {
    if ((await stat(file)).size > fileBytesMax)
      throw new GridError('MH_TOO_LARGE', `${file} is larger than ${fileBytesMax} bytes`, {
        blame: 'user',
      })
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (named === undefined && hasCode(cause, 'ENOENT')) return { file: undefined, options: {} }
    if (cause instanceof GridError) throw cause
    throw new GridError('MH_FILE_NOT_FOUND', `the settings file ${file} cannot be read`, {
      blame: 'user',
      hint: 'check the path and who may read it',
      cause,
    })
  }
  return { file, options: parseConfig(text, file) }
}

/**
 * @param file  its name, for messages
 * @throws {GridError} MH_USAGE naming file, line and setting
 */
export function parseConfig(text: string, file: string): FileOptions {
  const table = parseToml(text, file)
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(table)) {
    if (!names.includes(name)) throw unknownName(name, text, file)
    options[camelOf(name)] = value
  }
  const parsed = fileOptionsSchema.safeParse(options)
  // What was written is kept as written: defaults and units come when all sources are together.
  if (parsed.success) return options as FileOptions
  const [issue] = parsed.error.issues
  throw issue === undefined ? parsed.error : wrongValue(issue, text, file)
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const [what = ''] = cause.message.replace('Invalid TOML document: ', '').split('\n')
    throw new GridError('MH_USAGE', `${file}, line ${cause.line}: ${what}`, {
      blame: 'user',
      hint: 'settings read like: cpus = 2, hours = ["22:00-07:00"], memory = "4 GiB"; docs/volunteer.md has an example',
      cause,
    })
  }
}

function unknownName(name: string, text: string, file: string): GridError {
  const near = nearestOf(name, names)
  const other = (notInFile as readonly string[]).includes(camelOf(name))
    ? 'it is an option of the command only'
    : near === undefined
      ? `settings are ${names.join(', ')}`
      : `did you mean ${near}?`
  return new GridError('MH_USAGE', `${place(name, text, file)}there is no setting "${name}"`, {
    blame: 'user',
    hint: other,
  })
}

function wrongValue(issue: z.core.$ZodIssue, text: string, file: string): GridError {
  const [option = '', index] = issue.path
  const name = kebabOf(String(option))
  const which = typeof index === 'number' ? `${name}, entry ${index + 1}` : name
  return new GridError('MH_USAGE', `${place(name, text, file)}${which}: ${issue.message}`, {
    blame: 'user',
    hint: `docs/options.md says what ${name} may be`,
  })
}

/** `FILE, line N: `: all settings stand at the top level, so the first line that begins with the name is it. */
function place(name: string, text: string, file: string): string {
  const at = text.split('\n').findIndex((line) => line.replace(/^[\s["']*/, '').startsWith(name))
  return at < 0 ? `${file}: ` : `${file}, line ${at + 1}: `
}
