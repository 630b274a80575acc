/** What is to be said of a task or job, as data: `--json` prints it, and text is made from it. */
import type { InspectedManifest } from '../../protocol/inspect-view.js'
import { limits } from '../../protocol/limits.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'
import { plainLine, plainText } from '../../shell/plain-text.js'
import { functionLines, type ModuleFacts, moduleFacts, textsOf } from './module-facts.js'
import { type Power, powersOf, tierWords } from './powers.js'
import { type SourceFacts, sourceFacts } from './source-facts.js'
import type { Subject } from './subject.js'

export interface Report {
  what: string
  where: Subject['where']
  job: (Omit<InspectedManifest, 'params'> & { paramsBytes: number }) | undefined
  advert: { steward: string; requester: string; name: string; tier: string } | undefined
  relation: string | undefined
  /** Why the node does not run it. */
  refused: string | undefined
  problems: readonly string[]
  task: TaskReport | undefined
}

export interface TaskReport {
  hash: string | undefined
  tier: TaskDescriptor['tier']
  descriptor: TaskDescriptor | undefined
  codeBytes: number
  hasCheck: boolean
  /** What it uses of what there is, each with its imports; and what holds for all tasks like it. */
  uses: Power[]
  rules: readonly string[]
  /** Only of `wasm`. */
  module: ModuleFacts | undefined
  texts: string[]
  /** Only of `js` and `native`. */
  source: SourceFacts | undefined
  /** Source, or functions and texts where there is none; what is left out is counted. */
  listing: string[]
}

/** Lines and texts shown at first; `--source` shows as many as the second of each. */
const most = {
  lines: [12, Number.POSITIVE_INFINITY],
  functions: [0, 5_000],
  texts: [8, 2_000],
} as const
const memoryBytesDefault = 64 * 1024 * 1024
const lineCharsMax = 2_000

export function reportOn(subject: Subject, isFull: boolean): Report {
  const { view } = subject
  const { params, ...manifest } = view?.manifest ?? {}
  const name = view?.manifest?.name
  return {
    what: subject.what,
    where: subject.where,
    job:
      view?.manifest === undefined
        ? undefined
        : {
            ...(manifest as Omit<InspectedManifest, 'params'>),
            name: plainLine(name ?? '', limits.textCharsMax),
            paramsBytes: params?.length ?? 0,
          },
    advert: view?.advert && { ...view.advert, name: plainLine(view.advert.name, 100) },
    relation: view?.relation,
    refused: view?.refused,
    problems: (view?.problems ?? []).map((text) => plainLine(text, limits.textCharsMax)),
    task: taskReport(subject, isFull ? 1 : 0),
  }
}

function taskReport(subject: Subject, level: 0 | 1): TaskReport | undefined {
  const { tier, code, descriptor, hash } = subject
  if (tier === undefined || code === undefined) return undefined
  const module =
    tier === 'wasm'
      ? moduleFacts(code, descriptor?.unitMemoryBytesMax ?? memoryBytesDefault)
      : undefined
  const text = tier === 'wasm' ? undefined : new TextDecoder().decode(code)
  const source = text === undefined || tier === 'builtin' ? undefined : sourceFacts(text)
  return {
    hash,
    tier,
    descriptor,
    codeBytes: code.length,
    hasCheck: subject.hasCheck ?? module?.hasCheck ?? source?.hasCheck ?? false,
    uses: module === undefined ? [] : powersOf(module.imports),
    rules: tierWords[tier],
    module,
    texts: tier === 'wasm' ? textsOf(code, most.texts[level]) : [],
    source,
    listing: text === undefined ? functionListing(code, level) : sourceListing(text, level),
  }
}

function sourceListing(text: string, level: 0 | 1): string[] {
  return plainText(text)
    .trimEnd()
    .split('\n')
    .slice(0, most.lines[level])
    .map((line) =>
      line.length > lineCharsMax && level === 0 ? `${line.slice(0, lineCharsMax)}...` : line,
    )
}

function functionListing(code: Uint8Array, level: 0 | 1): string[] {
  return functionLines(code, most.functions[level]).map(
    ({ index, name, type, bytes }) =>
      `function ${index}${name === undefined ? '' : ` ${name}`} ${type}, ${bytes} bytes`,
  )
}
