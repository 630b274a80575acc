/**
 * `npm run grids`: a private grid across three hosts, each a network namespace with real processes: who was not invited
 * is refused, who was invited works, who was revoked stays out, and what travels between them cannot be read.
 *
 * Needs Linux, root and iproute2; what is missing is said, and nothing is claimed then.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const main = at('../../dist/coordinator-free-node/cli/main.js')

/** Found in the memory of who may read it, and nowhere on the wire. */
const marker = `marker${Math.random().toString(36).slice(2, 12)}`
const tag = `mhg${process.pid % 10_000}`
const hosts = { founder: 1, invitee: 2, outsider: 3 }
const spaceOf = (host) => `${tag}${host.slice(0, 1)}`
const hub = `${tag}h`

/** Every frame at a port of the bridge, one after the other. */
const sniffer = `
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[2], 0))
with open(sys.argv[1], 'wb', buffering=0) as file:
    while True:
        file.write(wire.recv(65535))
`

let passed = 0
let failed = 0
const outcomes = []
function check(what, isTrue, detail = '') {
  if (isTrue) passed++
  else failed++
  outcomes.push({ what, passed: Boolean(isTrue), detail })
  if (!values.json)
    console.log(`${isTrue ? 'passed' : 'FAILED'}  ${what}${detail && ` (${detail})`}`)
}

const missing = whatIsMissing()
if (missing !== undefined) {
  console.log(`skipped: ${missing}`)
  console.log('0 passed, 0 failed, 1 skipped')
  process.exit(0)
}
const folder = await mkdtemp(join(tmpdir(), 'manyhands-grids-'))
const running = new Set()
try {
  layNetwork()
  await play()
} finally {
  for (const child of running) child.kill('SIGKILL')
  clearNetwork()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
if (values.json) console.log(JSON.stringify({ outcomes }))
else console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function play() {
  const state = (host) => join(folder, host)
  await command('founder', 'grid', 'create', 'lab', '--state', state('founder'))
  const founder = await startNode('founder', state('founder'), '--cpus', '0')
  const address = founder.addresses.find((each) => each.includes('10.77.0.1'))
  const { text, expiresUtcMs } = await command(
    'founder',
    'grid',
    'invite',
    '--state',
    state('founder'),
  )
  check(
    'an invitation is one short line',
    /^mhgrid1-\S{100,550}$/.test(text),
    `${text.length} characters`,
  )
  check('it has an expiry', expiresUtcMs > Date.now())

  const capture = await startCapture()
  await command('invitee', 'grid', 'join', text, '--state', state('invitee'))
  let invitee = await startNode('invitee', state('invitee'), '--cpus', '1')
  const joined = await until(async () => (await status('founder')).neighbours === 1)
  check('who was invited is in', joined)
  const job = await runJob(state('founder'))
  check('its work counts', job.right && job.hosts === 1, `${job.units} units by ${job.hosts} host`)

  const open = await startNode('outsider', state('outsider'), '--cpus', '1', '--peer', address)
  check(
    'a node of the open grid is refused, and hears why',
    open.error?.includes('it belongs to another grid'),
    open.error,
  )
  const forged = await outsiderWith(address, state('invitee'))
  check(
    'a node of the same grid without a membership is refused',
    forged.none?.includes('this grid is private'),
    forged.none,
  )
  check(
    "a node with somebody else's membership is refused",
    forged.stolen?.includes('of another node'),
    forged.stolen,
  )

  const members = await command('founder', 'grid', 'members', '--state', state('founder'))
  const { peer } = members.members.find(({ self }) => !self)
  await command('founder', 'grid', 'revoke', peer.slice(-8), '--state', state('founder'))
  const startMs = performance.now()
  check(
    'who is revoked is out at once',
    await until(async () => (await status('founder')).neighbours === 0),
    `${Math.round(performance.now() - startMs)} ms`,
  )
  await invitee.stop()
  invitee = await startNode('invitee', state('invitee'), '--cpus', '1', '--peer', address)
  await pause(3_000)
  check(
    'it stays out after a restart',
    invitee.error !== undefined || (await status('founder')).neighbours === 0,
    invitee.error,
  )
  await invitee.stop()
  await founder.stop()
  const again = await startNode(
    'founder',
    state('founder'),
    '--cpus',
    '0',
    '--port',
    address.split('/')[4],
  )
  invitee = await startNode('invitee', state('invitee'), '--cpus', '1', '--peer', address)
  await pause(3_000)
  check('also after a restart of the founder', (await status('founder')).neighbours === 0)
  await invitee.stop()
  await rm(state('invitee'), { recursive: true })
  await command('invitee', 'grid', 'join', text, '--state', state('invitee'))
  invitee = await startNode('invitee', state('invitee'), '--cpus', '1')
  await pause(3_000)
  check('its invitation lets nobody in any more', (await status('founder')).neighbours === 0)
  await invitee.stop()
  await again.stop()
  await judgeCapture(capture)
}

/** What the wire showed: enough of it, and neither the job's name nor parameters nor results. */
async function judgeCapture(capture) {
  if (capture === undefined) {
    console.log('skipped  the capture: neither tcpdump nor python3 is here')
    return
  }
  await capture.stop()
  const bytes = readFileSync(capture.file)
  const seen = bytes.includes('GET / HTTP/1.1')
  check('the capture has what they said', seen && bytes.length > 20_000, `${bytes.length} bytes`)
  const words = [marker, 'monte', 'mhgrid', 'submit', 'lab-']
  const readable = words.filter((word) => bytes.includes(word))
  check(
    'nothing of it can be read',
    readable.length === 0,
    readable.join(', ') || 'no name, parameter, result or role',
  )
}

async function runJob(stateDirectory) {
  const script = join(folder, 'job.mjs')
  const sdk = at('../../dist/sdk/index.js')
  await writeFile(
    script,
    `import { connect, range } from ${JSON.stringify(sdk)}
const grid = await connect({ stateDirectory: ${JSON.stringify(stateDirectory)}, node: 'running' })
const job = grid.map(range(0, 20), (i, { word }) => word + i, { name: '${marker}', params: { word: '${marker}' }, quorum: 1, unitItems: 1 })
const result = await job
const view = (await grid.jobs())[0]
console.log(JSON.stringify({ right: result.every((text, i) => text === '${marker}' + i), units: view.units.verified, hosts: view.hosts.filter((host) => host.accepted > 0).length }))
await grid.close()
`,
  )
  return JSON.parse((await run('founder', process.execPath, [script])).trim())
}

/** Dials as an outsider would who has read the source: by the grid's name alone, and with a chain that was copied. */
async function outsiderWith(address, inviteeState) {
  const script = join(folder, 'outsider.mjs')
  const shell = at('../../dist/coordinator-free-node/shell')
  await writeFile(
    script,
    `import { createOverlay } from '${shell}/overlay/overlay.js'
import { createIdentity, loadIdentity } from '${shell}/identity.js'
import { openStore } from '${shell}/store/level-store.js'
import { overlayNameOf, readPapers } from '${shell}/grid/grid-papers.js'
import { cp } from 'node:fs/promises'
await cp(${JSON.stringify(inviteeState)}, ${JSON.stringify(join(folder, 'stolen'))}, { recursive: true })
const store = await openStore(${JSON.stringify(join(folder, 'stolen'))})
const papers = await readPapers(store)
await store.close()
async function dial(membership) {
  const { privateKey } = loadIdentity(createIdentity())
  const credentials = { own: () => (membership ? { membership } : {}), judge: () => undefined }
  const overlay = createOverlay({ privateKey, grid: overlayNameOf(papers), listen: [], dht: 'off', credentials })
  await overlay.start({ onEvent() {}, onMessages() {}, readBlob: async () => undefined })
  const why = await overlay.connect([${JSON.stringify(address)}]).then(() => 'let in', (error) => error.message)
  await overlay.stop()
  return why
}
console.log(JSON.stringify({ none: await dial(), stolen: await dial(papers.chain) }))
process.exit(0)
`,
  )
  return JSON.parse((await run('outsider', process.execPath, [script])).trim())
}

async function status(host) {
  return await command(host, 'status', '--state', join(folder, host))
}

async function command(host, ...args) {
  return JSON.parse((await run(host, process.execPath, [main, ...args, '--json'])).trim())
}

function run(host, program, args) {
  return new Promise((resolve, reject) => {
    const child = within(host, program, args, ['ignore', 'pipe', 'pipe'])
    let out = ''
    let err = ''
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    child.once('exit', (code) => {
      if (code === 0) resolve(out)
      else reject(new Error(`${args.slice(1).join(' ')}: ${out}${err}`))
    })
  })
}

/** @returns its first word: where it is, or why it does not start */
async function startNode(host, state, ...args) {
  const given = ['node', '--json', '--no-lan', '--state', state, ...args]
  const child = within(host, process.execPath, [main, ...given], ['ignore', 'pipe', 'inherit'])
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const first = await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line)
      if (said.event === 'ready' || said.error !== undefined) resolve(said)
    })
    child.once('exit', () => resolve({ error: { message: 'it ended' } }))
  })
  return {
    addresses: first.addresses ?? [],
    error: first.error?.message,
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

function within(host, program, args, stdio) {
  const child = spawn('ip', ['netns', 'exec', spaceOf(host), program, ...args], { stdio })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

async function startCapture() {
  const file = join(folder, 'capture')
  // All that the founder says and hears.
  const port = `${tag}o1`
  const how = isHere('tcpdump', '--version')
    ? ['tcpdump', ['-i', port, '-U', '-s', '0', '-w', file]]
    : isHere('python3', '--version')
      ? ['python3', ['-c', sniffer, file, port]]
      : undefined
  if (how === undefined) return undefined
  const child = spawn('ip', ['netns', 'exec', hub, how[0], ...how[1]], { stdio: 'ignore' })
  running.add(child)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await until(async () => existsSync(file))
  await pause(500)
  return {
    file,
    async stop() {
      await pause(500)
      child.kill('SIGTERM')
      await ended
      running.delete(child)
    },
  }
}

function layNetwork() {
  ip('netns', 'add', hub)
  inHub('link', 'add', 'br0', 'type', 'bridge')
  inHub('link', 'set', 'br0', 'up')
  for (const [host, number] of Object.entries(hosts)) {
    const space = spaceOf(host)
    const [inside, outside] = [`${tag}i${number}`, `${tag}o${number}`]
    ip('netns', 'add', space)
    ip('link', 'add', inside, 'type', 'veth', 'peer', 'name', outside)
    ip('link', 'set', inside, 'netns', space)
    ip('link', 'set', outside, 'netns', hub)
    inHub('link', 'set', outside, 'master', 'br0', 'up')
    ip('-n', space, 'addr', 'add', `10.77.0.${number}/24`, 'dev', inside)
    ip('-n', space, 'link', 'set', inside, 'up')
    ip('-n', space, 'link', 'set', 'lo', 'up')
  }
}

function clearNetwork() {
  for (const space of [...Object.keys(hosts).map(spaceOf), hub])
    spawnSync('ip', ['netns', 'del', space], { stdio: 'ignore' })
}

function inHub(...args) {
  ip('-n', hub, ...args)
}

function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

function isHere(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

function whatIsMissing() {
  if (process.platform !== 'linux') return 'network namespaces are a part of Linux'
  if (!isHere('ip', '-V')) return 'the command ip (iproute2) is not here'
  if (!isHere('ip', 'netns', 'add', `${tag}probe`)) return 'making network namespaces needs root'
  spawnSync('ip', ['netns', 'del', `${tag}probe`])
  return undefined
}

async function until(holds, msMax = 15_000) {
  for (const endMs = Date.now() + msMax; Date.now() < endMs; await pause(100))
    if (await holds().catch(() => false)) return true
  return false
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
