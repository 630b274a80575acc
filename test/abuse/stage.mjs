/** A node with a job of its own and an honest host, as processes; what they get done, and what that costs. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, range } from '../../dist/sdk/index.js'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))
const abuser = fileURLToPath(new URL('abuser.mjs', import.meta.url))

/** More than any run gets through. */
const units = 10_000_000
/** About ten milliseconds of a thread in QuickJS. */
const rounds = 30_000
/** The node and the honest host share one core, the abusers have another; undefined where there is only one. */
const canPin = process.platform === 'linux' && availableParallelism() > 1
export const cores = canPin ? { honest: 0, abusers: 1 } : {}
/** Clock ticks a second of /proc. */
const ticksPerSecond = 100

export const crunch = (item, { rounds }) => {
  let x = item
  for (let i = 0; i < rounds; i++) x = (x * 1103 + 12_345) % 65_536
  return x
}

export class Stage {
  #processes = new Set()
  #folder

  static async set() {
    const stage = new Stage()
    try {
      await stage.#set()
      return stage
    } catch (error) {
      await stage.strike()
      throw error
    }
  }

  async #set() {
    this.#folder = await mkdtemp(join(tmpdir(), 'manyhands-abuse-'))
    this.node = await this.#startNode('node')
    this.host = await this.#startNode('host', this.node.address)
    this.grid = await connect({ stateDirectory: this.node.state, node: 'running' })
    this.job = this.grid.map(range(0, units), crunch, {
      params: { rounds },
      unitItems: 1,
      quorum: 1,
    })
    const [, host, port] = /\/ip4\/([\d.]+)\/tcp\/(\d+)/.exec(this.node.address)
    const { peer, address } = this.node
    this.target = { peer, address, host, port: Number(port), job: await this.job.id }
    // Until the host is known and both are at work.
    for (const untilMs = performance.now() + 60_000; ; ) {
      const { hosts } = await this.job.progress()
      if (hosts.length > 1 && hosts.every(({ accepted }) => accepted > 50)) return
      if (performance.now() > untilMs) throw new Error('the honest job does not get going')
      await sleep(200)
    }
  }

  /** Units a second over `ms`, and what the node took of a core for it. */
  async measure(ms) {
    const before = await this.#look()
    await sleep(ms)
    const after = await this.#look()
    const seconds = (after.atMs - before.atMs) / 1000
    return {
      unitsPerSecond: (after.verified - before.verified) / seconds,
      cores: (after.cpuSeconds - before.cpuSeconds) / seconds,
      hostCores: (after.hostSeconds - before.hostSeconds) / seconds,
    }
  }

  async #look() {
    const { units } = await this.job.progress()
    const cpuSeconds = cpuSecondsOf(this.node.pid)
    const hostSeconds = cpuSecondsOf(this.host.pid)
    return { verified: units.verified, cpuSeconds, hostSeconds, atMs: performance.now() }
  }

  /** The most memory that the node had resident since `forgetPeak`, MiB. */
  peakMiB() {
    const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.node.pid}/status`, 'utf8'))
    return Math.round(Number(kib) / 1024)
  }

  forgetPeak() {
    try {
      writeFileSync(`/proc/${this.node.pid}/clear_refs`, '5')
    } catch {
      // Not allowed here: then it is the peak since the start.
    }
  }

  /** Whether the honest host is still a neighbour. */
  async hostIsIn() {
    const peers = await this.grid.peers()
    return peers.some(({ peer, connected }) => peer === this.host.peer && connected)
  }

  startAbuser(kind) {
    const args = [abuser, kind, JSON.stringify(this.target)]
    const child = spawnOn(cores.abusers, args, ['ignore', 'ignore', 'inherit', 'ipc'])
    const one = { kind, diary: { sent: 0, entered: 0, droppedMs: [], refused: 0 }, child }
    child.on('message', (diary) => {
      one.diary = diary
    })
    one.ended = new Promise((resolve) => child.once('close', resolve))
    this.#processes.add(one)
    return one
  }

  /** Until each has done something, or cannot. */
  async untilAtWork(abusers) {
    for (const untilMs = performance.now() + 10_000; performance.now() < untilMs; ) {
      const isAtWork = ({ diary }) => diary.sent + diary.entered + diary.refused > 0
      if (abusers.every(isAtWork)) return
      await sleep(100)
    }
  }

  /** Until each has lost a connection; some kinds never do, because they harm nobody. */
  async untilDropped(abusers) {
    for (const untilMs = performance.now() + 5_000; performance.now() < untilMs; ) {
      if (abusers.every(({ diary }) => diary.droppedMs.length > 0)) return
      await sleep(100)
    }
  }

  async stop(one) {
    this.#processes.delete(one)
    one.child.kill('SIGKILL')
    await one.ended
  }

  async strike() {
    await this.grid?.close()
    await Promise.all([...this.#processes].map((one) => this.stop(one)))
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #startNode(name, peer) {
    const state = join(this.#folder, name)
    const args = [
      'node',
      '--json',
      '--no-lan',
      '--listen',
      '/ip4/127.0.0.1/tcp/0/ws',
      '--cpus',
      '1',
    ]
    args.push('--state', state, ...(peer === undefined ? [] : ['--peer', peer]))
    // The channel tells a node that whoever started it is gone.
    const child = spawnOn(cores.honest, [main, ...args], ['ignore', 'pipe', 'ignore', 'ipc'])
    const ended = new Promise((resolve) => child.once('close', resolve))
    const node = { child, ended, state, pid: child.pid }
    this.#processes.add(node)
    const ready = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line)
        if (said.event === 'ready') resolve(said)
      })
      ended.then(() => reject(new Error(`the ${name} ended at its start`)))
    })
    return Object.assign(node, { peer: ready.peer, address: ready.addresses[0] })
  }
}

/** On a core of its own what abusers use is not missing elsewhere: what is missing is what the node spends on them. */
function spawnOn(core, args, stdio) {
  const command = core === undefined ? [] : ['taskset', '-c', String(core)]
  const [file, ...rest] = [...command, process.execPath, ...args]
  return spawn(file, rest, { stdio })
}

function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
