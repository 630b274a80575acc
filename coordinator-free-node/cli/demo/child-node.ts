/**
 * A node as a process of its own, started by the demo: `manyhands node --json`, read line by line. Owns the process
 * until it has ended; the IPC channel ends it too, should this process die first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { GridError } from '../../protocol/errors.js'

/** Two cores start five processes within seconds; ten times that means that one hangs. */
const READY_MS_MAX = 40_000
/** Draining waits for units of some hundred milliseconds. */
const STOP_MS_MAX = 4_000
const STDERR_LINES_MAX = 20

export interface ChildNode {
  readonly name: string
  readonly peer: string
  readonly pid: number
  readonly addresses: readonly string[]
  readonly hasExited: () => boolean
  /** SIGKILL: no goodbye to anybody. */
  kill(): Promise<void>
  /** SIGTERM, then SIGKILL for one that does not go. */
  stop(): Promise<void>
}

export interface ChildOptions {
  name: string
  stateDirectory: string
  cpus: number
  peer?: string
  /** Share of units to lie about. */
  lieRate?: number
  signal: AbortSignal
}

interface Ready {
  event: 'ready'
  peer: string
  addresses: string[]
}

const mainFile = fileURLToPath(new URL('../main.js', import.meta.url))

/**
 * Starts a node and waits until it listens.
 *
 * @param onSpawn  called with the way to end it before it is ready, so that nothing is left behind on Ctrl-C
 * @throws {GridError} MH_EXECUTOR_FAILED when it ends or says nothing
 */
export async function startChildNode(
  options: ChildOptions,
  onSpawn: (stop: () => Promise<void>) => void,
): Promise<ChildNode> {
  const child = spawn(process.execPath, [mainFile, ...argumentsOf(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const hasExited = () => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals) => {
    if (!hasExited()) child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await exited
    clearTimeout(timer)
  }
  onSpawn(() => end('SIGTERM'))
  const ready = await readyLine(child, options, exited)
  return {
    name: options.name,
    peer: ready.peer,
    pid: child.pid ?? 0,
    addresses: ready.addresses,
    hasExited,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

function argumentsOf({ stateDirectory, cpus, peer, lieRate }: ChildOptions): string[] {
  return [
    'node',
    '--json',
    '--no-lan',
    ...['--state', stateDirectory],
    ...['--port', '0'],
    ...['--cpus', String(cpus)],
    ...(peer === undefined ? [] : ['--peer', peer]),
    ...(lieRate === undefined ? [] : ['--lie-rate', String(lieRate)]),
  ]
}

function readyLine(
  child: ChildProcess,
  options: ChildOptions,
  exited: Promise<void>,
): Promise<Ready> {
  const { name, signal } = options
  const remarks: string[] = []
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      const said = remarks.length === 0 ? '' : `: ${remarks.join(' | ')}`
      reject(
        new GridError('MH_EXECUTOR_FAILED', `${name} ${what}${said}`, {
          blame: 'local',
          hint: 'manyhands doctor says what this machine lacks',
        }),
      )
    }
    const timer = setTimeout(() => fail('did not start in time'), READY_MS_MAX)
    signal.addEventListener('abort', () => fail('was stopped'), { once: true })
    void exited.then(() => fail('ended before it was ready'))
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        remarks.push(line)
        if (remarks.length > STDERR_LINES_MAX) remarks.shift()
      })
    }
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = parseReady(line, (text) => remarks.push(text))
      if (ready === undefined) return
      clearTimeout(timer)
      resolve(ready)
    })
  })
}

/** Lines after the first are status reports, which the demo reads from the requester instead. */
function parseReady(line: string, onRemark: (text: string) => void): Ready | undefined {
  try {
    const value: { event?: string; error?: { message: string } } = JSON.parse(line)
    if (value.event === 'ready') return value as Ready
    if (value.error !== undefined) onRemark(value.error.message)
  } catch {
    onRemark(line)
  }
  return undefined
}
