/**
 * Nodes as people run them: processes of the built command, on loopback ports that the system picks, in one temporary
 * folder a test. Whatever a test starts is gone after it, also when it fails; a node whose test runner dies notices
 * that its channel closed and goes by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach } from '@jest/globals'
import type {
  JobView,
  NodeStatus,
  PeerView,
} from '../../coordinator-free-node/protocol/gateway-api.js'
import { connect, type Grid, type JobHandle, type Progress } from '../../sdk/index.js'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))

/** What `--json` prints of a failure. */
interface Failure {
  code: string
  message: string
  hint?: string
}

interface Line {
  event?: string
  error?: Failure
  status?: NodeStatus
  peer?: string
  addresses?: string[]
  warnings?: string[]
  units?: number
}

export interface Ended {
  code: number | null
  out: string
  err: string
}

interface Launch {
  /** A channel whose end tells a node that whoever started it is gone. */
  ipc: boolean
  /** Options of Node itself. */
  flags: readonly string[]
}

/** A process of the command, from its start to its end. */
export class CommandProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  readonly #lines: Line[] = []
  #wake = () => {}
  #end: Ended | undefined

  constructor(args: readonly string[], folder: string, { ipc, flags }: Launch) {
    this.child = spawn(process.execPath, [...flags, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
      // Temporary folders of the command itself land where the test removes them.
      env: { ...process.env, MANYHANDS_STATE: join(folder, 'default'), TMPDIR: folder },
    })
    const { stdout, stderr } = this.child
    if (stdout === null || stderr === null) throw new Error('no pipes to the process')
    let out = ''
    let err = ''
    stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    createInterface({ input: stdout }).on('line', (line) => {
      out += `${line}\n`
      if (line.startsWith('{')) this.#lines.push(JSON.parse(line))
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.#end = { code, out, err }
        this.#wake()
        resolve(this.#end)
      })
    })
  }

  /** The first JSON line from now on that fits, or of those before; fails when the process ends without it. */
  async line(fits: (line: Line) => boolean, from: 'start' | 'now' = 'start'): Promise<Line> {
    for (let next = from === 'start' ? 0 : this.#lines.length; ; ) {
      for (; next < this.#lines.length; next++) {
        const line = this.#lines[next]
        if (line !== undefined && fits(line)) return line
      }
      if (this.#end !== undefined)
        throw new Error(`ended before that: ${JSON.stringify(this.#end)}`)
      await this.#news()
    }
  }

  /** The next status that fits; a node prints one a second. */
  async status(fits: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    const { status } = await this.line(({ status }) => status !== undefined && fits(status), 'now')
    if (status === undefined) throw new Error('no status')
    return status
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal)
    return await this.ended
  }

  #news(): Promise<void> {
    const before = this.#wake
    return new Promise((resolve) => {
      this.#wake = () => {
        before()
        resolve()
      }
    })
  }
}

export interface GridNode {
  readonly peer: string
  /** Where others reach it, on loopback. */
  readonly address: string
  /** State directory. */
  readonly state: string
  readonly warnings: readonly string[]
  readonly process: CommandProcess
  /** SIGKILL: no goodbye to anybody. */
  kill(): Promise<Ended>
}

export interface NodeChoice {
  /** Nodes to connect to. */
  peers?: readonly GridNode[]
  /** @default 1 */
  cpus?: number
  lieRate?: number
  /** Bound of the node's JavaScript heap, MiB: what it keeps then shows, and not when it cleans up. */
  heapMiB?: number
}

export interface GridProcesses {
  /** Temporary, a fresh one for each test. */
  folder(): string
  /** Starts a node and waits until it listens; the same name again is the same state directory. */
  node(name: string, choice?: NodeChoice): Promise<GridNode>
  /** Runs the command to its end. */
  run(...args: string[]): Promise<Ended>
  /** A connection of the SDK to a running node, closed after the test. */
  connect(node: GridNode): Promise<Grid>
  /** `show JOB --json`, by a process of its own. */
  show(node: GridNode, job: string): Promise<JobView>
  /** `peers --json`, by a process of its own. */
  peers(node: GridNode): Promise<readonly PeerView[]>
}

export const nodeArgs = (state: string, { peers = [], cpus = 1, lieRate }: NodeChoice = {}) => [
  ...['node', '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0/ws'],
  ...['--state', state, '--cpus', String(cpus)],
  ...peers.flatMap(({ address }) => ['--peer', address]),
  ...(lieRate === undefined ? [] : ['--lie-rate', String(lieRate)]),
]

/** To be called once at the head of a test file. */
export function useGridProcesses(): GridProcesses {
  let folder = ''
  const processes = new Set<CommandProcess>()
  const grids = new Set<Grid>()
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manyhands-grid-'))
  })
  afterEach(async () => {
    await Promise.all([...grids].map((grid) => grid.close()))
    grids.clear()
    await Promise.all([...processes].map((process) => process.end('SIGKILL')))
    processes.clear()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const launch = (args: readonly string[], how: Launch) => {
    const process = new CommandProcess(args, folder, how)
    processes.add(process)
    void process.ended.then(() => processes.delete(process))
    return process
  }
  const run = (...args: string[]) => launch(args, { ipc: false, flags: [] }).ended
  const ask = async (...args: string[]) => {
    const { out, err } = await run(...args)
    if (!out.startsWith('{')) throw new Error(`${args.join(' ')}: ${out}${err}`)
    return JSON.parse(out)
  }
  return {
    folder: () => folder,
    run,
    async node(name, choice = {}) {
      const state = join(folder, name)
      const { heapMiB } = choice
      const flags = heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`]
      const process = launch(nodeArgs(state, choice), { ipc: true, flags })
      const {
        peer = '',
        addresses = [],
        warnings = [],
      } = await process.line(({ event }) => event === 'ready')
      const address = addresses[0] ?? ''
      return { peer, address, state, warnings, process, kill: () => process.end('SIGKILL') }
    },
    async connect({ state }) {
      const grid = await connect({ stateDirectory: state, node: 'running' })
      grids.add(grid)
      return grid
    },
    show: ({ state }, job) => ask('show', job, '--json', '--state', state),
    async peers({ state }) {
      const { peers } = await ask('peers', '--json', '--state', state)
      return peers
    },
  }
}

/** Follows a job until its progress fits; fails when it ends before that. */
export async function progressUntil<Whole, Each>(
  job: JobHandle<Whole, Each>,
  fits: (progress: Progress) => boolean,
): Promise<Progress> {
  let last: Progress | undefined
  for await (const progress of job.watch({ everyMs: 50 })) {
    if (fits(progress)) return progress
    last = progress
  }
  throw new Error(`the job ended before that: ${JSON.stringify(last)}`)
}

/** Work of a chosen length whose result a test can compute itself; it travels as source. */
export const crunch = (item: number, { rounds }: { rounds: number }): number => {
  let x = item
  for (let i = 0; i < rounds; i++) x = (x * 1103 + 12_345) % 65_536
  return x
}

/** What `crunch` gives for 0 to `count - 1`. */
export function crunched(count: number, rounds: number): number[] {
  return Array.from({ length: count }, (_, item) => crunch(item, { rounds }))
}
