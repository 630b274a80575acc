/**
 * Starts the executor's process behind its walls and watches over it: an empty environment, Node's permission flags
 * (files of this package only, no children), and a kill when it falls silent.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GridError } from '../../protocol/errors.js'
import type { FromProcess, ToProcess } from './chunk.js'

export interface ExecutorProcess {
  tell(message: ToProcess): void
  stop(): Promise<void>
}

export interface ProcessHandlers {
  heard(message: FromProcess): void
  /** Once, when the process is gone without having been stopped. */
  died(reason: string): void
}

/** From fork to `ready`: some 100 ms; a machine under load takes longer. */
const readyMsMax = 15_000
/** The process answers pings between messages; its own loop never computes. */
const pingEveryMs = 2_000
const silenceMsMax = 20_000

/** @throws {GridError} MH_EXECUTOR_FAILED */
export async function forkExecutor(
  slots: number,
  handlers: ProcessHandlers,
): Promise<ExecutorProcess> {
  const entry = entryFile()
  const child = fork(entry, [String(slots)], {
    env: {},
    execArgv: wallFlags(entry),
    serialization: 'advanced',
    // Its errors are ours to show; it has nothing to print.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (text: Buffer) => {
    errors = (errors + text.toString()).slice(-errorCharsKept)
  })
  await untilReady(child, () => errors)
  return watchOver(child, handlers, () => errors)
}

const errorCharsKept = 2_000

/** The compiled process, also when this file runs from source, as tests do. */
function entryFile(): string {
  const beside = fileURLToPath(new URL('./process.js', import.meta.url))
  if (existsSync(beside)) return beside
  const root = path.resolve(path.dirname(beside), '../../..')
  return path.join(root, 'dist/coordinator-free-node/shell/executor/process.js')
}

/**
 * Node's permission model: a seat belt, not a wall against a broken engine. The process may read this package and
 * its dependencies, start threads, and nothing else.
 */
export function wallFlags(entry: string): string[] {
  const [major = 0] = process.versions.node.split('.').map(Number)
  const permission = major >= 24 ? '--permission' : '--experimental-permission'
  return [
    permission,
    '--allow-worker',
    ...readablePlaces(entry).map((place) => `--allow-fs-read=${place}`),
    '--no-warnings',
  ]
}

/** The package itself, and wherever its dependencies were installed. */
function readablePlaces(entry: string): string[] {
  const require = createRequire(entry)
  const packages = [
    'workerpool',
    'quickjs-emscripten-core',
    'zod',
    'msgpackr',
    '@noble/hashes/sha2.js',
  ]
  const modules = packages.map((name) => {
    const file = require.resolve(name)
    const at = file.lastIndexOf(`${path.sep}node_modules${path.sep}`)
    return file.slice(0, at + '/node_modules'.length)
  })
  const root = path.resolve(path.dirname(entry), '../../../..')
  return [...new Set([root, ...modules])].map((place) => path.join(place, '*'))
}

function untilReady(child: ChildProcess, errors: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', settle)
      if (error === undefined) return resolve()
      child.kill('SIGKILL')
      reject(
        new GridError('MH_EXECUTOR_FAILED', `the executor does not start: ${error.message}`, {
          blame: 'local',
          hint: 'run "manyhands doctor" to see what is missing',
          cause: error,
        }),
      )
    }
    const onMessage = () => settle()
    const onExit = (code: number | null) =>
      settle(new Error(`it exited with ${code}: ${errors().trim()}`))
    const timer = setTimeout(() => settle(new Error('it did not answer')), readyMsMax)
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.once('error', settle)
  })
}

function watchOver(
  child: ChildProcess,
  handlers: ProcessHandlers,
  errors: () => string,
): ExecutorProcess {
  let heardMs = performance.now()
  let stopping = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(pings)
      resolve()
      const last = errors().trim().split('\n').at(-1) ?? ''
      if (!stopping) handlers.died(`${signal ?? `exit ${code}`} ${last}`.trim())
    })
  })
  const tell = (message: ToProcess) => {
    // A process that is going away says so by its exit; what is told to it until then is lost with it.
    if (child.connected) child.send(message, () => {})
  }
  const pings = setInterval(() => {
    // Our own loop may have been blocked: then silence says nothing about the process.
    const nowMs = performance.now()
    if (nowMs - askedMs > 2 * pingEveryMs) heardMs = nowMs
    askedMs = nowMs
    if (nowMs - heardMs > silenceMsMax) child.kill('SIGKILL')
    else tell({ type: 'ping' })
  }, pingEveryMs)
  let askedMs = performance.now()
  pings.unref()
  child.on('message', (message: FromProcess) => {
    heardMs = performance.now()
    handlers.heard(message)
  })
  child.on('error', () => {})
  return {
    tell,
    stop: async () => {
      stopping = true
      child.kill('SIGKILL')
      await exited
    },
  }
}
