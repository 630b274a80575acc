/**
 * Seven real nodes on loopback: five that ask half of the time and always give, one that always asks and never gives,
 * and one that does the same under a new name for every job. All want more than there is. What each had is read from
 * `status --json` of those who gave.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, range } from '../../dist/sdk/index.js'

const main = fileURLToPath(new URL('../../dist/coordinator-free-node/cli/main.js', import.meta.url))

const collaborators = 5
/** Percent of a core for each: two cores carry all of them. */
const cpuShare = 25
/** More units than a round has time for. */
const unitsOfJob = 1_000_000
const joinMsMax = 60_000
const joinPollMs = 200

/** Some milliseconds of work; it travels as source. */
const crunch = (item, { rounds }) => {
  let x = item
  for (let i = 0; i < rounds; i++) x = (x * 1103 + 12_345) % 65_536
  return x
}

/**
 * @param options  rounds of `roundMs` each; of those the first `unknown` are told apart: nobody knows anybody yet
 * @returns thread time that each role had of the givers, all in all and after those first rounds
 */
export async function runFavoursTrial({ rounds, roundMs, unknown, workRounds, say = () => {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-favours-'))
  const nodes = new Set()
  try {
    const givers = []
    const roles = new Map()
    const start = async (name, cpus, role) => {
      const peer = givers[0]?.address
      const node = await startNode(join(folder, name), { cpus, peer }, nodes)
      roles.set(node.peer, role)
      return node
    }
    for (let i = 1; i <= collaborators; i++)
      givers.push(await start(`collaborator-${i}`, 1, `collaborator ${i}`))
    const leecher = await start('leecher', 0, 'leecher')
    await allHere(givers[0], collaborators)
    say('seven nodes: five give, two only take')
    let before = new Map()
    for (let round = 0; round < rounds; round++) {
      if (round === unknown) before = await givenTo(givers, roles)
      const changer = await start(`changer-${round}`, 0, 'changer of names')
      const askers = [...givers.filter((_, i) => asks(i, round)), leecher, changer]
      await playRound(askers, roundMs, workRounds)
      await changer.kill()
      const given = await givenTo(givers, roles)
      say(`round ${round + 1}: ${inWords(sharesOf(given))}`)
    }
    const all = await givenTo(givers, roles)
    const later = new Map([...all].map(([role, ms]) => [role, ms - (before.get(role) ?? 0)]))
    return { all: sharesOf(all), later: sharesOf(later), givenMs: Object.fromEntries(all) }
  } finally {
    await Promise.all([...nodes].map((node) => node.kill()))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Two or three of the five in each round, every one in half of them; so somebody who gave always asks. */
function asks(i, round) {
  return (i + 2 * round) % collaborators < 2 + (round % 2)
}

export function inWords(shares) {
  return Object.entries(shares)
    .map(([role, share]) => `${role} ${(100 * share).toFixed(1)} %`)
    .join(', ')
}

async function playRound(askers, roundMs, workRounds) {
  const sessions = await Promise.all(
    askers.map(async ({ state }) => {
      const grid = await connect({ stateDirectory: state, node: 'running' })
      const options = { params: { rounds: workRounds }, unitItems: 1, quorum: 2 }
      const job = grid.map(range(0, unitsOfJob), crunch, options)
      job.result.catch(() => {})
      return { grid, job }
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, roundMs))
  for (const { grid, job } of sessions) {
    await job.cancel()
    await grid.close()
  }
}

/** Thread time that the givers say they spent on each role. */
async function givenTo(givers, roles) {
  const given = new Map([...roles.values()].map((role) => [role, 0]))
  for (const { state } of givers) {
    const { favours } = await ask('status', '--json', '--state', state)
    for (const { peer, givenMs } of favours.peers) {
      const role = roles.get(peer)
      given.set(role, (given.get(role) ?? 0) + givenMs)
    }
  }
  return given
}

function sharesOf(given) {
  const all = [...given.values()].reduce((sum, ms) => sum + ms, 0)
  return Object.fromEntries([...given].map(([role, ms]) => [role, all === 0 ? 0 : ms / all]))
}

async function allHere({ state }, count) {
  for (const untilMs = Date.now() + joinMsMax; ; ) {
    if ((await ask('status', '--json', '--state', state)).neighbours >= count) return
    if (Date.now() > untilMs) throw new Error('the nodes did not find each other')
    await new Promise((resolve) => setTimeout(resolve, joinPollMs))
  }
}

async function startNode(state, { cpus, peer }, nodes) {
  const args = ['node', '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0/ws']
  args.push('--cpus', String(cpus), '--cpu-share', String(cpuShare), '--state', state)
  if (peer !== undefined) args.push('--peer', peer)
  const child = spawn(process.execPath, [main, ...args], {
    // The channel tells a node that whoever started it is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
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
