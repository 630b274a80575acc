/** What `inspect` was asked about: a built-in task, a file, or something that a running node holds or has heard of. */
import { readFile, stat } from 'node:fs/promises'
import { GridError } from '../../protocol/errors.js'
import { type BlobHash, hashOf } from '../../protocol/ids.js'
import type { InspectView } from '../../protocol/inspect-view.js'
import { limits } from '../../protocol/limits.js'
import {
  packBundle,
  type TaskBundle,
  type TaskDescriptor,
  unpackBundle,
} from '../../protocol/task-bundle.js'
import { nearestOf } from '../../shell/suggest.js'
import type { Context } from '../context.js'
import type { StateOption } from '../options.js'
import { loadBuiltinTasks } from '../run/builtin-tasks.js'
import { withRunningNode } from '../session.js'

export interface Subject {
  /** As it was asked for. */
  what: string
  where: 'built-in' | 'file' | 'node'
  tier: TaskDescriptor['tier'] | undefined
  /** Undefined for a file that is no whole task: what it may use is set when it is submitted. */
  descriptor: TaskDescriptor | undefined
  hash: BlobHash | undefined
  code: Uint8Array | undefined
  /** The task can tell right results from wrong ones, where that is known without looking at its code. */
  hasCheck: boolean | undefined
  /** What the node knows of it. */
  view: InspectView | undefined
}

const wasmMagic = [0x00, 0x61, 0x73, 0x6d]

/** @throws {GridError} MH_NOT_A_TASK, MH_BAD_MODULE, MH_NO_NODE, MH_JOB_UNKNOWN */
export async function findSubject(
  context: Context,
  options: StateOption,
  what: string,
): Promise<Subject> {
  const builtins = await loadBuiltinTasks()
  const task = builtins.get(what)
  if (task !== undefined) {
    const { bundleOfTask } = await import('../../../sdk/task-jobs.js')
    const bundle = await bundleOfTask(task)
    const { hash } = packBundle(bundle)
    return { ...ofBundle(what, 'built-in', bundle, hash), hasCheck: task.hasCheck === true }
  }
  const file = await readIfThere(what)
  if (file !== undefined) return ofFile(what, file)
  if (/^[0-9a-f]{4,64}$/i.test(what)) {
    const view = await withRunningNode(context, options, (grid) => grid.inspect(what.toLowerCase()))
    return ofView(what, view)
  }
  const near = nearestOf(what, [...builtins.keys()])
  throw new GridError('MH_NOT_A_TASK', `'${what}' is no built-in task, no file and no id`, {
    blame: 'user',
    hint:
      near === undefined
        ? 'ids are hexadecimal digits: "manyhands jobs --hosted" shows them'
        : `did you mean ${near}?`,
  })
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path)
    if (size > limits.bundleBytesMax)
      throw new GridError('MH_TOO_LARGE', `'${path}' has ${size} bytes`, {
        blame: 'user',
        hint: `a task has at most ${limits.bundleBytesMax}`,
      })
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (error instanceof GridError) throw error
    return undefined
  }
}

function ofFile(what: string, bytes: Uint8Array): Subject {
  const plain = { what, where: 'file' as const, descriptor: undefined, hash: undefined }
  const rest = { hasCheck: undefined, view: undefined }
  if (wasmMagic.every((byte, at) => bytes[at] === byte))
    return { ...plain, ...rest, tier: 'wasm', code: bytes }
  try {
    return ofBundle(what, 'file', unpackBundle(bytes), hashOf(bytes))
  } catch {
    if (/\.[cm]?js$/.test(what)) return { ...plain, ...rest, tier: 'js', code: bytes }
  }
  throw new GridError('MH_BAD_MODULE', `'${what}' is no task`, {
    blame: 'user',
    hint: 'a .wasm module, JavaScript in a .js file, or a task bundle',
  })
}

function ofBundle(
  what: string,
  where: Subject['where'],
  { descriptor, code }: TaskBundle,
  hash: BlobHash,
): Subject {
  const { tier } = descriptor
  return { what, where, tier, descriptor, hash, code, hasCheck: undefined, view: undefined }
}

function ofView(what: string, view: InspectView): Subject {
  const bundle = view.bundle && readBundle(view.bundle)
  const checked = view.manifest?.acceptance.rule === 'check'
  return {
    what,
    where: 'node',
    tier: bundle?.descriptor.tier,
    descriptor: bundle?.descriptor,
    hash: view.task,
    code: bundle?.code,
    hasCheck: checked ? true : undefined,
    view,
  }
}

/** The node has said already what is wrong with it. */
function readBundle(bytes: Uint8Array): TaskBundle | undefined {
  try {
    return unpackBundle(bytes)
  } catch {
    return undefined
  }
}
