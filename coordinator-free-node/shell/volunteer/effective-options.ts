/** All that was said about a node, put together: what the operator says wins over the file, the file over defaults. */
import { stringify } from 'smol-toml'
import {
  fileOptionsSchema,
  kebabOf,
  type NodeOptions,
  type ParsedNodeOptions,
  parseNodeOptions,
} from '../node-options.js'
import { readConfigFile } from './config-file.js'
import { memoryOf, slotsOf } from './donation-settings.js'

export interface EffectiveOptions {
  options: ParsedNodeOptions
  /** The settings file, if there was one. */
  file: string | undefined
  /** Where each option comes from. */
  origins: Readonly<Record<string, 'option' | 'file' | 'default'>>
}

/** @throws {GridError} MH_USAGE, MH_FILE_NOT_FOUND */
export async function effectiveOptionsOf(said: NodeOptions): Promise<EffectiveOptions> {
  const { stateDirectory, config } = parseNodeOptions(said)
  // An option that is there but undefined was not given.
  const given = Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined),
  ) as NodeOptions
  const { file, options: written } = await readConfigFile(stateDirectory, config)
  const options = parseNodeOptions({ ...written, ...given })
  const originOf = (name: string) =>
    name in given ? ('option' as const) : name in written ? ('file' as const) : ('default' as const)
  const names = Object.keys(fileOptionsSchema.shape)
  return {
    options,
    file,
    origins: Object.fromEntries(names.map((name) => [name, originOf(name)])),
  }
}

/** The settings in effect, as a file that would bring them about; options without a value are comments. */
export function renderConfig({ options, file, origins }: EffectiveOptions): string {
  const shown: Record<string, unknown> = {
    ...options,
    cpus: slotsOf(options),
    memory: sizeText(memoryOf(options)),
    unitMemory: sizeText(options.unitMemory),
    disk: sizeText(options.disk),
    idleAfter: durationText(options.idleAfter),
    grace: durationText(options.grace),
  }
  const lines = Object.entries(origins).map(([name, origin]) => {
    const value = shown[name]
    const key = kebabOf(name)
    const from = origin === 'file' ? file : origin
    if (value === undefined) return `# ${key}: not set`
    return `${stringify({ [key]: value }).trimEnd()}  # ${from}`
  })
  return lines.join('\n')
}

function sizeText(bytes: number): string | number {
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const)
    if (bytes % factor === 0) return `${bytes / factor} ${unit}`
  return bytes
}

function durationText(ms: number): string {
  for (const [unit, factor] of [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const)
    if (ms > 0 && ms % factor === 0) return `${ms / factor} ${unit}`
  return `${ms} ms`
}
