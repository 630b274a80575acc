/** `map`, `find` and `reduce`: from what the user wrote to a submission, and from units' values back to items'. */
import { z } from 'zod'
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import type { ResultRecord, Submission } from '../coordinator-free-node/protocol/gateway-api.js'
import { type Acceptance, maxErrorRateDefault } from '../coordinator-free-node/protocol/manifest.js'
import { packBundle } from '../coordinator-free-node/protocol/task-bundle.js'
import { decodeValue } from '../tasks/value.js'
import { checkNow, encodeParams } from './check.js'
import { itemCutter, unitItemsFor } from './cutters.js'
import { feed } from './feed.js'
import type { GatewayClient } from './gateway-client.js'
import type { JobKind } from './grid-job.js'
import { makeOf } from './job-reader.js'
import { findProgram, mapProgram, reduceProgram } from './kernel-bundle.js'
import { type KernelSource, kernelSource } from './kernel-source.js'
import { checkRange, isRange } from './range.js'
import type { Found, JobOptions, Range } from './types.js'

/** Bounds of a job's options; the defaults stand in sdk/types.ts. */
export const jobOptionsSchema = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  params: z.unknown().optional(),
  maxErrorRate: z.number().min(1e-12).max(0.5).optional(),
  quorum: z.number().int().min(1).max(7).optional(),
  check: z.unknown().optional(),
  unitItems: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40)
    .optional(),
  unitMsMax: z.number().int().min(10).max(3_600_000).optional(),
  unitMemoryBytesMax: z
    .number()
    .int()
    .min(65_536)
    .max(2 ** 31)
    .optional(),
  unitFuelMax: z.number().int().min(1000).max(Number.MAX_SAFE_INTEGER).optional(),
  signal: z.custom<AbortSignal>(isAbortSignal, 'expected an AbortSignal').optional(),
})
export type CheckedOptions = z.output<typeof jobOptionsSchema>

/** Limits of a unit where neither task nor user names one. */
export const unitMsMaxDefault = 60_000
export const unitMemoryBytesMaxDefault = 64 * 1024 * 1024

function isAbortSignal(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
  )
}

type AnyInputs = Range | Iterable<unknown> | AsyncIterable<unknown>

interface Draft {
  /** Name where neither the user nor the kernel has one. */
  verb: string
  goal: Submission['manifest']['goal']
  kernel: KernelSource
  program: string
  inputs: AnyInputs
  options: CheckedOptions
}

/** @throws {GridError} MH_BOUNDS naming the option */
export function checkOptions(
  options: JobOptions | undefined,
  verb: 'map' | 'other' = 'other',
): CheckedOptions {
  const checked = checkNow(jobOptionsSchema, options ?? {}, 'options', 'MH_BOUNDS')
  if (checked.check === undefined || verb === 'map') return checked
  throw new GridError('MH_BOUNDS', 'options.check is for map alone', {
    blame: 'user',
    hint: 'a task has its check in its kernel: see docs/tasks.md',
  })
}

/** The rule that the user chose; plain voting where both are named would be a guess, so that is refused. */
export function acceptanceOf(
  { maxErrorRate, quorum, check }: CheckedOptions,
  hasCheck = check !== undefined,
): Acceptance {
  if (check !== undefined && (quorum ?? maxErrorRate) !== undefined)
    throw new GridError(
      'MH_BOUNDS',
      `options.check and options.${quorum === undefined ? 'maxErrorRate' : 'quorum'} are both set`,
      { blame: 'user', hint: 'leave out one: what passes the check needs no second host' },
    )
  if (hasCheck && (quorum ?? maxErrorRate) === undefined) return { rule: 'check' }
  if (quorum === undefined)
    return { rule: 'credibility', maxErrorRate: maxErrorRate ?? maxErrorRateDefault }
  if (maxErrorRate === undefined) return { rule: 'quorum', quorum }
  throw new GridError('MH_BOUNDS', 'options.quorum and options.maxErrorRate are both set', {
    blame: 'user',
    hint: 'set quorum for plain voting, or maxErrorRate for as many hosts as it takes',
  })
}

/** What a name of a task may be made of; other characters become dashes. */
export function taskNameOf(name: string): string {
  const clean = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return clean.slice(0, 64)
}

export function mapJob(
  client: GatewayClient,
  inputs: unknown,
  kernel: unknown,
  options: CheckedOptions,
): JobKind<unknown[], unknown> {
  const source = kernelSource(kernel, 'kernel')
  const { check } = options
  const program = mapProgram(
    source,
    check === undefined ? undefined : kernelSource(check, 'options.check'),
  )
  const checked = checkInputs(inputs)
  const draft: Draft = {
    verb: 'map',
    goal: 'all',
    kernel: source,
    program,
    inputs: checked,
    options,
  }
  const each: JobKind<unknown[], unknown>['each'] = async function* (reader) {
    for await (const record of reader.results(0, 'input')) yield* decodedOutput(record) as unknown[]
  }
  const opened = openAndFeed(client, draft)
  return {
    ...opened.kind,
    each,
    async whole(reader) {
      // By unit: a wrong result may hold too many items, or too few.
      const units: unknown[][] = []
      const put = (record: ResultRecord) => {
        units[record.unit] = decodedOutput(record) as unknown[]
      }
      for await (const record of reader.results(0, 'input', put)) put(record)
      return units.flat()
    },
    async correction(record) {
      const { unit } = record
      return { unit, index: opened.firstOf(unit), values: decodedOutput(record) as unknown[] }
    },
  }
}

export function findJob(
  client: GatewayClient,
  inputs: unknown,
  kernel: unknown,
  options: CheckedOptions,
): JobKind<Found<unknown> | undefined, Found<unknown>> {
  const source = kernelSource(kernel, 'kernel')
  const program = findProgram(source)
  const checked = checkInputs(inputs)
  const draft: Draft = {
    verb: 'find',
    goal: 'first-hit',
    kernel: source,
    program,
    inputs: checked,
    options,
  }
  type Kind = JobKind<Found<unknown> | undefined, Found<unknown>>
  const foundIn = (record: ResultRecord): Found<unknown> | undefined => {
    if (record.kind !== 'hit') return undefined
    const { item, index } = decodedOutput(record) as Found<unknown>
    return { item, index: isRange(checked) ? Number(item) - checked.start : index }
  }
  const whole: Kind['whole'] = async (reader) => {
    const { hit } = await reader.done()
    if (hit === undefined) return undefined
    for await (const record of reader.results(hit, 'input')) {
      if (record.unit !== hit) break
      return foundIn(record)
    }
    throw new GridError('MH_JOB_FAILED', `the hit, unit ${hit}, has no result`, { blame: 'local' })
  }
  return {
    ...openAndFeed(client, draft).kind,
    whole,
    async *each(reader) {
      const found = await whole(reader)
      if (found !== undefined) yield found
    },
    async correction(record) {
      const found = foundIn(record)
      return { unit: record.unit, index: record.unit, values: found === undefined ? [] : [found] }
    },
  }
}

export function reduceJob(
  client: GatewayClient,
  inputs: unknown,
  kernel: unknown,
  combine: unknown,
  options: CheckedOptions,
): JobKind<unknown, unknown> {
  const source = kernelSource(kernel, 'kernel')
  const program = reduceProgram(source, kernelSource(combine, 'combine'))
  const checked = checkInputs(inputs)
  const draft: Draft = {
    verb: 'reduce',
    goal: 'all',
    kernel: source,
    program,
    inputs: checked,
    options,
  }
  // Checked above to be a function.
  const fold = combine as (left: unknown, right: unknown) => unknown
  const each: JobKind<unknown, unknown>['each'] = async function* (reader) {
    for await (const record of reader.results(0, 'input')) yield decodedOutput(record)
  }
  return {
    ...openAndFeed(client, draft).kind,
    each,
    whole: (reader) =>
      makeOf(reader, 'input', async (records) => {
        let whole: { value: unknown } | undefined
        for await (const record of records) {
          const value = decodedOutput(record)
          whole = { value: whole === undefined ? value : fold(whole.value, value) }
        }
        return whole?.value
      }),
    async correction(record) {
      return { unit: record.unit, index: record.unit, values: [decodedOutput(record)] }
    },
  }
}

interface Opened {
  kind: Pick<JobKind<unknown, unknown>, 'open' | 'feed'>
  /** Position of a unit's first item in the input. */
  firstOf(unit: number): number
}

function openAndFeed(client: GatewayClient, draft: Draft): Opened {
  const { inputs, options } = draft
  const submission = submissionOf(draft)
  const open = async () => (await client.call('submit', submission)).job
  if (isRange(inputs)) {
    const { unitItems } = rangeInputs(inputs, options.unitItems)
    return { kind: { open }, firstOf: (unit) => unit * unitItems }
  }
  const unitItems =
    options.unitItems ?? (Array.isArray(inputs) ? unitItemsFor(inputs.length) : undefined)
  const cutter = itemCutter(unitItems)
  return {
    kind: { open, feed: (job, ended) => feed({ client, job, source: inputs, cutter, ended }) },
    firstOf: cutter.firstOf,
  }
}

function submissionOf({ verb, goal, kernel, program, inputs, options }: Draft): Submission {
  const task = {
    name: taskNameOf(kernel.name) || verb,
    tier: 'js' as const,
    unitMsMax: options.unitMsMax ?? unitMsMaxDefault,
    unitMemoryBytesMax: options.unitMemoryBytesMax ?? unitMemoryBytesMaxDefault,
    ...(options.unitFuelMax === undefined ? {} : { unitFuelMax: options.unitFuelMax }),
  }
  const { bytes, hash } = packBundle({ descriptor: task, code: new TextEncoder().encode(program) })
  return {
    bundle: bytes,
    ...(isMeasured(inputs, options) ? { unitItemsMax: measuredItemsMax } : {}),
    manifest: {
      version: 1,
      name: options.name ?? task.name,
      task,
      taskHash: hash,
      params: encodeParams(options.params),
      inputs: isRange(inputs) ? rangeInputs(inputs, options.unitItems) : { kind: 'list' },
      goal,
      acceptance: acceptanceOf(options),
    },
  }
}

/** A unit's results have to fit a message, and few jobs gain from more. */
const measuredItemsMax = 2 ** 16
/** Up to here a unit is one item, however long that takes: nothing to measure. */
const measuredFrom = 257

/** Whether the node should find out how many items make a unit. */
function isMeasured(inputs: AnyInputs, { unitItems }: CheckedOptions): boolean {
  return unitItems === undefined && isRange(inputs) && inputs.end - inputs.start >= measuredFrom
}

function rangeInputs({ start, end }: Range, unitItems: number | undefined) {
  return { kind: 'range' as const, start, end, unitItems: unitItems ?? unitItemsFor(end - start) }
}

/** @throws {GridError} MH_BOUNDS for a range, MH_USAGE for what holds no items */
function checkInputs(inputs: unknown): AnyInputs {
  if (isRange(inputs)) {
    checkRange(inputs)
    return inputs
  }
  const isIterable =
    typeof inputs === 'string' ||
    (typeof inputs === 'object' &&
      inputs !== null &&
      (Symbol.iterator in inputs || Symbol.asyncIterator in inputs))
  if (isIterable) return inputs as Iterable<unknown> | AsyncIterable<unknown>
  throw new GridError('MH_USAGE', `inputs are ${inputs === null ? 'null' : `a ${typeof inputs}`}`, {
    blame: 'user',
    hint: 'give an array, range(start, end), an iterable or an async iterable',
  })
}

function decodedOutput({ output }: ResultRecord): unknown {
  return decodeValue(output)
}
