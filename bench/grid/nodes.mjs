/**
 * A grid as people run it: processes of the built command on loopback, one requester that computes nothing and hosts of
 * one thread, in a temporary folder. Owns them all: `close` ends every one and removes the folder.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect } from '../../dist/sdk/index.js'
import { processorMs, residentMib, treeOf } from '../processes.mjs'

const command = fileURLToPath(
  new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url),
)
const readyMsMax = 60_000
const meetMsMax = 30_000

export class GridNode {
  #child
  #ended

  /** @param {{ name: string, folder: string, cpus: number, args?: readonly string[] }} choice */
  constructor({ name, folder, cpus, args = [] }) {
    this.name = name
    this.state = join(folder, name)
    const settings = ['--state', this.state, '--cpus', String(cpus), ...args]
    this.#child = spawn(
      process.execPath,
      [command, 'node', '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0/ws', ...settings],
      // The channel ends a node whose bench is gone.
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, TMPDIR: folder } },
    )
    this.#ended = new Promise((resolve) => void this.#child.once('close', resolve))
    this.ready = this.#untilReady()
  }

  get pid() {
    return this.#child.pid
  }

  /** Every process of the node stands still from now on. */
  stall() {
    for (const pid of treeOf(this.pid)) process.kill(pid, 'SIGSTOP')
  }

  /** No goodbye to anybody. */
  async kill() {
    for (const pid of treeOf(this.pid)) signal(pid, 'SIGKILL')
    await this.#ended
  }

  async #untilReady() {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), readyMsMax)
    let said = ''
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      said = `${said}${text}`.slice(-2000)
    })
    const ready = await readyLine(this.#child.stdout)
    clearTimeout(timer)
    if (ready === undefined) throw new Error(`${this.name} ended before it was ready: ${said}`)
    this.peer = ready.peer
    this.address = ready.addresses[0]
    // Nobody reads the status that it prints from now on.
    this.#child.stdout.resume()
  }
}

async function readyLine(stdout) {
  for await (const line of createInterface({ input: stdout })) {
    const said = JSON.parse(line)
    if (said.event === 'ready') return said
  }
}

export class BenchGrid {
  hosts = []
  #folder
  #nodes = []

  /**
   * @param {{ hosts?: number, args?: readonly string[], through?: (address: string) => Promise<string> }} [choice]
   *   `through` gives the address at which hosts reach the requester
   */
  static async start({ hosts = 2, args = [], through } = {}) {
    const grid = new BenchGrid()
    try {
      await grid.#build(hosts, args, through)
      return grid
    } catch (error) {
      await grid.close()
      throw error
    }
  }

  async #build(hosts, args, through) {
    this.#folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-'))
    this.requester = this.#add('requester', 0)
    await this.requester.ready
    const { address, state } = this.requester
    const peer = through === undefined ? address : await through(address)
    for (let i = 1; i <= hosts; i++)
      this.hosts.push(this.#add(`host-${i}`, 1, [...args, '--peer', peer]))
    await Promise.all(this.hosts.map(({ ready }) => ready))
    this.sdk = await connect({ stateDirectory: state, node: 'running' })
    await this.#untilMet(hosts)
  }

  #add(name, cpus, args = []) {
    const node = new GridNode({ name, folder: this.#folder, cpus, args })
    node.ready.catch(() => {})
    this.#nodes.push(node)
    return node
  }

  async #untilMet(hosts) {
    const startMs = performance.now()
    while ((await this.sdk.status()).neighbours < hosts) {
      if (performance.now() - startMs > meetMsMax) throw new Error('the nodes do not meet')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Processor time of all its processes and of this one, which speaks to them. */
  processorMs() {
    const { user, system } = process.cpuUsage()
    const own = (user + system) / 1000
    return this.#nodes.reduce((sum, { pid }) => sum + (processorMs(pid) ?? 0), own)
  }

  requesterMib() {
    return residentMib(this.requester.pid) ?? 0
  }

  hostNamed(peer) {
    return this.hosts.find((host) => host.peer === peer)
  }

  async close() {
    await this.sdk?.close().catch(() => {})
    await Promise.all(this.#nodes.map((node) => node.kill()))
    if (this.#folder !== undefined)
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** @param {(grid: BenchGrid) => Promise<unknown>} use */
export async function withGrid(choice, use) {
  const grid = await BenchGrid.start(choice)
  try {
    return await use(grid)
  } finally {
    await grid.close()
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone.
  }
}
