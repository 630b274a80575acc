/** `run` and `attach`: tasks, whose inputs, parts and result are bytes on the grid and typed values here. */
import { parse } from 'acorn'
import type { z } from 'zod'
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import type { ResultRecord, Submission } from '../coordinator-free-node/protocol/gateway-api.js'
import type { JobId } from '../coordinator-free-node/protocol/ids.js'
import { packBundle, type TaskBundle } from '../coordinator-free-node/protocol/task-bundle.js'
import {
  type AnyTask,
  isTask,
  type Kernel,
  type RangePlan,
  type Task,
  type TaskPlan,
  type UnitPart,
} from '../tasks/contract.js'
import { checkAgainst, checkParamsSize } from './check.js'
import { bytesCutter } from './cutters.js'
import { feed } from './feed.js'
import type { GatewayClient } from './gateway-client.js'
import type { JobKind } from './grid-job.js'
import { makeOf } from './job-reader.js'
import {
  acceptanceOf,
  type CheckedOptions,
  unitMemoryBytesMaxDefault,
  unitMsMaxDefault,
} from './map-jobs.js'
import type { RawResult } from './types.js'

interface Prepared<Params extends z.ZodType> {
  params: z.output<Params>
  plan: TaskPlan
}

/** @throws {GridError} MH_NOT_A_TASK */
export function runJob<Params extends z.ZodType, Result extends z.ZodType, Part>(
  client: GatewayClient,
  task: Task<Params, Result, Part>,
  params: z.input<Params>,
  options: CheckedOptions,
): JobKind<z.output<Result>, Part> {
  const prepared = prepare(task, params)
  return {
    ...readingOf(task, prepared),
    async open() {
      const { plan } = await prepared
      const submission = await submissionOf(task, plan, options)
      return (await client.call('submit', submission)).job
    },
    async feed(job, ended) {
      const { inputs } = (await prepared).plan
      if (isRangePlan(inputs)) return
      await feed({ client, job, source: inputs, cutter: bytesCutter(), ended })
    },
    ...(task.onPart === undefined
      ? {}
      : {
          async follow(reader) {
            const { params: checked } = await prepared
            const hear = (record: ResultRecord) => task.onPart?.(partOf(task, record, checked))
            for await (const record of reader.results(0, 'completion', hear)) hear(record)
          },
        }),
  }
}

/** A job that was run with this task and these parameters before. */
export function attachedTaskJob<Params extends z.ZodType, Result extends z.ZodType, Part>(
  client: GatewayClient,
  id: string,
  task: Task<Params, Result, Part>,
  params: z.input<Params>,
): JobKind<z.output<Result>, Part> {
  return { ...readingOf(task, prepare(task, params)), open: () => findById(client, id) }
}

export function attachedJob(client: GatewayClient, id: string): JobKind<RawResult[], RawResult> {
  return {
    open: () => findById(client, id),
    async *each(reader) {
      for await (const record of reader.results(0, 'input')) yield rawOf(record)
    },
    async whole(reader) {
      // A map keeps the order of first arrival: that of the input.
      const all = new Map<number, RawResult>()
      const put = (record: ResultRecord) => all.set(record.unit, rawOf(record))
      for await (const record of reader.results(0, 'input', put)) put(record)
      return [...all.values()]
    },
    async correction(record) {
      return { unit: record.unit, index: record.unit, values: [rawOf(record)] }
    },
  }
}

function rawOf({ unit, kind, output, agreed }: ResultRecord): RawResult {
  return { unit, hit: kind === 'hit', output, agreed }
}

async function findById(client: GatewayClient, id: string): Promise<JobId> {
  return (await client.call('show', { job: id })).job
}

function readingOf<Params extends z.ZodType, Result extends z.ZodType, Part>(
  task: Task<Params, Result, Part>,
  prepared: Promise<Prepared<Params>>,
): Pick<JobKind<z.output<Result>, Part>, 'each' | 'whole' | 'correction'> {
  // Units that a hit makes needless never come: in input order the rest would wait for them until the end.
  const orderOf = ({ goal }: TaskPlan) => (goal === 'first-hit' ? 'completion' : 'input')
  return {
    async *each(reader) {
      const { params, plan } = await prepared
      for await (const record of reader.results(0, orderOf(plan)))
        yield partOf(task, record, params).part
    },
    async whole(reader) {
      const { params, plan } = await prepared
      const parts = async function* (records: AsyncIterable<ResultRecord>) {
        for await (const record of records) yield partOf(task, record, params)
      }
      return await makeOf(reader, orderOf(plan), async (records) => {
        const result = await task.assemble(parts(records), params)
        return await checkAgainst(task.result, result, `result of ${task.name}`, 'MH_SCHEMA')
      })
    },
    async correction(record) {
      const { params } = await prepared
      return { unit: record.unit, index: record.unit, values: [partOf(task, record, params).part] }
    },
  }
}

function partOf<Params extends z.ZodType, Result extends z.ZodType, Part>(
  task: Task<Params, Result, Part>,
  { unit, kind, output }: ResultRecord,
  params: z.output<Params>,
): UnitPart<Part> {
  return { unit, hit: kind === 'hit', part: task.decode(output, params) }
}

/** Checked and planned once for all that needs it; whoever awaits it hears of its failure. */
function prepare<Params extends z.ZodType, Result extends z.ZodType, Part>(
  task: Task<Params, Result, Part>,
  params: z.input<Params>,
): Promise<Prepared<Params>> {
  if (!isTask(task)) {
    throw new GridError('MH_NOT_A_TASK', 'this is no task', {
      blame: 'user',
      hint: 'make one with defineTask, or give a function to grid.map',
    })
  }
  const preparing = (async () => {
    const checked = await checkAgainst(task.params, params, 'params', 'MH_SCHEMA')
    return { params: checked, plan: await task.plan(checked) }
  })()
  preparing.catch(() => {})
  return preparing
}

async function submissionOf<Params extends z.ZodType, Result extends z.ZodType, Part>(
  task: Task<Params, Result, Part>,
  plan: TaskPlan,
  options: CheckedOptions,
): Promise<Submission> {
  const bundle = await bundleOfTask(task, options)
  const { bytes, hash } = packBundle(bundle)
  const { descriptor } = bundle
  const { inputs } = plan
  return {
    bundle: bytes,
    manifest: {
      version: 1,
      name: options.name ?? task.name,
      task: descriptor,
      taskHash: hash,
      params: checkParamsSize(plan.params ?? new Uint8Array()),
      inputs: isRangePlan(inputs) ? { kind: 'range', ...inputs } : { kind: 'list' },
      goal: plan.goal ?? 'all',
      acceptance: acceptanceOf(options, task.hasCheck),
    },
  }
}

/** What of a task travels. */
export async function bundleOfTask(
  task: AnyTask,
  options: Pick<CheckedOptions, 'unitFuelMax' | 'unitMsMax' | 'unitMemoryBytesMax'> = {},
): Promise<TaskBundle> {
  const unitFuelMax = options.unitFuelMax ?? task.unitFuelMax
  const descriptor = {
    name: task.name,
    tier: task.kernel.tier,
    unitMsMax: options.unitMsMax ?? task.unitMsMax ?? unitMsMaxDefault,
    unitMemoryBytesMax:
      options.unitMemoryBytesMax ?? task.unitMemoryBytesMax ?? unitMemoryBytesMaxDefault,
    ...(unitFuelMax === undefined ? {} : { unitFuelMax }),
  }
  return { descriptor, code: await codeOf(task.kernel) }
}

function isRangePlan(inputs: TaskPlan['inputs']): inputs is RangePlan {
  return 'unitItems' in inputs
}

async function codeOf(kernel: Kernel): Promise<Uint8Array<ArrayBuffer>> {
  if (kernel.tier === 'builtin') return new TextEncoder().encode(kernel.name)
  if (kernel.tier === 'js') {
    checkSource(kernel.source)
    return new TextEncoder().encode(kernel.source)
  }
  const { module } = kernel
  const isUrl = module instanceof URL
  const bytes = new Uint8Array(isUrl ? await load(module) : module)
  if (WebAssembly.validate(bytes)) return bytes
  const what = isUrl ? module.href : `the kernel, ${bytes.length} bytes,`
  throw new GridError('MH_BAD_MODULE', `${what} is not a valid WebAssembly module`, {
    blame: 'user',
  })
}

function checkSource(source: string): void {
  try {
    parse(source, { ecmaVersion: 'latest', sourceType: 'script' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GridError('MH_BAD_MODULE', `the kernel's JavaScript does not parse: ${why}`, {
      blame: 'user',
      cause,
    })
  }
}

async function load(url: URL): Promise<Uint8Array> {
  try {
    if (url.protocol === 'file:') {
      const { readFile } = await import('node:fs/promises')
      return await readFile(url)
    }
    const response = await fetch(url)
    if (response.ok) return new Uint8Array(await response.arrayBuffer())
    throw new Error(`${response.status} ${response.statusText}`)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GridError('MH_FILE_NOT_FOUND', `cannot load the kernel ${url.href}: ${why}`, {
      blame: 'user',
      cause,
    })
  }
}
