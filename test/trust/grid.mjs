/**
 * Six real nodes on loopback, four of them trouble: one that lies now and then, one that earns trust and then lies, one
 * that is killed and comes back, one that takes leases and never answers. The job is asked for as any user would, with
 * nothing but the default `maxErrorRate`; the figures are those of `show --json`.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, range } from '../../dist/sdk/index.js'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))
const faults = new URL('./faults.mjs', import.meta.url).href

/** Every role beside the requester, with what is wrong with it. */
const roles = {
  honest: undefined,
  saboteur: { kind: 'lie', share: 0.1 },
  'trust-then-cheat': { kind: 'lie', share: 0.5, honestUnits: 60 },
  restarted: undefined,
  stalling: { kind: 'stall' },
}

/** Work whose result a single machine can tell; it travels as source. */
export const crunch = (item, { rounds }) => {
  let x = item
  for (let i = 0; i < rounds; i++) x = (x * 1103 + 12_345) % 65_536
  return x
}

/** Waits this long at most for nodes to find each other. */
const joinMsMax = 30_000
const joinPollMs = 100

/**
 * Runs the jobs one after the other: the second meets hosts that are known already.
 *
 * @param options  jobs: `{ units, rounds }` each
 * @returns for each job its view, the corrections told, and whether the result is that of a single machine; and what
 *   the requester believes of its peers at the end, by role
 */
export async function runTrustTrial({ jobs, say = () => {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-trust-'))
  const nodes = new Set()
  let grid
  try {
    const start = async (name, options) => {
      const node = await startNode(join(folder, name), options, nodes)
      say(`${name}: ${node.peer.slice(-8)}`)
      return node
    }
    const requester = await start('requester', {})
    const peer = requester.address
    const hosts = new Map()
    for (const [role, fault] of Object.entries(roles))
      hosts.set(role, await start(role, { peer, fault }))
    grid = await connect({ stateDirectory: requester.state, node: 'running' })
    await allHere(grid, hosts.size)
    const reports = []
    for (const [index, job] of jobs.entries()) {
      const restart = async () => {
        await hosts.get('restarted').kill()
        say('restarted: killed')
        hosts.set('restarted', await start('restarted', { peer }))
      }
      reports.push(await runJob(grid, requester, job, index === 0 ? { hosts, restart } : undefined))
      say(`job ${index + 1}: ${reports.at(-1).isRight ? 'right' : 'WRONG'}`)
    }
    const rolesByPeer = new Map([...hosts].map(([role, { peer }]) => [peer, role]))
    rolesByPeer.set(requester.peer, 'requester')
    return { reports, rolesByPeer, peers: await grid.peers() }
  } finally {
    await grid?.close()
    await Promise.all([...nodes].map((node) => node.kill()))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function runJob(grid, requester, { units, rounds }, trouble) {
  const job = grid.map(range(0, units), crunch, { params: { rounds }, unitItems: 1 })
  const corrections = collect(job.corrections())
  const whole = job.result
  if (trouble !== undefined) {
    const { peer } = trouble.hosts.get('restarted')
    for await (const { hosts } of job.watch({ everyMs: 50 }))
      if (hosts.some((host) => host.peer === peer && host.executed > 0 && host.inFlight > 0)) break
    await trouble.restart()
  }
  const expected = Array.from({ length: units }, (_, item) => crunch(item, { rounds }))
  const result = await whole
  const view = await ask('show', await job.id, '--json', '--state', requester.state)
  const isRight = result.length === units && result.every((value, i) => value === expected[i])
  return { view, corrections: await corrections, isRight }
}

async function collect(items) {
  const all = []
  for await (const item of items) all.push(item)
  return all
}

async function allHere(grid, count) {
  for (const untilMs = Date.now() + joinMsMax; ; ) {
    if ((await grid.status()).neighbours >= count) return
    if (Date.now() > untilMs) throw new Error('the nodes did not find each other')
    await new Promise((resolve) => setTimeout(resolve, joinPollMs))
  }
}

async function startNode(state, { peer, fault }, nodes) {
  const flags = fault === undefined ? [] : ['--import', faults]
  const args = ['node', '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0/ws']
  args.push('--cpus', '1', '--state', state, ...(peer === undefined ? [] : ['--peer', peer]))
  const child = spawn(process.execPath, [...flags, main, ...args], {
    // The channel tells a node that whoever started it is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, MANYHANDS_TEST_FAULT: JSON.stringify(fault ?? null) },
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err = (err + text).slice(-4_000)
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const node = {
    state,
    async kill() {
      nodes.delete(node)
      child.kill('SIGKILL')
      await ended
    },
  }
  nodes.add(node)
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line)
      if (said.event === 'ready') resolve(said)
    })
    ended.then(() => reject(new Error(`a node ended: ${err}`)))
  })
  return Object.assign(node, { peer: ready.peer, address: ready.addresses[0] })
}

/** A command of its own, as a user types it. */
async function ask(...args) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  await new Promise((resolve) => child.once('close', resolve))
  return JSON.parse(out)
}
